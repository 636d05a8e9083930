"""Limits of jobs: one place, from the settings, with defaults that fit a small gateway."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cache

from gateway import environment


@dataclass(frozen=True)
class Limits:
    """All of them are environment variables ``DISTILLER_JOBS_<NAME>``."""

    active: int = 50
    """QUEUED and EXECUTING jobs of one user"""
    disk: int = 5 * 10**9
    """bytes of results and uploads that one user may hold"""
    keep_days: int = 30
    """days until destruction, unless asked otherwise"""
    max_keep_days: int = 365
    attempts: int = 3
    lease: int = 30
    """seconds after which a worker that does not speak is taken for lost"""
    log_size: int = 256 * 1024
    """bytes kept of stdout and of stderr"""
    upload_size: int = 100 * 2**20
    input_size: int = 2 * 2**30
    """the largest input that is fetched from an address, bytes"""
    file_size: int = 4 * 2**30
    """the largest file that a run may write, bytes"""
    wait: int = 60
    """longest WAIT, s"""
    waiters: int = 112
    """WAIT clients of one web process (of 128 threads): the kernel may give one process nearly all of a hundred"""

    @property
    def keep(self) -> timedelta:
        return timedelta(days=self.keep_days)

    @property
    def max_keep(self) -> timedelta:
        return timedelta(days=self.max_keep_days)


@cache
def limits() -> Limits:
    standard = asdict(Limits())
    return Limits(**{n: environment.number(f"DISTILLER_JOBS_{n.upper()}", value) for n, value in standard.items()})
