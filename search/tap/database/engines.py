"""Which database answers."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from django.db import connection

from search.tap.database import postgresql, sqlite
from search.tap.stopping import Stop
from search.tap.uploads import Upload


def dialect() -> Literal["sqlite", "postgresql"]:
    return "sqlite" if connection.vendor == "sqlite" else "postgresql"


def rows(sql: str, tables: frozenset[str], uploads: Sequence[Upload], stop: Stop) -> Iterator[Sequence[Any]]:
    """The rows of a translated query, as they come; closing the iterator ends the query."""
    if dialect() == "sqlite":
        return sqlite.rows(sql, tables, uploads, stop)
    return postgresql.rows(sql, uploads, stop)


def clear() -> None:
    """Closes idle connections (after a fork, between tests)."""
    sqlite.pool.clear()
    postgresql.pool.clear()
