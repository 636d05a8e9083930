"""One run on a machine of a cluster: ``python -m jobs.runner.alone FOLDER JOB NODE``. Standard library only.

The fork server's cage without the fork server: the batch system starts this process and ends it. In FOLDER lies
``run/`` with ``request.json``; when nothing of the run is alive ``exit.json`` appears beside it, whole or not at all.
"""

import contextlib
import json
import os
import platform
import select
import signal
import socket
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from jobs.runner import activity, cage

RUN, EXIT = "run", "exit.json"
KILLED = "killed"
PACKAGES = ("gammapy", "astropy", "regions", "numpy", "scipy", "iminuit")


def main(control: Path, job: str, node: str) -> int:
    started = time.time()
    told, tell = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: os.write(tell, b"k"))
    request = json.loads((control / RUN / "request.json").read_text())
    limits = cage.Cage(**request["cage"])
    monitor, connection = cage.fork_monitor(1, 2, limits, lambda: activity.carry_out(request))
    ended = watch(connection, told, limits.silence)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(monitor, 0)
    times = {"started": started, "ended": time.time()}
    record = {"exit": ended, **times, **machine(job, node, bool(request.get("module")))}
    fresh = control / f"{EXIT}.new"
    fresh.write_text(json.dumps(record))
    fresh.replace(control / EXIT)
    return 0 if ended["code"] == 0 else 1


def watch(connection: socket.socket, told: int, silence: float) -> dict[str, Any]:
    """Keeps the run alive until it ends, or until this process is told to end it."""
    killed, words = False, b""
    while True:
        ready = select.select([connection.fileno(), told], [], [], silence / 4)[0]
        if told in ready:
            os.read(told, 100)
            killed = True
        with contextlib.suppress(OSError):
            connection.send(b"k" if killed else b".")
        if connection.fileno() not in ready:
            continue
        try:
            block = connection.recv(4096)
        except OSError:
            block = b""
        words += block
        if not block or b"\n" in words:
            break
    # The batch system signals the monitor too, which then ends without a word.
    ended = json.loads(words.split(b"\n")[0]) if b"\n" in words else {"code": None, "signal": None, "reason": "lost"}
    return {**ended, "reason": KILLED} if killed else dict(ended)


def machine(job: str, node: str, python: bool) -> dict[str, Any]:
    """Where it ran, for its provenance."""
    software = []
    for name in PACKAGES if python else ():
        with contextlib.suppress(metadata.PackageNotFoundError):
            software.append([name, metadata.version(name)])
    environment = {
        "platform": platform.platform(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "node": node or platform.node(),
        "slurm_job": job,
    }
    return {"environment": environment, "software": software}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
