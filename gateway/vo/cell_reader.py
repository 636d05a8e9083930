"""Cells of VOTable's three serialisations as Python values: the way back of ``gateway.vo.cells``."""

import math
import struct
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from gateway.vo.cells import number_text
from gateway.vo.tables import Column

TEXTS = ("char", "unicodeChar")
_RANGES = {"unsignedByte": (0, 255), "short": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1)}
_LONG = (-(2**63), 2**63 - 1)
_WHOLE = ("unsignedByte", "short", "int", "long")
_REAL = ("float", "double")
_COMPLEX = ("floatComplex", "doubleComplex")
DATATYPES = (*TEXTS, *_WHOLE, *_REAL, *_COMPLEX, "boolean", "bit")
_FORMATS = {
    "unsignedByte": "B",
    "short": "h",
    "int": "i",
    "long": "q",
    "float": "f",
    "double": "d",
    "floatComplex": "f",
    "doubleComplex": "d",
}
_TRUE, _FALSE, _UNKNOWN = {"t", "true", "1"}, {"f", "false", "0"}, {"", "?", " ", "\0"}
Value = int | float | str | None


class BadCell(ValueError):
    """A cell is not what its FIELD says."""


def check_arraysize(name: str, arraysize: str, limit: int) -> None:
    """``64*``, ``2x3``, ``*``: numbers that are numbers, and no larger than a cell may be."""
    sides = arraysize.removesuffix("*").split("x") if arraysize not in ("", "*") else []
    if arraysize.endswith("x*"):
        sides = arraysize[:-2].split("x")
    if not all(side.isascii() and side.isdigit() and len(side) < 10 for side in sides):
        raise BadCell(f"The column {name} has the arraysize {arraysize[:40]!r}, which is not one.")
    if math.prod(map(int, sides)) > limit:
        raise BadCell(f"The column {name} declares cells of {arraysize} elements; that is too many.")


def is_array(column: Column) -> bool:
    return bool(column.arraysize) and column.datatype not in TEXTS


# --- TABLEDATA -------------------------------------------------------------------------------------------------------


def tabledata(
    columns: Sequence[Column], nulls: Sequence[str | None], rows: Sequence[Sequence[str]], before: int = 0
) -> list[tuple[Any, ...]]:
    """Rows of values from rows of texts; column by column, as each has one type. ``before``: rows that came before."""
    if not rows:
        return []
    read = [
        _column(column, null, texts, before)
        for column, null, texts in zip(columns, nulls, zip(*rows, strict=True), strict=True)
    ]
    return list(zip(*read, strict=True))


def _column(column: Column, null: str | None, texts: Sequence[str], before: int) -> list[Value]:
    if column.datatype in _REAL and not is_array(column) and null is None and (plain := _plain_reals(texts)):
        return plain
    convert = _converter(column)
    found: list[Value] = []
    try:
        for text in texts:
            found.append(None if text in ("", null) else convert(text))
    except (ValueError, OverflowError) as error:
        place = f"Row {before + len(found) + 1} of the column {column.name}"
        raise BadCell(f"{place} holds {texts[len(found)][:40]!r}, which is no {column.datatype}.") from error
    return found


def _plain_reals(texts: Sequence[str]) -> list[Value]:
    """The numbers where every cell has one, at a fraction of the time of looking at each; else empty."""
    together = "".join(texts)
    if "_" in together or not together.isascii():
        return []
    try:
        values = list(map(float, texts))
    except ValueError:
        return []
    return [] if any(map(math.isnan, values)) else [*values]


def _converter(column: Column) -> Callable[[str], Value]:
    if column.datatype in TEXTS:
        return str
    element = element_reader(column.datatype)
    if is_array(column) or column.datatype in _COMPLEX:
        return lambda text: " ".join(_word(element(word)) for word in text.split()) or None
    return lambda text: element(text.strip())


def element_reader(datatype: str) -> Callable[[str], Value]:
    """One number, flag or bit from its text."""
    if datatype in (*_REAL, *_COMPLEX):
        return _real
    if datatype == "boolean":
        return _flag
    low, high = (0, 1) if datatype == "bit" else _RANGES.get(datatype, _LONG)
    return lambda text: _whole(text, low, high)


def _real(text: str) -> float | None:
    value = float(text)
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    return None if math.isnan(value) else value


def _whole(text: str, low: int, high: int) -> int | None:
    if text == "":
        return None
    if not text.isascii() or "_" in text or len(text) > 25:
        raise ValueError(text)
    value = int(text, 16) if text.lower().startswith("0x") else int(text)
    if not low <= value <= high:
        raise ValueError(text)
    return value


def _flag(text: str) -> int | None:
    word = text.lower()
    if word in _UNKNOWN:
        return None
    if word not in _TRUE and word not in _FALSE:
        raise ValueError(text)
    return int(word in _TRUE)


def _word(value: Value) -> str:
    return "NaN" if value is None else number_text(value)


# --- BINARY and BINARY2 ----------------------------------------------------------------------------------------------


class _Incomplete(BadCell):
    """The bytes end in the middle of a row."""


class _Bytes:
    """What has come of the stream, with a place in it."""

    def __init__(self) -> None:
        self.data, self.place = bytearray(), 0

    def take(self, count: int) -> bytearray:
        end = self.place + count
        if count < 0 or end > len(self.data):
            raise _Incomplete("The binary table ends in the middle of a row.")
        piece = self.data[self.place : end]
        self.place = end
        return piece

    def count(self, arraysize: str) -> int:
        """Number of elements: declared, or written before them."""
        if "*" in arraysize:
            return int.from_bytes(self.take(4), "big")
        return math.prod(int(side) for side in arraysize.split("x")) if arraysize else 1


Take = Callable[[_Bytes], Value]


class Binary:
    """Rows of a BINARY or BINARY2 table (``flags``), from bytes as they come."""

    def __init__(self, columns: Sequence[Column], nulls: Sequence[str | None], *, flags: bool) -> None:
        self._source = _Bytes()
        self._readers = [_taker(column, null) for column, null in zip(columns, nulls, strict=True)]
        self._size = (len(columns) + 7) // 8 if flags else 0
        self._rows: list[tuple[Any, ...]] = []

    def feed(self, data: bytes, *, final: bool = False) -> None:
        """``final``: no more will come, and a row that is not whole is an error."""
        source = self._source
        source.data += data
        source.place = 0
        whole = 0
        try:
            while source.place < len(source.data) and self._readers:
                self._rows.append(self._row(source))
                whole = source.place
        except _Incomplete:
            if final:
                raise
        del source.data[:whole]

    def _row(self, source: _Bytes) -> tuple[Any, ...]:
        begun = source.place
        missing = source.take(self._size)
        values = [take(source) for take in self._readers]
        if source.place == begun:
            raise BadCell("The rows of the binary table have no bytes.")
        return tuple(values) if not any(missing) else tuple(_present(values, missing))

    def take(self) -> list[tuple[Any, ...]]:
        """The whole rows since the last time."""
        rows, self._rows = self._rows, []
        return rows


def _present(values: list[Value], missing: bytearray) -> list[Value]:
    """The values, None where BINARY2's flag says so (most significant bit first)."""
    return [None if missing[i // 8] >> (7 - i % 8) & 1 else value for i, value in enumerate(values)]


def _taker(column: Column, null: str | None) -> Take:
    if column.datatype in TEXTS:
        return _text_taker(column)
    if column.datatype == "boolean":
        take: Take = partial(_flags, column=column)
    elif column.datatype == "bit":
        take = partial(_bits, column=column)
    else:
        take = _number_taker(column)
    absent = _whole(null, *_LONG) if null and column.datatype in _WHOLE else None
    if absent is None:
        return take
    return lambda source: None if (value := take(source)) == absent else value


def _text_taker(column: Column) -> Take:
    width, encoding = (2, "utf-16-be") if column.datatype == "unicodeChar" else (1, "utf-8")

    def take(source: _Bytes) -> str | None:
        piece = source.take(source.count(column.arraysize) * width)
        return piece.decode(encoding, "replace").split("\0", 1)[0] or None

    return take


def _number_taker(column: Column) -> Take:
    code = _FORMATS[column.datatype]
    width = struct.calcsize(f">{code}")
    parts = 2 if column.datatype in _COMPLEX else 1
    several = is_array(column) or parts == 2

    def take(source: _Bytes) -> Value:
        count = source.count(column.arraysize) * parts
        values = struct.unpack(f">{count}{code}", source.take(count * width))
        if several:
            return " ".join(map(number_text, values)) or None
        value: int | float = values[0]
        return None if isinstance(value, float) and math.isnan(value) else value

    return take


def _flags(source: _Bytes, column: Column) -> Value:
    values = [_flag(chr(byte)) for byte in source.take(source.count(column.arraysize))]
    if not is_array(column):
        return values[0]
    return " ".join("?" if value is None else str(value) for value in values) or None


def _bits(source: _Bytes, column: Column) -> Value:
    count = source.count(column.arraysize)
    piece = source.take((count + 7) // 8)
    bits = [piece[i // 8] >> (7 - i % 8) & 1 for i in range(count)]
    return " ".join(map(str, bits)) or None if is_array(column) else bits[0]
