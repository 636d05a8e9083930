"""What to expect before RUN, from past runs and the queue; what the asker has used up."""

from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.utils import timezone

from gateway.access.rights import Viewer
from jobs import past, quota
from jobs.limits import limits
from jobs.models import Job
from jobs.phases import ACTIVE, Phase
from jobs.registry import JobType
from jobs.slurm.config import queue_of


@dataclass(frozen=True)
class Estimate:
    seconds: float | None
    """median duration of the last completed runs; None without any"""
    runs: int
    waiting: int
    """jobs of the class in the queue"""
    wait: float
    """s that they take, from past runs and from how many execute at present"""
    active: int
    active_limit: int
    held: int
    """bytes"""
    held_limit: int
    kept_until: datetime


def estimate(job_type: JobType, viewer: Viewer) -> Estimate:
    lengths = past.lengths(job_type.name)
    queue_name = queue_of(job_type)
    return Estimate(
        seconds=median(lengths) if lengths else None,
        runs=len(lengths),
        waiting=Job.objects.filter(phase=Phase.QUEUED, queue=queue_name).count(),
        wait=past.expected_wait(queue_name),
        active=Job.objects.filter(owner_id=viewer.user_id, phase__in=ACTIVE).count(),
        active_limit=limits().active,
        held=quota.bytes_held(viewer.user_id) if viewer.user_id else 0,
        held_limit=limits().disk,
        kept_until=timezone.now() + limits().keep,
    )
