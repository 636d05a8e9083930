"""Cells of VOTable's three serialisations, a column at a time (VOTable 1.4, sections 2 and 5).

Values are what a database gives: None, int, float, str, bytes, bool. A cell that is an array is DALI text
(``"1.5 2.5"``), so that it passes through any database. Working column by column on a block of rows keeps the cost of
a row of 60 columns at some ten microseconds in plain Python; a column that says the same in a whole block, as most do
in a table of observations, is written once and becomes part of what stands between the others.
"""

import math
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, AnyStr, cast

import orjson
import pybase64

from gateway.vo.tables import Column
from gateway.vo.xml import escape

Values = Sequence[Any]
_ONE = (str, bytes)
BLOCK = 250
FIRST_BLOCK = 120
"""rows; few first, so that the first bytes leave at once, and never more than a processor keeps at hand: 500 rows of 60
columns take a third longer when others use the machine's memory too"""

_CONTROL = bytes(set(range(32)) - {9, 10, 13})
_NONCHARACTERS = ("\ufffe", "\uffff")
_FORBIDDEN = dict.fromkeys([*_CONTROL, *map(ord, _NONCHARACTERS)])


def blocks(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(rows)
    size = FIRST_BLOCK
    while block := list(islice(iterator, size)):
        yield block
        size = BLOCK


def is_uniform(values: Values) -> bool:
    """Is it the same value throughout?"""
    first = values[0]
    return bool(values[-1] == first) and values.count(first) == len(values)


def in_rows(pieces: Iterable[AnyStr | Sequence[AnyStr]], count: int, nothing: AnyStr) -> AnyStr:
    """``count`` rows made of the pieces, each of which is the same in all rows or a sequence of one for each row.

    The rows become one list, filled column by column with steps of a row: twice as fast as to go from row to row.
    """
    row: list[AnyStr] = []
    columns: list[tuple[int, Sequence[AnyStr]]] = []
    is_open = False
    for piece in pieces:
        if not isinstance(piece, _ONE):
            columns.append((len(row), piece))
            row.append(nothing)
        elif is_open:
            row[-1] += piece
        else:
            row.append(piece)
        is_open = isinstance(piece, _ONE)
    rows = row * count
    for place, cells in columns:
        rows[place :: len(row)] = cells
    return nothing.join(rows)


# --- TABLEDATA -------------------------------------------------------------------------------------------------------


def _text_cells(values: Values) -> list[str]:
    texts, together = _texts(values)
    if not is_legal(together):
        texts = [legal(text) for text in texts]
    if "&" in together or "<" in together or ">" in together:
        return [escape(text) for text in texts]
    return texts


def _texts(values: Values) -> tuple[list[str], str]:
    """The values as texts, NULL as an empty one, and all of them together."""
    try:
        return cast(list[str], values), "".join(values)
    except TypeError:
        texts = ["" if value is None else value if isinstance(value, str) else _plain(value) for value in values]
        return texts, "".join(texts)


def _plain(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def is_legal(text: str) -> bool:
    """Has it only characters that XML 1.0 allows?"""
    data = text.encode("utf-8", "surrogatepass")
    return len(data.translate(None, _CONTROL)) == len(data) and not any(sign in text for sign in _NONCHARACTERS)


def legal(text: str) -> str:
    """Without the characters that XML 1.0 forbids."""
    return text.translate(_FORBIDDEN).encode("utf-8", "replace").decode()


def number_text(value: Any) -> str:
    """A number as DALI and VOTable write it: ``NaN``, ``+Inf``, ``-Inf``, the shortest decimal that reads back."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _number_cells(values: Values) -> list[str]:
    """The same as ``number_text`` for each; orjson writes a float ten times as fast as ``repr`` does."""
    try:
        if math.isfinite(sum(values)):
            return orjson.dumps(values)[1:-1].decode().split(",")
    except (TypeError, OverflowError):
        if None in values:
            there = iter(_number_cells([value for value in values if value is not None]))
            return ["" if value is None else next(there) for value in values]
    return list(map(number_text, values))


def _boolean_cells(values: Values) -> list[str]:
    return ["" if value is None else "T" if value else "F" for value in values]


def is_array(column: Column) -> bool:
    """Has the cell several values (a text is one value)?"""
    return bool(column.arraysize) and column.datatype not in ("char", "unicodeChar")


def plain_cells(column: Column) -> Callable[[Values], list[str]]:
    """Writes cells as text without any markup, NULL as an empty one."""
    is_number = not is_array(column) and column.datatype in ("float", "double", *NULLS)
    return _number_cells if is_number else lambda values: _texts(values)[0]


def _tabledata_cells(column: Column) -> Callable[[Values], list[str]]:
    if is_array(column) or column.datatype in ("char", "unicodeChar"):
        return _text_cells
    if column.datatype in ("floatComplex", "doubleComplex"):
        return _text_cells
    return _boolean_cells if column.datatype == "boolean" else _number_cells


def tabledata(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """``<TR>`` elements, a block of rows at a time."""
    writers = [_tabledata_cells(column) for column in columns]
    for block in blocks(rows):
        pieces: list[str | Sequence[str]] = ["<TR>"]
        for writer, values in zip(writers, zip(*block, strict=True), strict=True):
            cells = writer(values[:1])[0] if is_uniform(values) else writer(values)
            pieces += "<TD>", cells, "</TD>"
        yield in_rows([*pieces, "</TR>\n"], len(block), "").encode("utf-8", "replace")


# --- BINARY and BINARY2 ----------------------------------------------------------------------------------------------

_CODES = {
    "unsignedByte": "B",
    "short": "h",
    "int": "i",
    "long": "q",
    "float": "f",
    "double": "d",
    "floatComplex": "ff",
    "doubleComplex": "dd",
    "boolean": "c",
    "bit": "B",
}
NULLS = {"unsignedByte": 255, "short": -(2**15), "int": -(2**31), "long": -(2**63)}
"""what stands for NULL in BINARY, which has no flags"""
_RANGES = {"unsignedByte": (0, 255), "short": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1)}
_COUNT = struct.Struct(">I")
Pieces = Sequence[bytes | Sequence[bytes]]
Writer = Callable[[Values], Pieces]
"""gives a column's cells, in one or more pieces, each of which is the same in all rows or has one for each"""


def _length(arraysize: str) -> int | None:
    """Number of elements of a fixed array; None when it varies."""
    return None if "*" in arraysize else math.prod(int(side) for side in arraysize.split("x"))


def _distinct(values: Values, encode: Callable[[Any], bytes]) -> bytes | list[bytes]:
    """For values few of which differ."""
    known = {value: encode(value) for value in set(values)}
    return [known[value] for value in values] if len(known) > 1 else known[values[0]]


def _string_writer(column: Column) -> Writer:
    size = _length(column.arraysize) if column.arraysize else 1
    if column.datatype == "char":
        return _sized_writer(str.encode, size)
    return _sized_writer(lambda text: text.encode("utf-16-be"), size, 2)


def _sized_writer(encode: Callable[[str], bytes], size: int | None, width: int = 1) -> Writer:
    """Strings of ``size`` characters of ``width`` bytes; without a size, each after the count of its own."""

    def write(values: Values) -> Pieces:
        encoded = list(map(encode, _texts(values)[0]))
        if size is None:
            counts = [len(data) // width for data in encoded] if width > 1 else list(map(len, encoded))
            return [_distinct(counts, _COUNT.pack), encoded]
        return [[data[: size * width].ljust(size * width, b"\0") for data in encoded]]

    return write


def _scalar(column: Column) -> Callable[[Any], bytes]:
    """One element, NULL included."""
    kind = column.datatype
    pack = struct.Struct(">" + _CODES[kind]).pack
    if kind == "boolean":
        return lambda value: b"?" if value is None else b"T" if value else b"F"
    if kind in ("floatComplex", "doubleComplex"):
        return lambda value: pack(*((math.nan, math.nan) if value is None else map(float, str(value).split())))
    if kind in ("float", "double"):
        return lambda value: pack(math.nan if value is None else value)
    if kind == "bit":
        return lambda value: b"\x80" if value else b"\0"
    null = NULLS[kind]
    return lambda value: pack(null if value is None else int(value))


def _element(column: Column) -> Callable[[str], Any]:
    """A word of DALI text as a value."""
    if column.datatype in ("float", "double", "floatComplex", "doubleComplex"):
        return float
    if column.datatype == "boolean":
        return lambda word: word.lower() in ("t", "true", "1")
    return int


def _array_writer(column: Column) -> Writer:
    size, element = _length(column.arraysize), _element(column)
    parts = 2 if column.datatype.endswith("Complex") else 1
    code = _CODES[column.datatype][0]

    def encode(value: Any) -> bytes:
        items = [] if value is None else [element(word) for word in str(value).split()]
        count = len(items) // parts if size is None else size
        head = _COUNT.pack(count) if size is None else b""
        items = (items + [math.nan if element is float else 0] * (count * parts))[: count * parts]
        if column.datatype == "bit":
            bits = "".join(map(str, items))
            return head + int(bits.ljust(-(-count // 8) * 8, "0") or "0", 2).to_bytes(-(-count // 8), "big")
        if column.datatype == "boolean":
            return head + b"".join(b"T" if item else b"F" for item in items)
        return head + struct.pack(f">{len(items)}{code}", *items)

    return lambda values: [_distinct(values, encode)]


def _number_writer(column: Column) -> Writer:
    encode = _scalar(column)
    if column.datatype not in ("float", "double", *NULLS):
        return lambda values: [list(map(encode, values))]
    code, null = _CODES[column.datatype], NULLS.get(column.datatype, math.nan)
    cell = f"{struct.calcsize('>' + code)}s"

    def write(values: Values) -> Pieces:
        """All at once and then apart, which takes half as long as one by one."""
        numbers = [null if value is None else value for value in values] if None in values else values
        try:
            return [struct.unpack(cell * len(numbers), struct.pack(f">{len(numbers)}{code}", *numbers))]
        except struct.error:
            return [list(map(encode, values))]

    return write


def _binary_cells(column: Column) -> Writer:
    if column.datatype in ("char", "unicodeChar"):
        return _string_writer(column)
    return _array_writer(column) if is_array(column) else _number_writer(column)


def _null_flags(columns: Sequence[Values], uniform: Sequence[bool]) -> bytes | list[bytes]:
    """BINARY2's leading bytes of each row: one bit a column, most significant first, set where NULL."""
    size = (len(columns) + 7) // 8
    flags = [0] * len(columns[0])
    always, top = 0, size * 8 - 1
    for number, (values, same) in enumerate(zip(columns, uniform, strict=True)):
        bit = 1 << (top - number)
        if same:
            always |= bit if values[0] is None else 0
        elif None in values:
            flags = [flag | bit if value is None else flag for flag, value in zip(flags, values, strict=True)]
    return _distinct(flags, lambda flag: (flag | always).to_bytes(size, "big"))


def binary(columns: Sequence[Column], rows: Iterable[Sequence[Any]], *, flags: bool) -> Iterator[bytes]:
    """Base64 of the rows; with ``flags`` BINARY2, else BINARY."""
    writers = [_binary_cells(column) for column in columns]
    rest = b""
    for block in blocks(rows):
        values = list(zip(*block, strict=True))
        uniform = [is_uniform(column) for column in values]
        pieces: list[bytes | Sequence[bytes]] = [_null_flags(values, uniform)] if flags else []
        for writer, column, same in zip(writers, values, uniform, strict=True):
            if same:
                pieces += [piece if isinstance(piece, bytes) else piece[0] for piece in writer(column[:1])]
            else:
                pieces += writer(column)
        data = rest + in_rows(pieces, len(block), b"")
        whole = len(data) - len(data) % 3
        rest = data[whole:]
        yield pybase64.b64encode(data[:whole]) + b"\n"
    yield pybase64.b64encode(rest) + b"\n"
