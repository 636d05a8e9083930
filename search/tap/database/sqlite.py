"""The second wall on SQLite: a read-only connection, an authorizer that knows the query's tables, a deadline.

Inside a transaction of the caller the caller's own connection is used, guarded for the time of the query, so that it
sees its own rows; the answer is then fetched whole. Everywhere else a connection from a small pool streams.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection as django_connection

from gateway.vo.tables import Column
from search.adql import sqlite as dialect
from search.tap.stopping import Stop
from search.tap.uploads import Upload

Row = Sequence[Any]
STEPS = 20_000
"""virtual machine instructions between two looks at the clock"""
IDLE = 8
_TYPES = {"float": "REAL", "double": "REAL"}
_WHOLE = ("unsignedByte", "short", "int", "long", "boolean", "bit")


class _Pool:
    """Idle connections, the most recently used first: its caches are warm."""

    def __init__(self) -> None:
        self._idle: list[tuple[str, sqlite3.Connection]] = []
        self._lock = threading.Lock()

    def take(self) -> tuple[str, sqlite3.Connection]:
        path = str(django_connection.settings_dict["NAME"])
        with self._lock:
            while self._idle:
                known, connection = self._idle.pop()
                if known == path:
                    return known, connection
                connection.close()
        return path, _open(path)

    def give(self, path: str, connection: sqlite3.Connection) -> None:
        with self._lock:
            if len(self._idle) < IDLE:
                self._idle.append((path, connection))
                return
        connection.close()

    def clear(self) -> None:
        with self._lock:
            while self._idle:
                self._idle.pop()[1].close()


pool = _Pool()


def _open(path: str) -> sqlite3.Connection:
    uri = path if path.startswith("file:") else f"file:{path}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None, timeout=20)
    connection.execute("PRAGMA cache_size=-8000")
    dialect.register(connection)
    return connection


def prepare(sender: Any, connection: Any, **_kwargs: Any) -> None:
    """Receiver of connection_created: functions cannot be given to a connection while it is at work."""
    if connection.vendor == "sqlite":
        dialect.register(connection.connection)


def blocks(sql: str, tables: frozenset[str], uploads: Sequence[Upload], stop: Stop) -> Iterator[list[Row]]:
    """The rows of the translated query; ``tables`` are the physical tables it may read."""
    if django_connection.in_atomic_block:
        yield from _inside_transaction(sql, tables, uploads, stop)
        return
    path, connection = pool.take()
    reusable = False
    try:
        for upload in uploads:
            _load(connection, upload)
        with _guarded(connection, tables, stop):
            yield from _cursor(connection, sql, stop)
        reusable = not uploads
    except GeneratorExit:
        reusable = not uploads
        raise
    finally:
        if reusable:
            pool.give(path, connection)
        else:
            connection.close()


def _inside_transaction(sql: str, tables: frozenset[str], uploads: Sequence[Upload], stop: Stop) -> Iterator[list[Row]]:
    django_connection.ensure_connection()
    connection: sqlite3.Connection = django_connection.connection
    for upload in uploads:
        _load(connection, upload)
    try:
        with _guarded(connection, tables, stop):
            found = list(_cursor(connection, sql, stop))
    finally:
        for upload in uploads:
            connection.execute(f'DROP TABLE temp."{upload.table.physical}"')
    yield from found


@contextlib.contextmanager
def _guarded(connection: sqlite3.Connection, tables: frozenset[str], stop: Stop) -> Iterator[None]:
    dialect.wall(connection, tables)
    connection.set_progress_handler(lambda: 1 if stop.reason() else 0, STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)
        dialect.open_wall(connection)


def _cursor(connection: sqlite3.Connection, sql: str, stop: Stop) -> Iterator[list[Row]]:
    cursor = connection.cursor()
    cursor.row_factory = None
    try:
        cursor.execute(sql)
        yield from stop.blocks(cursor.fetchmany)
    except sqlite3.OperationalError as error:
        if stop.reason():
            raise stop.error() from error
        raise
    finally:
        cursor.close()


def _load(connection: sqlite3.Connection, upload: Upload) -> None:
    """The uploaded rows as a temporary table: of this connection only, gone with it."""
    columns = upload.table.columns
    described = ", ".join(f'"{column.source}" {_affinity(column)}' for column in columns)
    connection.execute(f'CREATE TEMP TABLE "{upload.table.physical}" ({described})')
    places = ", ".join("?" * len(columns))
    connection.execute("SAVEPOINT load_upload")
    connection.executemany(f'INSERT INTO temp."{upload.table.physical}" VALUES ({places})', upload.rows)  # noqa: S608
    connection.execute("RELEASE load_upload")


def _affinity(column: Column) -> str:
    if column.arraysize and column.datatype not in ("char", "unicodeChar"):
        return "TEXT"
    return "INTEGER" if column.datatype in _WHOLE else _TYPES.get(column.datatype, "TEXT")
