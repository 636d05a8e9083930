"""Expressions: tree to SQL, with kinds checked and metadata carried."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from search.adql import tree
from search.adql.casts import cast
from search.adql.dialects import Dialect
from search.adql.errors import Misplaced
from search.adql.functions import ABSENT, AGGREGATES, FUNCTIONS, Function
from search.adql.geometries import Geometries
from search.adql.scope import Scope
from search.adql.values import DOUBLE, INT, LONG, TEXT, Kind, Value, common, typed, wider

if TYPE_CHECKING:
    from search.adql.select import Built

MAX_DEPTH = 60
"""nested expressions and subqueries"""
MAX_SQL = 1_000_000
"""characters of SQL of one expression"""
MAX_TERMS = 400
"""operands of one sum or product: SQLite's trees may be 1,000 deep"""

# A name that older clients use for a value of a column.
VALUE_ALIASES = {"dataproduct_type": {"eventlist": "event"}}

CONDITIONS = (tree.Logical, tree.Not, tree.Comparison, tree.Between, tree.In, tree.Like, tree.IsNull, tree.Exists)
WORDS: dict[Kind, str] = {
    "integer": "a number",
    "double": "a number",
    "text": "a text",
    "timestamp": "a timestamp",
    "boolean": "a truth value",
    "geometry": "a geometry",
    "array": "an array",
    "null": "NULL",
}
FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}


class Expressions(Geometries):
    """Turns values and conditions into SQL. ``scope`` is where names are looked up just now."""

    def __init__(
        self,
        dialect: Dialect,
        resolve_name: Callable[[str], tuple[float, float] | None] | None,
        subquery: "Callable[[tree.Query, Scope], Built]",
    ) -> None:
        super().__init__(dialect)
        self.resolve_name = resolve_name
        self.subquery = subquery
        self.scope = Scope((), None)
        self.depth = 0
        self.groups: frozenset[str] = frozenset()
        self.aggregates_allowed = False
        self.aggregated = False
        self._values: dict[type, Callable[[Any], Value]] = {
            tree.ColumnName: self._column,
            tree.Number: self._number,
            tree.String: self._string,
            tree.Null: self._null,
            tree.Sign: self._sign,
            tree.Arithmetic: self._arithmetic,
            tree.Call: self._call,
            tree.Cast: self._cast,
        }
        self._conditions: dict[type, Callable[[Any, bool], str]] = {
            tree.Logical: self._logical,
            tree.Not: self._not,
            tree.Comparison: self._comparison,
            tree.Between: self._between,
            tree.In: self._in,
            tree.Like: self._like,
            tree.IsNull: self._is_null,
            tree.Exists: self._exists,
        }

    # --- entry points ---

    def value(self, node: tree.Expression) -> Value:
        """A value of any kind. Raises Misplaced for a condition."""
        handler = self._values.get(type(node))
        if handler is None:
            raise Misplaced("A condition cannot stand where a value is wanted.", node.at)
        self._enter(node.at)
        loose = len(self.scope.loose)
        made = handler(node)
        self.depth -= 1
        if len(made.sql) > MAX_SQL:
            raise Misplaced("This expression is too large.", node.at)
        if made.sql in self.groups:
            del self.scope.loose[loose:]
        return made

    def condition(self, node: tree.Expression, positive: bool) -> str:
        """A condition. ``positive``: a row for which it is false or unknown is dropped, so that the index may help."""
        handler = self._conditions.get(type(node))
        if handler is None:
            hint = ": compare it with 1 or 0" if isinstance(node, tree.Call) else ""
            raise Misplaced(f"A condition is wanted here, and this is a value{hint}.", node.at)
        self._enter(node.at)
        sql = handler(node, positive)
        self.depth -= 1
        return sql

    def _enter(self, at: int) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Misplaced(f"The query is nested more than {MAX_DEPTH} levels deep.", at)

    # --- values ---

    def _column(self, node: tree.ColumnName) -> Value:
        found, scope = self.scope.resolve(node)
        scope.loose.append(node)
        if found.kind == "geometry":
            return self.column_shape(found)
        self.touched.append(found.source.alias if found.source else "")
        return Value(found.sql(), found.kind, found.meta, plain=found.plain, field=found)

    def _number(self, node: tree.Number) -> Value:
        if node.text.isdigit() and int(node.text[:20]) < 2**63:
            whole = int(node.text)
            return Value(str(whole), "integer", INT if whole < 2**31 else LONG, True, whole)
        number = float(node.text)
        if math.isinf(number):
            raise Misplaced(f"{node.text[:40]} is too large a number.", node.at)
        return Value(self.dialect.double(number), "double", DOUBLE, True, number)

    def _string(self, node: tree.String) -> Value:
        return Value(self.dialect.string(node.value), "text", TEXT, True, node.value)

    def _null(self, node: tree.Null) -> Value:
        return Value("NULL", "null", TEXT, True)

    def _sign(self, node: tree.Sign) -> Value:
        value = self.number(node.operand)
        if node.operator == "+":
            return value
        if isinstance(value.constant, int | float):
            opposite = -value.constant
            sql = self.dialect.double(opposite) if isinstance(opposite, float) else str(opposite)
            return replace(value, sql=f"({sql})", constant=opposite)
        return Value(f"(-{value.sql})", value.kind, value.meta)

    def number(self, node: tree.Expression) -> Value:
        value = self.value(node)
        if not value.numeric:
            raise Misplaced(f"A number is wanted here, and this is {WORDS[value.kind]}.", node.at)
        return value

    def _arithmetic(self, node: tree.Arithmetic) -> Value:
        if len(node.rest) > MAX_TERMS:
            raise Misplaced(f"More than {MAX_TERMS} operands in one expression.", node.at)
        left = self.value(node.first)
        first = node.first
        for operator, operand in node.rest:
            left = self._term(left, first, operator, operand)
            first = operand
        return left

    def _term(self, left: Value, first: tree.Expression, operator: str, operand: tree.Expression) -> Value:
        right = self.value(operand)
        if operator == "||":
            for value, at in ((left, first.at), (right, operand.at)):
                if not value.textual:
                    raise Misplaced(f"|| joins texts, and this is {WORDS[value.kind]}: write CAST(… AS VARCHAR).", at)
            return Value(f"({left.sql} || {right.sql})", "text", TEXT)
        for value, at in ((left, first.at), (right, operand.at)):
            if not value.numeric:
                raise Misplaced(f"{operator} needs numbers, and this is {WORDS[value.kind]}.", at)
        kind: Kind = "double" if "double" in (left.kind, right.kind) else "integer"
        a, b = left.sql, right.sql
        if kind == "integer":
            a, b = self.dialect.as_long(a), self.dialect.as_long(b)
        elif left.kind != right.kind:
            a, b = (v.sql if v.kind == "double" else self.dialect.as_double(v.sql) for v in (left, right))
        large = kind == "integer" and "long" in (left.meta.datatype, right.meta.datatype)
        return Value(self.dialect.arithmetic(operator, a, b, large), kind, _arithmetic_meta(operator, left, right))

    def _cast(self, node: tree.Cast) -> Value:
        return cast(self, node, self.value(node.operand))

    # --- functions ---

    def _call(self, node: tree.Call) -> Value:
        if node.name in AGGREGATES:
            return self._aggregate(node)
        if node.star or node.distinct:
            raise Misplaced(f"{node.name} takes neither * nor DISTINCT.", node.at)
        if (shape := self.geometry_call(node)) is not None:
            return shape
        function = FUNCTIONS.get(node.name)
        if function is None:
            hint = ABSENT.get(node.name.lower().removeprefix("ivo_"), "")
            raise Misplaced(f"There is no function {node.name.lower()} here.{hint}", node.at)
        return function.build(self, node, self._arguments(node, function))

    def _arguments(self, node: tree.Call, function: Function) -> list[Value]:
        count = len(node.arguments)
        if not function.least <= count <= function.most:
            wanted = str(function.least) if function.least == function.most else f"{function.least} to {function.most}"
            raise Misplaced(f"{node.name} takes {wanted} arguments; here are {count}.", node.at)
        values = []
        for number, argument in enumerate(node.arguments):
            value = self.value(argument)
            wanted = function.kinds[min(number, len(function.kinds) - 1)]
            if not _accepts(wanted, value):
                raise Misplaced(
                    f"{node.name} wants {KINDS[wanted]} here, and this is {WORDS[value.kind]}.", argument.at
                )
            values.append(value)
        return values

    def _aggregate(self, node: tree.Call) -> Value:
        if not self.aggregates_allowed:
            raise Misplaced(f"{node.name} can stand in the SELECT list, HAVING and ORDER BY only, once.", node.at)
        self.aggregates_allowed = False
        loose = len(self.scope.loose)
        groups, self.groups = self.groups, frozenset()
        made = self._aggregate_of(node)
        self.groups = groups
        del self.scope.loose[loose:]
        self.aggregates_allowed = self.aggregated = True
        return made

    def _aggregate_of(self, node: tree.Call) -> Value:
        if node.name == "COUNT" and node.star:
            return Value("COUNT(*)", "integer", COUNT)
        if node.star:
            raise Misplaced(f"* stands in COUNT only, not in {node.name}.", node.at)
        if node.name == "IVO_STRING_AGG":
            values = self._arguments(node, Function(2, 2, "t", lambda *_: None))  # type: ignore[arg-type]  # only its arity is used
            return Value(self._string_agg(*(value.sql for value in values)), "text", values[0].meta)
        if len(node.arguments) != 1:
            raise Misplaced(f"{node.name} takes 1 argument; here are {len(node.arguments)}.", node.at)
        value = self.value(node.arguments[0])
        inner = value.sql if value.kind != "geometry" else self.shape_text(value)
        quantifier = "DISTINCT " if node.distinct else ""
        if node.name == "COUNT":
            return Value(f"COUNT({quantifier}{inner})", "integer", COUNT)
        if node.name in EXTREMES:
            return self._extreme(node, value)
        if not value.numeric:
            raise Misplaced(f"{node.name} needs numbers, and this is {WORDS[value.kind]}.", node.arguments[0].at)
        sql = f"{node.name}({quantifier}{inner})"
        if node.name == "AVG":
            return Value(
                self.dialect.as_double(sql),
                "double",
                _statistic("stat.mean", replace(value.meta, datatype="double"), "mean"),
            )
        if value.kind == "integer":
            sql, meta = self.dialect.as_long(sql), replace(value.meta, datatype="long")
            return Value(sql, "integer", _statistic("", meta, "sum"))
        return Value(sql, value.kind, _statistic("", value.meta, "sum"))

    def _extreme(self, node: tree.Call, value: Value) -> Value:
        if value.kind in ("geometry", "array"):
            raise Misplaced(f"{node.name} cannot order {WORDS[value.kind]}.", node.arguments[0].at)
        inner = self.dialect.ordered(value.sql) if value.textual and value.kind != "null" else value.sql
        return Value(
            f"{node.name}({inner})",
            value.kind,
            _statistic(f"stat.{node.name.lower()}", value.meta, EXTREMES[node.name]),
        )

    def _string_agg(self, expression: str, delimiter: str) -> str:
        if self.dialect.name == "sqlite":
            return f"adql_string_agg({expression}, {delimiter})"
        return f"string_agg({expression}, {delimiter} ORDER BY {self.dialect.ordered(expression)})"

    # --- conditions ---

    def _logical(self, node: tree.Logical, positive: bool) -> str:
        parts = [self.condition(operand, positive) for operand in node.operands]
        # A balanced tree: SQLite's may be 1,000 deep, and lists of OR are longer than that.
        while len(parts) > 1:
            pairs = zip(parts[::2], parts[1::2], strict=False)
            odd = parts[-1:] if len(parts) % 2 else []
            parts = [f"({a} {node.operator} {b})" for a, b in pairs] + odd
        return parts[0]

    def _not(self, node: tree.Not, positive: bool) -> str:
        return f"(NOT {self.condition(node.operand, False)})"

    def _comparison(self, node: tree.Comparison, positive: bool) -> str:
        special = self.predicate(node.left, node.operator, node.right, positive)
        if special is None:
            special = self.predicate(node.right, FLIPPED[node.operator], node.left, positive)
        if special is not None:
            return special
        left = self.value(node.left)
        right = self.value(_renamed(left, node.right))
        if isinstance(node.left, tree.String):
            left = self.value(_renamed(right, node.left))
        return self.compare(left, node.operator, right, node.at)

    def compare(self, left: Value, operator: str, right: Value, at: int) -> str:
        """``left operator right`` for values of one kind."""
        self.same_kind(left, right, at)
        if "geometry" in (left.kind, right.kind) or "array" in (left.kind, right.kind):
            raise Misplaced("Geometries and arrays cannot be compared: use CONTAINS, INTERSECTS or DISTANCE.", at)
        a, b = (self._comparable(one, other) for one, other in ((left, right), (right, left)))
        if left.textual and right.textual and not (operator in ("=", "<>") and left.plain and right.plain):
            a = self.dialect.ordered(a)
        return f"({a} {operator} {b})"

    def _comparable(self, value: Value, other: Value) -> str:
        if value.kind == "boolean" and other.kind != "boolean" and self.dialect.name == "postgresql":
            return f"CAST({value.sql} AS integer)"
        return value.sql

    def same_kind(self, left: Value, right: Value, at: int) -> None:
        """Raises Misplaced unless the two values can stand in one comparison or one column."""
        fits = (
            (left.numeric and right.numeric)
            or (left.textual and right.textual)
            or left.kind == right.kind
            or "null" in (left.kind, right.kind)
            or ({left.kind, right.kind} == {"boolean", "integer"})
        )
        if not fits:
            names = " and ".join(f"{value.meta.name or 'a value'} ({WORDS[value.kind]})" for value in (left, right))
            raise Misplaced(f"{names} are of different kinds: {_brought_together(left, right)}.", at)

    def _between(self, node: tree.Between, positive: bool) -> str:
        if isinstance(node.operand, tree.Call) and node.operand.name == "DISTANCE":
            low = tree.Comparison(">=", node.operand, node.low, node.at)
            high = tree.Comparison("<=", node.operand, node.high, node.at)
            both = tree.Logical("AND", (low, high), node.at)
            return self._not(tree.Not(both, node.at), positive) if node.negated else self._logical(both, positive)
        value, low_value, high_value = (self.value(part) for part in (node.operand, node.low, node.high))
        for bound in (low_value, high_value):
            self.same_kind(value, bound, node.at)
        if value.kind in ("geometry", "array"):
            raise Misplaced("Geometries and arrays have no order.", node.at)
        sql = self.dialect.ordered(value.sql) if value.textual and value.kind != "null" else value.sql
        return f"({sql} {'NOT ' if node.negated else ''}BETWEEN {low_value.sql} AND {high_value.sql})"

    def _in(self, node: tree.In, positive: bool) -> str:
        value = self.value(node.operand)
        if value.kind in ("geometry", "array"):
            raise Misplaced(f"IN cannot look for {WORDS[value.kind]}.", node.operand.at)
        word = "NOT IN" if node.negated else "IN"
        if isinstance(node.values, tree.Query):
            built = self.nested(node.values)
            if len(built.outputs) != 1:
                raise Misplaced(f"The query after IN must have 1 column; it has {len(built.outputs)}.", node.values.at)
            output = built.outputs[0]
            self.same_kind(value, Value("", output.kind, output.column), node.at)
            plain = value.plain and output.plain
            left = value.sql if plain or not value.textual else self.dialect.ordered(value.sql)
            return f"({left} {word} ({built.sql}))"
        members = [self.value(_renamed(value, member)) for member in node.values]
        for member, part in zip(members, node.values, strict=True):
            self.same_kind(value, member, part.at)
        plain = value.plain and all(member.plain for member in members)
        left = value.sql if plain or not value.textual else self.dialect.ordered(value.sql)
        return f"({left} {word} ({', '.join(member.sql for member in members)}))"

    def nested(self, query: tree.Query) -> "Built":
        """A subquery of this scope; the state of this one is kept."""
        kept = (self.scope, self.groups, self.aggregates_allowed, self.aggregated)
        self._enter(query.at)
        built = self.subquery(query, self.scope)
        self.depth -= 1
        self.scope, self.groups, self.aggregates_allowed, self.aggregated = kept
        return built

    def _like(self, node: tree.Like, positive: bool) -> str:
        value = self.value(node.operand)
        pattern = self.value(_renamed(value, node.pattern))
        for part, at in ((value, node.operand.at), (pattern, node.pattern.at)):
            if not part.textual:
                raise Misplaced(f"LIKE compares texts, and this is {WORDS[part.kind]}.", at)
        known = pattern.constant if isinstance(pattern.constant, str) else None
        sql = self.dialect.like(value.sql, pattern.sql, known, node.fold)
        return f"(NOT {sql})" if node.negated else sql

    def _is_null(self, node: tree.IsNull, positive: bool) -> str:
        value = self.value(node.operand)
        sql = self.shape_text(value) if value.kind == "geometry" else value.sql
        return f"({sql} IS {'NOT ' if node.negated else ''}NULL)"

    def _exists(self, node: tree.Exists, positive: bool) -> str:
        return f"EXISTS ({self.nested(node.query).sql})"


COUNT = typed("long", ucd="meta.number")
EXTREMES = {"MAX": "largest", "MIN": "smallest"}
KINDS = {"d": "a number", "i": "a whole number", "t": "a text", "g": "a geometry", "*": "a value"}


def _accepts(letter: str, value: Value) -> bool:
    if letter == "d":
        return value.numeric
    if letter == "i":
        return value.kind in ("integer", "null")
    if letter == "t":
        return value.textual
    return letter == "*" or value.kind == "geometry"


def _brought_together(left: Value, right: Value) -> str:
    """What to write instead of comparing these two; the usual case is a date beside a column of days."""
    days, text = (left, right) if left.numeric else (right, left)
    if days.numeric and days.meta.unit == "d" and isinstance(text.constant, str) and text.constant[:4].isdigit():
        return f"the number is of days (MJD), so write ivo_to_mjd('{text.constant}')"
    return "use CAST"


def _statistic(word: str, meta: Any, name: str) -> Any:
    """What is left of a column's metadata after an aggregate: unit and type; UCD and description say which."""
    ucd = f"{word};{meta.ucd}" if word and meta.ucd else ""
    description = f"{name} of: {meta.description}" if meta.description else ""
    return replace(meta, name=meta.name, ucd=ucd, utype="", description=description, source="", expression="")


def _arithmetic_meta(operator: str, left: Value, right: Value) -> Any:
    """A sum keeps unit and UCD if both sides agree or one is a bare number; a product keeps neither."""
    datatype = wider(left.meta, right.meta)
    if datatype in ("short", "int", "unsignedByte"):
        datatype = "long"
    if operator in "+-":
        if right.constant is not None:
            return typed(datatype, unit=left.meta.unit, ucd=left.meta.ucd)
        if left.constant is not None:
            return typed(datatype, unit=right.meta.unit, ucd=right.meta.ucd)
        agreed = common(left.meta, right.meta)
        return typed(datatype, unit=agreed.unit, ucd=agreed.ucd if operator == "+" else "")
    return typed(datatype)


def _renamed(column: Value, node: tree.Expression) -> tree.Expression:
    if isinstance(node, tree.String):
        names = VALUE_ALIASES.get(column.meta.name)
        if names and node.value.lower() in names:
            return tree.String(names[node.value.lower()], node.at)
    return node
