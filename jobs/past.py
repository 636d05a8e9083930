"""How long jobs of a type took, and so when the next one may be done."""

import time
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Count
from django.utils import timezone

from jobs.models import Job
from jobs.phases import Phase

SAMPLE = 50
REMEMBERED = 60.0
"""s; whoever creates many jobs must not read fifty old ones for each"""
_known: dict[str, tuple[float, float | None]] = {}


def lengths(type_name: str) -> list[float]:
    """Seconds from start to end of the last completed runs."""
    done = Job.objects.filter(type=type_name, phase=Phase.COMPLETED, started__isnull=False, ended__isnull=False)
    times = done.order_by("-created").values_list("started", "ended")[:SAMPLE]
    return [(ended - started).total_seconds() for started, ended in times if ended and started]


def typical(type_name: str) -> float | None:
    """Median of the last runs in seconds, a minute old at most; None while there is none."""
    until, value = _known.get(type_name, (0.0, None))
    if time.monotonic() >= until:
        past = lengths(type_name)
        value = median(past) if past else None
        _known[type_name] = (time.monotonic() + REMEMBERED, value)
    return value


def expected_wait(queue_name: str, otherwise: float = 0.0) -> float:
    """Seconds until a job that is queued now may start: the runs before it, shared among those that execute.

    ``otherwise`` stands in for types that never ran.
    """
    kinds = Job.objects.filter(phase=Phase.QUEUED, queue=queue_name).values_list("type").annotate(Count("id"))
    before: float = sum(count * (typical(name) or otherwise) for name, count in kinds.order_by())
    if not before:
        return 0.0
    slots = Job.objects.filter(phase=Phase.EXECUTING, queue=queue_name).count()
    return before / max(slots, 1)


def quote(job: Job) -> datetime | None:
    """When it is likely to be done (UWS 1.1, section 2.1.6), or None while nothing is known of its type."""
    own = typical(job.type)
    if own is None:
        return None
    return timezone.now() + timedelta(seconds=expected_wait(job.queue, own) + own)
