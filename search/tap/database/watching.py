"""One thread of a process that cancels PostgreSQL's statements once nobody waits for them any more.

It sees that the time limit is reached, that a client went away, that a job was aborted.
"""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from search.tap.stopping import Stop

log = logging.getLogger(__name__)
LOOK = 0.25
"""seconds between two looks"""
LONGEST_CANCEL = 5.0
"""seconds that a request to cancel may take, so that a server that hangs does not keep the others waiting"""


class _Watched:
    """A statement at work. The lock is held while it is cancelled, so that the cancellation cannot hit the next
    statement of the connection."""

    def __init__(self, connection: psycopg.Connection[Any], stop: Stop) -> None:
        self._connection: psycopg.Connection[Any] | None = connection
        self._stop = stop
        self._lock = threading.Lock()

    def look(self) -> None:
        with self._lock:
            if self._connection is not None and self._stop.reason():
                with suppress(psycopg.Error):
                    self._connection.cancel_safe(timeout=LONGEST_CANCEL)

    def end(self) -> None:
        with self._lock:
            self._connection = None


class _Watcher:
    """Looks at all statements in turn; its thread starts with the first of them and again after a fork."""

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """Without thread and statements, as a process is after a fork."""
        self._statements: set[_Watched] = set()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._work = threading.Event()
        self._over = threading.Event()

    def add(self, statement: _Watched) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tap-watcher", daemon=True)
                self._thread.start()
            self._statements.add(statement)
            self._work.set()

    def remove(self, statement: _Watched) -> None:
        with self._lock:
            self._statements.discard(statement)
        statement.end()

    def end(self) -> None:
        """Without thread until the next statement."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._over.set()
            self._work.set()
            thread.join()
            self._over.clear()
            self._work.clear()

    def _run(self) -> None:
        while self._work.wait() and not self._over.wait(LOOK):
            with self._lock:
                statements = list(self._statements)
                if not statements:
                    self._work.clear()
            for statement in statements:
                try:
                    statement.look()
                except Exception:
                    log.exception("whether a query is still wanted could not be found out")


_watcher = _Watcher()
os.register_at_fork(after_in_child=_watcher.start_anew)


def rest() -> None:
    """Ends the thread: a process that runs jobs is used for the next one only if no thread is left of the last."""
    _watcher.end()


@contextmanager
def watched(connection: psycopg.Connection[Any], stop: Stop) -> Iterator[None]:
    """The connection's statements are cancelled as soon as ``stop`` has a reason."""
    statement = _Watched(connection, stop)
    _watcher.add(statement)
    try:
        yield
    finally:
        _watcher.remove(statement)
