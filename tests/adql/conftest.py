"""The small archive on SQLite (always) and on PostgreSQL (``slow``)."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from search.adql import postgresql, sqlite
from search.adql.index import index_ddl
from search.adql.translate import Translation, translate
from tests.adql import world
from tests.support.postgresql import Cluster

Run = Callable[[str], tuple[Translation, list[tuple[Any, ...]]]]


@pytest.fixture(scope="session")
def sqlite_archive() -> Iterator[sqlite3.Connection]:
    """Behind the wall that the engine puts up: what the wall forbids fails here too."""
    connection = sqlite3.connect(":memory:")
    sqlite.register(connection)
    for name, rows in world.contents().items():
        connection.execute(world.create_sql(name, rows))
    for table in world.TABLES:
        for statement in index_ddl(table, "sqlite"):
            connection.execute(statement)
    for name, rows in world.contents().items():
        places = ", ".join("?" * len(rows[0]))
        connection.executemany(f'INSERT INTO "{name}" VALUES ({places})', [tuple(row.values()) for row in rows])
    connection.execute("CREATE TABLE auth_user (id INTEGER, password TEXT)")
    connection.execute("INSERT INTO auth_user VALUES (1, 'secret')")
    connection.commit()
    yield connection
    connection.close()


@pytest.fixture
def behind_wall(sqlite_archive: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    sqlite.wall(sqlite_archive, sqlite.readable([*world.TABLES, world.MINE]))
    sqlite.deadline(sqlite_archive, 20.0)
    yield sqlite_archive
    sqlite.no_deadline(sqlite_archive)
    sqlite.open_wall(sqlite_archive)


@pytest.fixture
def run(behind_wall: sqlite3.Connection) -> Run:
    def ask(query: str) -> tuple[Translation, list[tuple[Any, ...]]]:
        made = translate(query, world.SCHEMA, "sqlite", **world.OPTIONS)
        return made, behind_wall.execute(made.sql).fetchall()

    return ask


@pytest.fixture(scope="session")
def postgresql_archive() -> Iterator[psycopg.Connection[Any]]:
    with Cluster() as cluster, cluster.connect() as connection:
        connection.execute(postgresql.install_sql())
        for name, rows in world.contents().items():
            connection.execute(world.create_sql(name, rows))
            places = ", ".join(["%s"] * len(rows[0]))
            with connection.cursor() as cursor:
                cursor.executemany(f'INSERT INTO "{name}" VALUES ({places})', [tuple(row.values()) for row in rows])
        for table in world.TABLES:
            for statement in index_ddl(table, "postgresql"):
                connection.execute(statement)
        connection.execute("ANALYZE")
        yield connection


@pytest.fixture
def run_postgresql(postgresql_archive: psycopg.Connection[Any]) -> Run:
    def ask(query: str) -> tuple[Translation, list[tuple[Any, ...]]]:
        made = translate(query, world.SCHEMA, "postgresql", **world.OPTIONS)
        return made, postgresql_archive.execute(made.sql).fetchall()

    return ask
