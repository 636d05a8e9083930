"""The decisions about phases, as tables."""

import pytest

from jobs.phases import FINISHED, LEGAL, Act, End, Phase, decide_end, next_phase, phases_before


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("act", Act)
def test_a_finished_job_can_only_be_archived(phase, act):
    if phase in FINISHED and next_phase(phase, act) is not None:
        assert (act, next_phase(phase, act)) == (Act.ARCHIVE, Phase.ARCHIVED)


@pytest.mark.parametrize(
    ("phase", "act", "after"),
    [
        (Phase.PENDING, Act.RUN, Phase.QUEUED),
        (Phase.HELD, Act.RUN, Phase.QUEUED),
        (Phase.QUEUED, Act.CLAIM, Phase.EXECUTING),
        (Phase.EXECUTING, Act.COMPLETE, Phase.COMPLETED),
        (Phase.EXECUTING, Act.FAIL, Phase.ERROR),
        (Phase.EXECUTING, Act.REQUEUE, Phase.QUEUED),
        (Phase.PENDING, Act.ABORT, Phase.ABORTED),
        (Phase.QUEUED, Act.ABORT, Phase.ABORTED),
        (Phase.EXECUTING, Act.ABORT, Phase.ABORTED),
        (Phase.PENDING, Act.CLAIM, None),
        (Phase.EXECUTING, Act.RUN, None),
        (Phase.QUEUED, Act.COMPLETE, None),
        (Phase.ARCHIVED, Act.ARCHIVE, None),
    ],
)
def test_transitions(phase, act, after):
    assert next_phase(phase, act) == after


def test_every_act_has_a_phase_to_begin_from():
    for act in Act:
        assert phases_before(act), act
    assert set(LEGAL.values()) <= set(Phase)


@pytest.mark.parametrize(
    ("end", "attempts", "phase", "error", "counts"),
    [
        (End.DONE, 1, Phase.COMPLETED, "", True),
        (End.FAULTY, 1, Phase.ERROR, "fatal", True),
        (End.OVERRUN, 1, Phase.ABORTED, "fatal", True),
        (End.STOPPED, 3, Phase.QUEUED, "", False),
        (End.DIED, 1, Phase.QUEUED, "", True),
        (End.DIED, 2, Phase.QUEUED, "", True),
        (End.DIED, 3, Phase.ERROR, "transient", True),
        (End.DIED, 4, Phase.ERROR, "transient", True),
    ],
)
def test_endings(end, attempts, phase, error, counts):
    ending = decide_end(end, attempts, limit=3)
    assert (ending.phase, ending.error_type, ending.counts_as_attempt) == (phase, error, counts)


def test_each_new_try_waits_longer():
    assert [decide_end(End.DIED, n, 9).delay for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
