"""Lists of targets as people have them (lines, CSV or TSV with or without a head, VOTables) to one text each. Pure."""

import csv
import re
from collections.abc import Sequence
from itertools import pairwise

from django.utils.translation import gettext as _

from gateway.vo.tables import Column
from gateway.vo.votable_reader import BadVOTable, read
from search.resolver import positions

MAX_BYTES = 2 * 2**20
MAX_ROWS = 50
"""targets of one search"""
LONGITUDES = (
    "ra", "raj2000", "_raj2000", "raicrs", "ra_icrs", "s_ra", "ra_deg", "radeg", "ra2000", "rightascension",
    "right_ascension",
)  # fmt: skip
LATITUDES = (
    "dec", "de", "dej2000", "_dej2000", "deicrs", "de_icrs", "dec_icrs", "s_dec", "dec_deg", "decdeg", "dedeg",
    "dec2000", "declination",
)  # fmt: skip
NAMES = ("name", "target", "target_name", "object", "source", "source_name", "main_id", "id", "nom", "cible")


class ListError(ValueError):
    """The list cannot be used; the words are for the user."""


def too_many(count: int) -> str:
    return _("%(count)d lines are too many: a list has at most %(most)d.") % {"count": count, "most": MAX_ROWS}


def of_file(content: bytes) -> list[str]:
    """The targets that a file lists. Raises ListError."""
    if len(content) > MAX_BYTES:
        raise ListError(_("The file is too large for a list of targets."))
    if b"<VOTABLE" in content[:4096] or content[:2] == b"\x1f\x8b":
        lines = _of_votable(content)
    elif content[:9] == b"SIMPLE  =":
        raise ListError(_("FITS files are not read as lists. Save it as CSV or VOTable."))
    else:
        lines = of_text(_decoded(content))
    if len(lines) > MAX_ROWS:
        raise ListError(too_many(len(lines)))
    if not lines:
        raise ListError(_("The file lists no target."))
    return lines


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    if re.search(r"[\x00-\x08\x0e-\x1f]", text):
        raise ListError(_("The file is no text: a list is text, CSV or VOTable."))
    return text


def of_text(text: str) -> list[str]:
    """Names and positions, one a line; of a table with a head, or with more in its lines, the positions or names."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        return []
    mark = next((mark for mark in ("\t", ";", "|", ",") if mark in lines[0]), "")
    if not mark:
        return lines[1:] if _plain(lines[0]) in (*NAMES, "ra dec") else lines
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark)]
    places = _places(rows[0])
    if places:
        return _told(rows[1:], *places)
    return [_shortened(line, cells) for line, cells in zip(lines, rows, strict=False)]


def _plain(word: str) -> str:
    return re.sub(r"\s*[\[(].*$", "", word.strip().casefold()).strip("\"'")


def _places(head: Sequence[str]) -> tuple[int, int, int] | None:
    """The columns of longitude, latitude and name (−1 where there is none), or None where this is no head."""
    words = [_plain(word) for word in head]
    lon, lat, name = (
        next((words.index(one) for one in known if one in words), -1) for known in (LONGITUDES, LATITUDES, NAMES)
    )
    if lon < 0 or lat < 0:
        lon = lat = -1
    return (lon, lat, name) if lon >= 0 or name >= 0 else None


def _told(rows: Sequence[Sequence[str]], lon: int, lat: int, name: int) -> list[str]:
    """The position of each row, else its name; rows without either are left out."""
    told = []
    for row in rows:
        cells = [row[place] if 0 <= place < len(row) else "" for place in (lon, lat, name)]
        text = f"{cells[0]} {cells[1]}" if cells[0] and cells[1] else cells[2]
        if text:
            told.append(text)
    return told


def _shortened(line: str, cells: Sequence[str]) -> str:
    """Of a line such as ``Crab, 83.63, 22.01, 5`` its position, else its first cell; a position alone stays whole."""
    if len(cells) < 2 or _is_position(line):
        return line
    pairs = (f"{first} {second}" for first, second in pairwise(cells))
    return next((pair for pair in pairs if _is_position(pair)), cells[0] or line)


def _is_position(text: str) -> bool:
    try:
        return positions.parse(text) is not None
    except positions.PositionError:
        return False


def _of_votable(content: bytes) -> list[str]:
    try:
        table = read(content, max_bytes=MAX_BYTES * 10, max_rows=MAX_ROWS + 1, cut=True)
    except BadVOTable as error:
        raise ListError(str(error)) from error
    if table.cut or len(table.rows) > MAX_ROWS:
        raise ListError(_("The table has more rows than a list may have: %(most)d.") % {"most": MAX_ROWS})
    places = _by_ucd(table.columns) or _places([column.name for column in table.columns])
    if places is None:
        raise ListError(_("The table has no columns of positions (UCD pos.eq.ra, pos.eq.dec) and none of names."))
    return _told([["" if cell is None else str(cell) for cell in row] for row in table.rows], *places)


def _by_ucd(columns: Sequence[Column]) -> tuple[int, int, int] | None:
    def first(*beginnings: str) -> int:
        found = [
            (";meta.main" not in column.ucd.lower(), place)
            for place, column in enumerate(columns)
            if column.ucd.lower().startswith(beginnings)
        ]
        return min(found)[1] if found else -1

    lon, lat = first("pos.eq.ra"), first("pos.eq.dec")
    name = first("meta.id;meta.main", "meta.id;src", "meta.id")
    return (lon, lat, name) if lon >= 0 and lat >= 0 else None
