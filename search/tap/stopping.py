"""When a running query must end: at its deadline, when its client has gone, when its job is aborted."""

import select
import socket
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from django.utils.translation import gettext as _

from gateway.vo.dali import DaliError

T = TypeVar("T")
STREAM_SECONDS = 3600.0
FIRST_ROWS, ROWS = 120, 250
"""rows that are asked of the database at a time, as many as the writers take (gateway.vo.cells); the first are few, so
that they leave at once, and yet all that a client shows on a page"""


class Stopped(DaliError):
    """The query was ended before its last row."""


class Stop:
    """Asked every so often by the database layer: ``reason()`` is None as long as the query may go on.

    ``seconds`` limits the time that the database works, so that a slow client may take its time with a long answer
    (up to ``STREAM_SECONDS`` in all); ``rows`` counts what it has given.
    ``wanted`` says whether anybody still waits for the answer.
    """

    def __init__(self, seconds: float, wanted: Callable[[], bool] = lambda: True) -> None:
        self.seconds = seconds
        self._wanted = wanted
        self._born = self._resumed = time.monotonic()
        self._spent = 0.0
        self.rows = 0
        self._next_look = 0.0
        self._reason: str | None = None

    def blocks(self, fetch: Callable[[int], list[T]]) -> Iterator[list[T]]:
        """The lists that ``fetch(count)`` gives, with the clock running only while it works.

        Fewer than were asked for are the last."""
        size = FIRST_ROWS
        while True:
            self._resumed = time.monotonic()
            block = fetch(size)
            self._spent += time.monotonic() - self._resumed
            self.rows += len(block)
            if block:
                yield block
            if len(block) < size:
                return
            size = ROWS

    def reason(self) -> str | None:
        now = time.monotonic()
        worked = self._spent + now - self._resumed
        if self._reason is None and (worked >= self.seconds or now - self._born >= STREAM_SECONDS):
            self._reason = "deadline"
        if self._reason is None and now >= self._next_look:
            self._next_look = now + 0.2
            self._reason = None if self._wanted() else "gone"
        return self._reason

    def error(self) -> Stopped:
        if self._reason == "gone":
            return Stopped(499, _("The query was stopped because its client went away or its job was aborted."))
        text = _(
            "The query reached its time limit of %(seconds)g s. Narrow it down (a smaller region, TOP), or run it"
            " as a job at /tap/async, where the limit is longer."
        )
        return Stopped(408, text % {"seconds": self.seconds})


def client_waits(environ: dict[str, object]) -> Callable[[], bool]:
    """Whether the client of a request still holds its connection; always yes where the server hides its socket."""
    connection = environ.get("gunicorn.socket")
    if not isinstance(connection, socket.socket):
        return lambda: True
    return lambda: _is_open(connection)


def _is_open(connection: socket.socket) -> bool:
    try:
        readable = select.poll()
        readable.register(connection, select.POLLIN)
        return not readable.poll(0) or bool(connection.recv(1, socket.MSG_PEEK))
    except (OSError, ValueError):
        return False
