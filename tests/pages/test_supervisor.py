"""The supervisor starts what it is told to, brings back what dies, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = textwrap.dedent("""
    import sys
    from gateway.pages.supervisor import Process, Supervisor
    child = "import os, subprocess, sys, time; subprocess.Popen(['sleep', '1000']);" \\
        "open(sys.argv[1], 'a').write(str(os.getpid()) + chr(10)); time.sleep(1000)"
    supervisor = Supervisor([Process(n, [sys.executable, "-c", child, sys.argv[1]]) for n in ("a", "b")], print, {})
    supervisor.start()
    supervisor.watch()
""")


def until(condition: Callable[[], bool], patience: float = 20.0) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def group_is_alive(group: int) -> bool:
    """A zombie that nobody has waited for yet is not alive."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, pgrp = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(pgrp) == group and state != "Z":
            return True
    return False


class Running:
    def __init__(self, folder: Path) -> None:
        self.pids = folder / "pids"
        self.process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(self.pids)], cwd=ROOT)
        assert until(lambda: len(self.groups()) >= 2)

    def groups(self) -> list[int]:
        return [int(line) for line in self.pids.read_text().split()] if self.pids.exists() else []


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.process.kill()
    running.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_every_process_with_its_children(running: Running, number: signal.Signals) -> None:
    running.process.send_signal(number)
    running.process.wait(20)
    assert not any(group_is_alive(group) for group in running.groups())


def test_a_process_that_dies_comes_back(running: Running) -> None:
    os.killpg(running.groups()[0], signal.SIGKILL)
    assert until(lambda: len(running.groups()) == 3)
    assert group_is_alive(running.groups()[2])


def test_no_child_outlives_a_supervisor_that_is_killed(running: Running) -> None:
    children = running.groups()
    running.process.kill()
    running.process.wait()
    gone = until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
    for group in children:
        if group_is_alive(group):
            os.killpg(group, signal.SIGKILL)
    assert gone
