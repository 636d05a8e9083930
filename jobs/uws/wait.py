"""WAIT: a client blocks until the phase of its job changes (UWS 1.1, section 2.2.1.1).

Worker and web are different processes, so the database is asked; one poller a process asks for all its waiters with
one statement. Opening a connection to PostgreSQL takes ten times as long as such a statement: the poller keeps its own
for a moment after the last waiter, and only who waits longer than that gives up the connection of its thread.
"""

import re
import socket
import threading
import time
from typing import Any
from uuid import UUID

from django.db import connection
from django.http import HttpRequest

from jobs.limits import limits
from jobs.models import Job
from jobs.phases import Phase

INTERVAL = 0.05
"""s between two looks"""
BRIEF = 1.0
"""s in which most short jobs end: so long looks are more frequent and connections are kept"""
BRIEF_INTERVAL = 0.02
SETTLE = 0.5
"""s in which a job that has just begun may end before the client is told that it began: most queries do, and a client
that asks a second time (pyvo sleeps for a second before it does) would have its answer later"""
CHUNK = 500


class Waiters:
    """The waiting clients of this process."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._wanted: dict[UUID, int] = {}
        self._phases: dict[UUID, str | None] = {}
        self._count = 0
        self._polling = False
        self._came = 0.0
        """when the youngest waiter came"""

    def wait(self, job_id: UUID, phase: str, seconds: float, request: HttpRequest) -> None:
        """Returns when the phase is another, after ``seconds``, or when the client went away; at once when the
        process has as many waiters as it may."""
        now = time.monotonic()
        deadline = now + seconds
        with self._condition:
            if self._count >= limits().waiters:
                return
            self._count += 1
            self._wanted[job_id] = self._wanted.get(job_id, 0) + 1
            self._phases.setdefault(job_id, phase)
            self._came = now
            self._condition.notify_all()
            if not self._polling:
                self._polling = True
                threading.Thread(target=self._poll, name="uws-wait", daemon=True).start()
        try:
            if not self._changes(job_id, phase, min(now + BRIEF, deadline), request):
                # A thread that waits long must not hold a connection that it does not use.
                connection.close()
                self._changes(job_id, phase, deadline, request)
            self._changes(job_id, Phase.EXECUTING, min(time.monotonic() + SETTLE, deadline), request)
        finally:
            with self._condition:
                self._count -= 1
                self._wanted[job_id] -= 1
                if not self._wanted[job_id]:
                    del self._wanted[job_id]
                    self._phases.pop(job_id, None)

    def _changes(self, job_id: UUID, phase: str, deadline: float, request: HttpRequest) -> bool:
        """Whether the phase became another before the deadline."""
        with self._condition:
            while self._phases.get(job_id, phase) == phase:
                left = deadline - time.monotonic()
                if left <= 0 or gone(request):
                    return False
                self._condition.wait(min(left, 2.0))
            return True

    def _poll(self) -> None:
        """Ends when nobody has waited for a moment."""
        try:
            while ids := self._asked_for():
                phases = self._ask(ids)
                with self._condition:
                    changed = False
                    for job_id in ids:
                        if job_id in self._wanted and phases is not None:
                            changed |= self._phases.get(job_id) != phases.get(job_id)
                            self._phases[job_id] = phases.get(job_id)
                    if changed:
                        self._condition.notify_all()
                time.sleep(BRIEF_INTERVAL if time.monotonic() - self._came < BRIEF else INTERVAL)
        finally:
            connection.close()

    def _asked_for(self) -> list[UUID]:
        with self._condition:
            if not self._condition.wait_for(lambda: self._wanted, BRIEF):
                self._polling = False
            return list(self._wanted)

    @staticmethod
    def _ask(ids: list[UUID]) -> dict[UUID, str] | None:
        try:
            return dict(Job.objects.filter(pk__in=ids[:CHUNK]).values_list("id", "phase"))
        except Exception:
            # A database that is away for a moment must not end the waiting of everybody.
            connection.close()
            return None


waiters = Waiters()


def gone(request: HttpRequest) -> bool:
    """Whether the client closed its connection (gunicorn gives its socket)."""
    client: Any = request.META.get("gunicorn.socket")
    if client is None:
        return False
    try:
        return bool(client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"")
    except (BlockingIOError, InterruptedError):
        return False
    except (OSError, ValueError):
        return True


def seconds_of(text: str) -> float:
    """The asked WAIT within the server's cap; -1 means as long as the server likes. ValueError if no number."""
    if not re.fullmatch(r"-1|[0-9]{1,18}", text.strip(), re.ASCII):
        raise ValueError(text[:80])
    number = int(text)
    return float(limits().wait if number < 0 else min(number, limits().wait))
