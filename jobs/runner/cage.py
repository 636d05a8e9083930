"""One run in a cage of its own: PID and network namespace, limits, and no way to outlive its worker.

Standard library only. Three processes make a cage::

    monitor   holds the socket to the worker; ends the run when it is told to, when the worker is gone or silent
      init    process 1 of the namespace; reaps; its end is the end of every process inside, setsid or not
        run   the code, with its limits

Where the kernel forbids namespaces the run gets a process group, and the monitor adopts and kills what escapes it.
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from jobs.runner import kernel


@dataclass(frozen=True)
class Cage:
    """Limits of one run."""

    folder: str
    """the run starts here and nowhere else"""
    memory: int = 0
    """bytes above what the interpreter has taken already; 0: no limit"""
    cpu: int = 0
    """s; 0: no limit"""
    file_size: int = 0
    """bytes of one file; 0: no limit"""
    silence: float = 30.0
    """s without a word from the worker after which it is taken for lost"""
    network: bool = False
    """keep the network of the host"""


@dataclass(frozen=True)
class Exit:
    """How the run ended: exit code, or the signal that ended it."""

    code: int | None = None
    signal: int | None = None
    reason: str = ""
    """``killed``: the monitor ended it"""

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_json(cls, line: bytes) -> "Exit":
        return cls(**json.loads(line))


KEPT = 3
"""number of the one descriptor that a run may have beside its streams"""
Work = Callable[[], int]
"""What runs inside; its value is the exit code."""


# --- what the kernel allows ------------------------------------------------------------------------------------------


@cache
def namespaces_allowed() -> bool:
    """Tries it once, in a child."""
    pid = os.fork()
    if pid == 0:
        try:
            enter_namespaces(network=False)
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def enter_namespaces(network: bool) -> None:
    """Later children of this process live in a new PID namespace (and network, unless ``network``)."""
    flags = kernel.CLONE_NEWPID | kernel.CLONE_NEWNS | (0 if network else kernel.CLONE_NEWNET)
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        kernel.unshare(flags)
    else:
        kernel.unshare(flags | kernel.CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    kernel.private_mounts()


# --- the three processes ---------------------------------------------------------------------------------------------


def monitor(control: socket.socket, streams: tuple[int, int], cage: Cage, work: Work, kept: int = -1) -> None:
    """Called in a fresh child; returns when every process of the run is gone and the worker has been told."""
    stdout, stderr = streams
    parent = os.getppid()
    kernel.die_with_parent(parent)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    contained = namespaces_allowed()
    if contained:
        enter_namespaces(cage.network)
    else:
        kernel.adopt_orphans()
    read_end, write_end = os.pipe()
    init = os.fork()
    if init == 0:
        os.close(read_end)
        control.close()
        _init(write_end, streams, lambda: _run(streams, cage, work, kept), contained)
    os.close(write_end)
    os.close(stdout)
    os.close(stderr)
    ended = _watch(control, read_end, init, cage.silence)
    with contextlib.suppress(OSError):
        control.sendall(ended.to_json())


def _watch(control: socket.socket, status: int, init: int, silence: float) -> Exit:
    pidfd = os.pidfd_open(init)
    reason = ""
    while True:
        ready: list[object] = [*select.select([control.fileno(), pidfd], [], [], silence)[0]]
        if pidfd in ready:
            break
        if control.fileno() not in ready or not _still_wanted(control):
            reason = "killed"
            break
    _end(init)
    text = os.read(status, 100).decode()
    if text:
        kind, number = text.split()
        return Exit(reason=reason, **{kind: int(number)})
    return Exit(signal=signal.SIGKILL, reason=reason)


def _still_wanted(control: socket.socket) -> bool:
    """Any byte is a sign of life, but ``k`` asks for the end; no byte means that the worker is gone."""
    try:
        words = control.recv(4096)
    except OSError:
        return False
    return bool(words) and b"k" not in words


def _end(init: int) -> None:
    """Ends init and, with it or by hand, whatever is left; returns when nothing is."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(init, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(init, signal.SIGKILL)
    os.waitpid(init, 0)
    while left := children():
        for child in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def children() -> list[int]:
    me = os.getpid()
    try:
        return [int(pid) for pid in Path(f"/proc/{me}/task/{me}/children").read_text().split()]
    except OSError:
        return []


def _init(status: int, streams: tuple[int, int], carry_out: Callable[[], None], contained: bool) -> None:
    """Process 1 of the namespace. Never returns."""
    stdout, stderr = streams
    try:
        kernel.libc.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if _nobody_reads(status):
            os._exit(1)
        os.setsid()
        if contained:
            kernel.own_proc()
        run = os.fork()
        if run == 0:
            os.close(status)
            carry_out()
        os.close(stdout)
        os.close(stderr)
        while True:
            pid, state = os.wait()
            if pid == run:
                break
        code = os.waitstatus_to_exitcode(state)
        os.write(status, (f"code {code}" if code >= 0 else f"signal {-code}").encode())
    except BaseException as error:
        os.write(stderr, f"the cage failed: {error}\n".encode())
    finally:
        os._exit(0)


def _nobody_reads(pipe: int) -> bool:
    """Whether the monitor died before this process could ask to die with it (it has no parent number to compare)."""
    poll = select.poll()
    poll.register(pipe, 0)
    return bool(poll.poll(0))


def _run(streams: tuple[int, int], cage: Cage, work: Work, kept: int) -> None:
    code = 1
    stdout, stderr = streams
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (stdout, 1), (stderr, 2)):
            os.dup2(source, target)
        if kept >= 0:
            os.dup2(kept, KEPT)
        os.closerange(3 if kept < 0 else KEPT + 1, 256)
        # Whatever stood in their place (Celery puts its log there) belongs to the process that this one came from.
        sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115 (until the end)
        sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
        os.chdir(cage.folder)
        os.umask(0o077)
        apply_limits(cage)
        code = work()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def apply_limits(cage: Cage) -> None:
    kernel.no_new_privileges()
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
    limits: list[tuple[int, int]] = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 4096)]
    if cage.memory:
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limits.append((resource.RLIMIT_AS, taken + cage.memory))
    if cage.cpu:
        limits.append((resource.RLIMIT_CPU, cage.cpu))
    if cage.file_size:
        limits.append((resource.RLIMIT_FSIZE, cage.file_size))
    for which, value in limits:
        resource.setrlimit(which, (value, value))


def fork_monitor(stdout: int, stderr: int, cage: Cage, work: Work, kept: int = -1) -> tuple[int, socket.socket]:
    """Forks a cage from this process: process id of its monitor, and the worker's end of its socket.

    ``kept``: a descriptor of this process that the run finds as ``KEPT``.
    """
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            ours.close()
            monitor(theirs, (stdout, stderr), cage, work, kept)
        finally:
            os._exit(0)
    theirs.close()
    return pid, ours
