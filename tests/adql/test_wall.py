"""The second wall on SQLite: it holds even if the translator were wrong."""

import sqlite3

import pytest

from search.adql import sqlite
from tests.adql import world


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT password FROM auth_user",
        "SELECT count(*) FROM auth_user",
        "SELECT 1 FROM auth_user",
        "WITH w1 AS MATERIALIZED (SELECT password FROM auth_user) SELECT 7 FROM w1",
        "SELECT * FROM sqlite_master",
        "SELECT count(*) FROM sqlite_master",
        "SELECT name FROM pragma_table_info('product')",
        "SELECT load_extension('x')",
        "SELECT randomblob(1000)",
        "SELECT zeroblob(1000)",
        "SELECT sqlite_version()",
        "INSERT INTO sources (id) VALUES (99)",
        "UPDATE product SET policy_id = 1",
        "DELETE FROM product",
        "DELETE FROM product_position",
        "DROP TABLE product",
        "CREATE TEMP TABLE t (x)",
        "ATTACH DATABASE ':memory:' AS other",
        "PRAGMA user_version = 5",
        "VACUUM",
        "BEGIN",
        "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
    ],
)
def test_nothing_but_reading_published_tables_passes(behind_wall: sqlite3.Connection, statement: str) -> None:
    with pytest.raises(sqlite3.DatabaseError):
        behind_wall.execute(statement).fetchall()


def test_published_tables_and_their_index_can_be_read(behind_wall: sqlite3.Connection) -> None:
    (count,) = behind_wall.execute(
        "SELECT count(*) FROM product WHERE id IN (SELECT id FROM product_position)"
    ).fetchone()
    assert count > 300


def test_a_table_of_with_of_which_no_column_is_used_passes(run) -> None:
    query = "WITH a AS (SELECT DISTINCT id FROM cat.sources) SELECT 7 AS n FROM a RIGHT JOIN cat.sources AS b ON 1 = 1"
    assert len(run(query)[1]) > 1
    assert run("WITH a AS (SELECT DISTINCT id FROM cat.sources) SELECT COUNT(*) AS n FROM a, a AS b")[1][0][0] > 1


def test_a_table_that_is_not_listed_cannot_be_read(sqlite_archive: sqlite3.Connection) -> None:
    sqlite.wall(sqlite_archive, {"sources"})
    try:
        with pytest.raises(sqlite3.DatabaseError, match="prohibited"):
            sqlite_archive.execute("SELECT obs_id FROM product").fetchall()
    finally:
        sqlite.open_wall(sqlite_archive)


def test_a_runaway_query_is_stopped(behind_wall: sqlite3.Connection) -> None:
    sqlite.deadline(behind_wall, 0.05)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        behind_wall.execute("SELECT count(*) FROM product a, product b, product c, product d").fetchall()


def test_a_query_that_nobody_waits_for_is_stopped(behind_wall: sqlite3.Connection) -> None:
    sqlite.deadline(behind_wall, 60.0, cancelled=lambda: True)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        behind_wall.execute("SELECT count(*) FROM product a, product b, product c").fetchall()


def test_a_function_that_cannot_answer_gives_null() -> None:
    connection = sqlite3.connect(":memory:")
    sqlite.register(connection)
    for name, (arity, _) in sqlite.SCALARS.items():
        for value in ("NULL", "'x'", "1e308", "-1", "x''"):
            arguments = ", ".join([value] * max(arity, 6 if arity < 0 else 1))
            connection.execute(f"SELECT adql_{name}({arguments})").fetchone()
    assert connection.execute("SELECT adql_contains('x', 'y'), adql_area(NULL)").fetchone() == (None, None)


def test_the_readable_tables_are_the_published_ones() -> None:
    names = sqlite.readable(world.TABLES)
    assert {"product", "sources", "product_position", "product_position_node"} <= names
    assert "auth_user" not in names
