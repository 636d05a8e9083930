"""What may happen to a job: pure decisions, no clock and no database.

UWS 1.1, section 2.1.3 and 2.2.2.3. ``LEGAL`` is the whole automaton; every change of phase in this room comes from
``next_phase`` or ``decide_end``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Phase(TextChoices):
    PENDING = "PENDING", _("Pending")
    QUEUED = "QUEUED", _("Queued")
    EXECUTING = "EXECUTING", _("Executing")
    COMPLETED = "COMPLETED", _("Completed")
    ERROR = "ERROR", _("Error")
    ABORTED = "ABORTED", _("Aborted")
    HELD = "HELD", _("Held")
    SUSPENDED = "SUSPENDED", _("Suspended")
    UNKNOWN = "UNKNOWN", _("Unknown")
    ARCHIVED = "ARCHIVED", _("Archived")


class Act(Enum):
    """What somebody, or the machinery, does to a job."""

    RUN = "run"
    HOLD = "hold"
    CLAIM = "claim"
    REQUEUE = "requeue"
    COMPLETE = "complete"
    FAIL = "fail"
    ABORT = "abort"
    ARCHIVE = "archive"


WAITABLE = frozenset({Phase.PENDING, Phase.QUEUED, Phase.EXECUTING})
"""phases in which WAIT blocks (UWS 1.1, section 2.2.1.1)"""
FINISHED = frozenset({Phase.COMPLETED, Phase.ERROR, Phase.ABORTED, Phase.ARCHIVED})
ACTIVE = frozenset({Phase.QUEUED, Phase.EXECUTING, Phase.SUSPENDED})
"""phases that count against the limit on active jobs"""

LEGAL: Mapping[tuple[Phase, Act], Phase] = {
    (Phase.PENDING, Act.RUN): Phase.QUEUED,
    (Phase.HELD, Act.RUN): Phase.QUEUED,
    (Phase.PENDING, Act.HOLD): Phase.HELD,
    (Phase.QUEUED, Act.HOLD): Phase.HELD,
    (Phase.QUEUED, Act.CLAIM): Phase.EXECUTING,
    (Phase.EXECUTING, Act.REQUEUE): Phase.QUEUED,
    (Phase.EXECUTING, Act.COMPLETE): Phase.COMPLETED,
    (Phase.EXECUTING, Act.FAIL): Phase.ERROR,
    (Phase.QUEUED, Act.FAIL): Phase.ERROR,
    **{
        (phase, Act.ABORT): Phase.ABORTED
        for phase in (Phase.PENDING, Phase.QUEUED, Phase.HELD, Phase.EXECUTING, Phase.SUSPENDED, Phase.UNKNOWN)
    },
    **{(phase, Act.ARCHIVE): Phase.ARCHIVED for phase in (Phase.COMPLETED, Phase.ERROR, Phase.ABORTED)},
}


def next_phase(phase: Phase, act: Act) -> Phase | None:
    """Where the act leads from the phase, or None where the phase forbids it."""
    return LEGAL.get((phase, act))


def phases_before(act: Act) -> tuple[Phase, ...]:
    """The phases from which the act is legal: the condition of a conditional UPDATE."""
    return tuple(phase for phase, known in LEGAL if known is act)


class End(Enum):
    """How a run came to its end."""

    DONE = "done"
    FAULTY = "faulty"
    """the user's or the code's to mend: running it again would fail again"""
    DIED = "died"
    """transient: a lost worker or process, a full disk; another try may succeed"""
    OVERRUN = "overrun"
    STOPPED = "stopped"
    """the worker was told to end; not the job's fault"""
    CANCELLED = "cancelled"
    """somebody ended it: its owner, or whoever runs the cluster"""


@dataclass(frozen=True)
class Outcome:
    """How a run ended, with words for the user."""

    end: End
    message: str = ""
    detail: str = ""
    exit_code: int | None = None


@dataclass(frozen=True)
class Ending:
    """What becomes of the job after a run."""

    phase: Phase
    error_type: str = ""
    """``transient`` or ``fatal`` (UWS errorSummary); empty without error"""
    counts_as_attempt: bool = True
    delay: int = 0
    """seconds before it may be claimed again"""


def decide_end(end: End, attempts: int, limit: int) -> Ending:
    """The ending of a run that was the ``attempts``-th of at most ``limit``."""
    if end is End.DONE:
        return Ending(Phase.COMPLETED)
    if end is End.FAULTY:
        return Ending(Phase.ERROR, "fatal")
    if end in (End.OVERRUN, End.CANCELLED):
        # UWS 1.1, section 2.1.7 asks for the phase; the error tells a client why. What was cancelled may be run again.
        return Ending(Phase.ABORTED, "fatal" if end is End.OVERRUN else "transient")
    if end is End.STOPPED:
        return Ending(Phase.QUEUED, counts_as_attempt=False)
    if attempts < limit:
        return Ending(Phase.QUEUED, delay=2 ** (attempts - 1))
    return Ending(Phase.ERROR, "transient")
