"""The streaming VOTable writer (VOTable 1.4): rows in, bytes out, in constant memory.

One RESOURCE of type *results* with its INFOs before the table; what happens while rows are on their way (overflow, a
query that was stopped) is told by INFOs after it (DALI 1.1, section 4.4.1).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from gateway.vo import cells
from gateway.vo.tables import Column
from gateway.vo.xml import DECLARATION, VOTABLE, XSI, Xml, attributes, join, maybe, tag

Serialization = Literal["TABLEDATA", "BINARY", "BINARY2"]
SERIALIZATIONS: tuple[Serialization, ...] = ("TABLEDATA", "BINARY", "BINARY2")
MEDIA_TYPE = "application/x-votable+xml"

ICRS = tag("COOSYS", ID="system_icrs", system="ICRS")
UTC_MJD = tag("TIMESYS", ID="system_utc_mjd", timescale="UTC", refposition="TOPOCENTER", timeorigin="MJD-origin")
UTC = tag("TIMESYS", ID="system_utc", timescale="UTC", refposition="TOPOCENTER")
_SYSTEMS = {"system_icrs": ICRS, "system_utc_mjd": UTC_MJD, "system_utc": UTC}
KEPT = 2000
"""descriptions of columns that are remembered: most answers are of the same few tables"""
_SKY_XTYPES = {"point", "circle", "polygon", "shape", "adql:point", "adql:circle", "adql:polygon", "adql:region"}


@dataclass(frozen=True, kw_only=True)
class Info:
    """``<INFO name= value=>text</INFO>``."""

    name: str
    value: str
    text: str = ""
    ucd: str = ""

    def xml(self) -> Xml:
        pairs = (("name", self.name), ("value", self.value or " "), ("ucd", self.ucd))
        return Xml(
            f"<INFO{attributes(pairs)}>{tag('x', self.text)[3:-4]}</INFO>"
            if self.text
            else f"<INFO{attributes(pairs)}/>"
        )


OK = Info(name="QUERY_STATUS", value="OK")
OVERFLOW = Info(name="QUERY_STATUS", value="OVERFLOW", text="there are more rows than these; raise MAXREC")


def error_info(message: str) -> Info:
    return Info(name="QUERY_STATUS", value="ERROR", text=message)


def write(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    *,
    infos: Iterable[Info] = (OK,),
    trailer: Callable[[], Iterable[Info]] = tuple,
    resources_after: str = "",
    serialization: Serialization = "TABLEDATA",
    name: str = "result",
) -> Iterator[bytes]:
    """A whole document in pieces: one for the head, one for each block of rows, one for the end.

    ``trailer`` is called after the last row and gives the INFOs that stand after the table. ``resources_after`` is
    markup beside the results, such as service descriptors.
    """
    yield (_head(columns, infos, serialization) + f'<TABLE name="{name}">\n').encode()
    yield _fields(columns, serialization).encode() + b"<DATA>"
    if serialization == "TABLEDATA":
        yield b"<TABLEDATA>\n"
        yield from cells.tabledata(columns, rows)
        yield b"</TABLEDATA>"
    else:
        yield f'<{serialization}><STREAM encoding="base64">\n'.encode()
        yield from cells.binary(columns, rows, flags=serialization == "BINARY2")
        yield f"</STREAM></{serialization}>".encode()
    ending = join(info.xml() for info in trailer())
    yield f"</DATA>\n</TABLE>\n{ending}</RESOURCE>\n{resources_after}</VOTABLE>\n".encode()


def error(message: str, infos: Iterable[Info] = ()) -> bytes:
    """An error document (DALI 1.1, section 4.4)."""
    return (_head((), (error_info(message), *infos), "TABLEDATA") + "</RESOURCE>\n</VOTABLE>\n").encode()


def _head(columns: Sequence[Column], infos: Iterable[Info], serialization: Serialization) -> str:
    used = dict.fromkeys(system for system in map(system_of, columns) if system)
    systems = join(_SYSTEMS[system] for system in used)
    opening = attributes((("version", "1.4"), ("xmlns", VOTABLE), ("xmlns:xsi", XSI)))
    content = join(info.xml() for info in infos)
    return f'{DECLARATION}<VOTABLE{opening}>\n<RESOURCE type="results">\n{content}\n{systems}\n'


@lru_cache(KEPT)
def system_of(column: Column) -> str:
    """Which of the gateway's systems a column is given in: all positions are ICRS, all times UTC."""
    if column.ucd.startswith(("pos.eq.ra", "pos.eq.dec", "pos.outline")) or column.xtype.lower() in _SKY_XTYPES:
        return "system_icrs"
    if column.xtype == "timestamp":
        return "system_utc"
    is_instant = re.match(r"time\.(epoch|start|end|release)|time(;|$)", column.ucd) is not None
    return "system_utc_mjd" if is_instant and column.unit == "d" else ""


def _fields(columns: Sequence[Column], serialization: Serialization) -> str:
    taken = set(_SYSTEMS)
    return "".join(_field(column, _identifier(column.name, taken), serialization) + "\n" for column in columns)


def _identifier(name: str, taken: set[str]) -> str:
    """The name as an XML ID where it can be one, else none."""
    if name in taken or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name) is None:
        return ""
    taken.add(name)
    return name


@lru_cache(KEPT)
def _field(column: Column, identifier: str, serialization: Serialization) -> str:
    pairs = (
        ("ID", identifier),
        ("name", column.name),
        ("datatype", column.datatype),
        ("arraysize", column.arraysize),
        ("xtype", column.xtype),
        ("unit", column.unit),
        ("ucd", column.ucd),
        ("utype", column.utype),
        ("ref", system_of(column)),
    )
    null = cells.NULLS.get(column.datatype) if serialization == "BINARY" and not column.arraysize else None
    values = "" if null is None else tag("VALUES", null=str(null))
    return f"<FIELD{attributes(pairs)}>{maybe('DESCRIPTION', column.description)}{values}</FIELD>"
