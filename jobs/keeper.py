"""What must happen although nobody asks: lost runs, destruction, messages that a broker lost, mail.

Every chore is one short transaction, may be repeated at any time by any number of keepers, and needs no broker.
Other rooms add their own to ``chores``.
"""

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from gateway.access import releases
from gateway.accounts import refresh
from gateway.vo.hooks import Registry
from jobs import declared, health, mail, registry, tasks, webhook
from jobs.broker import CLASSES
from jobs.errors import LostClaim
from jobs.limits import limits
from jobs.models import Job
from jobs.phases import ACTIVE, End, Outcome, Phase, decide_end
from jobs.queue import SLURM, Closing, end
from jobs.results import drop_other_runs, remove_files
from jobs.slurm.config import config

log = logging.getLogger(__name__)
KEEPER = "keeper"
BATCH = 100


@dataclass(frozen=True)
class Chore:
    every: float
    """s"""
    do: Callable[[], object]


chores: Registry[Chore] = Registry("jobs.chores")


def reap() -> int:
    """Runs whose worker has not spoken for a lease go back to the queue, or end in ERROR after the last try."""
    lost = Job.objects.filter(phase=Phase.EXECUTING, lease__lt=timezone.now())[:BATCH]
    count = 0
    for job in lost:
        ending = decide_end(End.DIED, job.attempts, limits().attempts)
        outcome = Outcome(End.DIED, "The worker was lost.")
        try:
            with transaction.atomic():
                # The lease may have been renewed since it was read; then the run is alive.
                if Job.objects.filter(pk=job.pk, claim=job.claim, lease__lt=timezone.now()).exists():
                    end(job, Closing(ending, outcome, KEEPER, {}))
                    count += 1
        except LostClaim:
            continue
        if ending.phase != Phase.QUEUED:
            drop_other_runs(Job(id=job.id))
    return count


def leave_cluster() -> int:
    """Where no job is for the cluster any more, what waits for it goes back to the workers."""
    if config().is_on:
        return 0
    there = Job.objects.filter(queue=SLURM)
    lost = there.filter(phase=Phase.EXECUTING, lease=None).update(lease=timezone.now())
    there.filter(phase=Phase.QUEUED).exclude(claim="").update(claim="")
    for job in there.filter(phase=Phase.QUEUED)[:BATCH]:
        job_type = registry.get(job.type, job.version)
        name = job_type.description.queue if job_type else CLASSES[0]
        lost += Job.objects.filter(pk=job.pk, phase=Phase.QUEUED, queue=SLURM).update(queue=name)
    return lost


def announce_waiting() -> int:
    """Sends the messages that are missing: for each class as many as jobs wait that no message speaks of."""
    sent = 0
    now = timezone.now()
    for queue_name in CLASSES:
        waiting = Job.objects.filter(phase=Phase.QUEUED, queue=queue_name).exclude(not_before__gt=now).count()
        if waiting:
            missing = waiting - tasks.messages(queue_name)
            for _number in range(min(missing, BATCH)):
                tasks.announce(queue_name)
                sent += 1
    return sent


def destroy() -> int:
    """Jobs past their destruction time: ended if need be, results gone, record kept as ARCHIVED."""
    doomed = Job.objects.filter(destruction__lte=timezone.now()).exclude(phase=Phase.ARCHIVED)[:BATCH]
    for job in doomed:
        with transaction.atomic():
            fresh = Job.objects.select_for_update().get(pk=job.pk)
            if fresh.phase in ACTIVE or fresh.phase in (Phase.PENDING, Phase.HELD, Phase.UNKNOWN):
                fresh.note(KEEPER, "aborted", "destruction time")
            if not fresh.kept:
                remove_files(fresh)
                fresh.results.all().delete()
                fresh.uploads.all().delete()
                fresh.log.all().delete()
            Job.objects.filter(pk=fresh.pk).update(
                phase=Phase.ARCHIVED, claim="", lease=None, ended=fresh.ended or timezone.now()
            )
            fresh.note(KEEPER, "archived", "destruction time")
    return len(doomed)


def sweep_scratch() -> int:
    """Folders of runs that no worker of this host holds any more."""
    root = Path(settings.SCRATCH_DIR)
    if not root.is_dir():
        return 0
    held = set(Job.objects.filter(phase=Phase.EXECUTING).values_list("claim", flat=True))
    old = time.time() - 2 * limits().lease
    gone = 0
    for folder in root.iterdir():
        if len(folder.name) == 32 and folder.name not in held and folder.stat().st_mtime < old:
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def add_chores() -> None:
    chores.add("alive", Chore(health.BEAT, lambda: health.say_alive(KEEPER, "running")))
    chores.add("descriptions", Chore(30.0, declared.publish_new))
    chores.add("mail", Chore(5.0, mail.send_due))
    chores.add("memberships", Chore(refresh.EVERY, refresh.refresh))
    chores.add("releases", Chore(releases.EVERY, releases.tell))
    chores.add("webhook", Chore(2.0, webhook.send_due))
    chores.add("reap", Chore(1.0, reap))
    chores.add("leave cluster", Chore(5.0, leave_cluster))
    chores.add("announce", Chore(2.0, announce_waiting))
    chores.add("destroy", Chore(2.0, destroy))
    chores.add("scratch", Chore(60.0, sweep_scratch))
