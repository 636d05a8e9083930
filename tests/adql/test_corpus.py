"""The corpus on SQLite, and on PostgreSQL with row-for-row equal answers."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from gateway.vo.tables import Column
from search.adql import geometry
from search.adql.errors import AdqlError
from search.adql.translate import Translation, translate
from tests.adql import sky, world
from tests.adql.corpus.corpus import HOSTILE, VALID, WRONG

Run = Callable[[str], tuple[Translation, list[tuple[Any, ...]]]]
Rows = list[tuple[Any, ...]]


def cell(value: Any, column: Column) -> Any:
    if value is None:
        return None
    if column.datatype in ("char", "unicodeChar"):
        return str(value)
    if column.arraysize:
        return tuple(float(word) for word in str(value).split())
    if column.datatype == "boolean":
        return bool(value)
    return int(value) if column.datatype in ("short", "int", "long") else float(value)


def read(rows: Iterable[Sequence[Any]], columns: Sequence[Column]) -> Rows:
    return [tuple(cell(value, column) for value, column in zip(row, columns, strict=True)) for row in rows]


def same(a: Any, b: Any) -> bool:
    if (
        isinstance(a, tuple)
        and isinstance(b, tuple)
        and len(a) == len(b) == 2
        and all(isinstance(x, float) for x in a + b)
    ):
        return geometry.separation(*a, *b) < 1e-9  # at a pole the longitude is open
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and (a == b or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9))
    return bool(a == b)


def _rough(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(_rough, value))
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def arranged(rows: Rows, query: str) -> Rows:
    return rows if "ORDER BY" in query else sorted(rows, key=_rough)


def expect(rows: Rows, expected: Any, query: str) -> None:
    if isinstance(expected, int):
        assert len(rows) == expected
    elif isinstance(expected, set):
        assert {row[0] for row in rows} == expected
        assert expected, "a case without an answer tests nothing"
    elif expected is not None:
        assert len(rows) == len(expected)
        for row, wanted in zip(rows, expected, strict=True):
            assert same(row, wanted), (row, wanted)


@pytest.mark.parametrize(("query", "expected"), VALID)
def test_a_query_gives_its_rows_on_sqlite(run: Run, query: str, expected: Any) -> None:
    made, rows = run(query)
    names = [column.name.lower() for column in made.columns]
    assert len(set(names)) == len(names)
    expect(read(rows, made.columns), expected, query)


@pytest.mark.slow
@pytest.mark.parametrize(("query", "expected"), VALID)
def test_both_databases_give_the_same_rows(run: Run, run_postgresql: Run, query: str, expected: Any) -> None:
    made, ours = run(query)
    other, theirs = run_postgresql(query)
    assert made.columns == other.columns
    first, second = (arranged(read(rows, made.columns), query) for rows in (ours, theirs))
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert same(a, b), (a, b)


@pytest.mark.parametrize(("query", "words", "line", "column"), WRONG)
def test_a_wrong_query_is_told_where_and_why(query: str, words: str, line: int, column: int) -> None:
    with pytest.raises(AdqlError) as caught:
        translate(query, world.SCHEMA, "sqlite", **world.OPTIONS)
    error = caught.value
    assert words in error.message
    assert (line or error.line, column or error.column) == (error.line, error.column), str(error)


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: query[:60])
def test_a_hostile_query_is_refused(query: str) -> None:
    for dialect in ("sqlite", "postgresql"):
        with pytest.raises(AdqlError):
            translate(query, world.SCHEMA, dialect, **world.OPTIONS)


def test_the_corpus_is_large_enough() -> None:
    assert len(VALID) + len(WRONG) + len(HOSTILE) >= 300


@pytest.mark.parametrize(
    ("ra", "dec", "radius"),
    [(83.6333, 22.0145, 1), (0, 0, 0.5), (359.9, 0.3, 2), (12, 89.95, 0.2), (200, -89.9, 1), (10, 40, 30), (0, 0, 100)],
)
def test_footprints_that_meet_a_circle(run: Run, ra: float, dec: float, radius: float) -> None:
    _made, rows = run(f'SELECT "size" FROM ivoa.obscore WHERE 1 = INTERSECTS(s_region, CIRCLE({ra}, {dec}, {radius}))')
    found = {row[0] for row in rows}
    sure, unsure = sky.regions_meeting(ra, dec, radius)
    assert sure <= found <= sure | unsure
    assert len(unsure) < 3
