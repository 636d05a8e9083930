"""A cage that carries out one light job after the other, so that not each of them pays for three forks.

Light jobs are the gateway's own code. A child that lost a process or a thread, grew, failed by a fault or was ended is
not used again; one that hears nothing for the length of a lease is ended by its monitor.
"""

import contextvars
import json
import os
import pickle
import resource
import select
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobs.runner import cage as cages
from jobs.runner.client import RunnerAway, Running, hand_over

REQUESTS = cages.KEPT
MOST_RUNS = 200
MOST_GROWTH = 200 * 2**20
"""bytes that a child may take more than at its start"""
REQUEST = "request.pickle"


@dataclass
class Child:
    """A cage in waiting."""

    control: socket.socket
    monitor: int
    requests: socket.socket

    @property
    def is_alive(self) -> bool:
        return not select.select([self.control], [], [], 0)[0]

    def end(self) -> None:
        """Returns when every process of it is gone."""
        self.requests.close()
        Running(self.control, -1, -1, self.monitor).close()


@dataclass
class Reused(Running):
    """A run in a child that was there before it and may go on after it."""

    child: Child | None = None
    _fit: bool = field(default=False)

    @property
    def sources(self) -> list[socket.socket]:
        return [self.control, self.child.requests] if self.child else [self.control]

    def ended(self) -> cages.Exit | None:
        assert self.child is not None
        if select.select([self.child.requests], [], [], 0)[0]:
            block = self.child.requests.recv(4096)
            if block:
                answer = json.loads(block)
                self._fit = not answer["last"]
                return cages.Exit(code=answer["code"])
        return super().ended()

    def close(self) -> None:
        for descriptor in (self.stdout, self.stderr):
            os.close(descriptor)
        if self.child is None:
            return
        if self._fit:
            _idle.append(self.child)
        else:
            self.child.end()


_idle: list[Child] = []
Prepare = Callable[[], None]
Perform = Callable[[Any], tuple[int, bool]]
"""carries out an unpickled request: exit code, and whether the child may be used again"""


def start(folder: Path, request: Any, cage: cages.Cage, prepare: Prepare, perform: Perform) -> Running:
    """Runs a request in the waiting child, or in a new one; ``prepare`` is called before a fork."""
    (folder / REQUEST).write_bytes(pickle.dumps((request, cage)))
    child = _waiting() or _fork(cage, prepare, perform)
    try:
        stdout, stderr = hand_over(child.requests, folder)
    except RunnerAway:
        child.end()
        raise
    return Reused(child.control, stdout, stderr, child.monitor, child=child)


def _waiting() -> Child | None:
    while _idle:
        child = _idle.pop()
        if child.is_alive:
            # Its monitor counts the lease from here.
            Running(child.control, -1, -1).keep_alive()
            return child
        child.end()
    return None


def _fork(cage: cages.Cage, prepare: Prepare, perform: Perform) -> Child:
    prepare()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    null, other = os.open(os.devnull, os.O_WRONLY), os.open(os.devnull, os.O_WRONLY)
    general = cages.Cage(folder=cage.folder, file_size=cage.file_size, silence=cage.silence, network=cage.network)
    monitor, control = cages.fork_monitor(null, other, general, lambda: _serve(perform), theirs.fileno())
    os.close(null)
    os.close(other)
    theirs.close()
    return Child(control, monitor, ours)


# --- inside ----------------------------------------------------------------------------------------------------------


def _serve(perform: Perform) -> int:
    """Until the cage is ended, or this child is not fit for another run."""
    requests = socket.socket(fileno=REQUESTS)
    first = _taken()
    for number in range(MOST_RUNS):
        message, descriptors, _flags, _address = socket.recv_fds(requests, 8192, 2)
        if not message:
            return 0
        for source, target in zip(descriptors, (1, 2), strict=True):
            os.dup2(source, target)
            os.close(source)
        folder = Path(message.decode())
        request, cage = pickle.loads((folder / REQUEST).read_bytes())  # noqa: S301 (the worker wrote it a moment ago)
        os.chdir(folder)
        _limit_time(cage.cpu)
        code, fit = contextvars.copy_context().run(perform, request)
        sys.stdout.flush()
        sys.stderr.flush()
        os.chdir("/")
        last = not fit or number == MOST_RUNS - 1 or _is_worn() or _taken() - first > MOST_GROWTH
        requests.send(json.dumps({"code": code, "last": last}).encode())
        if last:
            return 0
    return 0


def _limit_time(seconds: int) -> None:
    """Processor time of this run beside that of those before it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds if seconds else resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _is_worn() -> bool:
    """Something of the run goes on after it."""
    return threading.active_count() > 1 or bool(cages.children())


def _taken() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
