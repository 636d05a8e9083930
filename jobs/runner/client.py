"""The worker's side of the runner: starts a cage, keeps it alive with a word now and then, hears of its end."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jobs.runner import cage as cages
from jobs.runner.server import SOCKET

ROOT = Path(__file__).parents[2]
START_PATIENCE = 60.0
"""s for the fork server to load gammapy on a busy machine"""


class RunnerAway(Exception):
    """The fork server cannot be reached or started."""


@dataclass
class Running:
    """A run in its cage."""

    control: socket.socket
    stdout: int
    stderr: int
    monitor: int = 0
    """process id, where it is a child of this process"""
    _buffer: bytes = field(default=b"")

    @property
    def sources(self) -> list[socket.socket]:
        """Where its end can be heard."""
        return [self.control]

    def keep_alive(self) -> None:
        with contextlib.suppress(OSError):
            self.control.send(b".")

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            self.control.send(b"k")

    def ended(self) -> cages.Exit | None:
        """Call when ``control`` is readable: how it ended, or None while the message is incomplete."""
        try:
            block = self.control.recv(4096)
        except OSError:
            block = b""
        self._buffer += block
        if b"\n" in self._buffer:
            return cages.Exit.from_json(self._buffer.split(b"\n", 1)[0])
        return None if block else cages.Exit(reason="lost")

    def close(self) -> None:
        """Returns when a monitor forked from here, and with it every process of the run, is gone."""
        self.control.close()
        if self.monitor:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.monitor, 0)
        for descriptor in (self.stdout, self.stderr):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def clean_environment(home: Path) -> dict[str, str]:
    """Nothing of the worker's: no password, no address of a database."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(home),
        "XDG_CACHE_HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }


def runner_folder(scratch: Path) -> Path:
    folder = scratch / "runner"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def connect(scratch: Path) -> socket.socket:
    """A connection to the fork server, which is started where it does not run."""
    folder = runner_folder(scratch)
    deadline = time.monotonic() + START_PATIENCE
    started: subprocess.Popen[bytes] | None = None
    while time.monotonic() < deadline:
        if connection := _try(folder):
            return connection
        if started is None or started.poll() is not None:
            # Where two workers start one at the same time, the lock lets one live.
            started = _start(folder)
        time.sleep(0.05)
    raise RunnerAway(f"no fork server answers in {folder}")


def hold(scratch: Path) -> None:
    """Keeps the fork server warm, and starts it again when it dies. Never returns; meant for a thread."""
    while True:
        try:
            with connect(scratch) as connection:
                connection.recv(1)
        except (OSError, RunnerAway):
            time.sleep(1.0)


def _try(folder: Path) -> socket.socket | None:
    handle = os.open(folder, os.O_RDONLY)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(f"/proc/self/fd/{handle}/{SOCKET}")
        return connection
    except OSError:
        connection.close()
        return None
    finally:
        os.close(handle)


def _start(folder: Path) -> "subprocess.Popen[bytes]":
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 (this interpreter and an own module)
            [sys.executable, "-m", "jobs.runner.server", str(folder), str(os.getpid())],
            cwd=ROOT,
            env=clean_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def start(scratch: Path, run_folder: Path, request: dict[str, Any], cage: cages.Cage) -> Running:
    """Runs a request (see ``jobs.runner.activity``) in a cage forked from the fork server."""
    (run_folder / "request.json").write_text(json.dumps({**request, "cage": asdict(cage)}))
    control = connect(scratch)
    try:
        return Running(control, *hand_over(control, run_folder))
    except RunnerAway:
        control.close()
        raise


def hand_over(to: socket.socket, run_folder: Path) -> tuple[int, int]:
    """Names a run's folder to the process that shall run it: where its stdout and its stderr can be read."""
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    try:
        socket.send_fds(to, [str(run_folder).encode()], [out_write, err_write])
    except OSError as error:
        os.close(out_read)
        os.close(err_read)
        raise RunnerAway(str(error)) from error
    finally:
        os.close(out_write)
        os.close(err_write)
    return out_read, err_read


def start_here(cage: cages.Cage, work: cages.Work) -> Running:
    """Runs Python code of this process (a light job) in a cage forked from here."""
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    monitor, control = cages.fork_monitor(out_write, err_write, cage, work)
    os.close(out_write)
    os.close(err_write)
    return Running(control, out_read, err_read, monitor)
