"""What Slurm's word about a job means for a run: pure decisions, no clock, no process, no database.

States: squeue(1), "JOB STATE CODES", Slurm 22.05.
"""

from dataclasses import dataclass
from enum import Enum

from jobs.phases import End, Outcome
from jobs.runner import alone, cage
from jobs.supervise import Said, outcome_of

WAITS = frozenset(
    {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"}
)
RUNS = frozenset({"RUNNING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED"})
ALIVE = WAITS | RUNS

VERDICTS = {
    "CANCELLED": Outcome(End.CANCELLED, "The job was cancelled on the cluster."),
    "TIMEOUT": Outcome(End.OVERRUN, "The job reached its time limit on the cluster."),
    "DEADLINE": Outcome(End.OVERRUN, "The job reached its deadline on the cluster."),
    "OUT_OF_MEMORY": Outcome(End.FAULTY, "The job needs more memory than it may have."),
    "NODE_FAIL": Outcome(End.DIED, "The node of the cluster failed."),
    "BOOT_FAIL": Outcome(End.DIED, "The node of the cluster could not be started."),
    "PREEMPTED": Outcome(End.DIED, "The cluster gave the place to another job."),
    "REVOKED": Outcome(End.DIED, "The cluster gave the job back."),
}
GRACE = 30.0
"""s that the file of a run that ended may need to come through a network file system"""


@dataclass(frozen=True)
class Known:
    """A job as squeue shows it."""

    id: str
    state: str
    reason: str = ""
    node: str = ""

    @property
    def is_alive(self) -> bool:
        return self.state in ALIVE


class Course(Enum):
    """What a run without an end does."""

    WAITS = "waits"
    RUNS = "runs"
    UNSURE = "unsure"
    """Slurm does not answer, or does not know the job and nothing says how it ended"""


def judge(known: Known | None, ended: cage.Exit | None, said: Said) -> Outcome | Course:
    """How the run stands. ``known`` None: Slurm does not know it (any more)."""
    if ended is not None and ended.reason != alone.KILLED:
        return outcome_of(ended, said)
    if known is None:
        return Course.UNSURE
    if known.state in WAITS:
        return Course.WAITS
    if known.state in RUNS:
        return Course.RUNS
    return VERDICTS.get(known.state, Course.UNSURE)


def lost(known: Known | None, ended: cage.Exit | None) -> Outcome:
    """The end of a run of which nothing has been heard for the time of grace."""
    if ended is not None:
        return Outcome(End.DIED, "The job's process was killed.")
    if known is not None and known.state == "FAILED":
        return Outcome(End.DIED, "The job could not be started on its node; the log may say why.")
    return Outcome(End.DIED, "The cluster lost the job.")
