"""Liveness: each component's state in a word, for machines and people."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from gateway.vo.hooks import Registry
from jobs import health as jobs_health
from jobs.slurm.config import config as slurm_config

LOW_DISK = 200 * 2**20
STARTED = time.time()


@dataclass(frozen=True)
class State:
    """``ok``: the gateway can do its work; ``words`` say what is wrong or how it stands."""

    ok: bool
    words: str


checks: Registry[Callable[[], State]] = Registry("health checks")


def database() -> State:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return State(True, connection.vendor)


def shared_cache() -> State:
    cache.set("health", "here", 10)
    return State(cache.get("health") == "here", "redis" if settings.REDIS_URL else "database")


def disk() -> State:
    free = shutil.disk_usage(settings.DATA_DIR).free
    return State(free > LOW_DISK, f"{free // 2**20:,} MB free")


def workers() -> State:
    return State(*jobs_health.workers())


def keeper() -> State:
    return State(*jobs_health.keeper())


def slurm() -> State:
    return State(*jobs_health.slurm())


_CHECKS = (("database", database), ("cache", shared_cache), ("disk", disk), ("workers", workers), ("keeper", keeper))
for _name, _check in _CHECKS:
    checks.add(_name, _check)
if slurm_config().is_on:
    checks.add("slurm", slurm)


def states() -> dict[str, State]:
    """Every check's answer; one that fails is a state, not an error."""
    found: dict[str, State] = {}
    for name, check in checks.items():
        try:
            found[name] = check()
        except Exception as error:
            found[name] = State(False, type(error).__name__)
    return found


numbers: Registry[tuple[str, Callable[[], float]]] = Registry("metrics")
"""Name of a Prometheus gauge to (help text, function)."""
numbers.add("distiller_jobs_active", ("jobs that wait or run", jobs_health.active_jobs))


def gauges() -> list[tuple[str, str, float]]:
    """(name, help, value) of every number that can be had now."""
    found = []
    for name, (text, function) in numbers.items():
        try:
            found.append((name, text, function()))
        except Exception:  # noqa: S112 (a metric that cannot be had is left out, the others count)
            continue
    return found
