"""The tree of a query. Every node knows the offset in the text (``at``) at which it begins."""

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier; ``quoted`` ones are compared with regard to case (ADQL 2.1, section 2.1.3)."""

    text: str
    quoted: bool
    at: int


@dataclass(frozen=True, slots=True)
class ColumnName:
    path: tuple[Name, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Number:
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class String:
    value: str
    at: int


@dataclass(frozen=True, slots=True)
class Null:
    at: int


@dataclass(frozen=True, slots=True)
class Sign:
    operator: str
    operand: "Expression"
    at: int


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``first (operator operand)…`` of one precedence, from left to right: ``+ - ||`` or ``* /``."""

    first: "Expression"
    rest: tuple[tuple[str, "Expression"], ...]
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """``name`` is in upper case as written by the standard for reserved names, lower case for the others."""

    name: str
    arguments: tuple["Expression", ...]
    distinct: bool
    star: bool
    at: int


@dataclass(frozen=True, slots=True)
class Cast:
    operand: "Expression"
    type: str
    length: int | None
    at: int


@dataclass(frozen=True, slots=True)
class Logical:
    """``AND`` or ``OR`` of two or more conditions."""

    operator: str
    operands: tuple["Expression", ...]
    at: int


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Expression"
    at: int


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: str
    left: "Expression"
    right: "Expression"
    at: int


@dataclass(frozen=True, slots=True)
class Between:
    operand: "Expression"
    low: "Expression"
    high: "Expression"
    negated: bool
    at: int


@dataclass(frozen=True, slots=True)
class In:
    operand: "Expression"
    values: "tuple[Expression, ...] | Query"
    negated: bool
    at: int


@dataclass(frozen=True, slots=True)
class Like:
    operand: "Expression"
    pattern: "Expression"
    fold: bool
    negated: bool
    at: int


@dataclass(frozen=True, slots=True)
class IsNull:
    operand: "Expression"
    negated: bool
    at: int


@dataclass(frozen=True, slots=True)
class Exists:
    query: "Query"
    at: int


@dataclass(frozen=True, slots=True)
class Star:
    path: tuple[Name, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Item:
    expression: "Expression"
    alias: Name | None
    at: int


@dataclass(frozen=True, slots=True)
class TableName:
    path: tuple[Name, ...]
    alias: Name | None
    at: int


@dataclass(frozen=True, slots=True)
class Derived:
    query: "Query"
    alias: Name
    at: int


@dataclass(frozen=True, slots=True)
class Join:
    """``kind`` is INNER, LEFT, RIGHT or FULL."""

    left: "Table"
    right: "Table"
    kind: str
    natural: bool
    on: "Expression | None"
    using: tuple[Name, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Select:
    items: tuple[Item | Star, ...]
    tables: "tuple[Table, ...]"
    at: int
    distinct: bool = False
    top: int | None = None
    where: "Expression | None" = None
    group: "tuple[Expression, ...]" = ()
    having: "Expression | None" = None


@dataclass(frozen=True, slots=True)
class SetOperation:
    operator: str
    all: bool
    left: "Body"
    right: "Body"
    at: int


@dataclass(frozen=True, slots=True)
class Order:
    expression: "Expression"
    descending: bool
    at: int


@dataclass(frozen=True, slots=True)
class CommonTable:
    name: Name
    columns: tuple[Name, ...]
    query: "Query"
    at: int


@dataclass(frozen=True, slots=True)
class Query:
    body: "Body"
    at: int
    order: tuple[Order, ...] = ()
    offset: int = 0
    common: tuple[CommonTable, ...] = field(default=())


Expression: TypeAlias = (
    ColumnName
    | Number
    | String
    | Null
    | Sign
    | Arithmetic
    | Call
    | Cast
    | Logical
    | Not
    | Comparison
    | Between
    | In
    | Like
    | IsNull
    | Exists
)
Table: TypeAlias = TableName | Derived | Join
Body: TypeAlias = Select | SetOperation | Query
