"""Download scripts: resume, checksums, the token from the environment and never in the file."""

import shlex
from collections.abc import Sequence

from search.archive.models import Product
from search.portal.elsewhere.files import Away

SHELL_HEAD = """#!/bin/sh
# Downloads {count} files from {site}; run it again to go on where it broke off.
# For data that are not public set TOKEN to an access token of the gateway: TOKEN=... sh {name}
{left_out}set -u
failed=0
# The token is for this gateway alone.
token() {{ case "$1" in {own}/*) [ -n "${{TOKEN:-}}" ];; *) false;; esac; }}
hint() {{ token "$1" || echo "; if it is not public, set TOKEN as said above in this script"; }}
same() {{ [ -n "$2" ] && echo "$2  $1" | sha256sum --check --status 2>/dev/null; }}
get() {{
  # address, file name, SHA-256 (empty where it is not known)
  if [ -f "$2" ] && {{ [ -z "$3" ] || same "$2" "$3"; }}; then echo "have $2"; return; fi
  if ! same "$2.part" "$3"; then
    {fetch} || {{ echo "failed: $2$(hint "$1")" >&2; failed=1; return; }}
  fi
  if [ -n "$3" ] && ! same "$2.part" "$3"; then
    echo "checksum differs: $2 (removed, run again)" >&2; rm -f "$2.part"; failed=1; return
  fi
  mv "$2.part" "$2"
}}
"""
# 416: nothing is missing of what lies there; whether it is whole, its checksum tells.
CURL = """code=$(set -- "$1" "$2" -fL -C - --retry 5 -w '%{http_code}' -o "$2.part"
      token "$1" && set -- "$@" -H "Authorization: Bearer $TOKEN"
      url=$1; shift 2; curl "$@" "$url") || [ "$code" = 416 ]"""
WGET = """if token "$1"; then wget -c --tries=5 --header="Authorization: Bearer $TOKEN" -O "$2.part" "$1"
    else wget -c --tries=5 -O "$2.part" "$1"; fi"""
PYTHON = '''"""Downloads {count} files from {site}; run it again to go on where it broke off.

Needs pyvo. For data that are not public set the environment variable TOKEN to an access token of the gateway.
{left_out}"""

import hashlib
import os
import sys
from pathlib import Path

from pyvo.utils.http import create_session
from requests import RequestException

# address, file name, SHA-256 (empty where it is not known)
FILES = [
{files}
]


def checksum(path):
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def fetch(session, url, part):
    have = part.stat().st_size if part.exists() else 0
    headers = {{"Range": f"bytes={{have}}-"}} if have else {{}}
    # The token is for this gateway alone.
    if os.environ.get("TOKEN") and url.startswith({site!r} + "/"):
        headers["Authorization"] = "Bearer " + os.environ["TOKEN"]
    with session.get(url, headers=headers, stream=True, timeout=60) as answer:
        if answer.status_code == 416:
            return ""  # nothing is missing of what lies there; whether it is whole, its checksum tells
        if answer.status_code not in (200, 206):
            why = answer.text[:500].strip() if answer.headers.get("Content-Type", "").startswith("text/plain") else ""
            return f"{{answer.status_code}} {{answer.reason}} {{why}}"
        with part.open("ab" if answer.status_code == 206 else "wb") as stream:
            for block in answer.iter_content(1 << 20):
                stream.write(block)
    return ""


def get(session, url, name, sha256):
    path, part = Path(name), Path(name + ".part")
    if path.exists() and (not sha256 or checksum(path) == sha256):
        return ""
    if not (sha256 and part.exists() and checksum(part) == sha256):
        try:
            problem = fetch(session, url, part)
        except RequestException as error:
            problem = f"broke off, run again ({{error}})"
        if problem:
            return problem
    if sha256 and checksum(part) != sha256:
        part.unlink()
        return "checksum differs (removed, run again)"
    part.replace(path)
    return ""


session = create_session()
failed = 0
for url, name, sha256 in FILES:
    problem = get(session, url, name, sha256)
    if problem:
        print(f"{{name}}: {{problem}}", file=sys.stderr)
        failed += 1
sys.exit(1 if failed else 0)
'''
KINDS = {"curl": "download.sh", "wget": "download-wget.sh", "pyvo": "download.py"}


def names(products: Sequence[Product | Away]) -> list[tuple[Product | Away, str]]:
    """Each file with a name that no other has."""
    taken: set[str] = set()
    made = []
    for product in products:
        name = (product.file_name or f"{product.key}.fits").replace("/", "_").lstrip(".-")
        if name in taken:
            name = f"{product.key}-{name}"
        taken.add(name)
        made.append((product, name))
    return made


def _line(one: Product | Away, name: str, site: str) -> tuple[str, str, str]:
    """Address, file name, SHA-256: other archives give none."""
    if isinstance(one, Away):
        return one.address, name, ""
    return f"{site}/data/{one.key}", name, one.sha256


def has_file(product: Product) -> bool:
    """Can its data be downloaded from here, or through here from where they lie?"""
    return product.removed_at is None and bool(product.storage_key or product.access_url)


def _left_out(products: Sequence[Product]) -> str:
    """One comment that names the records without a file, so that nobody looks for them on disk."""
    keys = [product.key for product in products if not has_file(product)]
    if not keys:
        return ""
    more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
    return f"Left out, as no file belongs to them: {', '.join(keys[:5])}{more}.\n"


def script(kind: str, products: Sequence[Product], site: str, away: Sequence[Away] = ()) -> str:
    """The text of the script; ``kind`` is one of KINDS, ``site`` the gateway's public address, ``away`` files of
    other archives."""
    given: list[Product | Away] = [*(product for product in products if has_file(product)), *away]
    listed = [_line(one, name, site) for one, name in names(given)]
    left_out = _left_out(products)
    if kind == "pyvo":
        files = "\n".join(f"    ({url!r}, {name!r}, {sha!r})," for url, name, sha in listed)
        return PYTHON.format(count=len(listed), site=site, files=files, left_out=left_out)
    head = SHELL_HEAD.format(
        count=len(listed),
        site=site,
        own=shlex.quote(site),
        name=KINDS[kind],
        fetch=WGET if kind == "wget" else CURL,
        left_out=f"# {left_out}" if left_out else "",
    )
    lines = [f"get {shlex.quote(url)} {shlex.quote(name)} {shlex.quote(sha)}" for url, name, sha in listed]
    return head + "\n".join(lines) + "\nexit $failed\n"
