"""Which database answers."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from django.db import connection

from search.tap.database import postgresql, sqlite
from search.tap.stopping import Stop
from search.tap.uploads import Upload


def dialect() -> Literal["sqlite", "postgresql"]:
    return "sqlite" if connection.vendor == "sqlite" else "postgresql"


def blocks(sql: str, tables: frozenset[str], uploads: Sequence[Upload], stop: Stop) -> Iterator[list[Sequence[Any]]]:
    """The rows of a translated query, as they come, in lists; closing the iterator ends the query."""
    if dialect() == "sqlite":
        return sqlite.blocks(sql, tables, uploads, stop)
    return postgresql.blocks(sql, uploads, stop)


def clear() -> None:
    """Closes idle connections (after a fork, between tests)."""
    sqlite.pool.clear()
    postgresql.pool.clear()
