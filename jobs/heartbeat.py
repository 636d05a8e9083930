"""A run's lease while its worker is busy for it: staging inputs, waiting for the runner, storing results."""

import logging
import threading
from contextlib import AbstractContextManager
from types import TracebackType

from django.db import DatabaseError, connection

from jobs import queue
from jobs.errors import LostClaim
from jobs.limits import limits
from jobs.models import Job

log = logging.getLogger(__name__)


class Heartbeat(AbstractContextManager["Heartbeat"]):
    """Renews the lease in a thread of its own; a large file or a slow archive may take longer than a lease."""

    def __init__(self, job: Job, every: float = 0.0) -> None:
        """``every``: s between two renewals; 0: a fifth of the lease."""
        self.job, self.every = job, every or limits().lease / 5
        self.ended = threading.Event()

    def __enter__(self) -> "Heartbeat":
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()

    def _beat(self) -> None:
        try:
            while not self.ended.wait(self.every):
                queue.renew(self.job)
        except LostClaim:
            # The run's own next write finds out.
            return
        except DatabaseError as error:
            log.warning("the lease was not renewed: %s", error)
        finally:
            connection.close()
