"""What an expression becomes: SQL, a kind for the checks, and the metadata of a column that would hold it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from gateway.vo.tables import Column

if TYPE_CHECKING:
    from search.adql.scope import Field
    from search.adql.shapes import Geometry

Kind = Literal["integer", "double", "text", "timestamp", "boolean", "geometry", "array", "null"]

INTEGERS = frozenset({"short", "int", "long", "unsignedByte", "bit"})
SHAPES = {"point": "point", "circle": "circle", "polygon": "polygon", "shape": "region"}
SHAPES |= {f"adql:{name}": name for name in ("point", "circle", "polygon", "region")}
RANK = {"unsignedByte": 0, "short": 1, "int": 2, "long": 3, "float": 4, "double": 5}


def kind_of(column: Column) -> Kind:
    """The kind of a published column, from its VOTable type and xtype."""
    xtype = column.xtype.lower()
    if xtype in SHAPES:
        return "geometry"
    if column.datatype in ("char", "unicodeChar"):
        return "timestamp" if xtype in ("timestamp", "adql:timestamp") else "text"
    if column.arraysize not in ("", "1"):
        return "array"
    if column.datatype == "boolean":
        return "boolean"
    return "integer" if column.datatype in INTEGERS else "double"


@dataclass(slots=True)
class Value:
    """``plain``: a stored column or a literal, whose order PostgreSQL knows how to compare without being told."""

    sql: str
    kind: Kind
    meta: Column
    plain: bool = False
    constant: float | int | str | None = None
    geometry: "Geometry | None" = None
    field: "Field | None" = None
    """the column, where the value is one"""

    @property
    def numeric(self) -> bool:
        return self.kind in ("integer", "double", "null")

    @property
    def textual(self) -> bool:
        return self.kind in ("text", "timestamp", "null")


def typed(datatype: str, arraysize: str = "", xtype: str = "", unit: str = "", ucd: str = "") -> Column:
    return Column(name="", datatype=datatype, arraysize=arraysize, xtype=xtype, unit=unit, ucd=ucd)


DOUBLE = typed("double")
LONG = typed("long")
INT = typed("int")
TEXT = typed("char", "*")
TIMESTAMP = typed("char", "*", "timestamp")
POINT = typed("double", "2", "point", "deg", "pos")
CIRCLE = typed("double", "3", "circle", "deg", "pos")
POLYGON = typed("double", "*", "polygon", "deg", "pos.outline")
REGION = typed("char", "*", "adql:REGION", "", "pos.outline")
DISTANCE = typed("double", unit="deg", ucd="pos.angDistance")


def wider(a: Column, b: Column) -> str:
    """The datatype that holds the values of both numeric columns."""
    return max(a.datatype, b.datatype, key=lambda name: RANK.get(name, 5))


def common(a: Column, b: Column) -> Column:
    """Metadata of a value that comes from either column: what both agree on."""
    if a is b:
        return a
    same_type = (a.datatype, a.arraysize, a.xtype) == (b.datatype, b.arraysize, b.xtype)
    return replace(
        a if same_type or "char" in a.datatype.lower() else replace(a, datatype=wider(a, b)),
        arraysize=a.arraysize if a.arraysize == b.arraysize else "*",
        xtype=a.xtype if a.xtype == b.xtype else "",
        unit=a.unit if a.unit == b.unit else "",
        ucd=a.ucd if a.ucd == b.ucd else "",
        utype=a.utype if a.utype == b.utype else "",
        description=a.description if a.description == b.description else "",
    )
