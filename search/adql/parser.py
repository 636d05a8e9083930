"""Text to tree: ``parse(text) -> Query``, or an ``AdqlError`` that says where and why."""

import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from search.adql import tree
from search.adql.errors import AdqlError, Misplaced
from search.adql.words import RESERVED, TOKENS

MAX_LENGTH = 200_000
"""characters of a query"""
MAX_LISTED = 20_000
"""commas and opening parentheses: what makes a short text long to read"""


def _classify(token: Token) -> Token:
    kind = TOKENS.get(token.upper())
    if kind is not None:
        token.type = kind
    return token


def _at(token: Token | tree.Name | tree.Expression) -> int:
    return cast(int, token.start_pos) if isinstance(token, Token) else token.at


def _whole(token: Token) -> int:
    if len(token) > 18:
        raise Misplaced(f"{token} is too large a number here.", _at(token))
    return int(token)


@v_args(inline=True)
class _Builder(Transformer[Token, tree.Query]):
    """One method for each production; called by the parser as it reduces, so no second pass over the text."""

    def start(self, common: tuple[tree.CommonTable, ...] | None, query: tree.Query) -> tree.Query:
        if not common:
            return query
        return tree.Query(query.body, query.at, query.order, query.offset, common)

    def with_clause(self, word: Token, *items: tree.CommonTable) -> tuple[tree.CommonTable, ...]:
        return items

    def with_item(
        self, name: tree.Name, columns: tuple[tree.Name, ...] | None, word: Token, query: tree.Query
    ) -> tree.CommonTable:
        return tree.CommonTable(name, columns or (), query, name.at)

    def query(self, body: tree.Body, order: tuple[tree.Order, ...] | None, offset: int | None) -> tree.Query:
        return tree.Query(body, body.at, order or (), offset or 0)

    def set_operation(self, left: tree.Body, word: Token, every: Token | None, right: tree.Body) -> tree.SetOperation:
        return tree.SetOperation(word.upper(), every is not None, left, right, _at(word))

    def order_by(self, order: Token, by: Token, *items: tree.Order) -> tuple[tree.Order, ...]:
        return items

    def order_item(self, expression: tree.Expression, direction: Token | None) -> tree.Order:
        return tree.Order(expression, direction is not None and direction.type == "DESC", expression.at)

    def offset(self, word: Token, count: Token) -> int:
        return _whole(count)

    def top(self, word: Token, count: Token) -> int:
        return _whole(count)

    def select(
        self,
        word: Token,
        quantifier: Token | None,
        top: int | None,
        items: tuple[tree.Item | tree.Star, ...],
        tables: tuple[tree.Table, ...],
        where: tree.Expression | None,
        group: tuple[tree.Expression, ...] | None,
        having: tree.Expression | None,
    ) -> tree.Select:
        distinct = quantifier is not None and quantifier.type == "DISTINCT"
        return tree.Select(items, tables, _at(word), distinct, top, where, group or (), having)

    def items(self, *items: tree.Item | tree.Star) -> tuple[tree.Item | tree.Star, ...]:
        return items

    def star(self, *parts: Any) -> tree.Star:
        path = parts[0] if len(parts) == 2 else ()
        return tree.Star(path, _at(path[0] if path else parts[-1]))

    def item(self, expression: tree.Expression, word: Token | None, alias: tree.Name | None) -> tree.Item:
        return tree.Item(expression, alias, expression.at)

    def from_clause(self, word: Token, *tables: tree.Table) -> tuple[tree.Table, ...]:
        return tables

    def where(self, word: Token, condition: tree.Expression) -> tree.Expression:
        return condition

    having = where
    on = where

    def group_by(self, group: Token, by: Token, *expressions: tree.Expression) -> tuple[tree.Expression, ...]:
        return expressions

    def join(
        self,
        left: tree.Table,
        natural: Token | None,
        kind: str | None,
        word: Token,
        right: tree.Table,
        rule: tree.Expression | tuple[tree.Name, ...] | None,
    ) -> tree.Join:
        using = rule if isinstance(rule, tuple) else ()
        on = None if isinstance(rule, tuple) else rule
        if natural is not None and rule is not None:
            raise Misplaced("A NATURAL JOIN takes neither ON nor USING: leave one of them out.", _at(natural))
        return tree.Join(left, right, kind or "INNER", natural is not None, on, using, _at(word))

    def join_kind(self, kind: Token, outer: Token | None = None) -> str:
        return kind.upper()

    def using(self, word: Token, names: tuple[tree.Name, ...]) -> tuple[tree.Name, ...]:
        return names

    def table_name(self, path: tuple[tree.Name, ...], word: Token | None, alias: tree.Name | None) -> tree.TableName:
        return tree.TableName(path, alias, path[0].at)

    def derived(self, query: tree.Query, word: Token | None, alias: tree.Name) -> tree.Derived:
        return tree.Derived(query, alias, query.at)

    def joined(self, join: tree.Join) -> tree.Join:
        return join

    def expression(self, *parts: Any) -> tree.Logical:
        return tree.Logical(parts[1].upper(), parts[::2], parts[0].at)

    conjunction = expression

    def negation(self, word: Token, operand: tree.Expression) -> tree.Not:
        return tree.Not(operand, _at(word))

    def comparison(self, left: tree.Expression, operator: Token, right: tree.Expression) -> tree.Comparison:
        return tree.Comparison("<>" if operator == "!=" else str(operator), left, right, _at(operator))

    def between(
        self,
        operand: tree.Expression,
        negated: Token | None,
        word: Token,
        low: tree.Expression,
        conjunction: Token,
        high: tree.Expression,
    ) -> tree.Between:
        return tree.Between(operand, low, high, negated is not None, _at(word))

    def in_list(
        self, operand: tree.Expression, negated: Token | None, word: Token, values: tuple[tree.Expression, ...]
    ) -> tree.In:
        return tree.In(operand, values, negated is not None, _at(word))

    def in_query(self, operand: tree.Expression, negated: Token | None, word: Token, query: tree.Query) -> tree.In:
        return tree.In(operand, query, negated is not None, _at(word))

    def like(self, operand: tree.Expression, negated: Token | None, word: Token, pattern: tree.Expression) -> tree.Like:
        return tree.Like(operand, pattern, word.type == "ILIKE", negated is not None, _at(word))

    def is_null(self, operand: tree.Expression, word: Token, negated: Token | None, null: Token) -> tree.IsNull:
        return tree.IsNull(operand, negated is not None, _at(word))

    def exists(self, word: Token, query: tree.Query) -> tree.Exists:
        return tree.Exists(query, _at(word))

    def sum(self, first: tree.Expression, *rest: Any) -> tree.Arithmetic:
        return tree.Arithmetic(first, tuple(zip(map(str, rest[::2]), rest[1::2], strict=True)), _at(rest[0]))

    product = sum

    def factor(self, operator: Token, operand: tree.Expression) -> tree.Sign:
        return tree.Sign(str(operator), operand, _at(operator))

    def column(self, path: tuple[tree.Name, ...]) -> tree.ColumnName:
        return tree.ColumnName(path, path[0].at)

    def number(self, token: Token) -> tree.Number:
        return tree.Number(str(token), _at(token))

    def string(self, token: Token) -> tree.String:
        return tree.String(token[1:-1].replace("''", "'"), _at(token))

    def null(self, token: Token) -> tree.Null:
        return tree.Null(_at(token))

    def cast(self, word: Token, operand: tree.Expression, as_: Token, target: tuple[str, int | None]) -> tree.Cast:
        return tree.Cast(operand, target[0], target[1], _at(word))

    def cast_type(self, name: Token, precision: Token | None, length: Token | None) -> tuple[str, int | None]:
        text = f"{name.upper()} PRECISION" if precision else name.upper()
        return text, None if length is None else _whole(length)

    def call_star(self, name: Token, star: Token) -> tree.Call:
        return tree.Call(name.upper(), (), False, True, _at(name))

    def call(self, name: Token, quantifier: Token | None, arguments: tuple[tree.Expression, ...] | None) -> tree.Call:
        distinct = quantifier is not None and quantifier.type == "DISTINCT"
        return tree.Call(name.upper(), arguments or (), distinct, False, _at(name))

    def expressions(self, *expressions: tree.Expression) -> tuple[tree.Expression, ...]:
        return expressions

    def names(self, *names: tree.Name) -> tuple[tree.Name, ...]:
        return names

    def dotted(self, *parts: Any) -> tuple[tree.Name, ...]:
        return (parts[0],) if len(parts) == 1 else (*parts[0], parts[1])

    def name(self, token: Token) -> tree.Name:
        if token.type == "NAME":
            return tree.Name(str(token), False, _at(token))
        text = token[1:-1].replace('""', '"')
        if not text:
            raise Misplaced("A name between quotes cannot be empty.", _at(token))
        return tree.Name(text, True, _at(token))


_making = threading.Lock()


def _lark() -> Lark:
    """The parser, made at the first query, once: its tables take a third of a second of CPU, and a web process that
    has just started is asked by many at the same time."""
    with _making:
        return _made()


@cache
def _made() -> Lark:
    return Lark(
        (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8"),
        parser="lalr",
        lexer="basic",
        maybe_placeholders=True,
        transformer=_Builder(),
        lexer_callbacks={"NAME": _classify},
    )


def _guard(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise AdqlError(
            f"The query has {len(text)} characters; the most is {MAX_LENGTH}. Upload long lists as a table."
        )
    if text.count(",") + text.count("(") > MAX_LISTED:
        raise AdqlError(f"The query lists more than {MAX_LISTED} things. Upload long lists as a table.", 1, 1)
    if "\0" in text:
        raise Misplaced("The query has a NUL character.", text.index("\0")).located(text)


def parse(text: str) -> tree.Query:
    """The tree of one ADQL 2.1 statement. Raises AdqlError."""
    _guard(text)
    try:
        return cast(tree.Query, cast(object, _lark().parse(text)))
    except UnexpectedInput as error:
        raise _explain(text, error).located(text) from None
    except Misplaced as error:
        raise error.located(text) from None
    except VisitError as error:
        if isinstance(error.orig_exc, Misplaced):
            raise error.orig_exc.located(text) from None
        raise


STRANGE = {
    "'": "A text opened here by ' is never closed; write '' for a quote inside a text.",
    '"': 'A name opened here by " is never closed.',
    "’": "Write the straight quote ' round texts.",
    "‘": "Write the straight quote ' round texts.",
    "“": 'Write the straight quote " round names.',
    "”": 'Write the straight quote " round names.',
    "%": "There is no % in ADQL: write MOD(a, b).",
    "~": "Bitwise operators are not offered here.",
    "&": "Bitwise operators are not offered here.",
    "|": "Texts are joined by ||; bitwise operators are not offered here.",
    "^": "Write POWER(a, b).",
    "?": "Parameters cannot be bound: write the value itself.",
    ":": "Parameters cannot be bound and :: is not ADQL: write CAST(value AS type).",
    "`": 'Names are quoted by ", not by `.',
    "[": 'Names are quoted by "; there are no array elements.',
    "_": 'A name begins with a letter: write it between quotes, "_name".',
    "\\": "A backslash has no meaning outside a text.",
}

HINTS = {
    "LIMIT": "ADQL has no LIMIT: write SELECT TOP n …",
    "CROSS": "ADQL has no CROSS JOIN: separate the tables by a comma.",
    "CASE": "ADQL has no CASE.",
    "VALUES": "ADQL has no VALUES: upload a table.",
}
STATEMENTS = frozenset("INSERT UPDATE DELETE CREATE ALTER DROP GRANT REVOKE EXEC EXECUTE SET DECLARE BEGIN".split())

SPELLED = {
    "COMPARISON": "a comparison",
    "NAME": "a name",
    "QUOTED": "a name",
    "INTEGER": "a whole number",
    "DECIMAL": "a number",
    "STRING": "a text",
    "FUNCTION": "a function",
    "TYPE": "a type",
    "$END": "the end",
    "LPAR": "'('",
    "RPAR": "')'",
    "COMMA": "','",
    "DOT": "'.'",
    "SEMICOLON": "the end",
    "PLUS": "an operator",
    "MINUS": "an operator",
    "STAR": "an operator",
    "SLASH": "an operator",
    "CONCAT": "an operator",
}


def _explain(text: str, error: UnexpectedInput) -> Misplaced:
    if isinstance(error, UnexpectedCharacters):
        at = error.pos_in_stream or 0
        character = text[at]
        if character.isdigit():
            return Misplaced("A number cannot run into a name; hexadecimal numbers do not exist.", at)
        return Misplaced(STRANGE.get(character, f"The character {character!r} has no meaning here."), at)
    if isinstance(error, UnexpectedToken):
        return _unexpected(text, error.token, frozenset(error.accepts or error.expected))
    return Misplaced("This is not ADQL.", error.pos_in_stream or 0)


def _unexpected(text: str, token: Token, expected: frozenset[str]) -> Misplaced:
    wanted = _spelled(expected)
    if token.type == "$END":
        return Misplaced(f"The query ends too early; expected {wanted}.", len(text.rstrip()))
    word = token.upper()
    at = _at(token)
    before = text[:at].split()
    for told in (word, before[-1].upper() if before else ""):
        if told in HINTS:
            return Misplaced(HINTS[told], at)
    if word in STATEMENTS and not text[:at].strip():
        return Misplaced(f"Only queries are answered, which begin with SELECT or WITH; {word} is not one.", at)
    if word == "FROM" and "NAME" in expected:
        return Misplaced("Before FROM a column is missing, or * for all.", at)
    if word == "=" and text[:at].endswith("="):
        return Misplaced("Write = once.", at)
    if token.type == "NAME" and before and before[-1][-1].isdigit():
        words = f"{str(token)[:40]!r} is not understood after a number: values are in the units of their columns."
        return Misplaced(words, at)
    if word in RESERVED and "NAME" in expected:
        return Misplaced(f'{word} is a reserved word: write "{token.lower()}" if it is a name.', at)
    if token.type == "SEMICOLON" or (expected & {"SEMICOLON"} and text[:at].rstrip().endswith(";")):
        return Misplaced("Only one statement is answered.", at)
    return Misplaced(f"{str(token)[:40]!r} is not understood here; expected {wanted}.", at)


def _spelled(expected: Iterable[str], most: int = 6) -> str:
    words = sorted({SPELLED.get(name, name) for name in expected})
    shown = words[:most]
    return ", ".join(shown[:-1]) + " or " + shown[-1] if len(shown) > 1 else "".join(shown)
