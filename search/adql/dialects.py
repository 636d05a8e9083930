"""Where the two databases differ. Texts here come from numbers, quoted literals and the metadata's names."""

import math
from typing import Literal, Protocol

DialectName = Literal["sqlite", "postgresql"]


def quoted(name: str) -> str:
    """A physical name between quotes; a dot separates schema and table."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Dialect(Protocol):
    """One database's way to say things. ``call`` names the functions that ``register`` or the migration makes."""

    name: DialectName
    least: str
    random: str

    def string(self, value: str) -> str: ...
    def double(self, value: float) -> str: ...
    def as_double(self, sql: str) -> str: ...
    def as_long(self, sql: str) -> str: ...
    def call(self, function: str, *arguments: str) -> str: ...
    def sort(self, sql: str, textual: bool, descending: bool) -> str: ...
    def ordered(self, sql: str) -> str: ...
    def limit(self, count: int | None, offset: int) -> str: ...
    def math(self, function: str, *arguments: str) -> str: ...
    def like(self, value: str, pattern: str, known: str | None, fold: bool) -> str: ...
    def of_full_join(self, left: str, right: str) -> list[str]: ...
    def arithmetic(self, operator: str, a: str, b: str, large: bool) -> str: ...


class Sqlite:
    name: DialectName = "sqlite"
    least = "min"
    random = "((random() / 18446744073709551616.0) + 0.5)"

    def string(self, value: str) -> str:
        return "'" + value.replace("'", "''") + "'"

    def double(self, value: float) -> str:
        return repr(value)

    def as_double(self, sql: str) -> str:
        return f"CAST({sql} AS REAL)"

    def as_long(self, sql: str) -> str:
        return sql

    def call(self, function: str, *arguments: str) -> str:
        return f"adql_{function}({', '.join(arguments)})"

    def sort(self, sql: str, textual: bool, descending: bool) -> str:
        return f"{sql} {'DESC' if descending else 'ASC'} NULLS LAST"

    def ordered(self, sql: str) -> str:
        return sql

    def limit(self, count: int | None, offset: int) -> str:
        if count is None and not offset:
            return ""
        tail = f" OFFSET {offset}" if offset else ""
        return f" LIMIT {-1 if count is None else count}{tail}"

    def math(self, function: str, *arguments: str) -> str:
        return f"{function}({', '.join(arguments)})"

    def arithmetic(self, operator: str, a: str, b: str, large: bool) -> str:
        # A 64-bit overflow becomes a float here; 32-bit numbers cannot overflow 64 bits.
        return f"adql_long({a} {operator} {b})" if large else f"({a} {operator} {b})"

    def like(self, value: str, pattern: str, known: str | None, fold: bool) -> str:
        """SQLite's LIKE ignores the case of ASCII letters, its GLOB does not and is otherwise the same."""
        if fold:
            return f"({value} LIKE {pattern})"
        if known is None:
            return f"adql_like({pattern}, {value})"
        glob = "".join(GLOB.get(character, character) for character in known)
        return f"({value} GLOB {self.string(glob)})"

    def of_full_join(self, left: str, right: str) -> list[str]:
        return []


GLOB = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}


class Postgresql:
    name: DialectName = "postgresql"
    least = "least"
    random = "random()"

    def string(self, value: str) -> str:
        text = "'" + value.replace("'", "''").replace("\\", "\\\\") + "'"
        return f"E{text}" if "\\" in value else text

    def double(self, value: float) -> str:
        return f"'{value!r}'::float8"

    def as_double(self, sql: str) -> str:
        return f"CAST({sql} AS float8)"

    def as_long(self, sql: str) -> str:
        return f"CAST({sql} AS bigint)"

    def call(self, function: str, *arguments: str) -> str:
        return f"adql.{function}({', '.join(arguments)})"

    def sort(self, sql: str, textual: bool, descending: bool) -> str:
        return f"{self.ordered(sql) if textual else sql} {'DESC' if descending else 'ASC'} NULLS LAST"

    def ordered(self, sql: str) -> str:
        """Texts in the order of their code points, as SQLite has them, whatever the database's locale."""
        return f'{sql} COLLATE "C"'

    def limit(self, count: int | None, offset: int) -> str:
        return (f" LIMIT {count}" if count is not None else "") + (f" OFFSET {offset}" if offset else "")

    def math(self, function: str, *arguments: str) -> str:
        # PostgreSQL ends the query at log(0) or acos(2): its own functions give NULL there, as SQLite does.
        prefix = "adql." if function in GUARDED else ""
        return f"{prefix}{function}({', '.join(arguments)})"

    def arithmetic(self, operator: str, a: str, b: str, large: bool) -> str:
        # An overflow or a division by zero would end the query, and so tell of rows that the viewer may not see.
        return f"adql.{ARITHMETIC[operator]}({a}, {b})"

    def like(self, value: str, pattern: str, known: str | None, fold: bool) -> str:
        # ESCAPE '': ADQL has no escape character. In the C locale ILIKE folds ASCII letters alone, as SQLite does.
        return f"({value} COLLATE \"C\" ILIKE {pattern} ESCAPE '')" if fold else f"({value} LIKE {pattern} ESCAPE '')"

    def of_full_join(self, left: str, right: str) -> list[str]:
        """PostgreSQL makes a FULL JOIN of equalities only: this one, of a column of each side, always holds."""
        return [f"(({left} IS NULL) IS NOT NULL) = (({right} IS NULL) IS NOT NULL)"]


ARITHMETIC = {"+": "plus", "-": "minus", "*": "times", "/": "over"}
GUARDED = frozenset({"acos", "asin", "cos", "exp", "ln", "log10", "mod", "power", "sin", "sqrt", "tan"})

DIALECTS: dict[DialectName, Dialect] = {"sqlite": Sqlite(), "postgresql": Postgresql()}


def chord2(degrees: float) -> float:
    """The square of the straight line between the ends of an arc."""
    return 4.0 * math.sin(math.radians(min(max(degrees, 0.0), 180.0)) / 2) ** 2
