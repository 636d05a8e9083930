"""Position and footprint searches of the archive reach its sky indexes, whatever form the query has."""

import sqlite3

import pytest
from django.db import connection

from gateway.access.rights import ANONYMOUS
from search.adql import sqlite
from search.tap import translation

FOOTPRINTS = [
    "1 = CONTAINS(POINT('ICRS', 83.633, 22.014), s_region)",
    "INTERSECTS(s_region, CIRCLE('ICRS', 83.633, 22.014, 0.001)) = 1",
    "1 = INTERSECTS(CIRCLE(83.633, 22.014, 0.001), o.s_region)",
]
POSITIONS = [
    "DISTANCE(s_ra, s_dec, 83.633, 22.014) < 2",
    "1 = CONTAINS(POINT('ICRS', s_ra, s_dec), CIRCLE('ICRS', 83.633, 22.014, 2))",
    "DISTANCE(POINT(83.633, 22.014), POINT(o.s_ra, o.s_dec)) <= 2",
]


def plan(condition: str) -> str:
    """SQLite's plan of the query as the service would run it."""
    sql = translation.translate(f"SELECT obs_id FROM ivoa.obscore AS o WHERE {condition}", ANONYMOUS, [], limit=100).sql
    connection.ensure_connection()
    raw: sqlite3.Connection = connection.connection
    sqlite.register(raw)
    return "\n".join(str(row[3]) for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}"))


@pytest.mark.parametrize("condition", FOOTPRINTS)
def test_a_footprint_search_reaches_the_index_of_regions(db, condition: str) -> None:
    assert "VIRTUAL TABLE" in plan(condition)


@pytest.mark.parametrize("condition", POSITIONS)
def test_a_cone_reaches_the_index_of_positions(db, condition: str) -> None:
    assert "VIRTUAL TABLE" in plan(condition)
