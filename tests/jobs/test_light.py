"""Light jobs share a child of the worker where that is safe, and only there."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

import pytest

from jobs import light, registry, service
from jobs.activity import InputError
from jobs.description import Description
from jobs.models import Job
from jobs.registry import JobType
from jobs.runner import warm
from jobs.supervise import Log


@dataclass(frozen=True)
class Nothing:
    pass


def say_who(_params, run):
    """Its process as the host numbers it; inside a namespace all have the same number."""
    print(os.readlink("/proc/self/ns/pid"), os.getpid(), "at", os.getcwd())
    match os.environ.get("TRIAL"):
        case "refuse":
            raise InputError("not with these inputs")
        case "break":
            raise ValueError("broken")
        case "thread":
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        case "process":
            subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(60) #{run.out.job.key}"])
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def trial(monkeypatch, cast, work):
    """``trial(*whats)``: jobs of one worker, one after the other; where each of them ran."""
    from gateway.access.rights import viewer_of

    monkeypatch.setattr(light, "reuses_children", True)
    description = Description(name="trial", title="Trial", version="1", text="", parameters=Nothing)
    registry.types.add("trial", JobType(description=description, light=say_who))

    def make(count: int) -> list[Job]:
        jobs = [service.create("trial", viewer_of(cast["alice"]), {}, run=True) for _ in range(count)]
        work()
        for job in jobs:
            job.refresh_from_db()
        return jobs

    yield make
    registry.types._members.pop("trial")
    while warm._idle:
        warm._idle.pop().end()


def places(jobs: list[Job]) -> list[str]:
    return [job.log.get(stream="stdout").text.split(" at ")[0] for job in jobs]


def test_runs_share_a_child_and_nothing_else(trial):
    jobs = trial(3)
    assert {job.phase for job in jobs} == {"COMPLETED"}
    assert len(set(places(jobs))) == 1
    assert len({job.log.get(stream="stdout").text for job in jobs}) == 3, "each has a folder of its own"
    assert len(warm._idle) == 1


def test_a_refused_input_leaves_the_child_fit(trial, monkeypatch):
    monkeypatch.setenv("TRIAL", "refuse")
    jobs = trial(2)
    assert {(job.phase, job.error_message) for job in jobs} == {("ERROR", "not with these inputs")}
    assert len(set(places(jobs))) == len(warm._idle) == 1


@pytest.mark.parametrize("what", ["break", "thread", "process"])
def test_a_child_that_is_not_as_before_is_not_used_again(trial, monkeypatch, what):
    monkeypatch.setenv("TRIAL", what)
    jobs = trial(2)
    assert warm._idle == []
    assert {job.phase for job in jobs} == ({"ERROR"} if what == "break" else {"COMPLETED"})
    for job in jobs:
        found = subprocess.run(["pgrep", "-f", job.main_key], capture_output=True, check=False)
        assert found.stdout == b"", "nothing of a finished job is alive"


def test_a_killed_run_is_tried_again_in_another_child(trial, monkeypatch):
    monkeypatch.setenv("TRIAL", "kill")
    (job,) = trial(1)
    assert (job.phase, job.attempts) == ("QUEUED", 1)
    assert warm._idle == []


def test_a_waiting_child_that_died_is_replaced(trial):
    trial(1)
    control = warm._idle[0].control
    control.send(b"k")
    while control.recv(100):
        pass
    (job,) = trial(1)
    assert job.phase == "COMPLETED"


def test_the_log_can_be_written_again_when_its_transaction_was_undone(trial):
    """A repeated ending writes every piece once, under numbers that are free."""
    (job,) = trial(1)
    log = Log(job)
    log.add("stderr", b"last words")
    log.write()
    job.log.filter(stream="stderr").delete()
    log.write()
    assert [piece.text for piece in job.log.filter(stream="stderr")] == ["last words"]
