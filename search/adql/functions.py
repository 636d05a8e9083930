"""The functions a query may call: ADQL 2.1 (sections 3.3, 3.4, 4) and the user-defined ones of the IVOA catalogue.

A name that is not in ``FUNCTIONS`` does not exist, whatever the database offers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.vo.tables import Column
from search.adql import geometry, tree
from search.adql.errors import Misplaced
from search.adql.shapes import Geometry, constant
from search.adql.values import DOUBLE, INT, LONG, TEXT, TIMESTAMP, Value, common, typed

if TYPE_CHECKING:
    from search.adql.expressions import Expressions

Build = Callable[["Expressions", tree.Call, Sequence[Value]], Value]


@dataclass(frozen=True)
class Function:
    """``kinds``: one letter for each argument: d number, i whole number, t text, g geometry, * anything. The last
    letter stands for all further ones."""

    least: int
    most: int
    kinds: str
    build: Build


@dataclass(frozen=True)
class Udf:
    """A user-defined function as TAPRegExt declares it."""

    signature: str
    description: str


def _double(x: "Expressions", value: Value) -> str:
    return x.dialect.as_double(value.sql) if value.kind != "double" else value.sql


def _math(name: str, unit: str = "", keep: bool = False) -> Build:
    """double → double by a function that both databases have; ``keep``: the unit of the argument stays."""

    def build(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
        sql = x.dialect.math(name, *(_double(x, value) for value in arguments))
        carried = arguments[0].meta.unit if keep else unit
        return Value(sql, "double", typed("double", unit=carried) if carried else DOUBLE)

    return build


def _abs(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
    (value,) = arguments
    return Value(
        f"abs({x.dialect.as_long(value.sql) if value.kind == 'integer' else value.sql})", value.kind, value.meta
    )


def _mod(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
    a, b = arguments
    if a.kind == b.kind == "integer":
        return Value(f"({x.dialect.as_long(a.sql)} % NULLIF({x.dialect.as_long(b.sql)}, 0))", "integer", LONG)
    return Value(x.dialect.math("mod", _double(x, a), _double(x, b)), "double", DOUBLE)


def _digits(name: str) -> Build:
    def build(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
        digits = arguments[1].sql if len(arguments) > 1 else "0"
        unit = arguments[0].meta.unit
        sql = x.dialect.call(name, _double(x, arguments[0]), digits)
        return Value(sql, "double", typed("double", unit=unit))

    return build


def _cot(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
    return Value(f"(1.0/NULLIF(tan({_double(x, arguments[0])}), 0))", "double", DOUBLE)


def _rand(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
    return Value(x.dialect.random, "double", DOUBLE)


def _fold(name: str) -> Build:
    def build(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
        meta = replace(TEXT, ucd=arguments[0].meta.ucd)
        # Both databases fold ASCII letters alone: the standard asks for no more, and they agree so.
        sql = f"{name}({arguments[0].sql})" if x.dialect.name == "sqlite" else x.dialect.call(name, arguments[0].sql)
        return Value(sql, "text", meta)

    return build


def _coalesce(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
    known = [value for value in arguments if value.kind != "null"] or list(arguments[:1])
    meta, kind = known[0].meta, known[0].kind
    for value in known[1:]:
        x.same_kind(known[0], value, node.at)
        # A literal takes the unit of the column that it stands in for.
        meta = meta if value.constant is not None else common(meta, value.meta)
        kind = "double" if "double" in (kind, value.kind) else kind
    if kind == "geometry":
        return x.shape_value(Geometry("region", text=f"COALESCE({', '.join(map(x.shape_text, arguments))})"))
    parts = [_double(x, value) if kind == "double" else value.sql for value in arguments]
    return Value(f"COALESCE({', '.join(parts)})", kind, meta)


@lru_cache(maxsize=256)
def _factor(unit: str, target: str) -> float:
    """The number that turns the one unit into the other; ValueError if the words or the conversion are wrong."""
    from astropy import units  # noqa: PLC0415 - loads slowly and is needed by this function alone

    return float(units.Unit(unit, format="vounit").to(units.Unit(target, format="vounit")))


def _in_unit(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
    value = arguments[0]
    if not isinstance(node.arguments[1], tree.String):
        raise Misplaced("The unit in IN_UNIT must be a text such as 'deg'.", node.arguments[1].at)
    if not value.meta.unit:
        raise Misplaced("IN_UNIT needs a column with a unit; this value has none.", node.arguments[0].at)
    unit = node.arguments[1].value
    try:
        factor = _factor(value.meta.unit, unit)
    except ValueError as error:
        message = f"IN_UNIT cannot turn {value.meta.unit!r} into {unit!r}: {str(error).splitlines()[0][:200]}"
        raise Misplaced(message, node.arguments[1].at) from None
    sql = x.dialect.arithmetic("*", _double(x, value), x.dialect.double(factor), False)
    meta = Column(name="", datatype="double", unit=unit, ucd=value.meta.ucd, description=value.meta.description)
    return Value(sql, "double", meta)


# --- user-defined functions ---


def _udf(name: str, kind: str, meta: Column) -> Build:
    def build(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
        parts = [x.shape_text(v) if v.kind == "geometry" else v.sql for v in arguments]
        return Value(x.dialect.call(name, *parts), kind, meta)  # type: ignore[arg-type]  # the table below is its check

    return build


def _doubles(name: str, kind: str, meta: Column) -> Build:
    def build(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
        sql = x.dialect.call(name, *(_double(x, value) for value in arguments))
        return Value(sql, kind, meta)  # type: ignore[arg-type]  # the table below is its check

    return build


def _healpix_index(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
    meta = typed("long", ucd="pos.healpix")
    if len(arguments) == 2:
        shape = x.shape_of(arguments[1], node.arguments[1].at)
        longitude, latitude = x.coordinate(shape, 1), x.coordinate(shape, 2)
    else:
        longitude, latitude = (_double(x, value) for value in arguments[1:])
    return Value(x.dialect.call("healpix_index", arguments[0].sql, longitude, latitude), "integer", meta)


def _point_udf(name: str) -> Build:
    def build(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
        parts = [v.sql if name == "healpix_center" else _double(x, v) for v in arguments]
        return x.shape_value(Geometry("point", text=x.dialect.call(name, *parts), sources=x.all_sources()))

    return build


def _simbadpoint(x: "Expressions", node: tree.Call, arguments: Sequence[Value]) -> Value:
    literal = node.arguments[0]
    if not isinstance(literal, tree.String):
        raise Misplaced("ivo_simbadpoint needs the name as a text.", literal.at)
    place = x.resolve_name(literal.value) if x.resolve_name is not None else None
    if place is None:
        raise Misplaced(f"The name {literal.value!r} could not be resolved to a position.", literal.at)
    return x.shape_value(constant(geometry.Point(*place)))


REAL = {
    "ACOS": ("acos", "rad"),
    "ASIN": ("asin", "rad"),
    "ATAN": ("atan", "rad"),
    "COS": ("cos", ""),
    "DEGREES": ("degrees", "deg"),
    "EXP": ("exp", ""),
    "LOG": ("ln", ""),
    "LOG10": ("log10", ""),
    "RADIANS": ("radians", "rad"),
    "SIN": ("sin", ""),
    "SQRT": ("sqrt", ""),
    "TAN": ("tan", ""),
}

FUNCTIONS: dict[str, Function] = {name: Function(1, 1, "d", _math(sql, unit)) for name, (sql, unit) in REAL.items()}
FUNCTIONS |= {
    "ABS": Function(1, 1, "d", _abs),
    "ATAN2": Function(2, 2, "d", _math("atan2", "rad")),
    "CEILING": Function(1, 1, "d", _math("ceil", keep=True)),
    "FLOOR": Function(1, 1, "d", _math("floor", keep=True)),
    "COT": Function(1, 1, "d", _cot),
    "MOD": Function(2, 2, "d", _mod),
    "PI": Function(0, 0, "", _math("pi")),
    "POWER": Function(2, 2, "d", _math("power")),
    "RAND": Function(0, 1, "d", _rand),
    "ROUND": Function(1, 2, "di", _digits("round")),
    "TRUNCATE": Function(1, 2, "di", _digits("truncate")),
    "LOWER": Function(1, 1, "t", _fold("lower")),
    "UPPER": Function(1, 1, "t", _fold("upper")),
    "COALESCE": Function(1, 50, "*", _coalesce),
    "IN_UNIT": Function(2, 2, "dt", _in_unit),
    "IVO_HEALPIX_INDEX": Function(2, 3, "i*d", _healpix_index),
    "IVO_HEALPIX_CENTER": Function(2, 2, "i", _point_udf("healpix_center")),
    "IVO_HASWORD": Function(2, 2, "t", _udf("hasword", "integer", INT)),
    "IVO_NOCASEMATCH": Function(2, 2, "t", _udf("nocasematch", "integer", INT)),
    "IVO_HASHLIST_HAS": Function(2, 2, "t", _udf("hashlist_has", "integer", INT)),
    "IVO_INTERVAL_OVERLAPS": Function(4, 4, "d", _doubles("interval_overlaps", "integer", INT)),
    "IVO_TO_MJD": Function(1, 1, "t", _udf("to_mjd", "double", typed("double", unit="d", ucd="time.epoch"))),
    "IVO_TO_JD": Function(1, 1, "t", _udf("to_jd", "double", typed("double", unit="d", ucd="time.epoch"))),
    "IVO_HMS_TO_DEGREES": Function(1, 1, "t", _udf("hms_to_degrees", "double", typed("double", unit="deg"))),
    "IVO_DMS_TO_DEGREES": Function(1, 1, "t", _udf("dms_to_degrees", "double", typed("double", unit="deg"))),
    "IVO_EPOCH_PROP_POS": Function(8, 8, "d", _point_udf("epoch_prop_pos")),
    "IVO_SIMBADPOINT": Function(1, 1, "t", _simbadpoint),
}

AGGREGATES = frozenset({"COUNT", "AVG", "MAX", "MIN", "SUM", "IVO_STRING_AGG"})

UDFS: tuple[Udf, ...] = (
    Udf(
        "ivo_healpix_index(order INTEGER, long DOUBLE PRECISION, lat DOUBLE PRECISION) -> BIGINT",
        "Number of the HEALPix cell (NESTED) of a position in degrees.",
    ),
    Udf("ivo_healpix_index(order INTEGER, p POINT) -> BIGINT", "Number of the HEALPix cell (NESTED) of a point."),
    Udf("ivo_healpix_center(order INTEGER, idx BIGINT) -> POINT", "Centre of a HEALPix cell (NESTED)."),
    Udf("ivo_hasword(haystack VARCHAR, needle VARCHAR) -> INTEGER", "1 if all words are in the text."),
    Udf("ivo_nocasematch(value VARCHAR, pattern VARCHAR) -> INTEGER", "1 if LIKE without case matches."),
    Udf("ivo_hashlist_has(hashlist VARCHAR, item VARCHAR) -> INTEGER", "1 if the #-list has the item."),
    Udf(
        "ivo_interval_overlaps(l1 DOUBLE PRECISION, h1 DOUBLE PRECISION, l2 DOUBLE PRECISION, h2 DOUBLE PRECISION)"
        " -> INTEGER",
        "1 if the closed intervals [l1, h1] and [l2, h2] overlap.",
    ),
    Udf(
        "ivo_string_agg(expression VARCHAR, delimiter VARCHAR) -> VARCHAR",
        "Aggregate: the texts of a group in order, joined by the delimiter.",
    ),
    Udf("ivo_to_mjd(d TIMESTAMP) -> DOUBLE PRECISION", "Modified Julian date of a timestamp."),
    Udf("ivo_to_jd(d TIMESTAMP) -> DOUBLE PRECISION", "Julian date of a timestamp."),
    Udf("ivo_hms_to_degrees(hms VARCHAR) -> DOUBLE PRECISION", "Degrees of hours, minutes and seconds."),
    Udf("ivo_dms_to_degrees(dms VARCHAR) -> DOUBLE PRECISION", "Degrees of degrees, minutes and seconds."),
    Udf(
        "ivo_epoch_prop_pos(ra DOUBLE PRECISION, dec DOUBLE PRECISION, parallax DOUBLE PRECISION,"
        " pmra DOUBLE PRECISION, pmdec DOUBLE PRECISION, radial_velocity DOUBLE PRECISION,"
        " ref_epoch DOUBLE PRECISION, out_epoch DOUBLE PRECISION) -> POINT",
        "Position at another epoch, from proper motion, parallax and radial velocity.",
    ),
    Udf("ivo_simbadpoint(identifier VARCHAR) -> POINT", "Position of a named object."),
)
"""what the capabilities document declares (TAPRegExt, features-udf)"""

GEOMETRY_FEATURES = (
    "AREA BOX CENTROID CIRCLE CONTAINS COORD1 COORD2 COORDSYS DISTANCE INTERSECTS POINT POLYGON REGION"
).split()
OTHER_FEATURES: dict[str, tuple[str, ...]] = {
    "features-adql-string": ("LOWER", "UPPER", "ILIKE"),
    "features-adql-common-table": ("WITH",),
    "features-adql-sets": ("UNION", "EXCEPT", "INTERSECT"),
    "features-adql-type": ("CAST",),
    "features-adql-conditional": ("COALESCE",),
    "features-adql-unit": ("IN_UNIT",),
    "features-adql-offset": ("OFFSET",),
}
__all__ = ["AGGREGATES", "FUNCTIONS", "GEOMETRY_FEATURES", "OTHER_FEATURES", "TIMESTAMP", "UDFS", "Function", "Udf"]

ABSENT = {
    "histogram": " Count by bin instead: SELECT FLOOR(x / 10) AS bin, COUNT(*) AS n … GROUP BY FLOOR(x / 10).",
    "geom_transform": " All positions here are ICRS; transform them before you ask.",
    "normal_random": " RAND() gives uniform random numbers.",
}
"""functions of the IVOA's catalogue that are not offered, and what to do without them"""
