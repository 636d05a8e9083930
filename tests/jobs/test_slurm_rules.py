"""Which jobs go to a cluster, and what a word of Slurm's means: decisions that need no Slurm."""

from dataclasses import replace

import pytest
from django.utils import timezone

from jobs import keeper, queue, registry, service
from jobs.models import Job
from jobs.phases import End, Outcome
from jobs.runner.cage import Exit
from jobs.slurm import config, states
from jobs.slurm.cluster import Cluster
from jobs.slurm.config import Config
from jobs.slurm.states import Course, Known
from jobs.supervise import Said


@pytest.fixture
def cluster(monkeypatch):
    """The gateway as with these settings."""

    def use(**values) -> None:
        monkeypatch.setattr("jobs.slurm.config.config", lambda: Config(**values))
        monkeypatch.setattr("jobs.keeper.config", lambda: Config(**values))

    return use


@pytest.mark.parametrize(
    ("chosen", "name", "expected"),
    [
        ({}, "spectrum", "short"),
        ({"types": ("spectrum",)}, "spectrum", "slurm"),
        ({"types": ("spectrum",)}, "counts_map", "short"),
        ({"classes": ("short", "long")}, "counts_map", "slurm"),
        # The gateway's own code, with its database, stays at home.
        ({"classes": ("short", "io"), "types": ("sleep",)}, "sleep", "short"),
    ],
    ids=["no cluster", "by type", "another type", "by class", "light"],
)
def test_who_goes_to_the_cluster(cluster, chosen, name, expected):
    job_type = registry.get(name)
    short = replace(job_type, description=replace(job_type.description, queue="short"))
    cluster(**chosen)
    assert config.queue_of(short) == expected


@pytest.mark.parametrize(
    ("state", "ended", "expected"),
    [
        ("PENDING", None, Course.WAITS),
        ("RUNNING", None, Course.RUNS),
        ("COMPLETING", None, Course.RUNS),
        ("COMPLETED", None, Course.UNSURE),
        (None, None, Course.UNSURE),
        ("RUNNING", Exit(code=0), End.DONE),
        (None, Exit(code=0), End.DONE),
        ("FAILED", Exit(code=3), End.FAULTY),
        (None, Exit(signal=9), End.DIED),
        ("NODE_FAIL", None, End.DIED),
        ("PREEMPTED", Exit(reason="killed"), End.DIED),
        ("CANCELLED", Exit(signal=9, reason="killed"), End.CANCELLED),
        ("TIMEOUT", Exit(signal=9, reason="killed"), End.OVERRUN),
        ("OUT_OF_MEMORY", None, End.FAULTY),
        ("A_STATE_OF_TOMORROW", None, Course.UNSURE),
    ],
    ids=lambda value: str(value).replace(" ", ""),
)
def test_what_the_words_of_slurm_mean(state, ended, expected):
    known = Known("1", state) if state else None
    found = states.judge(known, ended, Said())
    assert (found.end if isinstance(found, Outcome) else found) is expected


def test_other_jobs_of_the_same_user_are_not_ours(monkeypatch):
    """Two gateways may share an account on the cluster; people may use it too."""
    lines = b"1|distiller-aaaa-token1|RUNNING|None|n1\n2|distiller-bbbb-token2|RUNNING|None|n1\n3|x|y|PENDING|z|\nno\n"
    cluster = Cluster(Config(), "aaaa")
    monkeypatch.setattr(cluster, "call", lambda words: lines)
    assert cluster.jobs() == {"token1": Known("1", "RUNNING", "None", "n1")}


def test_no_worker_takes_what_waits_for_the_cluster(cluster, cast):
    from gateway.access.rights import viewer_of

    cluster(types=("counts_map",))
    job = Job.objects.create(type="counts_map", version="1", owner=cast["alice"], execution_duration=10,
                             phase="QUEUED", queue="slurm", queued=timezone.now())  # fmt: skip
    assert queue.claim(("short", "long", "io"), "worker") is None
    taken = queue.hand_over("slurm")
    assert taken is not None
    # It stays QUEUED there, nobody can take it again, and no lease runs out.
    assert (taken.pk, taken.phase, taken.lease, taken.attempts) == (job.pk, "QUEUED", None, 1)
    assert queue.hand_over("slurm") is None
    queue.begin(taken, "slurm 7 on n1")
    keeper.reap()
    taken.refresh_from_db()
    assert (taken.phase, taken.worker) == ("EXECUTING", "slurm 7 on n1")
    service.abort(taken, viewer_of(cast["alice"]))
    queue.begin(taken, "slurm 7 on n1")
    taken.refresh_from_db()
    assert taken.phase == "ABORTED"


def test_a_gateway_that_gives_up_its_cluster_takes_the_jobs_back(cluster, cast):
    cluster()
    values = {"type": "sleep", "version": "1.0", "owner": cast["alice"], "execution_duration": 10, "queue": "slurm"}
    waits = Job.objects.create(phase="QUEUED", queued=timezone.now(), **values)
    there = Job.objects.create(phase="QUEUED", queued=timezone.now(), claim="a", **values)
    runs = Job.objects.create(phase="EXECUTING", claim="b", attempts=1, **values)
    for _ in range(3):
        keeper.leave_cluster()
        keeper.reap()
    keeper.leave_cluster()
    assert set(Job.objects.values_list("pk", "phase", "queue", "claim")) == {
        (job.pk, "QUEUED", "short", "") for job in (waits, there, runs)
    }
