"""The guarded VOTable reader: tables from outside, read without following anything they point to.

Bytes are capped after unpacking, documents with a DOCTYPE or a STREAM elsewhere are refused (``xmlguard``), columns,
rows, depth and declared sizes are bounded before anything is stored. No general VOTable library is asked: they follow
``href`` and reserve what a header declares.
"""

import base64
import binascii
import contextlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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
    rows = [row for _columns, some in _pieces(reader, stream, max_bytes) for row in some]
    if reader.columns is None:
        raise NoTable(tuple(reader.infos))
    return Table(reader.columns, rows, tuple(reader.infos), reader.is_cut)


def pieces(
    stream: BinaryIO | Iterable[bytes] | bytes, *, max_bytes: int, max_rows: int, max_columns: int = MAX_COLUMNS
) -> Iterator[tuple[tuple[Column, ...], list[tuple[Any, ...]]]]:
    """The columns of the first table with some of its rows, again and again to its end, in constant memory.

    Raises BadVOTable, also after good rows: what is wrong in the middle is known there.
    """
    reader = _Reader(max_rows, max_columns)
    yield from _pieces(reader, stream, max_bytes)
    if reader.columns is None:
        raise NoTable(tuple(reader.infos))


def _pieces(
    reader: "_Reader", stream: BinaryIO | Iterable[bytes] | bytes, max_bytes: int
) -> Iterator[tuple[tuple[Column, ...], list[tuple[Any, ...]]]]:
    try:
        with contextlib.suppress(_Enough):
            for block in _bounded(_blocks(stream), max_bytes):
                reader.feed(block)
                if reader.columns is not None and (rows := reader.take()):
                    yield reader.columns, rows
            reader.close()
        if reader.columns is not None:
            yield reader.columns, reader.take()
    except UnsafeDocument as error:
        raise BadVOTable(f"This VOTable is refused: {error}.") from error
    except BadCell as error:
        raise BadVOTable(str(error)) from error


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
    """Reads the first TABLE while the guard looks at each element; ``take`` gives the rows that have come so far."""

    def __init__(self, max_rows: int, max_columns: int, cut: bool = False) -> None:
        super().__init__()
        self.columns: tuple[Column, ...] | None = None
        self.infos: list[tuple[str, str, str]] = []
        self.is_cut = False
        self._max_rows, self._max_columns, self._cut = max_rows, max_columns, cut
        self._fields: list[dict[str, str]] = []
        self._kinds: dict[str, str] = {}
        self._path: list[str] = []
        self._text: list[str] = []
        self._row: list[str] = []
        self._rows: list[Sequence[str]] = []
        self._taken = 0
        self._encoding = ""
        self._binary: cell_reader.Binary | None = None
        self._rest = ""
        self._is_over = False
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text.append
        self._parser.buffer_text = True

    def take(self) -> list[tuple[Any, ...]]:
        """The rows since the last time."""
        assert self.columns is not None
        if self._binary is None:
            rows = cell_reader.tabledata(self.columns, self._nulls(), self._rows, self._taken)
            self._rows = []
        else:
            if self._path[-1:] == ["STREAM"]:
                self._decode()
            rows = self._binary.take()
            if self._taken + len(rows) > self._max_rows:
                self._too_many()
                rows, self.is_cut = rows[: self._max_rows - self._taken], True
        self._taken += len(rows)
        return rows

    def _too_many(self) -> None:
        if not self._cut:
            raise BadVOTable(f"The table has more than the {self._max_rows:,} rows that are accepted.")

    def _nulls(self) -> list[str | None]:
        return [field.get("null") for field in self._fields]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._kinds[name] = name.rpartition(":")[2].upper()
        self._path.append(kind)
        self._text.clear()
        if len(self._path) > MAX_DEPTH:
            raise BadVOTable("The document is nested too deeply.")
        if kind in ("TD", "TR"):
            return
        super()._start(name, attributes)
        if kind == "INFO" and len(self.infos) < MAX_INFOS:
            self.infos.append((attributes.get("name", "")[:100], attributes.get("value", "")[:MAX_INFO], ""))
        if not self._is_over:
            self._start_of_table(kind, attributes)

    def _start_of_table(self, kind: str, attributes: dict[str, str]) -> None:
        if kind == "FIELD":
            self._field(attributes)
        elif kind == "VALUES" and self._path[-2:-1] == ["FIELD"] and "null" in attributes:
            self._fields[-1]["null"] = attributes["null"]
        elif kind == "DATA":
            self._begin()
        elif kind == "STREAM":
            self._encoding = attributes.get("encoding", "").lower()
            if self._encoding != "base64":
                raise BadVOTable("A STREAM must be written in base64.")
            self._begin()
            flags = self._path[-2:-1] == ["BINARY2"]
            self._binary = cell_reader.Binary(self.columns or (), self._nulls(), flags=flags)

    def _begin(self) -> None:
        """All columns are known."""
        if self.columns is None:
            self.columns = tuple(_column(field, number) for number, field in enumerate(self._fields, 1))

    def _field(self, attributes: dict[str, str]) -> None:
        if self.columns is not None:
            raise BadVOTable("A FIELD stands after the data of its table.")
        if len(self._fields) >= self._max_columns:
            raise BadVOTable(f"The table has more than the {self._max_columns} columns that are accepted.")
        self._fields.append(attributes)

    def _end(self, name: str) -> None:
        kind = self._path.pop()
        if kind == "INFO" and self.infos:
            self.infos[-1] = (*self.infos[-1][:2], "".join(self._text).strip()[:MAX_INFO])
        if self._is_over:
            return
        if kind == "TD":
            self._row.append("".join(self._text))
        elif kind == "TR":
            self._end_row()
        elif kind == "DESCRIPTION" and self._path[-1:] == ["FIELD"]:
            self._fields[-1]["description"] = "".join(self._text).strip()
        elif kind == "STREAM" and self._binary is not None:
            self._decode(final=True)
        elif kind == "TABLE":
            self._begin()
            self._is_over = True
        elif kind == "FITS":
            raise BadVOTable("FITS inside a VOTable is not accepted; send TABLEDATA, BINARY or BINARY2.")
        self._text.clear()

    def _end_row(self) -> None:
        self._begin()
        number = self._taken + len(self._rows)
        if len(self._row) != len(self._fields):
            text = f"Row {number + 1} has {len(self._row)} cells, the table has {len(self._fields)} columns."
            raise BadVOTable(text)
        if number >= self._max_rows:
            self._too_many()
            self.is_cut = True
            raise _Enough
        self._rows.append(tuple(self._row))
        self._row.clear()

    def _decode(self, *, final: bool = False) -> None:
        """The base64 that has come; what is no whole group of four characters waits for the next time."""
        text = self._rest + "".join(self._text).translate(_BLANKS)
        self._text.clear()
        whole = len(text) if final else len(text) - len(text) % 4
        self._rest = text[whole:]
        assert self._binary is not None
        try:
            self._binary.feed(base64.b64decode(text[:whole]), final=final)
        except binascii.Error as error:
            raise BadVOTable("The base64 of a STREAM is damaged.") from error


_BLANKS = dict.fromkeys(map(ord, " \t\r\n"))


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
