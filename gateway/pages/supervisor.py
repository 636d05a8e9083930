"""One supervisor for the processes of a gateway on one machine: starts them, restarts one that dies, ends them all."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

PR_SET_PDEATHSIG = 1
STOP_PATIENCE = 10.0
"""s that a process has to end by itself after SIGTERM"""
RESTART_PAUSE = 1.0


@dataclass(frozen=True)
class Process:
    """A command that has to run all the time."""

    name: str
    argv: Sequence[str]


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Runs until SIGINT or SIGTERM; then nothing that it started is left."""

    def __init__(self, processes: Sequence[Process], say: Callable[[str], object], env: Mapping[str, str]) -> None:
        self.processes = processes
        self.say = say
        self.env = {**os.environ, **env}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = False

    def start(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        for process in self.processes:
            self._spawn(process)

    def watch(self) -> None:
        """Blocks until a signal ends it."""
        while not self.stopping:
            for process in self.processes:
                code = self.running[process.name].poll()
                if code is not None and not self.stopping:
                    self.say(f"{process.name} ended with {code}; starting it again")
                    time.sleep(RESTART_PAUSE)
                    self._spawn(process)
            time.sleep(0.2)
        self.end()

    def end(self) -> None:
        """SIGTERM to each group, then SIGKILL to what is left of it."""
        for child in self.running.values():
            _signal_group(child, signal.SIGTERM)
        deadline = time.monotonic() + STOP_PATIENCE
        for child in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
            _signal_group(child, signal.SIGKILL)
            child.wait()

    def _spawn(self, process: Process) -> None:
        # A session of its own, so that Ctrl-C reaches the supervisor alone and it decides the order of the end.
        self.running[process.name] = subprocess.Popen(  # noqa: S603 (argv lists of our own)
            list(process.argv),
            env=self.env,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 (the supervisor has one thread)
            stdin=subprocess.DEVNULL,
        )

    def _stop(self, number: int, frame: object) -> None:
        self.stopping = True


def _signal_group(child: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)
