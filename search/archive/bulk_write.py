"""Blocks of product rows into the table: COPY and one statement on PostgreSQL, executemany on SQLite."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

Write = Callable[[Sequence[str], Sequence[Sequence[Any]]], None]
STAGED = "ingested_rows"
# What makes a row the one it is, and what the gateway says of its file: kept when a row is brought up to date.
FIXED = ("key", "obs_publisher_did", "storage_key", "file_name", "sha256", "suspect", "parts", "header", "created")


@contextmanager
def writer() -> Iterator[Write]:
    """``write(columns, rows)`` for blocks of the same columns, inside the caller's transaction.

    A row that is known by its identifier is brought up to date; one whose file lies here is left alone.
    """
    if connection.vendor == "sqlite":
        yield _executemany
        return
    with connection.cursor() as cursor:
        # Foreign keys judged at the end would forbid to make an index before it.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    yield _copy
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {STAGED}")


def _executemany(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    marks = ", ".join(["?"] * len(columns))
    statement = f"INSERT INTO archive_product ({', '.join(columns)}) VALUES ({marks}) {_upsert(columns)}"  # noqa: S608
    # The connection itself: Django's cursor would look through the statement and its parameters for each block.
    connection.connection.executemany(statement, rows)


def _copy(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Through a temporary table, since COPY knows no conflicts; of rows with one identifier the last counts."""
    names = ", ".join(columns)
    last = {row[columns.index("obs_publisher_did")]: row for row in rows}
    with connection.cursor() as cursor:
        chosen = f"SELECT {names} FROM archive_product WITH NO DATA"  # noqa: S608 - names of the model alone
        cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {STAGED} ON COMMIT DROP AS {chosen}")
        with cursor.copy(f"COPY {STAGED} ({names}) FROM STDIN") as copy:
            for row in last.values():
                copy.write_row(row)
        cursor.execute(
            f"INSERT INTO archive_product ({names}) SELECT {names} FROM {STAGED} {_upsert(columns)};"  # noqa: S608
            f"TRUNCATE {STAGED}"
        )


def _upsert(columns: Sequence[str]) -> str:
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in FIXED)
    return f"ON CONFLICT (obs_publisher_did) DO UPDATE SET {updates} WHERE archive_product.storage_key = ''"


def set_indexes_aside() -> list[str]:
    """Drops the indexes that only make searches fast; returns the statements that make them anew."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES[connection.vendor])
        found = [(name, made) for name, made in cursor.fetchall() if not made.startswith("CREATE UNIQUE")]
        for name, _made in found:
            cursor.execute(f'DROP INDEX "{name}"')
    return [made for _name, made in found]


_INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'archive_product' AND sql <> ''",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'archive_product'",
}


def make_indexes(statements: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
