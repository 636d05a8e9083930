"""Which jobs go to a cluster, and what a word of Slurm's means: decisions that need no Slurm."""

import os
from dataclasses import replace

import pytest
from django.utils import timezone

from jobs import keeper, queue, registry, service
from jobs.errors import Refused
from jobs.models import Job
from jobs.phases import End, Outcome
from jobs.runner.cage import Exit
from jobs.slurm import config, states
from jobs.slurm.cluster import Cluster, ClusterAway
from jobs.slurm.config import Config
from jobs.slurm.place import Copied, Shared
from jobs.slurm.run import SlurmRun
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


def test_what_the_cluster_holds_can_be_made_shorter_not_longer(cluster, cast):
    from gateway.access.rights import viewer_of

    cluster()
    alice = viewer_of(cast["alice"])
    values = {"type": "sleep", "version": "1.0", "owner": cast["alice"], "execution_duration": 10, "queue": "slurm"}
    waits = Job.objects.create(phase="QUEUED", queued=timezone.now(), **values)
    assert service.change_duration(waits, alice, "20").execution_duration == 20
    there = Job.objects.create(phase="EXECUTING", claim="a", **values)
    for longer in ("11", "0"):
        with pytest.raises(Refused, match="made shorter, not longer") as refusal:
            service.change_duration(there, alice, longer)
        assert refusal.value.status == 403
    assert service.change_duration(there, alice, "5").execution_duration == 5


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


# --- copied folders -------------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(tmp_path):
    """Two folders, of which the one is reached by a shell alone, and a run in both."""
    chosen = Config(scratch=tmp_path / "here", node_scratch=tmp_path / "there", shell=("sh", "-c"))
    place = Copied(chosen, Cluster(chosen, "aaaa"))
    (place.folder(TOKEN) / "run").mkdir(parents=True)
    (place.folder(TOKEN) / "run" / "request.json").write_text("{}")
    place.send(TOKEN)
    return place


TOKEN = "0" * 32


def test_what_grows_there_is_brought_in_pieces_and_whole(copied, monkeypatch):
    monkeypatch.setattr("jobs.slurm.place.BLOCK", 10)
    far = copied.seen(TOKEN)
    assert (far / "run" / "request.json").read_text() == "{}"
    copied.refresh(TOKEN)
    for text in ("some words\n", "some words\nand\x00many more ' \" $(id) words\n" * 3):
        (far / "stdout").write_text(text)
        (far / "run" / "events.jsonl").write_text(text)
        copied.refresh(TOKEN)
        assert (copied.folder(TOKEN) / "stdout").read_text() == text
        assert (copied.folder(TOKEN) / "run" / "events.jsonl").read_text() == text


def test_only_plain_files_are_brought(copied, tmp_path):
    """Names are the run's: none is a word of a command, and none leads out of its folder."""
    far = copied.seen(TOKEN) / "run"
    (tmp_path / "secret").write_text("secret")
    names = ["plain", "a b", "-rf", "$(touch pwned)", "'; id", "new\nline"]
    for name in names:
        (far / name).write_text(name)
    (far / "link").symlink_to(tmp_path / "secret")
    os.link(tmp_path / "secret", far / "hard")
    os.mkfifo(far / "pipe")
    assert set(copied.names(TOKEN)) == {*names, "request.json"}
    copied.fetch(TOKEN, [*names, "link", "hard", "pipe", "../../secret", "/etc/passwd", "missing"])
    here = copied.folder(TOKEN) / "run"
    assert {path.name: path.read_text() for path in here.iterdir()} == {name: name for name in names} | {
        "request.json": "{}"
    }
    copied.remove(TOKEN)
    assert not copied.seen(TOKEN).exists()
    assert not copied.folder(TOKEN).exists()


def test_a_way_that_is_closed_loses_nothing(copied, monkeypatch):
    """What cannot be removed there stays here too, to be removed later."""
    closed = replace(copied.cluster.config, shell=("false",))
    monkeypatch.setattr(copied.cluster, "config", closed)
    with pytest.raises(ClusterAway):
        copied.refresh(TOKEN)
    copied.remove(TOKEN)
    assert copied.tokens() == [TOKEN]


def test_words_said_just_before_the_end_are_heard(cast, tmp_path):
    """The run ends while it is looked at: once its end is seen, everything that it said has been read."""
    job = Job.objects.create(type="counts_map", version="1", owner=cast["alice"], execution_duration=10, claim=TOKEN,
                             phase="EXECUTING", queue="slurm", started=timezone.now())  # fmt: skip
    run = SlurmRun(job, Shared(Config(scratch=tmp_path)))
    run.folder.mkdir(parents=True)

    def ends_now() -> Exit:
        (run.folder / "events.jsonl").write_text('{"event": "file", "name": "last"}\n')
        (run.control / "stdout").write_text("last words\n")
        return Exit(code=0)

    run._exit = ends_now
    run.listen()
    assert (run.ended, list(run.events.said.files)) == (Exit(code=0), ["last"])
    assert run.log.texts()["stdout"] == "last words\n"
