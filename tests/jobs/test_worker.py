"""One run from staging to its end: what it may leave, how it ends, what happens in between."""

import errno
import hashlib
import os
import signal
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils import timezone

from jobs import registry, results, service
from jobs.description import Description
from jobs.models import Job, JobResult
from jobs.registry import JobType


@dataclass(frozen=True)
class Nothing:
    pass


@pytest.fixture
def job_type(monkeypatch, cast):
    """``job_type(run)``: a light job type whose code is ``run``, and a job of it that waits."""
    from gateway.access.rights import viewer_of

    def make(run, owner="alice", **limits) -> Job:
        description = Description(name="trial", title="Trial", version="1", text="", parameters=Nothing, **limits)
        known = registry.get("trial")
        if known:
            registry.types._members.pop("trial")
        registry.types.add("trial", JobType(description=description, light=run))
        return service.create("trial", viewer_of(cast[owner]), {}, run=True)

    yield make
    registry.types._members.pop("trial", None)


def too_long(params, context):
    time.sleep(60)


def names(job: Job) -> set[str]:
    return set(job.results.values_list("name", flat=True)) - {"stdout", "stderr"}


def done(job: Job) -> Job:
    job.refresh_from_db()
    return job


# --- results ------------------------------------------------------------------------------------------------------------


def test_declared_files_become_results_with_size_and_checksum(job_type, work):
    def run(params, context):
        context.out.path("a.txt").write_text("content")
        context.out.path("undeclared.txt").write_text("secret")
        context.out.file("a.txt", content_type="text/plain", title="A")
        context.out.summary({"answer": 42})

    job = job_type(run)
    work()
    assert done(job).phase == "COMPLETED"
    assert names(job) == {"a.txt", "summary"}
    row = job.results.get(name="a.txt")
    assert (row.size, row.sha256) == (7, hashlib.sha256(b"content").hexdigest())
    assert job.summary == {"answer": 42}


@pytest.mark.parametrize("kind", ["symlink", "hard link", "fifo", "folder", "missing", "outside"])
def test_what_is_no_plain_file_of_the_run_is_not_served(job_type, work, tmp_path, kind):
    secret = tmp_path / "secret"
    secret.write_text("secret")

    def run(params, context):
        path = context.out.folder / "result"
        match kind:
            case "symlink":
                path.symlink_to(secret)
            case "hard link":
                os.link(secret, path)
            case "fifo":
                os.mkfifo(path)
            case "folder":
                path.mkdir()
        name = "../../secret" if kind == "outside" else "result"
        context.out._say("file", name=name, content_type="text/plain", title="", preview=False)

    job = job_type(run)
    work()
    assert done(job).phase == "COMPLETED"
    assert names(job) == set()
    assert len(job.warnings) == 1


@pytest.mark.parametrize("kind", ["symlink", "fifo", "garbage"])
def test_the_run_may_do_what_it_likes_with_its_events(job_type, work, tmp_path, kind):
    def run(params, context):
        path = context.out.folder / "events.jsonl"
        if kind == "symlink":
            path.symlink_to("/etc/passwd")
        elif kind == "fifo":
            os.mkfifo(path)
        else:
            path.write_bytes(b'\x00\xff\n[1]\n{"event":"progress"}\n{"event":"product","name":1}\nnull\n' * 10)

    job = job_type(run)
    work()
    assert done(job).phase == "COMPLETED"


def test_the_scratch_folder_is_gone_afterwards(job_type, work, scratch):
    def run(params, context):
        context.out.path("x").write_text("x")

    job_type(run)
    work()
    assert [p for p in scratch.iterdir() if len(p.name) == 32] == []


def test_the_log_is_kept_and_cut(job_type, work, limit):
    limit(log_size=1000)

    def run(params, context):
        print("begin")
        print("x" * 100_000)

    job = job_type(run)
    work()
    text = results.log_text(job, "stdout")
    assert text.startswith("begin\n")
    assert "cut: the log is longer" in text
    assert len(text) < 1200
    assert job.results.get(name="stdout").size == len(text.encode())


# --- how it ends -----------------------------------------------------------------------------------------------------------


def test_a_fault_is_told_without_traceback_and_the_log_has_it(job_type, work):
    def run(params, context):
        raise ValueError("the third file has no events")

    job = job_type(run)
    work()
    job = done(job)
    assert (job.phase, job.error_type) == ("ERROR", "fatal")
    assert job.error_message == "ValueError: the third file has no events"
    assert "Traceback" in results.log_text(job, "stderr")


def test_a_full_disk_is_transient_and_tried_again(job_type, work):
    def run(params, context):
        raise OSError(errno.ENOSPC, "No space left on device")

    job = job_type(run)
    work()
    job = done(job)
    assert (job.phase, job.attempts) == ("QUEUED", 1)
    for attempt in (2, 3):
        Job.objects.update(not_before=None)
        work()
        assert done(job).attempts == attempt
    assert (job.phase, job.error_type, job.error_message) == ("ERROR", "transient", "The disk of the worker is full.")


def test_a_full_archive_leaves_no_half_result(job_type, work, monkeypatch):
    def run(params, context):
        for name in ("a", "b"):
            context.out.path(name).write_text(name)
            context.out.file(name, content_type="text/plain", title="")

    saved = FileSystemStorage._save

    def full(self, name, content):
        if name.endswith("/b"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return saved(self, name, content)

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    job = job_type(run)
    for _ in range(3):
        Job.objects.update(not_before=None)
        work()
    job = done(job)
    assert (job.phase, job.error_message) == ("ERROR", "The disk of the archive is full.")
    assert names(job) == set()
    assert not any(files for _, _, files in os.walk(default_storage.path("jobs")))


def test_kill_9_of_the_job_is_tried_again(job_type, work, tmp_path):
    flag = tmp_path / "second"

    def run(params, context):
        if not flag.exists():
            flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    job = job_type(run)
    work()
    assert done(job).phase == "QUEUED"
    Job.objects.update(not_before=None)
    work()
    assert (done(job).phase, job.attempts) == ("COMPLETED", 2)


def test_memory_beyond_the_limit_fails_in_words(job_type, work):
    def run(params, context):
        raise MemoryError

    job = job_type(run)
    work()
    assert done(job).error_message == "The job needs more memory than it may have."


def test_a_job_of_a_type_that_is_gone_fails_in_words(job_type, work):
    job = job_type(too_long)
    registry.types._members.pop("trial")
    work()
    assert (done(job).phase, job.error_message) == ("ERROR", "This job type is no longer offered.")


def test_an_overrun_keeps_what_was_declared_before(job_type, work):
    def run(params, context):
        context.out.path("early").write_text("x")
        context.out.file("early", content_type="text/plain", title="")
        time.sleep(60)

    job = job_type(run)
    Job.objects.update(execution_duration=1)
    work()
    assert done(job).phase == "ABORTED"
    assert names(job) == {"early"}


# --- in between ---------------------------------------------------------------------------------------------------------


def during(monkeypatch, act):
    """Calls ``act(job)`` once while the run goes on, as another process would."""
    from jobs.supervise import Watch

    look = Watch._look
    state = {"acted": False}

    def patched(self):
        if not state["acted"]:
            state["acted"] = True
            act(self.job)
        look(self)

    monkeypatch.setattr(Watch, "_look", patched)


def test_abort_ends_the_run_and_the_phase_stays(job_type, work, monkeypatch):
    from gateway.access.rights import Viewer

    during(monkeypatch, lambda job: service.abort(Job.objects.get(pk=job.pk), Viewer(username="alice")))
    job = job_type(too_long)
    start = time.monotonic()
    work()
    assert time.monotonic() - start < 30
    assert (done(job).phase, names(job)) == ("ABORTED", set())
    assert [event.what for event in job.history.all()] == ["created", "queued", "started", "aborted"]


def test_abort_keeps_what_was_declared_before_and_the_log(job_type, work, monkeypatch, tmp_path):
    """UWS 1.1, section 2.1.3: whatever was there at the abort stays; a file that was not declared is not whole."""
    from gateway.access.rights import Viewer
    from jobs.supervise import Watch
    from provenance.models import Outcome

    def run(params, context):
        print("early words", flush=True)
        context.out.path("early").write_text("whole")
        context.out.file("early", content_type="text/plain", title="")
        context.out.path("late").write_text("hal")
        (tmp_path / "ready").touch()
        time.sleep(60)

    look = Watch._look

    def patched(self):
        if (tmp_path / "ready").exists() and self.job.phase == "EXECUTING":
            service.abort(Job.objects.get(pk=self.job.pk), Viewer(username="alice"))
            self.job.phase = ""
        look(self)

    monkeypatch.setattr(Watch, "_look", patched)
    job = job_type(run)
    work()
    assert (done(job).phase, names(job), job.claim) == ("ABORTED", {"early"}, "")
    assert results.log_text(job, "stdout") == "early words\n"
    assert set(job.results.values_list("name", flat=True)) == {"early", "stdout", "stderr"}
    assert Outcome.objects.get(activity=job.activity_id).succeeded is False


def test_deleted_while_it_runs_it_is_gone(job_type, work, monkeypatch):
    from gateway.access.rights import Viewer

    during(monkeypatch, lambda job: service.delete(Job.objects.get(pk=job.pk), Viewer(username="alice")))
    job = job_type(too_long)
    work()
    assert not Job.objects.filter(pk=job.pk).exists()
    assert JobResult.objects.count() == 0


def test_a_run_that_lost_its_claim_leaves_nothing(job_type, work, monkeypatch):
    """Another worker has the job meanwhile: the late one writes no file, no row, no phase."""

    def run(params, context):
        context.out.path("late").write_text("x")
        context.out.file("late", content_type="text/plain", title="")

    from jobs.worker import Run

    commit = Run._commit

    def stolen(self, *args):
        Job.objects.filter(pk=self.job.pk).update(claim="another", lease=timezone.now() + timedelta(minutes=1))
        return commit(self, *args)

    monkeypatch.setattr(Run, "_commit", stolen)
    job = job_type(run)
    work()
    assert (done(job).phase, job.claim, job.results.count()) == ("EXECUTING", "another", 0)
    assert not any(files for _, _, files in os.walk(default_storage.path("jobs")))


@pytest.mark.django_db(transaction=True)
def test_the_lease_holds_while_large_files_are_staged_or_stored(cast):
    """A copy that takes longer than the lease is no lost worker."""
    from jobs import keeper
    from jobs.heartbeat import Heartbeat

    past = timezone.now() - timedelta(minutes=1)
    job = Job.objects.create(type="sleep", version="1.0", owner=cast["alice"], execution_duration=10, attempts=1,
                             phase="EXECUTING", claim="mine", lease=past)  # fmt: skip
    with Heartbeat(job, every=0.01):
        deadline = time.monotonic() + 30
        while done(job).lease <= past and time.monotonic() < deadline:
            time.sleep(0.01)
    keeper.reap()
    assert (done(job).phase, job.claim) == ("EXECUTING", "mine")


def test_progress_and_steps_are_seen_while_it_runs(job_type, work, monkeypatch):
    seen = []

    def look(job):
        seen.append(Job.objects.values("progress", "step", "steps").get(pk=job.pk))

    def run(params, context):
        with context.out.step("Reading", files=4):
            context.out.progress(0.5, "half way")
            time.sleep(1.5)

    from jobs import queue

    renew = queue.renew
    monkeypatch.setattr(queue, "renew", lambda job, **changes: (renew(job, **changes), look(job))[0])
    job = job_type(run)
    work()
    assert (seen[0]["progress"], seen[0]["step"]) == (0.5, "half way")
    assert seen[0]["steps"][0]["name"] == "Reading"
    assert done(job).steps[0]["error"] == ""


def test_the_worker_is_told_to_end_and_the_job_waits_again(job_type, work):
    from jobs.worker import work_once

    job = job_type(too_long)
    work_once(("short",), lambda: True)
    assert (done(job).phase, job.attempts) == ("QUEUED", 0)


# --- history ---------------------------------------------------------------------------------------------------------------


def test_a_run_is_an_activity_with_its_parameters_and_results(uws, work):
    from provenance.models import Activity

    path = uws.create(seconds=0, note="hello", PHASE="RUN")
    work()
    job = Job.objects.get(pk=path.rsplit("/", 1)[1])
    activity = Activity.objects.get(pk=job.activity_id)
    assert {p.name: p.value for p in activity.parameters.all()} == {"seconds": "0", "fail": "false", "note": "hello"}
    assert activity.description.version == "1.0"
    generated = set(activity.generated.values_list("entity_id", flat=True))
    assert f"{job.main_key}.result" in generated
    assert f"{job.main_key}.stdout" in generated


def test_a_failed_run_is_in_the_history_too(uws, work):
    from provenance.models import Outcome

    uws.create(seconds=0, fail="true", PHASE="RUN")
    work()
    assert Outcome.objects.get().succeeded is False


def test_inner_steps_become_activities(job_type, work):
    from provenance.models import Activity

    def run(params, context):
        with context.out.step("Reading"):
            pass
        with context.out.step("Fitting", model="pl"):
            pass

    job = job_type(run)
    work()
    assert [a.name for a in Activity.objects.filter(pk__startswith=job.activity_id).order_by("pk")] == [
        "Trial", "Reading", "Fitting",
    ]  # fmt: skip


def test_steps_are_linked_by_what_they_used_and_made(job_type, work):
    """From a result back: the run used the models, the fit made them from the datasets."""
    from provenance.models import Used, WasGeneratedBy

    def run(params, context):
        with context.out.step("reduce", used=["no.such-input"], made="datasets"):
            pass
        with context.out.step("fit", used=["datasets"], made="models"):
            pass

    job = job_type(run)
    work()
    made = {row.role: (row.entity_id, row.activity_id) for row in WasGeneratedBy.objects.all()}
    first, second = f"{job.main_key}.step-1", f"{job.main_key}.step-2"
    assert made["datasets"] == (first, f"{job.activity_id}.1")
    assert made["models"] == (second, f"{job.activity_id}.2")
    used = {(row.activity_id, row.entity_id) for row in Used.objects.all()}
    assert used == {(f"{job.activity_id}.2", first), (job.activity_id, second)}


def test_a_step_that_failed_made_nothing(job_type, work):
    from provenance.models import Entity

    def run(params, context):
        with context.out.step("reduce", made="datasets"):
            raise ValueError("no")

    job = job_type(run)
    work()
    assert not Entity.objects.filter(pk__startswith=f"{job.main_key}.step").exists()


def test_folder_is_private(job_type, work, scratch):
    def run(params, context):
        context.out.summary({"mode": oct(Path(context.out.folder).stat().st_mode & 0o777)})

    job = job_type(run)
    work()
    assert done(job).summary == {"mode": "0o700"}


# --- what it costs ---------------------------------------------------------------------------------------------------------


def test_a_job_costs_a_bounded_number_of_statements(alice, uws, work, monkeypatch):
    """Twenty a second need this; whatever is asked once more for each job is felt."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from jobs.supervise import Watch

    # A slow machine looks at the run in between; that is not what is counted.
    monkeypatch.setattr(Watch, "_look", lambda self: None)
    for number in (1, 2):
        uws.create(seconds=0, note=f"warm {number}", PHASE="RUN")
        work()
    with CaptureQueriesContext(
        connection,
    ) as creation:
        uws.create(seconds=0, note="counted", PHASE="RUN")
    with CaptureQueriesContext(connection) as run:
        assert work() == 1
    assert len(creation) <= 11, [query["sql"][:90] for query in creation]
    assert len(run) <= 45, [query["sql"][:90] for query in run]
