"""WAIT: a client blocks until the phase of its job changes (UWS 1.1, section 2.2.1.1).

Worker and web are different processes, so the database is asked; one poller a process asks for all its waiters with
one statement. A waiter holds a thread and no database connection.
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

INTERVAL = 0.05
CHUNK = 500


class Waiters:
    """The waiting clients of this process."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._wanted: dict[UUID, int] = {}
        self._phases: dict[UUID, str | None] = {}
        self._count = 0
        self._polling = False

    def wait(self, job_id: UUID, phase: str, seconds: float, request: HttpRequest) -> None:
        """Returns when the phase is another, after ``seconds``, or when the client went away; at once when the
        process has as many waiters as it may."""
        deadline = time.monotonic() + seconds
        with self._condition:
            if self._count >= limits().waiters:
                return
            self._count += 1
            self._wanted[job_id] = self._wanted.get(job_id, 0) + 1
            self._phases.setdefault(job_id, phase)
            if not self._polling:
                self._polling = True
                threading.Thread(target=self._poll, name="uws-wait", daemon=True).start()
        connection.close()
        try:
            self._sleep(job_id, phase, deadline, request)
        finally:
            with self._condition:
                self._count -= 1
                self._wanted[job_id] -= 1
                if not self._wanted[job_id]:
                    del self._wanted[job_id]
                    self._phases.pop(job_id, None)

    def _sleep(self, job_id: UUID, phase: str, deadline: float, request: HttpRequest) -> None:
        with self._condition:
            while self._phases.get(job_id, phase) == phase:
                left = deadline - time.monotonic()
                if left <= 0 or gone(request):
                    return
                self._condition.wait(min(left, 2.0))

    def _poll(self) -> None:
        """Ends when nobody waits."""
        try:
            while True:
                with self._condition:
                    if not self._wanted:
                        self._polling = False
                        return
                    ids = list(self._wanted)
                phases = self._ask(ids)
                with self._condition:
                    changed = False
                    for job_id in ids:
                        if job_id in self._wanted and phases is not None:
                            changed |= self._phases.get(job_id) != phases.get(job_id)
                            self._phases[job_id] = phases.get(job_id)
                    if changed:
                        self._condition.notify_all()
                time.sleep(INTERVAL)
        finally:
            connection.close()

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
