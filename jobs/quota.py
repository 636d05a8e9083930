"""What one user may hold: active jobs, and bytes of results and uploads. Visitors share one allowance."""

import time
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext as _

from jobs.errors import Refused
from jobs.limits import limits
from jobs.models import Job, JobResult, JobUpload
from jobs.phases import ACTIVE

_measured: dict[tuple[UUID | None, int], tuple[float, int]] = {}
FAR, LATELY = 10**9, 30.0
"""so many bytes below the limit, what was measured counts for so many s: the sum goes over all files of a user"""


def check(job: Job) -> None:
    """403 when the owner has too many active jobs or holds too many bytes."""
    active = Job.objects.filter(owner_id=job.owner_id, phase__in=ACTIVE).count()
    if active >= limits().active:
        rule = _("you have %(count)d active jobs, the limit; wait until one ends, or abort one") % {"count": active}
        raise Refused(403, "PHASE", "RUN", rule)
    held = _held_lately(job.owner_id)
    if held >= limits().disk:
        raise Refused(403, "PHASE", "RUN", _full(held))


def check_room(job: Job, name: str, more: int) -> None:
    """413 when files that came with a request do not fit beside what the owner holds already."""
    held = bytes_held(job.owner_id)
    if held + more > limits().disk:
        raise Refused(413, name, "", _full(held))


def _full(held: int) -> str:
    return _("your files take %(size)d MB of %(limit)d MB; delete some jobs first") % {
        "size": held // 10**6,
        "limit": limits().disk // 10**6,
    }


def _held_lately(owner_id: UUID | None) -> int:
    key, now = (owner_id, limits().disk), time.monotonic()
    until, held = _measured.get(key, (0.0, 0))
    if now < until:
        return held
    held = bytes_held(owner_id)
    if held + FAR < limits().disk:
        _measured[key] = (now + LATELY, held)
    return held


def bytes_held(owner_id: UUID | None) -> int:
    """Results and uploads of all jobs that are not deleted."""
    sizes = [
        files.objects.filter(job__owner_id=owner_id).aggregate(total=Sum("size"))["total"]
        for files in (JobResult, JobUpload)
    ]
    return sum(int(size or 0) for size in sizes)
