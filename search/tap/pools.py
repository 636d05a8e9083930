"""How many queries run at once: anonymous visitors share one pool, each user has places of their own."""

import threading
import time
from collections import Counter
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from gateway.access.rights import Viewer
from gateway.vo.dali import DaliError

WAIT = 10.0
"""seconds that a query waits for a place before it is refused"""
QUEUE = 4
"""anonymous queries that may wait for each one that runs: fifty visitors who press Search at once are all served"""


class Pools:
    """Places of this process, by user; None is the pool of all anonymous visitors."""

    def __init__(self) -> None:
        self._running: Counter[UUID | None] = Counter()
        self._waiting: Counter[UUID | None] = Counter()
        self._changed = threading.Condition()

    def enter(self, viewer: Viewer) -> UUID | None:
        """Takes a place, waiting a little; refused with 503 and Retry-After when none gets free."""
        key = viewer.user_id
        limit = settings.TAP_USER_RUNNING if viewer.is_authenticated else settings.TAP_ANONYMOUS_RUNNING
        end = time.monotonic() + WAIT
        with self._changed:
            if self._running[key] >= limit:
                self._wait(key, viewer, limit, end)
            self._running[key] += 1
        return key

    def _wait(self, key: UUID | None, viewer: Viewer, limit: int, end: float) -> None:
        """Each that waits holds a thread of the web process: beyond a number of them one is refused at once."""
        if self._waiting[key] >= (limit if viewer.is_authenticated else QUEUE * limit):
            raise self._refusal(viewer, limit)
        self._waiting[key] += 1
        try:
            while self._running[key] >= limit:
                if not self._changed.wait(end - time.monotonic()):
                    raise self._refusal(viewer, limit)
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]

    def leave(self, key: UUID | None) -> None:
        with self._changed:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]
            self._changed.notify_all()

    def running(self, key: UUID | None) -> int:
        return self._running[key]

    def _refusal(self, viewer: Viewer, limit: int) -> DaliError:
        text = (
            _("You have %(limit)d queries running already. Wait for one of them, or send the query to /tap/async.")
            if viewer.is_authenticated
            else _("%(limit)d anonymous queries are running already. Try again in a moment, or sign in.")
        )
        return DaliError(503, text % {"limit": limit}, headers={"Retry-After": "10"})


pools = Pools()
