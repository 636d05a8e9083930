"""Download scripts: resume, checksums, the token from the environment and never in the file."""

import shlex
from collections.abc import Sequence

from search.archive.models import Product

SHELL_HEAD = """#!/bin/sh
# Downloads {count} files from {site}; run it again to go on where it broke off.
# For data that are not public set TOKEN to an access token of the gateway: TOKEN=... sh {name}
set -u
failed=0
get() {{
  # address, file name, SHA-256
  if [ -f "$2" ] && echo "$3  $2" | sha256sum --check --status 2>/dev/null; then echo "have $2"; return; fi
  {fetch} || {{ echo "failed: $2" >&2; failed=1; return; }}
  if [ -n "$3" ] && ! echo "$3  $2" | sha256sum --check --status; then
    echo "checksum differs: $2 (removed, run again)" >&2; rm -f "$2"; failed=1
  fi
}}
"""
CURL = """if [ -n "${TOKEN:-}" ]; then curl -fL -C - --retry 5 -H "Authorization: Bearer $TOKEN" -o "$2" "$1"
  else curl -fL -C - --retry 5 -o "$2" "$1"; fi"""
WGET = """if [ -n "${TOKEN:-}" ]; then wget -c --tries=5 --header="Authorization: Bearer $TOKEN" -O "$2" "$1"
  else wget -c --tries=5 -O "$2" "$1"; fi"""
PYTHON = '''"""Downloads {count} files from {site}; run it again to go on where it broke off.

Needs pyvo. For data that are not public set the environment variable TOKEN to an access token of the gateway.
"""

import hashlib
import os
import sys
from pathlib import Path

from pyvo.utils.http import create_session

FILES = [
{files}
]

session = create_session()
if os.environ.get("TOKEN"):
    session.headers["Authorization"] = "Bearer " + os.environ["TOKEN"]
failed = 0
for url, name, sha256 in FILES:
    path = Path(name)
    have = path.stat().st_size if path.exists() else 0
    if have and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
        continue
    answer = session.get(url, headers={{"Range": f"bytes={{have}}-"}} if have else {{}}, stream=True, timeout=60)
    if answer.status_code not in (200, 206):
        print(f"{{name}}: {{answer.status_code}} {{answer.reason}}", file=sys.stderr)
        failed += 1
        continue
    with path.open("ab" if answer.status_code == 206 else "wb") as stream:
        for block in answer.iter_content(1 << 20):
            stream.write(block)
    if sha256 and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        print(f"{{name}}: checksum differs (removed, run again)", file=sys.stderr)
        path.unlink()
        failed += 1
sys.exit(1 if failed else 0)
'''
KINDS = {"curl": "download.sh", "wget": "download-wget.sh", "pyvo": "download.py"}


def names(products: Sequence[Product]) -> list[tuple[Product, str]]:
    """Each product with a file name that no other has."""
    taken: set[str] = set()
    made = []
    for product in products:
        name = (product.file_name or f"{product.key}.fits").replace("/", "_").lstrip(".-")
        if name in taken:
            name = f"{product.key}-{name}"
        taken.add(name)
        made.append((product, name))
    return made


def script(kind: str, products: Sequence[Product], site: str) -> str:
    """The text of the script; ``kind`` is one of KINDS, ``site`` the gateway's public address."""
    listed = [(f"{site}/data/{product.key}", name, product.sha256) for product, name in names(products)]
    if kind == "pyvo":
        files = "\n".join(f"    ({url!r}, {name!r}, {sha!r})," for url, name, sha in listed)
        return PYTHON.format(count=len(listed), site=site, files=files)
    head = SHELL_HEAD.format(count=len(listed), site=site, name=KINDS[kind], fetch=WGET if kind == "wget" else CURL)
    lines = [f"get {shlex.quote(url)} {shlex.quote(name)} {shlex.quote(sha)}" for url, name, sha in listed]
    return head + "\n".join(lines) + "\nexit $failed\n"
