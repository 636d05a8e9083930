"""The fork server: ``python -m jobs.runner.server FOLDER PARENT``. One per host, with the analyses and gammapy loaded.

It knows neither Django nor the database and has a clean environment. A worker connects, sends the folder of a run and
two file descriptors, and gets a cage forked from here (about 15 ms). It ends when no worker is connected any more.
"""

import contextlib
import fcntl
import gc
import importlib
import importlib.util
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import time
from pathlib import Path

from jobs.runner import activity, cage, kernel

SOCKET, LOCK = "runner.sock", "runner.lock"
GRACE = 10.0
"""s in which the first worker has to connect"""
FAREWELL = 2.0
"""s after which it ends when the last worker has gone"""


def preload() -> None:
    """Imports every analysis; one that cannot be imported fails when it is asked for, with its reason."""
    package = importlib.import_module("jobs.analysis")
    for folder in pkgutil.iter_modules(package.__path__):
        name = f"jobs.analysis.{folder.name}.run"
        try:
            if folder.ispkg and importlib.util.find_spec(name):
                importlib.import_module(name)
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)


def listen(folder: Path) -> socket.socket:
    """The socket lies in a folder that only this user may enter; its path may be longer than a socket's may be."""
    server = socket.socket(socket.AF_UNIX)
    handle = os.open(folder, os.O_RDONLY)
    (folder / SOCKET).unlink(missing_ok=True)
    server.bind(f"/proc/self/fd/{handle}/{SOCKET}")
    os.close(handle)
    server.listen(64)
    return server


def serve(folder: Path, parent: int) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    server = listen(folder)
    selector = selectors.DefaultSelector()
    selector.register(server, selectors.EVENT_READ)
    workers: set[socket.socket] = set()
    until = time.monotonic() + (GRACE if os.getppid() == parent else FAREWELL)
    while workers or time.monotonic() < until:
        for key, _events in selector.select(1.0):
            if key.fileobj is server:
                connection, _address = server.accept()
                workers.add(connection)
                selector.register(connection, selectors.EVENT_READ)
                continue
            connection = key.fileobj  # type: ignore[assignment] # only sockets are registered
            _answer(connection, [server, *workers, selector])
            selector.unregister(connection)
            workers.discard(connection)
            connection.close()
            until = time.monotonic() + FAREWELL
    (folder / SOCKET).unlink(missing_ok=True)


def _answer(connection: socket.socket, inherited: "list[socket.socket | selectors.BaseSelector]") -> None:
    """A request becomes a cage that owns the connection; an end of file is a worker that went away."""
    try:
        message, descriptors, _flags, _address = socket.recv_fds(connection, 8192, 2)
    except OSError:
        return
    if not message or len(descriptors) != 2:
        return
    stdout, stderr = descriptors
    pid = os.fork()
    if pid == 0:
        try:
            for item in inherited:
                if item is not connection:
                    with contextlib.suppress(OSError):
                        item.close()
            folder = Path(message.decode())
            request = json.loads((folder / "request.json").read_text())
            limits = cage.Cage(**request["cage"])
            cage.monitor(connection, (stdout, stderr), limits, lambda: activity.carry_out(request))
        finally:
            os._exit(0)
    os.close(stdout)
    os.close(stderr)


def main() -> None:
    folder, parent = Path(sys.argv[1]), int(sys.argv[2])
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        cage.namespaces_allowed()
        # Who wanted it may end while it loads; then nobody does.
        kernel.die_with_parent(parent)
        preload()
        kernel.outlive_parent()
        # What was loaded is never collected, so that a fork shares its pages for longer.
        gc.freeze()
        serve(folder, parent)


if __name__ == "__main__":
    main()
