"""Are the processes there? Workers and keeper say so in the shared cache, the web process reads it."""

from django.core.cache import cache
from django.db.models import Count

from jobs.broker import CLASSES
from jobs.models import Job
from jobs.phases import ACTIVE

BEAT, FRESH = 10.0, 35
"""s between two signs of life, and how long one counts"""


def say_alive(who: str, words: str) -> None:
    cache.set(f"alive-{who}", words, FRESH)


def alive(who: str) -> str | None:
    """What it said last, or None when it has been silent for too long."""
    words: str | None = cache.get(f"alive-{who}")
    return words


def workers() -> tuple[bool, str]:
    """Every class has a worker; how runs are contained (namespaces, or only a process group)."""
    said = {name: alive(name) for name in CLASSES}
    missing = [name for name, words in said.items() if words is None]
    if missing:
        return False, f"no worker for: {', '.join(missing)}"
    return True, ", ".join(sorted({str(words) for words in said.values()}))


def slurm() -> tuple[bool, str]:
    """The process that looks after the cluster, and whether the cluster answered it."""
    words = alive("slurm")
    return bool(words) and not str(words).startswith("does not"), words or "manage.py slurm is not running"


def keeper() -> tuple[bool, str]:
    words = alive("keeper")
    return words is not None, words or "not running"


def active_jobs() -> float:
    """QUEUED, EXECUTING and SUSPENDED jobs."""
    counted = Job.objects.filter(phase__in=ACTIVE).aggregate(count=Count("id"))
    return float(counted["count"])
