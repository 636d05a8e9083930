"""Published tables: what TAP_SCHEMA says, and where the rows really lie.

Each room adds its tables to ``published`` in its AppConfig.ready(); ``search.tap`` serves them. The classes are plain
data, so that a room needs to know nothing of TAP or ADQL. Datatypes are VOTable's (TAP 1.1, section 4.3).
"""

from dataclasses import dataclass

from gateway.vo.hooks import Registry


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column as VOTable FIELD, TAP_SCHEMA.columns and /tables describe it."""

    name: str
    datatype: str
    arraysize: str = ""
    xtype: str = ""
    unit: str = ""
    ucd: str = ""
    utype: str = ""
    description: str = ""
    principal: bool = False
    indexed: bool = False
    std: bool = False
    source: str = ""
    """physical column; empty: the same name"""
    expression: str = ""
    """SQL over the physical table instead of a column; the words {now} (UTC, DALI text), {public_url} and
    {authority} are replaced by quoted literals; the same text must run on SQLite and PostgreSQL"""


@dataclass(frozen=True, kw_only=True)
class SkyPosition:
    """Columns with a position (degrees, ICRS), their unit vector, and the R*Tree over it on SQLite.

    On PostgreSQL the index is GiST on ``cube(ARRAY[x, y, z])``. Column names are physical.
    """

    ra: str
    dec: str
    x: str = "x"
    y: str = "y"
    z: str = "z"
    rtree: str = ""
    """table ``(id, x0, x1, y0, y1, z0, z1)``"""


@dataclass(frozen=True, kw_only=True)
class SkyRegion:
    """A region column (STC-S text) with its bounding cap (unit vector, radius in degrees) and the R*Tree over the
    cap's box; on PostgreSQL GiST on ``cube(ARRAY[x-h, y-h, z-h], ARRAY[x+h, y+h, z+h])`` with h = 2 sin(radius/2)."""

    column: str
    x: str = "region_x"
    y: str = "region_y"
    z: str = "region_z"
    radius: str = "region_radius"
    rtree: str = ""


@dataclass(frozen=True, kw_only=True)
class ForeignKey:
    target: str
    """published table name"""
    columns: tuple[tuple[str, str], ...]
    """(column here, column there)"""
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """``name`` is ``schema.table`` in lower case; ``physical`` the database table that holds the rows."""

    name: str
    physical: str
    columns: tuple[Column, ...]
    description: str = ""
    utype: str = ""
    type: str = "table"
    policy_column: str = ""
    """physical column with the Policy; empty: open to everyone"""
    row_filter: str = ""
    """fixed SQL condition over the physical table, e.g. ``removed_at IS NULL``"""
    positions: tuple[SkyPosition, ...] = ()
    regions: tuple[SkyRegion, ...] = ()
    keys: tuple[ForeignKey, ...] = ()
    aliases: tuple[str, ...] = ()
    """further names under which queries may call it"""

    @property
    def schema(self) -> str:
        return self.name.split(".", 1)[0]


@dataclass(frozen=True, kw_only=True)
class PublishedSchema:
    name: str
    description: str = ""
    utype: str = ""


schemas: Registry[PublishedSchema] = Registry("published schemas")
published: Registry[PublishedTable] = Registry("published tables")
