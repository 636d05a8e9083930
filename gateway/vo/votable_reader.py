"""The guarded VOTable reader: tables from outside, read without following anything they point to.

Bytes are capped after unpacking, documents with a DOCTYPE or a STREAM elsewhere are refused (``xmlguard``), columns,
rows, depth and declared sizes are bounded before anything is stored. No general VOTable library is asked: they follow
``href`` and reserve what a header declares.
"""

import base64
import binascii
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from gateway.vo import cell_reader
from gateway.vo.cell_reader import BadCell
from gateway.vo.tables import Column
from gateway.vo.xmlguard import Scanner, UnsafeDocument

MAX_COLUMNS = 500
MAX_DEPTH = 40
MAX_CELL = 2**20
"""characters of a cell, and elements of a fixed array"""
MAX_INFOS, MAX_INFO = 100, 2_000
_BLOCK = 2**16


class BadVOTable(ValueError):
    """The document is refused; the text says why, for the person who sent it."""


@dataclass(frozen=True)
class Table:
    """The first table of a document. Arrays are DALI text, NULL and NaN are None."""

    columns: tuple[Column, ...]
    rows: list[tuple[Any, ...]]
    infos: tuple[tuple[str, str, str], ...] = ()
    """(name, value, text) of the INFO elements, such as QUERY_STATUS"""
    cut: bool = False
    """there were more rows than were wanted"""


class NoTable(BadVOTable):
    """A VOTable without a table; its INFO elements may say why."""

    def __init__(self, infos: tuple[tuple[str, str, str], ...]) -> None:
        super().__init__("There is no table in this document; a VOTable is expected.")
        self.infos = infos


class _Enough(Exception):
    """As many rows as were wanted have been read."""


def read(
    stream: BinaryIO | Iterable[bytes] | bytes,
    *,
    max_bytes: int,
    max_rows: int,
    max_columns: int = MAX_COLUMNS,
    cut: bool = False,
) -> Table:
    """The first table of a VOTable, packed with gzip or not. Raises BadVOTable.

    ``cut``: rows beyond ``max_rows`` are not an error; reading ends there, and the table says so.
    """
    reader = _Reader(max_rows, max_columns, cut)
    try:
        for block in _bounded(_blocks(stream), max_bytes):
            reader.feed(block)
        reader.close()
    except _Enough:
        pass
    except UnsafeDocument as error:
        raise BadVOTable(f"This VOTable is refused: {error}.") from error
    except BadCell as error:
        raise BadVOTable(str(error)) from error
    if reader.table is None:
        raise NoTable(tuple(reader.infos))
    return replace(reader.table, infos=tuple(reader.infos))


def _blocks(stream: BinaryIO | Iterable[bytes] | bytes) -> Iterator[bytes]:
    if isinstance(stream, bytes):
        yield from (stream[start : start + _BLOCK] for start in range(0, len(stream), _BLOCK))
    elif hasattr(stream, "read"):
        while block := stream.read(_BLOCK):
            yield block
    else:
        yield from stream


def _bounded(blocks: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    """Unpacked blocks; more than ``max_bytes`` of them is an error, found before they are all unpacked."""
    first = next(blocks, b"")
    unpacker = zlib.decompressobj(31) if first.startswith(b"\x1f\x8b") else None
    total = 0
    for packed in _chain(first, blocks):
        for block in _unpack(unpacker, packed) if unpacker else (packed,):
            total += len(block)
            if total > max_bytes:
                raise BadVOTable(f"The table is larger than the {max_bytes:,} bytes that are accepted.")
            yield block


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _unpack(unpacker: Any, packed: bytes) -> Iterator[bytes]:
    try:
        while packed:
            yield unpacker.decompress(packed, _BLOCK)
            packed = unpacker.unconsumed_tail
    except zlib.error as error:
        raise BadVOTable("The packed table is damaged.") from error


class _Reader(Scanner):
    """Builds the first TABLE while the guard looks at each element."""

    def __init__(self, max_rows: int, max_columns: int, cut: bool = False) -> None:
        super().__init__()
        self.table: Table | None = None
        self.infos: list[tuple[str, str, str]] = []
        self._max_rows, self._max_columns, self._cut = max_rows, max_columns, cut
        self._fields: list[dict[str, str]] = []
        self._path: list[str] = []
        self._text: list[str] = []
        self._row: list[str] = []
        self._rows: list[Sequence[str]] = []
        self._encoding = ""
        self._data: bytes | None = None
        self._flags = False
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text.append
        self._parser.buffer_text = True

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        super()._start(name, attributes)
        name = name.rpartition(":")[2].upper()
        self._path.append(name)
        self._text.clear()
        if len(self._path) > MAX_DEPTH:
            raise BadVOTable("The document is nested too deeply.")
        if name == "INFO" and len(self.infos) < MAX_INFOS:
            self.infos.append((attributes.get("name", "")[:100], attributes.get("value", "")[:MAX_INFO], ""))
        if self.table is not None:
            return
        if name == "FIELD":
            self._field(attributes)
        elif name == "VALUES" and self._path[-2:-1] == ["FIELD"] and "null" in attributes:
            self._fields[-1]["null"] = attributes["null"]
        elif name == "STREAM":
            self._encoding = attributes.get("encoding", "")

    def _field(self, attributes: dict[str, str]) -> None:
        if len(self._fields) >= self._max_columns:
            raise BadVOTable(f"The table has more than the {self._max_columns} columns that are accepted.")
        self._fields.append(attributes)

    def _end(self, name: str) -> None:
        name = self._path.pop()
        if name == "INFO" and self.infos:
            self.infos[-1] = (*self.infos[-1][:2], "".join(self._text).strip()[:MAX_INFO])
        if self.table is not None:
            return
        if name == "TD":
            self._row.append("".join(self._text))
        elif name == "TR":
            self._end_row()
        elif name == "DESCRIPTION" and self._path[-1:] == ["FIELD"]:
            self._fields[-1]["description"] = "".join(self._text).strip()
        elif name == "STREAM":
            self._stream()
        elif name == "TABLE":
            self._end_table()
        elif name == "FITS":
            raise BadVOTable("FITS inside a VOTable is not accepted; send TABLEDATA, BINARY or BINARY2.")
        self._text.clear()

    def _end_row(self) -> None:
        if len(self._row) != len(self._fields):
            text = f"Row {len(self._rows) + 1} has {len(self._row)} cells, the table has {len(self._fields)} columns."
            raise BadVOTable(text)
        if len(self._rows) >= self._max_rows:
            if self._cut:
                self._end_table(cut=True)
                raise _Enough
            raise BadVOTable(f"The table has more than the {self._max_rows:,} rows that are accepted.")
        self._rows.append(tuple(self._row))
        self._row.clear()

    def _stream(self) -> None:
        if self._encoding.lower() != "base64":
            raise BadVOTable("A STREAM must be written in base64.")
        try:
            self._data = base64.b64decode("".join(self._text))
        except binascii.Error as error:
            raise BadVOTable("The base64 of a STREAM is damaged.") from error
        self._flags = self._path[-1:] == ["BINARY2"]

    def _end_table(self, *, cut: bool = False) -> None:
        columns = tuple(_column(field, number) for number, field in enumerate(self._fields, 1))
        nulls = [field.get("null") for field in self._fields]
        if self._data is None:
            rows = cell_reader.tabledata(columns, nulls, self._rows)
        else:
            most = None if self._cut else self._max_rows
            rows = cell_reader.binary(columns, nulls, self._data, flags=self._flags, max_rows=most)
            cut = len(rows) > self._max_rows
        self.table = Table(columns, rows[: self._max_rows], cut=cut)
        self._rows = []


def _column(field: dict[str, str], number: int) -> Column:
    name = field.get("name") or field.get("ID") or f"column_{number}"
    datatype = field.get("datatype", "")
    if datatype not in cell_reader.DATATYPES:
        raise BadVOTable(f"The column {name} has the datatype {datatype!r}, which VOTable does not know.")
    arraysize = field.get("arraysize", "")
    if arraysize == "1":
        arraysize = ""
    cell_reader.check_arraysize(name, arraysize, MAX_CELL)
    xtype, unit, ucd, utype, description = (
        field.get(key, "")[:1000] for key in ("xtype", "unit", "ucd", "utype", "description")
    )
    return Column(
        name=name,
        datatype=datatype,
        arraysize=arraysize,
        xtype=xtype,
        unit=unit,
        ucd=ucd,
        utype=utype,
        description=description,
    )
