"""A whole gateway, started as its users start it: ``manage.py demo`` in a data folder of its own, on a free port."""

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_PATIENCE = 240
_kept: list[Path] = []


def keep_migrated(copy: Path) -> None:
    """Keeps a copy of the migrated, empty database of the tests: all migrations take some 15 s of a processor."""
    from django.db import connection

    if connection.vendor != "sqlite":
        return
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(copy)) as kept:
        connection.connection.backup(kept)
    _kept[:] = [copy]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RunningGateway:
    """``url`` answers as long as the object lives; ``stop()`` ends it as Ctrl-C does."""

    def __init__(self, data: Path, log: Path, **extra: str) -> None:
        self.data, self.log = data, log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {**os.environ, "DISTILLER_DATA": str(data), "DISTILLER_ALLOW_LOOPBACK": "True", **extra}
        for name in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PUBLIC_URL"):
            if name not in extra:
                self.env.pop(name, None)
        self.process: subprocess.Popen[bytes] | None = None

    def migrated(self) -> "RunningGateway":
        """Begins with the kept database where there is one; ``migrate`` has then nothing to do."""
        if _kept and "DATABASE_URL" not in self.env:
            self.data.mkdir(parents=True, exist_ok=True)
            shutil.copy(_kept[0], self.data / "db.sqlite3")
        else:
            self.manage("migrate")
            self.manage("createcachetable")
        return self

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done

    def start(self, command: str = "demo") -> "RunningGateway":
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", command, "--port", str(self.port)],
                cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=5):
                    return self
            except (OSError, urllib.error.URLError):
                time.sleep(0.2)
        self.stop()
        raise AssertionError(f"the gateway did not come up:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process = None
