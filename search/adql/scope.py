"""Names: which tables exist for this query, and which columns can be seen from where."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.vo.tables import Column, PublishedTable
from search.adql import tree
from search.adql.dialects import quote, quoted
from search.adql.errors import Misplaced
from search.adql.values import Kind, kind_of


class Condition(Protocol):
    """A row-level right: ``column operator values`` over the physical table."""

    @property
    def column(self) -> str: ...
    @property
    def operator(self) -> str: ...
    @property
    def values(self) -> Sequence[Any]: ...


class Entry:
    """A published table made ready for look-ups; its columns by lower-case name."""

    def __init__(self, table: PublishedTable) -> None:
        self.table = table
        self.columns: dict[str, list[Column]] = {}
        for column in table.columns:
            self.columns.setdefault(column.name.lower(), []).append(column)
        self.kinds: dict[str, Kind] = {column.name: kind_of(column) for column in table.columns}
        self.positions = {(position.ra, position.dec): position for position in table.positions}
        self.regions = {region.column: region for region in table.regions}
        self.computed = any(column.expression for column in table.columns)


class Schema(Mapping[str, PublishedTable]):
    """The tables a query may name. Made once; ``plus`` adds the uploads of one query without repeating the work."""

    def __init__(self, tables: Iterable[PublishedTable]) -> None:
        self._entries: dict[str, Entry] = {}
        for table in tables:
            self._add(Entry(table))

    def _add(self, entry: Entry) -> None:
        for name in (entry.table.name, *entry.table.aliases):
            self._entries[name.lower()] = entry

    def plus(self, tables: Iterable[PublishedTable]) -> "Schema":
        made = Schema(())
        made._entries.update(self._entries)
        for table in tables:
            made._add(Entry(table))
        return made

    def __getitem__(self, name: str) -> PublishedTable:
        return self._entries[name.lower()].table

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, path: tuple[tree.Name, ...]) -> Entry | None:
        """The table of that name; without a schema, the only one whose last part it is."""
        name = ".".join(part.text for part in path).lower()
        if (found := self._entries.get(name)) is not None and len(path) > 1:
            return found if _spelled(path, found.table) else None
        if len(path) == 1:
            matches = {id(e): e for full, e in self._entries.items() if full.split(".", 1)[-1] == name}
            return next(iter(matches.values())) if len(matches) == 1 else None
        return None

    def near(self, name: str) -> str:
        """A hint: a published table with that last part, or of a name like this one."""
        if name.upper().startswith("TAP_UPLOAD."):
            return " A table comes with the query: UPLOAD=name,param:part or name,address."
        last = name.rsplit(".", 1)[-1].lower()
        found = [full for full in self._entries if full.rsplit(".", 1)[-1] == last]
        if near := found[0] if found else nearest(name.lower(), {full: full for full in self._entries}):
            return f" Did you mean {near}?"
        return " Those that there are stand in tap_schema.tables."


def nearest(name: str, known: Mapping[str, str]) -> str:
    """Which of the known names (the keys are in lower case) is meant, or empty."""
    from difflib import get_close_matches  # noqa: PLC0415 - wanted in errors alone

    ending = [full for full in known if full.endswith(f"_{name}")]
    close = ending or get_close_matches(name, list(known), 1, 0.75)
    return known[close[0]] if close else ""


def _spelled(path: tuple[tree.Name, ...], table: PublishedTable) -> bool:
    """Delimited names count their letters' case; published schemas are in lower case, TAP_SCHEMA in either."""
    names = {name for full in (table.name, *table.aliases) for name in full.split(".")}
    return all(not part.quoted or part.text in names or part.text.lower() in names for part in path)


@dataclass(slots=True)
class Field:
    """A column that can be named here. ``sql()`` also notes that its table must deliver it."""

    name: str
    meta: Column
    kind: Kind
    source: "Source | None"
    text: str = ""
    plain: bool = False

    def sql(self) -> str:
        return self.text if self.source is None or self.text else self.source.use(self.meta)


class Source(Protocol):
    """Something in FROM. ``alias`` is its name in the SQL, ``calls`` the names a query may give it."""

    alias: str
    calls: tuple[str, ...]
    case: bool

    def find(self, name: tree.Name) -> list[Field]: ...
    def fields(self) -> list[Field]: ...
    def use(self, column: Column) -> str: ...
    def render(self) -> str: ...


def matching(name: tree.Name, columns: Sequence[Column]) -> list[Column]:
    """Of columns that agree but for case: the exact one, or all that a regular identifier can mean."""
    exact = [column for column in columns if column.name == name.text]
    return exact if exact or name.quoted else list(columns)


class TableSource:
    """A published table. With rights, filters or computed columns it becomes a subquery that the database flattens
    again; only the columns in use are listed."""

    def __init__(
        self,
        number: int,
        entry: Entry,
        calls: tuple[str, ...],
        case: bool,
        filters: Sequence[str],
        words: Mapping[str, str],
    ) -> None:
        self.number = number
        self.alias = f"t{number}"
        self.entry = entry
        self.calls = calls
        self.case = case
        self.filters = filters
        self.words = words
        self.wrapped = bool(filters) or entry.computed
        self.used: dict[str, str] = {}
        self.present: list[str] = []

    def join(self, other: "TableSource", columns: Sequence[Column]) -> None:
        """Another table over the very same rows is read with this one; a row that lacks one of these columns is none
        of the join's, as NULL equals nothing."""
        other.alias, other.used = self.alias, self.used
        for column in columns:
            inner = self._expression(column) if column.expression else f"p.{quote(column.source or column.name)}"
            self.present.append(f"{inner} IS NOT NULL")

    def find(self, name: tree.Name) -> list[Field]:
        columns = self.entry.columns.get(name.text.lower(), ())
        return [self._field(column) for column in matching(name, columns)]

    def _field(self, column: Column) -> Field:
        return Field(column.name, column, self.entry.kinds[column.name], self, plain=True)

    def fields(self) -> list[Field]:
        return [self._field(column) for column in self.entry.table.columns]

    def use(self, column: Column) -> str:
        if not self.wrapped:
            return f"{self.alias}.{quote(column.source or column.name)}"
        inner = self._expression(column) if column.expression else f"p.{quote(column.source or column.name)}"
        self.used[column.name] = inner
        return f"{self.alias}.{quote(column.name)}"

    def _expression(self, column: Column) -> str:
        text = column.expression
        for word, literal in self.words.items():
            text = text.replace("{" + word + "}", literal)
        return f"({text})"

    def hidden(self, column: str) -> str:
        """A physical column that no query can name, such as the unit vector of the sky index."""
        if not self.wrapped:
            return f"{self.alias}.{quote(column)}"
        self.used["#" + column] = f"p.{quote(column)}"
        return f"{self.alias}.{quote('#' + column)}"

    def render(self) -> str:
        physical = quoted(self.entry.table.physical)
        if not self.wrapped:
            return f"{physical} AS {self.alias}"
        columns = ", ".join(f"{sql} AS {quote(name)}" for name, sql in self.used.items()) or "1 AS one"
        filters = [*self.filters, *self.present]
        where = f" WHERE {' AND '.join(filters)}" if filters else ""
        return f"(SELECT {columns} FROM {physical} AS p{where}) AS {self.alias}"


class QuerySource:
    """A subquery in FROM, or a table of WITH."""

    def __init__(
        self, alias: str, sql: str, columns: Sequence[tuple[Column, Kind, bool]], calls: tuple[str, ...], case: bool
    ) -> None:
        self.alias = alias
        self.sql = sql
        self.calls = calls
        self.case = case
        self._fields = [
            Field(column.name, column, kind, self, f"{alias}.c{number}", plain)
            for number, (column, kind, plain) in enumerate(columns, 1)
        ]
        self._by_name: dict[str, list[Field]] = {}
        for one in self._fields:
            self._by_name.setdefault(one.name.lower(), []).append(one)

    def find(self, name: tree.Name) -> list[Field]:
        found = self._by_name.get(name.text.lower(), [])
        exact = [one for one in found if one.name == name.text]
        return exact if exact or name.quoted else found

    def fields(self) -> list[Field]:
        return self._fields

    def use(self, column: Column) -> str:
        raise AssertionError("the fields of a subquery carry their SQL")

    def render(self) -> str:
        return f"{self.sql} AS {self.alias}"


@dataclass
class Relation:
    """What a FROM item or a join makes: its sources, and the columns that NATURAL or USING have merged."""

    sources: list[Source]
    merged: dict[str, Field] = field(default_factory=dict)
    hidden: set[tuple[str, str]] = field(default_factory=set)
    """(alias, lower-case name) of columns that stand behind a merged one"""

    def find(self, name: tree.Name) -> list[Field]:
        merged = self.merged.get(name.text.lower())
        found = [merged] if merged is not None and (not name.quoted or merged.name == name.text) else []
        for source in self.sources:
            if (source.alias, name.text.lower()) not in self.hidden:
                found += source.find(name)
        return found

    def fields(self) -> list[Field]:
        """Columns in the order of ``*``: merged ones first, once (SQL92, 7.5)."""
        rest = [
            one
            for source in self.sources
            for one in source.fields()
            if (source.alias, one.name.lower()) not in self.hidden
        ]
        return [*self.merged.values(), *rest]


class Scope:
    """The relations of one SELECT, inside those of the query round it. ``loose`` gathers the columns that stand
    outside aggregates, for the check of GROUP BY."""

    def __init__(self, relations: Sequence[Relation], parent: "Scope | None") -> None:
        self.relations = relations
        self.parent = parent
        self.loose: list[tree.ColumnName] = []

    def resolve(self, node: tree.ColumnName) -> tuple[Field, "Scope"]:
        """The column of that name and the scope that has it. Raises Misplaced if none or several."""
        scope: Scope | None = self
        while scope is not None:
            found = scope._look(node)
            if len(found) > 1:
                names = ".".join(part.text for part in node.path)
                raise Misplaced(f"{names} is in more than one table: write the table's name before it.", node.at)
            if found:
                return found[0], scope
            scope = scope.parent
        raise self._unknown(node)

    def _look(self, node: tree.ColumnName) -> list[Field]:
        *table, name = node.path
        if not table:
            return [one for relation in self.relations for one in relation.find(name)]
        return [one for source in self.called(table) for one in source.find(name)]

    def called(self, path: Sequence[tree.Name]) -> list[Source]:
        """The sources that ``path`` can mean: an alias, a table, or schema and table."""
        return [source for relation in self.relations for source in relation.sources if is_called(source, path)]

    def _unknown(self, node: tree.ColumnName) -> Misplaced:
        *table, name = node.path
        called = ".".join(part.text for part in node.path)
        if table and not self._anywhere(table):
            return Misplaced(f"No table {'.'.join(part.text for part in table)} is in the FROM clause.", node.at)
        near = nearest(name.text.lower(), self._names())
        hint = f"Did you mean {near}?" if near else "" if table else f"A text stands in single quotes: '{name.text}'."
        return Misplaced(f"There is no column {called} here. {hint}".rstrip(), node.at)

    def _anywhere(self, path: Sequence[tree.Name]) -> bool:
        scope: Scope | None = self
        while scope is not None:
            if scope.called(path):
                return True
            scope = scope.parent
        return False

    def _names(self) -> dict[str, str]:
        return {one.name.lower(): one.name for relation in self.relations for one in relation.fields()}


def is_called(source: Source, path: Sequence[tree.Name]) -> bool:
    if len(path) > len(source.calls):
        return False
    ends = source.calls[len(source.calls) - len(path) :]
    return all(
        part.text == call if part.quoted and source.case else part.text.lower() == call.lower()
        for part, call in zip(path, ends, strict=True)
    )
