"""The cage: nothing gets out of it, nothing outlives it, its limits hold."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.runner import cage, client
from tests.support.jobs import until


def run(folder: Path, work: Callable[[], int], *, kill_after: Path | None = None, **limits) -> tuple[cage.Exit, str]:
    """Its end and what it wrote; ``kill_after``: end it when this file exists."""
    running = client.start_here(cage.Cage(folder=str(folder), **limits), work)
    text = b""
    ended = None
    while ended is None:
        ready, _, _ = select.select([running.control, running.stdout, running.stderr], [], [], 0.05)
        for stream in (running.stdout, running.stderr):
            if stream in ready:
                text += os.read(stream, 65536)
        if running.control in ready:
            ended = running.ended()
        if kill_after is not None and kill_after.exists():
            running.kill()
            kill_after = None
    for stream in (running.stdout, running.stderr):
        text += os.read(stream, 65536)
    running.close()
    return ended, text.decode()


def alive(mark: str) -> list[int]:
    """Processes whose command line holds the mark."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if mark.encode() in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def test_exit_code_and_output(tmp_path):
    def work() -> int:
        print("to stdout")
        print("to stderr", file=sys.stderr)
        return 3

    ended, text = run(tmp_path, work)
    assert (ended.code, ended.signal) == (3, None)
    assert {"to stdout", "to stderr"} <= set(text.splitlines())


def test_it_starts_in_its_folder_with_no_input(tmp_path):
    def work() -> int:
        print(Path.cwd(), repr(sys.stdin and os.read(0, 10)))
        return 0

    _, text = run(tmp_path, work)
    assert text.strip() == f"{tmp_path} b''"


@pytest.mark.parametrize("contained", [True, False])
def test_an_end_from_outside_ends_every_process(tmp_path, monkeypatch, contained):
    """A grandchild that went into a session of its own, and ignores signals, goes too."""
    if not contained:
        monkeypatch.setattr(cage, "namespaces_allowed", lambda: False)
    elif not cage.namespaces_allowed():
        pytest.fail("this kernel forbids namespaces")
    mark = f"mark-{os.getpid()}-{contained}"

    def work() -> int:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                code = f"import signal,time; signal.signal(15,signal.SIG_IGN); open('up','w'); time.sleep(60) #{mark}"
                os.execv(sys.executable, [sys.executable, "-c", code])
            os._exit(0)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
        return 0

    ended, _ = run(tmp_path, work, kill_after=tmp_path / "up")
    assert ended.reason == "killed"
    assert alive(mark) == []


def test_a_normal_end_ends_what_was_left_behind(tmp_path):
    mark = f"left-{os.getpid()}"

    def work() -> int:
        if os.fork() == 0:
            os.setsid()
            code = f"open('up','w'); import time; time.sleep(60) #{mark}"
            os.execv(sys.executable, [sys.executable, "-c", code])
        while not Path("up").exists():
            time.sleep(0.01)
        return 0

    ended, _ = run(tmp_path, work)
    assert ended.code == 0
    assert alive(mark) == []


def test_the_death_of_the_worker_ends_it(tmp_path):
    """The process that started the cage is killed; nothing of the cage lives on."""
    mark = f"orphan-{os.getpid()}"
    worker = os.fork()
    if worker == 0:

        def work() -> int:
            code = f"open('up','w'); import time; time.sleep(60) #{mark}"
            os.execv(sys.executable, [sys.executable, "-c", code])
            return 0

        running = client.start_here(cage.Cage(folder=str(tmp_path)), work)
        time.sleep(60)
        running.close()
        os._exit(0)
    deadline = time.monotonic() + 30
    while not (tmp_path / "up").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (tmp_path / "up").exists()
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    deadline = time.monotonic() + 10
    while alive(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert alive(mark) == []


def test_a_worker_that_falls_silent_is_taken_for_lost(tmp_path):
    ended, _ = run(tmp_path, lambda: time.sleep(60) or 0, silence=0.3)
    assert ended.reason == "killed"


def test_no_network_unless_asked_for(tmp_path):
    def work() -> int:
        print(sorted(line.split(":")[0].strip() for line in Path("/proc/net/dev").read_text().splitlines()[2:]))
        return 0

    _, text = run(tmp_path, work)
    assert text.strip() == "['lo']"


def test_it_sees_no_process_but_its_own(tmp_path):
    def work() -> int:
        print(len([p for p in Path("/proc").iterdir() if p.name.isdigit()]))
        return 0

    _, text = run(tmp_path, work)
    assert int(text) == 2


def test_memory_is_limited(tmp_path):
    def work() -> int:
        try:
            bytearray(500 * 2**20)
        except MemoryError:
            return 7
        return 0

    assert run(tmp_path, work, memory=100 * 2**20)[0].code == 7
    assert run(tmp_path, work, memory=2 * 2**30)[0].code == 0


def test_processor_time_is_limited(tmp_path):
    def work() -> int:
        while True:
            pass

    ended, _ = run(tmp_path, work, cpu=1)
    assert ended.signal in (signal.SIGXCPU, signal.SIGKILL)


def test_the_size_of_a_file_is_limited(tmp_path):
    def work() -> int:
        with open("big", "wb") as stream:
            stream.write(b"x" * 2_000_000)
        return 0

    ended, _ = run(tmp_path, work, file_size=1_000_000)
    assert ended.code != 0
    assert (tmp_path / "big").stat().st_size <= 1_000_000


def test_a_crash_is_told_by_its_signal(tmp_path):
    ended, _ = run(tmp_path, lambda: os.kill(os.getpid(), signal.SIGSEGV) or 0)
    assert ended.signal == signal.SIGSEGV


def test_the_environment_of_the_runner_is_clean(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "secret")
    monkeypatch.setenv("SECRET_KEY", "secret")
    environment = client.clean_environment(tmp_path)
    assert "secret" not in environment.values()
    assert set(environment) >= {"PATH", "HOME", "OMP_NUM_THREADS"}


@pytest.mark.parametrize("moment", [0.0, 0.6], ids=["at once", "while it loads"])
def test_a_fork_server_that_nobody_wants_any_more_does_not_go_on_loading(tmp_path, moment):
    """It takes seconds of processor time, which the next worker needs."""
    folder = client.runner_folder(tmp_path)
    starts = f"from jobs.runner import client; client._start(client.Path({str(folder)!r})); client.time.sleep(60)"
    worker = subprocess.Popen([sys.executable, "-c", starts], cwd=client.ROOT)
    mark = f"-m\0jobs.runner.server\0{folder}"
    until(lambda: alive(mark), 20, "it was started")
    time.sleep(moment)
    worker.kill()
    worker.wait()
    until(lambda: not alive(mark), 5, "it is gone")
