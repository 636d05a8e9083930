"""The sky index: every form of cone, overlap and cross-match reaches it, on both databases; it keeps in step."""

import random
import sqlite3
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from gateway.vo.tables import Column, PublishedTable, SkyPosition, SkyRegion
from search.adql import geometry, rtree
from search.adql.index import drop_ddl, index_ddl
from search.adql.translate import Schema, translate
from tests.adql import world

POSITION = (
    "1 = CONTAINS(POINT('ICRS', o.s_ra, o.s_dec), CIRCLE('ICRS', 83.6, 22, 1))",
    "CONTAINS(POINT(o.s_ra, o.s_dec), CIRCLE(83.6, 22, 1)) = 1",
    "0 <> CONTAINS(POINT(o.s_ra, o.s_dec), CIRCLE(83.6, 22, 1))",
    "1 = INTERSECTS(CIRCLE(83.6, 22, 1), POINT(o.s_ra, o.s_dec))",
    "1 = CONTAINS(POINT(83.6, 22), CIRCLE(o.s_ra, o.s_dec, 1))",
    "DISTANCE(o.s_ra, o.s_dec, 83.6, 22) < 1",
    "DISTANCE(83.6, 22, o.s_ra, o.s_dec) <= 1",
    "1 > DISTANCE(POINT(o.s_ra, o.s_dec), POINT(83.6, 22))",
    "DISTANCE(o.s_ra, o.s_dec, 83.6, 22) BETWEEN 0 AND 1",
    "1 = CONTAINS(POINT(o.s_ra, o.s_dec), POLYGON(83, 21, 84, 21, 84, 23))",
    "1 = CONTAINS(POINT(o.s_ra, o.s_dec), BOX(83, 21, 1, 1))",
    "1 = CONTAINS(POINT(o.s_ra, o.s_dec), CIRCLE(83.6, 22, 1)) AND o.t_min > 5",
)
REGION = (
    "1 = INTERSECTS(o.s_region, CIRCLE('ICRS', 83.6, 22, 1))",
    "INTERSECTS(CIRCLE(83.6, 22, 1), o.s_region) = 1",
    "1 = INTERSECTS(o.s_region, POLYGON(83, 21, 84, 21, 84, 23))",
    "1 = CONTAINS(POINT(83.6, 22), o.s_region)",
    "1 = INTERSECTS(o.s_region, POINT(83.6, 22))",
    "1 = CONTAINS(o.s_region, CIRCLE(83.6, 22, 5))",
    "1 = CONTAINS(CIRCLE(83.6, 22, 0.1), o.s_region)",
)
JOINS = (
    'ivoa.obscore o JOIN tap_upload.mine m ON DISTANCE(m."Ra J2000", m."Dec J2000", o.s_ra, o.s_dec) < 0.1',
    'tap_upload.mine m, ivoa.obscore o WHERE 1 = CONTAINS(POINT(o.s_ra, o.s_dec), CIRCLE(m."Ra J2000", m."Dec J2000", 0.1))',
    'tap_upload.mine m, ivoa.obscore o WHERE 1 = CONTAINS(POINT(m."Ra J2000", m."Dec J2000"), CIRCLE(o.s_ra, o.s_dec, 0.1))',
    "cat.sources s JOIN ivoa.obscore o ON DISTANCE(POINT(s.ra, s.dec), POINT(o.s_ra, o.s_dec)) < 0.1",
)


def sql(where: str, dialect: Any) -> str:
    return translate(f'SELECT o."size" FROM {where}', world.SCHEMA, dialect, **world.OPTIONS).sql


def plan(connection: sqlite3.Connection, text: str) -> str:
    return "\n".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}"))


@pytest.mark.parametrize("condition", POSITION)
def test_a_cone_reaches_the_rtree(sqlite_archive: sqlite3.Connection, condition: str) -> None:
    found = plan(sqlite_archive, sql(f"ivoa.obscore AS o WHERE {condition}", "sqlite"))
    assert "product_position VIRTUAL TABLE INDEX 2" in found
    assert "SEARCH p USING INTEGER PRIMARY KEY" in found


@pytest.mark.parametrize("condition", REGION)
def test_an_overlap_reaches_the_rtree(sqlite_archive: sqlite3.Connection, condition: str) -> None:
    found = plan(sqlite_archive, sql(f"ivoa.obscore AS o WHERE {condition}", "sqlite"))
    assert "product_region VIRTUAL TABLE INDEX 2" in found
    assert "SEARCH p USING INTEGER PRIMARY KEY" in found


@pytest.mark.parametrize("join", JOINS)
def test_a_crossmatch_reaches_the_rtree(sqlite_archive: sqlite3.Connection, join: str) -> None:
    found = plan(sqlite_archive, sql(join, "sqlite"))
    assert "VIRTUAL TABLE INDEX 2" in found
    assert "USING INTEGER PRIMARY KEY" in found


def test_what_hangs_on_the_row_itself_does_not_ask_the_index(sqlite_archive: sqlite3.Connection) -> None:
    for condition in (
        "DISTANCE(o.s_ra, o.s_dec, 83.6, 22) < o.s_fov",
        "1 = CONTAINS(POINT(o.s_ra, o.s_dec), o.s_region)",
        "NOT (DISTANCE(o.s_ra, o.s_dec, 83.6, 22) < 1)",
        "0 = CONTAINS(POINT(o.s_ra, o.s_dec), CIRCLE(83.6, 22, 1))",
    ):
        assert "VIRTUAL TABLE" not in plan(sqlite_archive, sql(f"ivoa.obscore AS o WHERE {condition}", "sqlite"))


@pytest.mark.slow
@pytest.mark.parametrize("source", [f"ivoa.obscore AS o WHERE {c}" for c in POSITION + REGION] + list(JOINS))
def test_the_gist_index_is_used(postgresql_archive: psycopg.Connection[Any], source: str) -> None:
    """The tables are small: sequential scans are forbidden, to see whether the index can be used at all."""
    with postgresql_archive.transaction():
        postgresql_archive.execute("SET LOCAL enable_seqscan = off")
        rows = postgresql_archive.execute(f"EXPLAIN {sql(source, 'postgresql')}").fetchall()
    assert "_sky" in "\n".join(row[0] for row in rows)


def test_the_search_for_words_becomes_a_part_of_the_statement(postgresql_archive: psycopg.Connection[Any]) -> None:
    """A call for each of a million rows takes a minute; an expression of the statement itself some seconds."""
    text = sql("ivoa.obscore AS o WHERE 1 = ivo_hasword(o.target_name, 'nebula')", "postgresql")
    rows = postgresql_archive.execute(f"EXPLAIN VERBOSE {text}").fetchall()
    assert "hasword" in text
    assert "adql." not in "\n".join(row[0] for row in rows)


def _index(connection: sqlite3.Connection, tree: str) -> list[tuple[float, ...]]:
    return connection.execute(f"SELECT * FROM {tree} ORDER BY id").fetchall()


def test_triggers_keep_the_index_in_step() -> None:
    connection = sqlite3.connect(":memory:")
    rows = world.products()[:30]
    table = world.TABLES[0]
    insert = f"INSERT INTO product VALUES ({', '.join('?' * len(rows[0]))})"
    connection.execute(world.create_sql("product", rows))
    connection.executemany(insert, [tuple(row.values()) for row in rows[:10]])
    for statement in index_ddl(table, "sqlite"):
        connection.execute(statement)
    rtree.fill(connection, table)
    connection.executemany(insert, [tuple(row.values()) for row in rows[10:]])
    connection.execute("UPDATE product SET x = 1, y = 0, z = 0 WHERE id = 1")
    connection.execute("UPDATE product SET x = NULL, region_x = NULL WHERE id = 2")
    connection.execute("UPDATE product SET s_fov = 3 WHERE id = 3")
    connection.execute("DELETE FROM product WHERE id = 4")
    kept = {tree: _index(connection, tree) for tree in ("product_position", "product_region")}
    for statement in (*drop_ddl(table, "sqlite"), *index_ddl(table, "sqlite")):
        connection.execute(statement)
    rtree.fill(connection, table)
    for tree, cells in kept.items():
        for before, after in zip(cells, _index(connection, tree), strict=True):
            assert after == pytest.approx(before, abs=1e-6)
    assert len(kept["product_position"]) > 20


@pytest.mark.parametrize("count", [0, 1, 51, 52, 2601, 2602, 7000])
def test_an_index_of_many_rows_is_whole_and_goes_on_living(count: int) -> None:
    connection = sqlite3.connect(":memory:")
    chance = random.Random(count)
    places = [geometry.vector(chance.uniform(0, 360), chance.uniform(-90, 90)) for _ in range(count)]
    rows = [(3 * i + 1, *v, *v, chance.uniform(0, 5)) for i, v in enumerate(places)]
    connection.execute("CREATE TABLE p (id INTEGER PRIMARY KEY, x, y, z, region_x, region_y, region_z, region_radius)")
    connection.executemany("INSERT INTO p VALUES (?,?,?,?,?,?,?,?)", [*rows, (2, *[None] * 7)])
    table = PublishedTable(
        name="a.p", physical="p", columns=(), positions=(SkyPosition(ra="a", dec="d", rtree="pos"),),
        regions=(SkyRegion(column="r", rtree="reg"),),
    )  # fmt: skip
    for statement in index_ddl(table, "sqlite"):
        connection.execute(statement)
    for _again in range(2):
        rtree.fill(connection, table)
        for tree in ("pos", "reg"):
            assert connection.execute("SELECT rtreecheck(?)", (tree,)).fetchone() == ("ok",)
            assert [row[0] for row in _index(connection, tree)] == [row[0] for row in rows]
    for number, (x, y, z) in enumerate(places):
        (cell,) = connection.execute("SELECT x0, x1, y0, y1, z0, z1 FROM pos WHERE id = ?", (3 * number + 1,))
        assert cell[0] <= x <= cell[1]
        assert cell[2] <= y <= cell[3]
        assert cell[4] <= z <= cell[5]
    connection.execute("DELETE FROM p WHERE id % 2 = 1")
    connection.executemany("INSERT INTO p VALUES (?,?,?,?,?,?,?,?)", [(10**6 + row[0], *row[1:]) for row in rows])
    for tree in ("pos", "reg"):
        assert connection.execute("SELECT rtreecheck(?)", (tree,)).fetchone() == ("ok",)


@pytest.mark.slow
def test_the_index_can_be_dropped_on_postgresql(postgresql_archive: psycopg.Connection[Any]) -> None:
    count = "SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'product%sky'"
    with postgresql_archive.transaction(force_rollback=True):
        for statement in drop_ddl(world.TABLES[0], "postgresql"):
            postgresql_archive.execute(statement)
        assert postgresql_archive.execute(count).fetchone() == (0,)
    assert postgresql_archive.execute(count).fetchone() == (2,)


KEY = Column(name="key", datatype="char", arraysize="*")


def with_key(identity: str) -> Schema:
    """The products' two tables, each with the column that tells their rows apart."""
    return Schema(
        [
            replace(one, columns=(KEY, *one.columns), identity=identity) if one.physical == "product" else one
            for one in world.TABLES
        ]
    )


BOTH = "ivoa.obscore NATURAL JOIN arc.obsconfig"
ONE_TABLE = (
    f"SELECT * FROM {BOTH}",
    f"SELECT obs_id, zenith, target_name FROM {BOTH} WHERE zenith > 20 AND s_fov > 1",
    f"SELECT n_tels, COUNT(*) AS n FROM {BOTH} WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(10, 20, 30)) GROUP BY n_tels",
    f"SELECT q.zenith FROM (SELECT zenith, data_rights FROM {BOTH}) AS q WHERE q.data_rights = 'public'",
    "SELECT a.obs_id, c.n_tels FROM ivoa.obscore AS a NATURAL JOIN arc.obsconfig AS c",
)
TWO_TABLES = (
    "SELECT COUNT(*) FROM ivoa.obscore NATURAL LEFT JOIN arc.obsconfig",
    "SELECT COUNT(*) FROM ivoa.obscore AS a JOIN arc.obsconfig AS b ON a.obs_id = b.obs_id AND b.zenith > 20",
    "SELECT COUNT(*) FROM cat.sources AS s LEFT JOIN ivoa.obscore AS a ON s.ra < a.s_ra NATURAL JOIN arc.obsconfig AS b",
)


@pytest.mark.parametrize("query", [*ONE_TABLE, *TWO_TABLES], ids=range(len(ONE_TABLE) + len(TWO_TABLES)))
def test_tables_over_the_same_rows_are_read_once(behind_wall: sqlite3.Connection, query: str) -> None:
    joined = translate(query, with_key(""), "sqlite", **world.OPTIONS)
    once = translate(query, with_key("key"), "sqlite", **world.OPTIONS)
    assert (" JOIN " in once.sql) == (query in TWO_TABLES)
    assert once.columns == joined.columns
    answers = [sorted(behind_wall.execute(one.sql).fetchall(), key=repr) for one in (joined, once)]
    assert answers[0] == answers[1]
    assert answers[0]
