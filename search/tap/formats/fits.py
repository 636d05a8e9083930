"""FITS binary table (FITS 4.0, section 7.3). The number of rows and the width of texts stand before the rows, so these
pass through a temporary file first and memory stays constant. Arrays lie in the heap."""

import json
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from gateway.vo.cells import blocks, is_array
from gateway.vo.tables import Column
from search.tap.formats.base import Answer, Format, checked

BLOCK = 2880
_COPY = 2**16


@dataclass(frozen=True)
class _Kind:
    letter: str
    code: str
    null: int | float | None


_KINDS = {
    "boolean": _Kind("L", "c", None),
    "bit": _Kind("B", "B", 255),
    "unsignedByte": _Kind("B", "B", 255),
    "short": _Kind("I", "h", -(2**15)),
    "int": _Kind("J", "i", -(2**31)),
    "long": _Kind("K", "q", -(2**63)),
    "float": _Kind("E", "f", float("nan")),
    "double": _Kind("D", "d", float("nan")),
    "floatComplex": _Kind("E", "f", float("nan")),
    "doubleComplex": _Kind("D", "d", float("nan")),
}
Cell = Callable[[Any], bytes]


class _Heap:
    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.size = file, 0

    def put(self, count: int, data: bytes) -> bytes:
        """Stores the data and returns its descriptor (format Q)."""
        place = self.size
        self.file.write(data)
        self.size += len(data)
        return struct.pack(">qq", count, place)


def _is_text(column: Column) -> bool:
    return column.datatype in ("char", "unicodeChar")


def _in_heap(column: Column) -> bool:
    return is_array(column) or column.datatype.endswith("Complex")


def _cell(column: Column, width: int, heap: _Heap) -> Cell:
    if _is_text(column):
        return lambda value: _text(value)[:width].ljust(width, b"\0")
    kind = _KINDS[column.datatype]
    if _in_heap(column):
        return lambda value: _array(value, kind, heap)
    if column.datatype == "boolean":
        return lambda value: b"\0" if value is None else b"T" if value else b"F"
    pack = struct.Struct(f">{kind.code}").pack
    if kind.code in "fd":
        return lambda value: pack(kind.null if value is None else value)
    return lambda value: pack(kind.null if value is None else int(value))


def _text(value: Any) -> bytes:
    return b"" if value is None else str(value).encode("ascii", "replace")


def _array(value: Any, kind: _Kind, heap: _Heap) -> bytes:
    words = [] if value is None else str(value).split()
    if kind.letter == "L":
        return heap.put(len(words), b"".join(b"T" if word.lower() in ("1", "t", "true") else b"F" for word in words))
    number = float if kind.code in "fd" else int
    return heap.put(len(words), struct.pack(f">{len(words)}{kind.code}", *map(number, words)))


def _card(keyword: str, value: str | int | bool, comment: str = "") -> bytes:
    if isinstance(value, str):
        # A quote counts twice, and a card must not end in half of a pair.
        quoted = value.encode("ascii", "replace").decode()[:60].replace("'", "''")[:66]
        quoted = quoted[:-1] if quoted.count("'") % 2 else quoted
        shown = f"'{quoted:<8}'"
    else:
        shown = ("T" if value else "F") if isinstance(value, bool) else str(value)
        shown = shown.rjust(20)
    text = f"{keyword:<8}= {shown}" + (f" / {comment}" if comment else "")
    return text.encode("ascii", "replace")[:80].ljust(80)


def _padded(data: bytes, filler: bytes) -> bytes:
    return data + filler * (-len(data) % BLOCK)


_PRIMARY = _padded(
    b"".join([_card("SIMPLE", True), _card("BITPIX", 8), _card("NAXIS", 0), _card("EXTEND", True), b"END".ljust(80)]),
    b" ",
)


def _header(columns: list[Column], widths: list[int], count: int, heap: int) -> bytes:
    cards = [
        _card("XTENSION", "BINTABLE"),
        _card("BITPIX", 8),
        _card("NAXIS", 2),
        _card("NAXIS1", sum(widths), "bytes of a row"),
        _card("NAXIS2", count, "rows"),
        _card("PCOUNT", heap, "bytes of the heap"),
        _card("GCOUNT", 1),
        _card("TFIELDS", len(columns)),
        _card("EXTNAME", "RESULT"),
    ]
    for number, (column, width) in enumerate(zip(columns, widths, strict=True), 1):
        cards += _column_cards(number, column, width)
    return _padded(b"".join([*cards, b"END".ljust(80)]), b" ")


def _form(column: Column, width: int) -> str:
    if _is_text(column):
        return f"{width}A"
    letter = _KINDS[column.datatype].letter
    return f"1Q{letter}" if _in_heap(column) else f"1{letter}"


def _column_cards(number: int, column: Column, width: int) -> list[bytes]:
    cards = [_card(f"TTYPE{number}", column.name), _card(f"TFORM{number}", _form(column, width))]
    null = None if _is_text(column) or _in_heap(column) else _KINDS[column.datatype].null
    if isinstance(null, int):
        cards.append(_card(f"TNULL{number}", null))
    extra = (
        ("TUNIT", column.unit),
        ("TUCD", column.ucd),
        ("TUTYP", column.utype),
        ("TXTYP", column.xtype),
        ("TCOMM", column.description),
    )
    return cards + [_card(f"{word}{number}", value) for word, value in extra if value]


def _gather(answer: Answer, file: IO[str]) -> tuple[int, list[int]]:
    """Writes the rows to the file, a block a line; their number, and the width of each column in bytes."""
    widths = [
        1 if _is_text(c) else 16 if _in_heap(c) else struct.calcsize(f">{_KINDS[c.datatype].code}")
        for c in answer.columns
    ]
    texts = [number for number, column in enumerate(answer.columns) if _is_text(column)]
    count = 0
    for block in blocks(checked(answer)):
        for number in texts:
            widths[number] = max(widths[number], *(len(_text(row[number])) for row in block))
        file.write(json.dumps(block, default=str) + "\n")
        count += len(block)
    file.seek(0)
    return count, widths


def _write(answer: Answer) -> Iterator[bytes]:
    columns = list(answer.columns)
    with tempfile.TemporaryFile("w+") as gathered, tempfile.TemporaryFile() as rows, tempfile.TemporaryFile() as stored:
        count, widths = _gather(answer, gathered)
        heap = _Heap(stored)
        cells = [_cell(column, width, heap) for column, width in zip(columns, widths, strict=True)]
        for line in gathered:
            for row in json.loads(line):
                rows.write(b"".join(cell(value) for cell, value in zip(cells, row, strict=True)))
        yield _PRIMARY + _header(columns, widths, count, heap.size)
        for file in (rows, stored):
            file.seek(0)
            while piece := file.read(_COPY):
                yield piece
        yield b"\0" * (-(sum(widths) * count + heap.size) % BLOCK)


FITS = Format(
    media_type="application/fits", aliases=("fits", "application/x-fits"), extension="fits", write=_write, streams=False
)
