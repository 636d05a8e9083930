"""CAST (ADQL 2.1, section 4.3).

A literal that does not fit is an error. A stored value that does not fit becomes NULL: an error at run time would
tell of rows that the viewer may not see.
"""

import math
import typing

from search.adql import geometry, times, tree
from search.adql.errors import Misplaced
from search.adql.shapes import Geometry, GeometryKind, constant
from search.adql.values import TIMESTAMP, Value, typed

if typing.TYPE_CHECKING:
    from search.adql.expressions import Expressions

BITS = {"SMALLINT": (16, "short"), "INTEGER": (32, "int"), "INT": (32, "int"), "BIGINT": (64, "long")}
REALS = {"REAL": "float", "DOUBLE": "double", "DOUBLE PRECISION": "double"}
TEXTS = frozenset({"CHAR", "CHARACTER", "VARCHAR"})
SHAPES = frozenset({"POINT", "CIRCLE", "POLYGON"})


def cast(x: "Expressions", node: tree.Cast, value: Value) -> Value:
    """CAST(value AS node.type)."""
    if node.length is not None and node.type not in TEXTS:
        raise Misplaced(f"{node.type} takes no length.", node.at)
    if value.kind in ("geometry", "array") and not (node.type in TEXTS or node.type in SHAPES):
        raise Misplaced("Geometries and arrays can be cast to texts only.", node.at)
    if node.type in BITS:
        return _to_integer(x, node, value)
    if node.type in REALS:
        return _to_double(x, node, value)
    if node.type in TEXTS:
        return _to_text(x, node, value)
    if node.type == "TIMESTAMP":
        return _to_timestamp(x, node, value)
    if node.type in SHAPES:
        return _to_shape(x, node, value)
    raise Misplaced(f"There is no type {node.type} to cast to.", node.at)


def _unfit(node: tree.Cast, value: Value) -> Misplaced:
    return Misplaced(f"{str(value.constant)[:60]!r} is no {node.type}.", node.at)


def _to_integer(x: "Expressions", node: tree.Cast, value: Value) -> Value:
    bits, datatype = BITS[node.type]
    meta = typed(datatype, unit=value.meta.unit, ucd=value.meta.ucd)
    if value.constant is not None:
        try:
            whole = int(float(value.constant)) if not isinstance(value.constant, int) else value.constant
            whole = int(value.constant) if isinstance(value.constant, str) and _is_whole(value.constant) else whole
        except (ValueError, OverflowError):
            raise _unfit(node, value) from None
        if not -(2 ** (bits - 1)) <= whole < 2 ** (bits - 1):
            raise _unfit(node, value)
        return Value(f"({whole})", "integer", meta, True, whole)
    if value.kind == "timestamp":
        raise Misplaced("A timestamp cannot become a number: use ivo_to_mjd.", node.at)
    name = "integer_of_text" if value.kind == "text" else "integer_of"
    operand = x.dialect.as_double(value.sql) if value.kind in ("double", "null") else value.sql
    if value.kind == "boolean":
        operand = f"CAST({value.sql} AS integer)"
    return Value(x.dialect.call(name, operand, str(bits)), "integer", meta)


def _is_whole(text: str) -> bool:
    return text.strip().lstrip("+-").isdigit()


def _to_double(x: "Expressions", node: tree.Cast, value: Value) -> Value:
    meta = typed(REALS[node.type], unit=value.meta.unit, ucd=value.meta.ucd)
    if value.constant is not None:
        try:
            number = float(value.constant)
        except ValueError:
            raise _unfit(node, value) from None
        if not math.isfinite(number):
            raise _unfit(node, value)
        return Value(x.dialect.double(number), "double", meta, True, number)
    if value.kind == "timestamp":
        raise Misplaced("A timestamp cannot become a number: use ivo_to_mjd.", node.at)
    if value.kind == "text":
        return Value(x.dialect.call("double_of_text", value.sql), "double", meta)
    return Value(x.dialect.as_double(value.sql), "double", meta)


def _to_text(x: "Expressions", node: tree.Cast, value: Value) -> Value:
    meta = typed("char", str(node.length) + "*" if node.length else "*", ucd=value.meta.ucd)
    if value.kind == "geometry":
        sql = x.shape_text(value)
    elif value.kind == "double":
        sql = x.dialect.call("text_of_double", value.sql)
    elif value.kind in ("text", "timestamp"):
        sql = value.sql
    else:
        sql = f"CAST({value.sql} AS text)"
    return Value(f"substr({sql}, 1, {node.length})" if node.length is not None else sql, "text", meta)


def _to_timestamp(x: "Expressions", node: tree.Cast, value: Value) -> Value:
    if not value.textual:
        raise Misplaced("A timestamp is made from a text such as '2026-03-01T20:00:00'.", node.at)
    meta = TIMESTAMP
    if isinstance(value.constant, str):
        moment = times.timestamp(value.constant)
        if moment is None:
            raise _unfit(node, value)
        return Value(x.dialect.string(moment), "timestamp", meta, True, moment)
    return Value(x.dialect.call("timestamp_of", value.sql), "timestamp", meta)


def _to_shape(x: "Expressions", node: tree.Cast, value: Value) -> Value:
    kind = typing.cast(GeometryKind, node.type.lower())
    if value.kind == "geometry":
        raise Misplaced("This is a geometry already.", node.at)
    if not value.textual:
        raise Misplaced(f"{node.type} is made from a text of numbers.", node.at)
    if isinstance(value.constant, str):
        try:
            return x.shape_value(constant(geometry.read(f"{kind} {value.constant}")))
        except geometry.BadShape:
            raise _unfit(node, value) from None
    return x.shape_value(Geometry(kind, text=f"('{kind} ' || {value.sql})", sources=x.all_sources()))
