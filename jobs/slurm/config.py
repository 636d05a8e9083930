"""How this gateway uses a Slurm cluster: environment variables ``DISTILLER_SLURM_<NAME>`` (docs/operate.md)."""

import shlex
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from gateway import environment
from jobs.queue import SLURM
from jobs.registry import JobType

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Config:
    """Off unless classes or types are named."""

    classes: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    scratch: Path = Path()
    """as the gateway sees it"""
    node_scratch: Path = Path()
    """as the nodes see it"""
    shell: tuple[str, ...] = ()
    """words before a command line for the cluster, such as ``ssh -o BatchMode=yes gateway@login``; empty: Slurm's
    commands are here, and so is its file system"""
    options: tuple[str, ...] = ()
    """further options of sbatch"""
    python: str = sys.executable
    code: str = str(ROOT)
    jobs: int = 100
    """that lie with the cluster at the same time"""
    poll: int = 5
    """s between two questions to Slurm"""

    @property
    def is_on(self) -> bool:
        return bool(self.classes or self.types)

    @property
    def is_copied(self) -> bool:
        return bool(self.shell)


@cache
def config() -> Config:
    scratch = Path(environment.text("DISTILLER_SLURM_SCRATCH") or settings.SCRATCH_DIR / "slurm")
    shell = tuple(shlex.split(environment.text("DISTILLER_SLURM_SHELL")))
    return Config(
        classes=tuple(environment.words("DISTILLER_SLURM_CLASSES")),
        types=tuple(environment.words("DISTILLER_SLURM_TYPES")),
        # What is copied lies with the gateway first.
        scratch=settings.SCRATCH_DIR / "slurm" if shell else scratch,
        node_scratch=Path(environment.text("DISTILLER_SLURM_NODE_SCRATCH") or scratch),
        shell=shell,
        options=tuple(shlex.split(environment.text("DISTILLER_SLURM_OPTIONS"))),
        python=environment.text("DISTILLER_SLURM_PYTHON", sys.executable),
        code=environment.text("DISTILLER_SLURM_CODE", str(ROOT)),
        jobs=environment.number("DISTILLER_SLURM_JOBS", 100),
        poll=environment.number("DISTILLER_SLURM_POLL", 5),
    )


def queue_of(job_type: JobType) -> str:
    """The class that carries out jobs of the type: the cluster, or the workers' class of its description.

    Light jobs are the gateway's own code with its database: they never leave the gateway's machines.
    """
    description, chosen = job_type.description, config()
    if job_type.light is None and (description.queue in chosen.classes or description.name in chosen.types):
        return SLURM
    return description.queue
