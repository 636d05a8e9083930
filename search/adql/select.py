"""Queries: SELECT, joins, set operators, WITH, order and limits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.vo.tables import Column
from search.adql import tree
from search.adql.dialects import Dialect
from search.adql.errors import Misplaced
from search.adql.expressions import Expressions
from search.adql.scope import Condition, Entry, Field, QuerySource, Relation, Schema, Scope, Source, TableSource
from search.adql.values import Kind, Value, common

MAX_TABLES = 60
"""tables of a query, those of a WITH counted as often as it is used"""
MAX_COLUMNS = 1000
MAX_OPERANDS = 50
"""of a chain of set operators"""


@dataclass(slots=True)
class Output:
    """A column of a query's result. ``sql`` is its expression, ``textual`` asks for an order of code points."""

    column: Column
    kind: Kind
    sql: str
    plain: bool = False
    constant: bool = False


@dataclass(slots=True)
class Built:
    """A query in SQL. ``bare``: it has neither ORDER BY nor LIMIT, so that it can be an operand as it is."""

    sql: str
    outputs: list[Output]
    bare: bool = False
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Rendered:
    """A relation, and its text once all columns that are wanted of it are known."""

    relation: Relation
    text: Callable[[], str]
    joined: bool = False


class Queries:
    """Translates the queries of one statement."""

    def __init__(
        self,
        schema: Schema,
        dialect: Dialect,
        conditions: Mapping[str, Sequence[Condition]],
        words: Mapping[str, str],
        resolve_name: Callable[[str], tuple[float, float] | None] | None,
    ) -> None:
        self.schema = schema
        self.dialect = dialect
        self.conditions = conditions
        self.words = words
        self.x = Expressions(dialect, resolve_name, self._subquery)
        self.common: dict[str, tuple[str, Built]] = {}
        self.tables = 0
        self.aliases = 0

    # --- whole queries ---

    def statement(self, query: tree.Query, limit: int | None) -> Built:
        """The outermost query with its WITH clause; at most ``limit`` rows."""
        tables = []
        for number, one in enumerate(query.common, 1):
            if one.name.text.lower() in self.common:
                raise Misplaced(f"{one.name.text} is defined twice in WITH.", one.at)
            before = self.tables
            built = self._renamed(self.query(one.query, None, None), one.columns)
            built.weight = max(self.tables - before, 1)
            self.tables = before
            tables.append(f"w{number} AS ({built.sql})")
            self.common[one.name.text.lower()] = (f"w{number}", built)
        made = self.query(replace(query, common=()), None, limit)
        if tables:
            made.sql = f"WITH {', '.join(tables)} {made.sql}"
        return made

    def _renamed(self, built: Built, names: Sequence[tree.Name]) -> Built:
        if names and len(names) != len(built.outputs):
            raise Misplaced(f"{len(names)} names for {len(built.outputs)} columns.", names[0].at)
        for output, name in zip(built.outputs, names, strict=False):
            output.column = replace(output.column, name=name.text)
        return built

    def _subquery(self, query: tree.Query, scope: Scope) -> Built:
        return self.query(query, scope, None)

    def query(self, query: tree.Query, parent: Scope | None, limit: int | None) -> Built:
        if query.common:
            raise Misplaced("WITH stands at the beginning of the whole query only.", query.at)
        body = query.body
        if isinstance(body, tree.Select):
            return self._select(body, parent, query.order, query.offset, limit)
        if isinstance(body, tree.Query) and not (query.order or query.offset):
            return self.query(body, parent, limit)
        inner = self._body(body, parent)
        if not (query.order or query.offset or limit is not None):
            return inner
        return self._ordered_outside(inner, query.order, query.offset, limit)

    def _ordered_outside(self, inner: Built, order: Sequence[tree.Order], offset: int, limit: int | None) -> Built:
        """ORDER BY over a finished result (DISTINCT, set operators): only its columns can be named."""
        terms = []
        for term in order:
            number = self._output_number(term.expression, inner.outputs)
            if number is None:
                raise Misplaced("After DISTINCT or a set operator, ORDER BY names columns of the result.", term.at)
            output = inner.outputs[number - 1]
            terms.append(self.dialect.sort(f"q.c{number}", _textual(output.kind), term.descending))
        by = f" ORDER BY {', '.join(terms)}" if terms else ""
        sql = f"SELECT * FROM ({inner.sql}) AS q{by}{self.dialect.limit(limit, offset)}"
        return Built(sql, inner.outputs)

    def _body(self, body: tree.Body, parent: Scope | None, chain: int = 0) -> Built:
        if isinstance(body, tree.Query):
            return self.query(body, parent, None)
        if isinstance(body, tree.Select):
            return self._select(body, parent, (), 0, None)
        if chain > MAX_OPERANDS:
            raise Misplaced(f"More than {MAX_OPERANDS} queries are joined by set operators.", body.at)
        left, right = self._body(body.left, parent, chain + 1), self._body(body.right, parent, chain + 1)
        outputs = self._unified(body, left, right)
        return Built(self._combined(body, left, right), outputs)

    def _combined(self, node: tree.SetOperation, left: Built, right: Built) -> str:
        a, b = (one.sql if one.bare else f"SELECT * FROM ({one.sql}) AS s" for one in (left, right))
        if node.all and node.operator != "UNION" and self.dialect.name == "sqlite":
            return self._counted(node, a, b, len(left.outputs))
        return f"{a} {node.operator}{' ALL' if node.all else ''} {b}"

    def _counted(self, node: tree.SetOperation, a: str, b: str, width: int) -> str:
        """EXCEPT ALL and INTERSECT ALL where the database lacks them: equal rows are numbered first."""
        names = ", ".join(f"c{number}" for number in range(1, width + 1))
        number = f"row_number() OVER (PARTITION BY {names}) AS n"
        sides = (f"SELECT {names}, {number} FROM ({side}) AS s" for side in (a, b))
        return f"SELECT {names} FROM ({f' {node.operator} '.join(sides)}) AS s"

    def _unified(self, node: tree.SetOperation, left: Built, right: Built) -> list[Output]:
        if len(left.outputs) != len(right.outputs):
            message = f"{node.operator} joins {len(left.outputs)} columns with {len(right.outputs)}."
            raise Misplaced(message, node.at)
        outputs = []
        for one, other in zip(left.outputs, right.outputs, strict=True):
            self.x.same_kind(_as_value(one), _as_value(other), node.at)
            known, second = (other, one) if one.kind == "null" else (one, other)
            column = replace(common(known.column, second.column), name=one.column.name)
            column = replace(known.column, name=one.column.name) if second.kind == "null" else column
            kind: Kind = "double" if "double" in (one.kind, other.kind) else known.kind
            outputs.append(Output(column, kind, "", plain=False))
        return outputs

    # --- SELECT ---

    def _select(
        self, node: tree.Select, parent: Scope | None, order: Sequence[tree.Order], offset: int, limit: int | None
    ) -> Built:
        x = self.x
        rendered = [self._table(table, parent) for table in node.tables]
        scope = Scope([one.relation for one in rendered], parent)
        _check_names(scope, node)
        kept = (x.scope, x.groups, x.aggregates_allowed, x.aggregated)
        x.scope, x.groups, x.aggregates_allowed, x.aggregated = scope, frozenset(), False, False
        where = f" WHERE {x.condition(node.where, True)}" if node.where is not None else ""
        outputs, group, having, by = self._grouped(node, scope, order if not node.distinct else ())
        x.scope, x.groups, x.aggregates_allowed, x.aggregated = kept
        items = ", ".join(f"{output.sql} AS c{number}" for number, output in enumerate(outputs, 1))
        count = _least(node.top, limit)
        start = (
            f"SELECT {'DISTINCT ' if node.distinct else ''}{items} FROM {self._from(rendered)}{where}{group}{having}"
        )
        if node.distinct and (order or offset or count is not None):
            return self._ordered_outside(Built(start, outputs), order, offset, count)
        tail = f"{by}{self.dialect.limit(count, offset)}"
        return Built(start + tail, outputs, bare=not tail)

    def _from(self, rendered: Sequence[Rendered]) -> str:
        texts = [one.text() for one in rendered]
        if len(texts) == 1:
            return texts[0]
        return ", ".join(f"({text})" if one.joined else text for one, text in zip(rendered, texts, strict=True))

    def _grouped(
        self, node: tree.Select, scope: Scope, order: Sequence[tree.Order]
    ) -> tuple[list[Output], str, str, str]:
        """The SELECT list, GROUP BY, HAVING and ORDER BY; checks that what is shown of a group is one value."""
        x = self.x
        groups = [self._group_term(term, node) for term in node.group]
        x.groups = frozenset(groups)
        scope.loose.clear()
        x.aggregates_allowed = True
        outputs = self._items(node, scope)
        having = ""
        if node.having is not None:
            having = f" HAVING {x.condition(node.having, False)}"
        terms = [term for term in (self._order_term(term, outputs) for term in order) if term]
        if (groups or having or x.aggregated) and scope.loose:
            column = scope.loose[0]
            name = ".".join(part.text for part in column.path)
            raise Misplaced(f"{name} must stand in GROUP BY or in an aggregate such as MAX({name}).", column.at)
        group = f" GROUP BY {', '.join(groups)}" if groups else ""
        return outputs, group, having, f" ORDER BY {', '.join(terms)}" if terms else ""

    def _group_term(self, term: tree.Expression, node: tree.Select) -> str:
        if isinstance(term, tree.Number) and term.text.isdigit():
            number = int(term.text[:9])
            if not 1 <= number <= len(node.items) or isinstance(item := node.items[number - 1], tree.Star):
                raise Misplaced(f"There is no column {number} to group by.", term.at)
            term = item.expression
        elif isinstance(term, tree.ColumnName) and len(term.path) == 1:
            term = self._alias_or_column(term, node)
        value = self.x.value(term)
        if value.kind in ("geometry", "array"):
            raise Misplaced("Geometries and arrays cannot be grouped by.", term.at)
        if value.constant is not None:
            raise Misplaced("GROUP BY a literal makes no groups.", term.at)
        return value.sql

    def _alias_or_column(self, term: tree.ColumnName, node: tree.Select) -> tree.Expression:
        """A column of the tables; if there is none, the expression that bears that alias in the SELECT list."""
        name = term.path[0]
        if any(relation.find(name) for relation in self.x.scope.relations):
            return term
        for item in node.items:
            if isinstance(item, tree.Item) and item.alias is not None and _same(item.alias.text, name):
                return item.expression
        return term

    def _items(self, node: tree.Select, scope: Scope) -> list[Output]:
        names = _Names()
        outputs: list[Output] = []
        for item in node.items:
            if isinstance(item, tree.Star):
                outputs += [self._starred(one, names, scope, item.at) for one in self._star(item, scope)]
            else:
                outputs.append(self._item(item, names, len(outputs) + 1))
            if len(outputs) > MAX_COLUMNS:
                raise Misplaced(f"The result would have more than {MAX_COLUMNS} columns.", item.at)
        return outputs

    def _star(self, star: tree.Star, scope: Scope) -> list[Field]:
        if not star.path:
            return [one for relation in scope.relations for one in relation.fields()]
        sources = scope.called(star.path)
        if len(sources) != 1:
            name = ".".join(part.text for part in star.path)
            raise Misplaced(f"No table {name} is in the FROM clause.", star.at)
        return sources[0].fields()

    def _starred(self, one: Field, names: "_Names", scope: Scope, at: int) -> Output:
        sql = one.sql()
        if sql not in self.x.groups:
            scope.loose.append(tree.ColumnName((tree.Name(one.name, False, at),), at))
        return Output(names.given(one.meta, one.name), one.kind, sql, plain=one.plain)

    def _item(self, item: tree.Item, names: "_Names", number: int) -> Output:
        value = self.x.value(item.expression)
        if item.alias is not None:
            name = item.alias.text
        elif isinstance(item.expression, tree.ColumnName):
            name = value.meta.name or item.expression.path[-1].text
        else:
            name = _invented(item.expression, number)
        sql = self.x.output(value)
        return Output(names.given(value.meta, name), value.kind, sql, value.plain, value.constant is not None)

    def _output_number(self, expression: tree.Expression, outputs: Sequence[Output]) -> int | None:
        """The result column that ORDER BY names by its position, its name, or its own expression."""
        if isinstance(expression, tree.Number) and expression.text.isdigit():
            number = int(expression.text[:9])
            if not 1 <= number <= len(outputs):
                raise Misplaced(f"There is no column {number} to order by.", expression.at)
            return number
        if isinstance(expression, tree.ColumnName):
            name = expression.path[-1]
            found = [i for i, output in enumerate(outputs, 1) if _same(output.column.name, name)]
            return found[0] if found else None
        return None

    def _order_term(self, term: tree.Order, outputs: Sequence[Output]) -> str:
        bare = not isinstance(term.expression, tree.ColumnName) or len(term.expression.path) == 1
        number = self._output_number(term.expression, outputs) if bare else None
        if number is not None:
            output = outputs[number - 1]
            if output.constant:
                return ""
            textual = _textual(output.kind)
            return self.dialect.sort(output.sql if textual else str(number), textual, term.descending)
        value = self.x.value(term.expression)
        if value.kind == "array" or (value.kind == "geometry" and not value.sql):
            raise Misplaced("Geometries and arrays have no order.", term.at)
        if value.constant is not None or value.kind == "null":
            return ""
        return self.dialect.sort(value.sql, _textual(value.kind), term.descending)

    # --- FROM ---

    def _table(self, node: tree.Table, parent: Scope | None) -> Rendered:
        if isinstance(node, tree.Join):
            return self._join(node, parent)
        source = self._derived(node, parent) if isinstance(node, tree.Derived) else self._named(node)
        return Rendered(Relation([source]), source.render)

    def _count(self, weight: int, at: int) -> int:
        self.tables += weight
        if self.tables > MAX_TABLES:
            raise Misplaced(f"The query reads more than {MAX_TABLES} tables.", at)
        self.aliases += 1
        return self.aliases

    def _derived(self, node: tree.Derived, parent: Scope | None) -> Source:
        self.x._enter(node.at)
        # A table in FROM sees nothing of its neighbours, only what the whole query lies in.
        built = self.query(node.query, parent, None)
        self.x.depth -= 1
        number = self._count(0, node.at)
        return _query_source(number, f"({built.sql})", built, (node.alias.text,), node.alias.quoted)

    def _named(self, node: tree.TableName) -> Source:
        calls = (node.alias.text,) if node.alias else tuple(part.text for part in node.path)
        case = node.alias.quoted if node.alias else False
        made = self.common.get(node.path[0].text.lower()) if len(node.path) == 1 else None
        if made is not None:
            name, built = made
            return _query_source(self._count(built.weight, node.at), name, built, calls, case)
        entry = self.schema.entry(node.path)
        if entry is None:
            name = ".".join(part.text for part in node.path)
            raise Misplaced(f"There is no table {name}.{self.schema.near(name)}", node.at)
        return TableSource(self._count(1, node.at), entry, calls, case, self._filters(entry), self.words)

    def _filters(self, entry: Entry) -> list[str]:
        """The rights of the viewer and the table's own filter. A table with a policy is never read without rights."""
        table = entry.table
        conditions = self.conditions.get(table.name, self.conditions.get(table.physical))
        if conditions is None:
            if table.policy_column:
                raise ValueError(f"no conditions were given for {table.name}, whose rows have a policy")
            conditions = ()
        filters = [f"({table.row_filter})"] if table.row_filter else []
        return filters + [_filter(condition, self.dialect) for condition in conditions]

    def _join(self, node: tree.Join, parent: Scope | None) -> Rendered:
        left, right = self._table(node.left, parent), self._table(node.right, parent)
        relation = Relation(
            left.relation.sources + right.relation.sources,
            {**left.relation.merged, **right.relation.merged},
            left.relation.hidden | right.relation.hidden,
        )
        names = self._shared(node, left.relation, right.relation)
        one_table = _same_rows(node, left, right, names)
        tests = [self._merge(node, name, left.relation, right.relation, relation) for name in names]
        if node.on is not None:
            kept, self.x.scope = self.x.scope, Scope([relation], parent)
            allowed, self.x.aggregates_allowed = self.x.aggregates_allowed, False
            tests.append(self.x.condition(node.on, True))
            self.x.scope, self.x.aggregates_allowed = kept, allowed
        if one_table:
            return Rendered(relation, left.text)
        if node.kind == "FULL":
            tests += self.dialect.of_full_join(*(side.relation.fields()[0].sql() for side in (left, right)))
        on = " AND ".join(tests) or "1=1"
        word = "JOIN" if node.kind == "INNER" else f"{node.kind} JOIN"
        return Rendered(
            relation,
            lambda: f"{left.text()} {word} {f'({right.text()})' if right.joined else right.text()} ON {on}",
            True,
        )

    def _shared(self, node: tree.Join, left: Relation, right: Relation) -> list[tree.Name]:
        if node.using:
            return list(node.using)
        if not node.natural:
            return []
        names = {one.name.lower() for one in right.fields()}
        seen = [one.name for one in left.fields() if one.name.lower() in names]
        return [tree.Name(name, False, node.at) for name in dict.fromkeys(seen)]

    def _merge(self, node: tree.Join, name: tree.Name, left: Relation, right: Relation, into: Relation) -> str:
        """One column of NATURAL or USING: the test, and the one column that stands for both from here on."""
        pair = []
        for side in (left, right):
            found = side.find(name)
            if len(found) != 1:
                many = "more than one column" if found else "no column"
                raise Misplaced(f"One side of the join has {many} {name.text}.", name.at)
            pair.append(found[0])
        a, b = (Value(one.sql(), one.kind, one.meta, plain=one.plain) for one in pair)
        test = self.x.compare(a, "=", b, name.at)
        first = pair[1] if node.kind == "RIGHT" else pair[0]
        sql = f"COALESCE({a.sql}, {b.sql})" if node.kind == "FULL" else first.sql()
        lower = name.text.lower()
        into.merged[lower] = Field(pair[0].name, first.meta, first.kind, None, sql, a.plain and node.kind != "FULL")
        into.hidden |= {(source.alias, lower) for source in into.sources}
        return test


def _same_rows(node: tree.Join, left: Rendered, right: Rendered, names: Sequence[tree.Name]) -> bool:
    """Is this a NATURAL JOIN of published tables over one physical table, each row with itself? Then they become one
    source, and the database looks no row up twice."""
    if node.kind != "INNER" or not node.natural or node.on is not None or left.joined or right.joined:
        return False
    first, other = left.relation.sources[0], right.relation.sources[0]
    if not isinstance(first, TableSource) or not isinstance(other, TableSource):
        return False
    one, two = first.entry.table, other.entry.table
    alike = one.physical == two.physical and first.filters == other.filters and first.wrapped and other.wrapped
    if not alike or not one.identity or one.identity != two.identity or first is other:
        return False
    pairs = [(left.relation.find(name), right.relation.find(name)) for name in names]
    if any(len(a) != 1 or len(b) != 1 or _physical(a[0].meta) != _physical(b[0].meta) for a, b in pairs):
        return False
    shared = [a[0].meta for a, _b in pairs]
    if (one.identity, "") not in map(_physical, shared):
        return False
    first.join(other, [column for column in shared if _physical(column) != (one.identity, "")])
    return True


def _physical(column: Column) -> tuple[str, str]:
    return ("" if column.expression else column.source or column.name, column.expression)


class _Names:
    """Output names, made unique by a number; case does not tell names apart."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def given(self, meta: Column, name: str) -> Column:
        unique, number = name, 1
        while unique.lower() in self.seen:
            number += 1
            unique = f"{name}_{number}"
        self.seen.add(unique.lower())
        if meta.name == unique and not meta.source and not meta.expression:
            return meta
        return replace(meta, name=unique, source="", expression="")


def _invented(expression: tree.Expression, number: int) -> str:
    """A name for a column that was given none: of its function and column, or its number."""
    if isinstance(expression, tree.Call):
        if expression.star:
            return "count_all"
        first = expression.arguments[0] if expression.arguments else None
        if isinstance(first, tree.ColumnName):
            return f"{expression.name.lower()}_{first.path[-1].text}"
        return f"{expression.name.lower()}_{number}"
    return f"col_{number}"


def _same(text: str, name: tree.Name) -> bool:
    return text == name.text if name.quoted else text.lower() == name.text.lower()


def _textual(kind: Kind) -> bool:
    return kind in ("text", "timestamp", "geometry")


def _as_value(output: Output) -> Value:
    return Value("", output.kind, output.column)


def _least(top: int | None, limit: int | None) -> int | None:
    if top is None or limit is None:
        return limit if top is None else top
    return min(top, limit)


def _query_source(number: int, sql: str, built: Built, calls: tuple[str, ...], case: bool) -> QuerySource:
    columns = [(output.column, output.kind, output.plain) for output in built.outputs]
    return QuerySource(f"t{number}", sql, columns, calls, case)


def _filter(condition: Condition, dialect: Dialect) -> str:
    if condition.operator != "in":
        raise ValueError(f"no such operator: {condition.operator}")
    if not condition.values:
        return "1=0"
    values = ", ".join(str(int(v)) if isinstance(v, int) else dialect.string(str(v)) for v in condition.values)
    return f"p.{_quote(condition.column)} IN ({values})"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _check_names(scope: Scope, node: tree.Select) -> None:
    """No two tables of one FROM may be called the same."""
    seen: set[tuple[str, ...]] = set()
    for relation in scope.relations:
        for source in relation.sources:
            called = tuple(part if source.case else part.lower() for part in source.calls)
            if called in seen:
                name = ".".join(source.calls)
                raise Misplaced(f"Two tables are called {name}: give one of them another name by AS.", node.at)
            seen.add(called)
