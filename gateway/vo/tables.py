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

    On PostgreSQL the index is GiST over boxes; ``search.adql.index`` makes both. Column names are physical; the
    unit vector is ``search.adql.geometry.vector(ra, dec)``.
    """

    ra: str
    dec: str
    id: str = "id"
    """integer primary key, the R*Tree's id"""
    x: str = "x"
    y: str = "y"
    z: str = "z"
    rtree: str = ""
    """table ``(id, x0, x1, y0, y1, z0, z1)``"""


@dataclass(frozen=True, kw_only=True)
class SkyRegion:
    """A region column (STC-S text) with its bounding cap and the R*Tree over the cap's box (PostgreSQL: GiST).

    ``search.adql.geometry.region_cap(text)`` gives the five numbers: unit vector, radius that encloses the region, and
    ``inner``, the radius of a circle that lies wholly in it (-360: none), both in degrees. With ``inner`` most
    footprints are decided without reading their text.
    """

    column: str
    id: str = "id"
    x: str = "region_x"
    y: str = "region_y"
    z: str = "region_z"
    radius: str = "region_radius"
    inner: str = ""
    """physical column with the inner radius; empty: there is none"""
    rtree: str = ""
    """table ``(id, x0, x1, y0, y1, z0, z1)``"""


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
    identity: str = ""
    """column that no two rows share and that each row has: where tables over the same ``physical`` name the same one,
    a NATURAL JOIN of them finds each row with itself"""
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
