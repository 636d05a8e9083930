"""Who gets which job, and who may write to it."""

from datetime import timedelta

import pytest
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection, transaction
from django.utils import timezone

from jobs import keeper, queue
from jobs.broker import app
from jobs.errors import LostClaim
from jobs.models import Job
from jobs.phases import End, Outcome, Phase, decide_end


@pytest.fixture
def waiting(cast):
    """``waiting("alice", minutes=5)``: a job of hers that waits since then."""

    def make(name: str, minutes: float = 0, phase: str = Phase.QUEUED, **values) -> Job:
        time = timezone.now() - timedelta(minutes=minutes)
        return Job.objects.create(
            type="sleep", version="1.0", owner=cast[name], phase=phase, created=time, queued=time,
            execution_duration=60, parameters={"seconds": ["0"]}, **values,
        )  # fmt: skip

    return make


def claimed(*queues: str) -> Job | None:
    return queue.claim(queues or ("short",), "test")


def test_the_oldest_first(waiting):
    young, old = waiting("alice", 1), waiting("alice", 2)
    assert [claimed(), claimed(), claimed()] == [old, young, None]


def test_whoever_has_the_fewest_running_first(waiting):
    waiting("alice", 9, phase=Phase.EXECUTING)
    of_alice, of_bob = waiting("alice", 5), waiting("bob", 1)
    assert [claimed(), claimed()] == [of_bob, of_alice]


def test_one_user_with_many_jobs_does_not_keep_out_another(waiting):
    for minute in range(10):
        waiting("alice", 20 - minute)
    waiting("bob", 1)
    assert "bob" in [claimed().owner.username for _ in range(2)]


def test_staff_first(waiting):
    waiting("alice", 5)
    urgent = waiting("dana", 1, priority=1)
    assert claimed() == urgent


def test_a_lease_begins_when_a_locked_database_lets_the_claim_in(waiting, monkeypatch):
    """Otherwise it may have run out before it is written, and the job is taken for lost while it runs."""
    waiting("alice")
    begin, late = transaction.atomic, timezone.now()

    def locked(*args, **kwargs):
        nonlocal late
        late += timedelta(minutes=10)
        return begin(*args, **kwargs)

    monkeypatch.setattr(timezone, "now", lambda: late)
    monkeypatch.setattr(transaction, "atomic", locked)
    before = late
    job = claimed()
    assert job.started >= before + timedelta(minutes=10)
    assert job.lease > job.started


def test_a_class_takes_only_its_own(waiting):
    long = waiting("alice", queue="long")
    assert claimed("short", "io") is None
    assert claimed("long") == long


def test_a_job_that_was_put_back_waits_its_time(waiting):
    job = waiting("alice", not_before=timezone.now() + timedelta(seconds=60))
    assert claimed() is None
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
    assert claimed() == job


def test_the_position_is_told(waiting):
    first, second = waiting("alice", 2), waiting("alice", 1)
    assert (queue.position(first), queue.position(second)) == (0, 1)
    assert queue.position(claimed()) is None


def test_the_position_is_told_of_what_waits_with_the_cluster_too(waiting):
    """Those that the cluster has stand before those that it has not."""
    first, second, third = (waiting("alice", age, queue=queue.SLURM) for age in (3, 2, 1))
    assert [queue.position(job) for job in (first, second, third)] == [0, 1, 2]
    for _number in range(2):
        queue.hand_over("slurm 1")
    first.refresh_from_db()
    second.refresh_from_db()
    assert [queue.position(job) for job in (first, second, third)] == [0, 1, 2]
    queue.begin(first, "slurm 1 on node1")
    assert [queue.position(job) for job in (first, second, third)] == [None, 0, 1]


def test_a_job_is_claimed_once(waiting):
    waiting("alice")
    assert claimed() is not None
    assert claimed() is None


@pytest.mark.parametrize("change", [{"phase": Phase.ABORTED}, {"claim": "another"}])
def test_a_run_without_claim_writes_nothing(waiting, change):
    waiting("alice")
    job = claimed()
    Job.objects.filter(pk=job.pk).update(**change)
    before = Job.objects.values().get()
    with pytest.raises(LostClaim):
        queue.renew(job, step="late")
    closing = queue.Closing(decide_end(End.DONE, 1, 3), Outcome(End.DONE), "test", {"step": "late"})
    with pytest.raises(LostClaim):
        queue.end(job, closing)
    assert Job.objects.values().get() == before


def test_a_lost_run_goes_back_and_in_the_end_fails(waiting, limit):
    limit(attempts=2)
    waiting("alice")
    for phase in (Phase.QUEUED, Phase.ERROR):
        Job.objects.update(not_before=None)
        assert claimed() is not None
        assert keeper.reap() == 0
        Job.objects.update(lease=timezone.now() - timedelta(seconds=1))
        assert keeper.reap() == 1
        assert Job.objects.get().phase == phase
    job = Job.objects.get()
    assert (job.error_type, job.error_message, job.claim) == ("transient", "The worker was lost.", "")


def test_a_stopped_worker_does_not_cost_a_try(waiting):
    waiting("alice")
    job = claimed()
    queue.end(job, queue.Closing(decide_end(End.STOPPED, 1, 3), Outcome(End.STOPPED, "stopped"), "test", {}))
    job.refresh_from_db()
    assert (job.phase, job.attempts, job.started) == ("QUEUED", 0, None)


@pytest.mark.django_db
def test_a_message_does_not_cost_a_new_connection_to_the_database():
    connection.ensure_connection()
    held = connection.connection
    DjangoWorkerFixup(app).close_database()
    assert connection.connection is held
