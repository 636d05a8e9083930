"""The database is the queue: who gets which job, and who may write to it.

A run holds a *claim*: a token in the row, with a lease that it renews. Every write of a run is a conditional UPDATE
on that token, so a worker that was stopped or cut off cannot write once the job went on without it.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import OperationalError, close_old_connections, connection, transaction
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from jobs.errors import LostClaim
from jobs.limits import limits
from jobs.models import Job, JobEvent
from jobs.phases import Act, Ending, Outcome, Phase, phases_before

T = TypeVar("T")
CANDIDATES = 8
PATIENCE = 4
"""tries of a write while the database is locked or away (each waits for the database's own timeout)"""


def persistently(write: Callable[[], T]) -> T:
    """Repeats a write that found the database locked or gone; writes of this module may be repeated."""
    for attempt in range(PATIENCE):
        try:
            return write()
        except OperationalError:
            if attempt == PATIENCE - 1 or connection.in_atomic_block:
                raise
            close_old_connections()
    raise AssertionError


# --- order -----------------------------------------------------------------------------------------------------------


def waiting(queues: Sequence[str], now: datetime) -> QuerySet[Job]:
    ready = Q(not_before__isnull=True) | Q(not_before__lte=now)
    return Job.objects.filter(ready, phase=Phase.QUEUED, queue__in=queues)


def in_order(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Staff first, then whoever has the fewest jobs executing, then age."""
    running = Job.objects.filter(phase=Phase.EXECUTING).values_list("owner_id").annotate(Count("id")).order_by()
    loads = [When(Q(owner_id=owner) if owner else Q(owner__isnull=True), then=Value(count)) for owner, count in running]
    load = Case(*loads, default=Value(0), output_field=IntegerField()) if loads else Value(0)
    return jobs.annotate(load=load).order_by("-priority", "load", "queued", "id")


def position(job: Job) -> int | None:
    """How many jobs of its class stand before it, or None when it does not wait."""
    if job.phase != Phase.QUEUED:
        return None
    ids = in_order(waiting([job.queue], timezone.now())).values_list("id", flat=True)
    return next((number for number, other in enumerate(ids[:1000]) if other == job.id), None)


# --- claim, lease ----------------------------------------------------------------------------------------------------


def claim(queues: Sequence[str], worker: str) -> Job | None:
    """Takes the best waiting job of these classes for a new run, or None."""
    now = timezone.now()
    for candidate in in_order(waiting(queues, now)).values_list("id", flat=True)[:CANDIDATES]:
        token = secrets.token_hex(16)
        with transaction.atomic():
            taken = Job.objects.filter(pk=candidate, phase__in=phases_before(Act.CLAIM)).update(
                phase=Phase.EXECUTING,
                claim=token,
                lease=_lease(now),
                worker=worker,
                attempts=F("attempts") + 1,
                started=now,
                ended=None,
                progress=None,
                step="",
                steps=[],
                warnings=[],
            )
            if taken:
                JobEvent.objects.create(job_id=candidate, time=now, who=worker, what="started")
        if taken:
            return Job.objects.select_related("owner", "policy").get(pk=candidate)
    return None


def _lease(now: datetime) -> datetime:
    return now + timedelta(seconds=limits().lease)


def renew(job: Job, **changes: Any) -> None:
    """Renews the lease, with changes of progress; ``LostClaim`` when the run may not write any more."""

    def write() -> int:
        held = Job.objects.filter(pk=job.pk, claim=job.claim, phase=Phase.EXECUTING)
        return held.update(lease=_lease(timezone.now()), **changes)

    if not persistently(write):
        raise LostClaim(str(job.pk))


def still_mine(job: Job) -> bool:
    """A read, for the moments between two renewals."""
    return Job.objects.filter(pk=job.pk, claim=job.claim, phase=Phase.EXECUTING).exists()


# --- end -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Closing:
    """What the ending writes besides the phase."""

    ending: Ending
    outcome: Outcome
    who: str
    changes: "dict[str, Any]"


def end(job: Job, closing: Closing) -> datetime:
    """Within the caller's transaction: the run's last write, or ``LostClaim``. Returns the end time."""
    now = timezone.now()
    ending, outcome = closing.ending, closing.outcome
    changes: dict[str, Any] = {
        **closing.changes,
        "phase": ending.phase,
        "claim": "",
        "lease": None,
        "exit_code": outcome.exit_code,
        "error_type": ending.error_type,
        "error_message": outcome.message if ending.error_type else "",
        "error_detail": outcome.detail if ending.error_type else "",
    }
    if ending.phase == Phase.QUEUED:
        changes |= {"started": None, "not_before": now + timedelta(seconds=ending.delay)}
        if not ending.counts_as_attempt:
            changes["attempts"] = F("attempts") - 1
    else:
        changes["ended"] = now
    if not Job.objects.filter(pk=job.pk, claim=job.claim, phase=Phase.EXECUTING).update(**changes):
        raise LostClaim(str(job.pk))
    what = "queued again" if ending.phase == Phase.QUEUED else ending.phase.lower()
    JobEvent.objects.create(job_id=job.pk, time=now, who=closing.who, what=what, why=outcome.message[:300])
    return now
