"""Do two files hold the same data? By HDU, member, column or pixel; what any two runs differ in is left aside.

Left aside: dates, checksums, the job's own name, the embedded history. What two files say beyond that is data.
"""

import gzip
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

# what differs between any two files, whatever their data
IGNORED = [
    "CHECKSUM", "DATASUM", "DATE", "CREATED", "HISTORY", "COMMENT", "CREATOR", "ORIGIN", "FILENAME", "JOB_ID", "PROV*",
    "CTA *", "OBS_PUB*",
]  # fmt: skip
OWN_NAME = re.compile(r"[a-z0-9-]+-[0-9a-f]{12}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
MAX_BYTES = 128 * 2**20
MAX_MEMBERS = 200
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Finding:
    """``part``: HDU or member of the file; empty: the whole."""

    part: str
    words: str
    same: bool


def differences(left: bytes, right: bytes) -> list[Finding]:
    """One finding a part. Raises ValueError, OSError or BadZipFile for what cannot be read."""
    left, right = _unpacked(left), _unpacked(right)
    for start, compare in ((b"SIMPLE  =", _fits), (b"PK\x03\x04", _zip), (PNG, _png), (b"# %ECSV", _ecsv)):
        if left.startswith(start) and right.startswith(start):
            return list(compare(left, right))
    if left.lstrip()[:1] in (b"{", b"[") and right.lstrip()[:1] in (b"{", b"["):
        return list(_json(left, right))
    return [_verdict("", left == right)]


def _verdict(part: str, same: bool, words: str = "") -> Finding:
    return Finding(part, words or (_("identical data") if same else _("data differ")), same)


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    with gzip.open(io.BytesIO(content)) as stream:
        plain = stream.read(MAX_BYTES + 1)
    if len(plain) > MAX_BYTES:
        raise ValueError("too large to be compared")
    return plain


def _fits(left: bytes, right: bytes) -> Iterator[Finding]:
    from astropy.io import fits  # noqa: PLC0415 - astropy is heavy and rarely needed in a web process

    with fits.open(io.BytesIO(left)) as a, fits.open(io.BytesIO(right)) as b:
        sides = [{_label(n, hdu): hdu for n, hdu in enumerate(hdus) if hdu.name != "PROVENANCE"} for hdus in (a, b)]
        for label in dict.fromkeys((*sides[0], *sides[1])):
            if label not in sides[0] or label not in sides[1]:
                yield Finding(label, _("only in one of the two"), False)
            else:
                yield _hdu(label, sides[0][label], sides[1][label])


def _label(number: int, hdu: Any) -> str:
    return f"{number} {hdu.name}".strip()


def _hdu(label: str, a: Any, b: Any) -> Finding:
    from astropy.io import fits  # noqa: PLC0415

    difference = fits.HDUDiff(a, b, ignore_keywords=IGNORED, ignore_comments=["*"])
    keywords = difference.diff_headers.diff_keyword_values if difference.diff_headers else {}
    told = {key: pairs for key, pairs in keywords.items() if _plain(pairs[0][0]) != _plain(pairs[0][1])}
    data = difference.diff_data
    if difference.identical or (data is None and keywords and not told):
        return _verdict(label, True)
    words = [_("data differ: %(total)s values") % {"total": data.diff_total}] if data and data.diff_total else []
    if data is None and not keywords:
        words.append(_("shape or columns differ"))
    words += [f"{key}: {pairs[0][0]} / {pairs[0][1]}" for key, pairs in list(told.items())[:10]]
    return _verdict(label, not words, "; ".join(words))


def _plain(value: object) -> str:
    """A text without the names that each run gives anew."""
    return OWN_NAME.sub("…", str(value))


def _zip(left: bytes, right: bytes) -> Iterator[Finding]:
    with zipfile.ZipFile(io.BytesIO(left)) as a, zipfile.ZipFile(io.BytesIO(right)) as b:
        members = [{info.filename: info for info in archive.infolist()} for archive in (a, b)]
        names = list(dict.fromkeys((*members[0], *members[1])))
        sizes = sum(info.file_size for side in members for info in side.values())
        if len(names) > MAX_MEMBERS or sizes > 2 * MAX_BYTES:
            raise ValueError("too large to be compared")
        for name in names:
            if name not in members[0] or name not in members[1]:
                yield Finding(name, _("only in one of the two"), False)
                continue
            for found in differences(a.read(name), b.read(name)):
                yield Finding(f"{name} {found.part}".strip(), found.words, found.same)


def _ecsv(left: bytes, right: bytes) -> Iterator[Finding]:
    """The table without its header of comments, which holds dates and history."""
    rows = [
        [line for line in side.decode("utf-8", "replace").splitlines() if line[:1] != "#"] for side in (left, right)
    ]
    differing = sum(a != b for a, b in zip(*rows, strict=False)) + abs(len(rows[0]) - len(rows[1]))
    words = _("%(n)s of %(total)s rows differ") % {"n": differing, "total": max(len(rows[0]), len(rows[1])) - 1}
    yield _verdict(_("table"), not differing, words if differing else "")


def _png(left: bytes, right: bytes) -> Iterator[Finding]:
    pixels = [_pixels(side) for side in (left, right)]
    yield _verdict(_("picture"), pixels[0] == pixels[1], "" if pixels[0] == pixels[1] else _("pixels differ"))


def _pixels(content: bytes) -> bytes:
    """Size, colours and pixels, without texts and times (PNG 1.2, section 3.2)."""
    found, compressed, place = b"", b"", len(PNG)
    while place + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[place : place + 8])
        if kind in (b"IHDR", b"PLTE"):
            found += content[place + 8 : place + 8 + length]
        elif kind == b"IDAT":
            compressed += content[place + 8 : place + 8 + length]
        place += 12 + length
    if not compressed:
        raise ValueError("a picture without pixels")
    try:
        return found + zlib.decompressobj().decompress(compressed, MAX_BYTES)
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _json(left: bytes, right: bytes) -> Iterator[Finding]:
    """Values by their path; names that each run gives anew are no difference."""
    sides = [dict(_leaves(json.loads(_plain(side.decode("utf-8", "replace"))))) for side in (left, right)]
    paths = dict.fromkeys((*sides[0], *sides[1]))
    missing = object()
    found = [path for path in paths if sides[0].get(path, missing) != sides[1].get(path, missing)]
    if not found:
        yield _verdict("", True)
    for path in found[:20]:
        yield Finding(path, f"{sides[0].get(path, '–')} / {sides[1].get(path, '–')}"[:200], False)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    pending = [(path, value)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            pending += [(f"{path}.{key}".lstrip("."), member) for key, member in value.items()]
        elif isinstance(value, list):
            pending += [(f"{path}[{n}]", member) for n, member in enumerate(value)]
        else:
            yield path, value
