"""The second wall on PostgreSQL: a login of its own that may read the published tables alone, a transaction that is
read-only, a time limit (``watching`` keeps it; statement_timeout, which also counts while a slow client takes its rows,
ends what that leaves). Rows come as the server finds them, by the protocol that takes one statement at a time and no
stacked ones.

Inside a transaction of the caller (and where TAP_DATABASE_URL is not set, which production forbids) the caller's own
login is used, in a savepoint that is read-only.
"""

import select
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, cast

import psycopg
from django.conf import settings
from django.db import connection as django_connection
from psycopg import sql as names

from gateway.vo.tables import Column
from search.tap.database.watching import watched
from search.tap.stopping import ROWS, STREAM_SECONDS, Stop
from search.tap.uploads import Upload

Row = Sequence[Any]
IDLE = 8
_TYPES = {
    "float": "real",
    "double": "double precision",
    "unsignedByte": "smallint",
    "short": "smallint",
    "int": "integer",
    "long": "bigint",
    "boolean": "smallint",
    "bit": "smallint",
}
Connection = psycopg.Connection[tuple[Any, ...]]


class _Pool:
    """Idle connections of the TAP login, the most recently used first."""

    def __init__(self) -> None:
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    def take(self) -> Connection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if _is_alive(connection):
                    return connection
                connection.close()
        return _open()

    def give(self, connection: Connection) -> None:
        with self._lock:
            if len(self._idle) < IDLE and not connection.closed:
                self._idle.append(connection)
                return
        connection.close()

    def clear(self) -> None:
        with self._lock:
            while self._idle:
                self._idle.pop().close()


pool = _Pool()


def _is_alive(connection: Connection) -> bool:
    """Costs no round trip: the server says nothing to an idle connection but that it ends (a restart, a time-out)."""
    if connection.closed or connection.broken:
        return False
    ready = select.poll()
    ready.register(connection.fileno(), select.POLLIN)
    return not ready.poll(0)


def _open() -> Connection:
    if settings.TAP_DATABASE_URL:
        connection = psycopg.connect(settings.TAP_DATABASE_URL, connect_timeout=5, application_name="tap")
    else:
        parameters = django_connection.get_connection_params()
        wanted = {
            name: parameters[name] for name in ("dbname", "user", "password", "host", "port") if name in parameters
        }
        connection = psycopg.connect(**wanted, connect_timeout=5, application_name="tap")
    # One statement runs in one transaction: to keep its plan would gain nothing.
    connection.prepare_threshold = None
    connection.execute("SET jit = off")
    # Several cores for one query are several that others wait for.
    connection.execute("SET max_parallel_workers_per_gather = 0")
    # The child of a worker that carries out a job is killed when the job is aborted, and says nothing any more.
    connection.execute("SET client_connection_check_interval = '1s'")
    connection.commit()
    return connection


def blocks(sql: str, uploads: Sequence[Upload], stop: Stop) -> Iterator[list[Row]]:
    """The rows of the translated query, in lists."""
    if django_connection.in_atomic_block:
        yield from _inside_transaction(sql, uploads, stop)
        return
    connection = pool.take()
    try:
        for upload in uploads:
            _load(connection, upload)
        yield from _cursor(connection, sql, stop)
    finally:
        _give_back(connection)


def _give_back(connection: Connection) -> None:
    try:
        connection.rollback()
    except psycopg.Error:
        connection.close()
    pool.give(connection)


def _inside_transaction(sql: str, uploads: Sequence[Upload], stop: Stop) -> Iterator[list[Row]]:
    django_connection.ensure_connection()
    connection: Connection = django_connection.connection
    with connection.transaction(force_rollback=True):
        for upload in uploads:
            _load(connection, upload)
        found = list(_cursor(connection, sql, stop))
    yield from found


def _cursor(connection: Connection, sql: str, stop: Stop) -> Iterator[list[Row]]:
    """The rows, from a transaction that reads only from here on.

    They come as the server finds them, and it waits while nobody takes them: a third less work for it than to keep them
    for one FETCH after another.
    """
    with connection.pipeline():
        connection.execute("SET LOCAL transaction_read_only = on")
        connection.execute(f"SET LOCAL statement_timeout = {int(STREAM_SECONDS * 1000)}".encode())
    try:
        rows = cast(Generator[Row], connection.cursor(binary=True).stream(sql.encode(), size=ROWS))
        with watched(connection, stop), closing(rows):
            yield from stop.blocks(lambda count: list(islice(rows, count)))
    except psycopg.errors.QueryCanceled as error:
        stop.reason()
        raise stop.error() from error


def _load(connection: Connection, upload: Upload) -> None:
    """The uploaded rows as a temporary table that ends with the transaction."""
    columns = upload.table.columns
    table = names.Identifier(upload.table.physical)
    described = names.SQL(", ").join(
        names.SQL("{} {}").format(names.Identifier(column.source), names.SQL(_type(column))) for column in columns
    )
    connection.execute(names.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(table, described))
    with connection.cursor() as cursor, cursor.copy(names.SQL("COPY {} FROM STDIN").format(table)) as copy:
        for row in upload.rows:
            copy.write_row(row)
    connection.execute(names.SQL("ANALYZE {}").format(table))


def _type(column: Column) -> str:
    if column.arraysize and column.datatype not in ("char", "unicodeChar"):
        return "text"
    return _TYPES.get(column.datatype, "text")
