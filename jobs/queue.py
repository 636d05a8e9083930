"""The database is the queue: who gets which job, and who may write to it.

A run holds a *claim*: a token in the row, with a lease that it renews. Every write of a run is a conditional UPDATE
on that token, so a worker that was stopped or cut off cannot write once the job went on without it.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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
SLURM = "slurm"
"""the class of jobs that a cluster carries out"""
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
    return Job.objects.filter(ready, phase=Phase.QUEUED, claim="", queue__in=queues)


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
    there = Job.objects.filter(phase=Phase.QUEUED, queue=SLURM).exclude(claim="")
    if job.claim:
        # The cluster starts what it was given in an order of its own; without more rules, in that of arrival.
        return there.filter(queued__lt=job.queued).count()
    ids = in_order(waiting([job.queue], timezone.now())).values_list("id", flat=True)
    before = there.count() if job.queue == SLURM else 0
    return next((before + number for number, other in enumerate(ids[:1000]) if other == job.id), None)


# --- claim, lease ----------------------------------------------------------------------------------------------------


FRESH: Mapping[str, Any] = {"ended": None, "progress": None, "step": "", "steps": [], "warnings": []}


def claim(queues: Sequence[str], worker: str) -> Job | None:
    """Takes the best waiting job of these classes for a new run, or None."""
    return _take(queues, worker, _started, "started")


def _started(now: datetime) -> Mapping[str, Any]:
    return {"phase": Phase.EXECUTING, "lease": _lease(now), "started": now}


def hand_over(worker: str) -> Job | None:
    """Takes the best job that waits for the cluster. It stays QUEUED until the cluster runs it (``begin``)."""
    return _take((SLURM,), worker, lambda _now: {"lease": None}, "given to the cluster")


def _take(
    queues: Sequence[str], worker: str, changes: Callable[[datetime], Mapping[str, Any]], what: str
) -> Job | None:
    best = in_order(waiting(queues, timezone.now())).values_list("id", "attempts", "queued")
    for key, attempts, queued in best[:CANDIDATES]:
        after = {"claim": secrets.token_hex(16), "worker": worker, "attempts": attempts + 1, **FRESH}
        with transaction.atomic():
            # A lock of the database may have been waited for; the lease must not have run out meanwhile.
            now = timezone.now()
            after |= changes(now)
            # As it was read: a job that was run, ended and queued again since then is left for the next look.
            free = Job.objects.filter(
                pk=key, phase__in=phases_before(Act.CLAIM), claim="", attempts=attempts, queued=queued
            )
            if free.update(**after):
                JobEvent.objects.bulk_create([JobEvent(job_id=key, time=now, who=worker, what=what)])
                return Job.objects.select_related("owner", "policy").get(pk=key)
    return None


def begin(job: Job, worker: str) -> None:
    """The cluster runs it: EXECUTING from now on. Once more it changes nothing."""
    now = timezone.now()
    changes = {"phase": Phase.EXECUTING, "started": now, "worker": worker, "step": ""}
    with transaction.atomic():
        if Job.objects.filter(pk=job.pk, claim=job.claim, phase=Phase.QUEUED).update(**changes):
            JobEvent.objects.create(job_id=job.pk, time=now, who=worker, what="started")
            job.phase, job.started, job.worker = Phase.EXECUTING, now, worker


def _lease(now: datetime) -> datetime:
    return now + timedelta(seconds=limits().lease)


def _held(job: Job) -> QuerySet[Job]:
    """The row while this run may write to it. What a cluster has taken is QUEUED until it runs there."""
    return Job.objects.filter(pk=job.pk, claim=job.claim, phase__in=(Phase.EXECUTING, Phase.QUEUED)).exclude(claim="")


def renew(job: Job, **changes: Any) -> None:
    """Renews the lease, with changes of progress; ``LostClaim`` when the run may not write any more.

    A run of a cluster has no lease: it lives although nobody of the gateway watches it.
    """

    def write() -> int:
        lease = None if job.queue == SLURM else _lease(timezone.now())
        return _held(job).update(lease=lease, **changes)

    if not persistently(write):
        raise LostClaim(str(job.pk))


def still_mine(job: Job) -> bool:
    """A read, for the moments between two renewals."""
    return _held(job).exists()


# --- end -------------------------------------------------------------------------------------------------------------


def was_aborted(job: Job) -> bool:
    """Its owner ended it while this run held it: the run may still say what it has left."""
    return Job.objects.filter(pk=job.pk, claim=job.claim, phase=Phase.ABORTED).exists()


@dataclass(frozen=True)
class Host:
    """The machine that carried out a run, as its provenance names it."""

    environment: Mapping[str, str] = field(default_factory=dict)
    software: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Closing:
    """What the ending writes besides the phase."""

    ending: Ending
    outcome: Outcome
    who: str
    changes: "dict[str, Any]"
    host: Host | None = None
    """None: a process of the gateway"""
    earlier: Job | None = None
    """the run that had the same inputs and values before"""
    aborted: bool = False
    """the phase says ABORTED already; what the run left is all that is written"""


def end(job: Job, closing: Closing) -> datetime:
    """Within the caller's transaction: the run's last write, or ``LostClaim``. Returns the end time."""
    if closing.aborted:
        return _end_aborted(job, closing)
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
    if not _held(job).update(**changes):
        raise LostClaim(str(job.pk))
    what = "queued again" if ending.phase == Phase.QUEUED else ending.phase.lower()
    JobEvent.objects.create(job_id=job.pk, time=now, who=closing.who, what=what, why=outcome.message[:300])
    return now


def _end_aborted(job: Job, closing: Closing) -> datetime:
    mine = Job.objects.filter(pk=job.pk, claim=job.claim, phase=Phase.ABORTED)
    ended = mine.values_list("ended", flat=True).first()
    if ended is None or not mine.update(**closing.changes, claim="", exit_code=closing.outcome.exit_code):
        raise LostClaim(str(job.pk))
    return ended


def let_go(job: Job) -> None:
    """An aborted job that never ran: nobody holds it any more."""
    Job.objects.filter(pk=job.pk, claim=job.claim, phase=Phase.ABORTED).update(claim="")
