"""ADQL 2.1 to SQL: ``translate(text, schema, dialect, …) -> Translation``.

Pure: no Django, no database, no network. What reaches the SQL is made of three things only: words of this package,
names of the published tables' metadata, and literals that were read and written anew. A table, column or function that
is not listed does not exist.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.vo.tables import Column, PublishedTable
from search.adql.dialects import DIALECTS, DialectName
from search.adql.errors import AdqlError, Misplaced
from search.adql.parser import parse
from search.adql.scope import Condition, Schema
from search.adql.select import Queries


@dataclass(frozen=True)
class Translation:
    """SQL without any placeholder: execute it without parameters, so that ``%`` and ``?`` in texts stay themselves.

    ``columns`` describe the result in order, with unique names; the SQL calls them c1, c2, …. A cell of a column with
    ``arraysize`` and a number type (POINT and other shapes) arrives as text: its numbers with blanks between, as
    TABLEDATA writes them.
    """

    sql: str
    columns: tuple[Column, ...]
    parameters: tuple[object, ...] = ()


def translate(
    text: str,
    schema: Schema | Iterable[PublishedTable],
    dialect: DialectName,
    *,
    uploads: Sequence[PublishedTable] = (),
    conditions: Mapping[str, Sequence[Condition]] | None = None,
    now: str = "",
    public_url: str = "",
    authority: str = "",
    resolve_name: Callable[[str], tuple[float, float] | None] | None = None,
    limit: int | None = None,
) -> Translation:
    """The SQL of one query for the given database.

    ``schema``: the tables that exist for this viewer (make a ``Schema`` once and keep it); ``uploads``: those of this
    query, named ``tap_upload.NAME``. ``conditions``: row-level rights by published or physical table name, over
    physical columns; a table with ``policy_column`` must have an entry, and ``()`` means no restriction. ``now``,
    ``public_url``, ``authority``: the words of ``Column.expression``. ``resolve_name``: position of a name in degrees
    for ``ivo_simbadpoint``, or None. ``limit``: rows at most, after OFFSET and TOP (ask for MAXREC + 1).

    Raises AdqlError with line and column.
    """
    known = schema if isinstance(schema, Schema) else Schema(schema)
    known = known.plus(uploads) if uploads else known
    chosen = DIALECTS[dialect]
    words = {"now": now, "public_url": public_url, "authority": authority}
    literals = {word: chosen.string(value) for word, value in words.items()}
    query = parse(text)
    try:
        built = Queries(known, chosen, conditions or {}, literals, resolve_name).statement(query, limit)
    except Misplaced as error:
        raise error.located(text) from None
    except RecursionError:
        raise AdqlError("The query is nested too deeply.") from None
    return Translation(built.sql, tuple(output.column for output in built.outputs))
