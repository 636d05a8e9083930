"""Real processes around real jobs: database, broker, workers, keeper and web, to be broken one at a time."""

import json
import os
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jobs.runner import client

ROOT = Path(__file__).parents[2]
LEASE = 4
FINISHED = {"COMPLETED", "ERROR", "ABORTED", "ARCHIVED"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def all_processes() -> dict[int, tuple[int, str]]:
    """Process id to parent and command line."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                found[int(folder.name)] = (parent, (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except (OSError, ValueError):
                continue
    return found


class JobGateway:
    """A gateway of its own under ``data``; ``end()`` leaves no process behind."""

    def __init__(
        self, data: Path, redis: bool = False, template: Path | None = None,
        env: Mapping[str, str] = MappingProxyType({}), **limits: int,
    ) -> None:  # fmt: skip
        """``template``: the data folder of another one that was just made, to save the time of its migrations."""
        self.data = data
        if template is not None:
            shutil.copytree(template, data)
        data.mkdir(parents=True, exist_ok=True)
        self.env = {**os.environ, "DISTILLER_DATA": str(data), "DISTILLER_ALLOW_LOOPBACK": "True", "LOG_LEVEL": "INFO"}
        self.env.pop("DJANGO_SETTINGS_MODULE", None)
        for name, value in {"lease": LEASE, "active": 1000, **limits}.items():
            self.env[f"DISTILLER_JOBS_{name.upper()}"] = str(value)
        self.env |= env
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.clerk: subprocess.Popen[str] | None = None
        self.held: socket.socket | None = None
        self.due: Counter[str] = Counter()
        """the phases in which the jobs that were created are to end"""
        self.redis_port = free_port() if redis else 0
        if redis:
            self.env["REDIS_URL"] = f"redis://127.0.0.1:{self.redis_port}/0"
            self.start_redis()
        if template is None:
            token = self.manage("shell", "-v0", "-c", MAKE_ALICE).stdout.strip().splitlines()[-1]
            (data / "token").write_text(token)
        self.token = (data / "token").read_text()

    # --- processes ---

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"manage.py {arguments[0]} failed:\n{done.stderr[-2000:]}")
        return done

    def start(self, name: str, *argv: str) -> "subprocess.Popen[bytes]":
        with (self.data / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                argv, cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self.processes[name] = process
        return process

    def revived(self) -> bool:
        """Does what the supervisor does: a worker that gave up (Celery may, when its broker goes) is started again."""
        worker = self.processes.get("worker")
        if worker is not None and (worker.poll() or 0) > 0:
            self.start_worker()
        return False

    def start_redis(self) -> None:
        folder = self.data / "redis"
        folder.mkdir(exist_ok=True)
        self.start("redis", "redis-server", "--port", str(self.redis_port), "--dir", str(folder), "--save", "")
        until(lambda: self._listens(self.redis_port), 20, "redis listens")

    @staticmethod
    def _listens(port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def start_worker(
        self, name: str = "worker", slots: int = 2, classes: Iterable[str] = ("short", "io"), within: Sequence[str] = ()
    ) -> None:
        """``within``: a command that starts it, such as ``unshare``."""
        self.start(name, *within, sys.executable, "manage.py", "worker", *classes, f"--slots={slots}")

    def start_keeper(self) -> None:
        """Returns when it does its chores."""
        log = self.data / "keeper.log"
        before = log.read_text().count("at work") if log.exists() else 0
        self.start("keeper", sys.executable, "manage.py", "keeper")
        until(lambda: log.read_text().count("at work") > before, 60, "the keeper is at work")

    def start_web(self) -> str:
        port = free_port()
        self.start("web", str(Path(sys.executable).parent / "gunicorn"), "gateway.wsgi", f"--bind=127.0.0.1:{port}",
                   "--worker-class=gthread", "--workers=2", "--threads=128", "--keep-alive=60", "--log-level=warning")  # fmt: skip
        until(lambda: self._listens(port), 60, "web listens")
        return f"http://127.0.0.1:{port}"

    def tree(self, name: str) -> list[int]:
        """A process and all that come from it, itself first."""
        known = all_processes()
        family = [self.processes[name].pid]
        for member in family:
            family += [pid for pid, (parent, _) in known.items() if parent == member]
        return family

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        self.processes[name].send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            self.processes[name].wait(30)

    def runner(self) -> int:
        """Process id of the fork server."""
        mark = f"jobs.runner.server {self.data}"
        found = {pid for pid, (_, command) in all_processes().items() if mark in command}
        parents = {pid: all_processes().get(pid, (0, ""))[0] for pid in found}
        return next((pid for pid in found if parents[pid] not in found), 0)

    def hold_runner(self) -> None:
        """Keeps the fork server when a worker dies, as the worker of another class does."""
        if self.held is not None:
            if not select.select([self.held], [], [], 0)[0]:
                return
            self.held.close()
        until(lambda: self.runner() and (self.data / "scratch" / "runner" / "runner.sock").exists(), 60, "it listens")
        self.held = client.connect(self.data / "scratch")

    def end(self) -> None:
        if self.held is not None:
            self.held.close()
        if self.clerk is not None:
            self.clerk.communicate()
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # --- jobs ---

    def create(
        self, count: int, seconds: float = 0.02, name: str = "sleep", failing: int = 0, slow: int = 0, **values: object
    ) -> None:
        """All of them at one moment. ``name``: ``sleep``, a light job, or ``nap``, an external command forked from the
        fork server. ``failing``: so many of them, spread over the whole, end in ERROR; ``slow``: so many, the first ones,
        last for 3 s."""
        self.create_all({"count": count, "seconds": seconds, "name": name, "failing": failing, "slow": slow, **values})

    def create_all(self, *wishes: Mapping[str, Any]) -> None:
        """All that several calls of ``create`` would make, at one moment."""
        asked = []
        for wish in wishes:
            values = {"count": 1, "seconds": 0.02, "name": "sleep", "failing": 0, "slow": 0, **wish}
            told = {name: values.pop(name) for name in ("count", "failing", "slow", "name")}
            self.due += Counter(COMPLETED=told["count"] - told["failing"], ERROR=told["failing"])
            asked.append({**told, "values": {key: [str(value)] for key, value in values.items()}})
        self._ask(asked)

    def _ask(self, wish: object) -> None:
        """Of a process that stays: a new one would take seconds for each wish."""
        if self.clerk is None:
            argv = [sys.executable, "manage.py", "shell", "-v0", "-c", CLERK]
            with (self.data / "clerk.log").open("ab") as log:
                self.clerk = subprocess.Popen(
                    argv, cwd=ROOT, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
                )
        assert self.clerk.stdin is not None
        assert self.clerk.stdout is not None
        self.clerk.stdin.write(json.dumps(wish) + "\n")
        self.clerk.stdin.flush()
        if self.clerk.stdout.readline() != "done\n":
            raise AssertionError(f"no jobs were created:\n{(self.data / 'clerk.log').read_text()[-2000:]}")

    def query(self, sql: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.data / "db.sqlite3", timeout=30)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def phases(self) -> Counter[str]:
        return Counter({str(phase): int(str(n)) for phase, n in self.query(
            "SELECT phase, count(*) FROM jobs_job GROUP BY phase")})  # fmt: skip

    def ended(self) -> int:
        return sum(count for phase, count in self.phases().items() if phase in FINISHED)

    def scratch(self) -> list[Path]:
        folder = self.data / "scratch"
        return [p for p in folder.iterdir() if len(p.name) == 32] if folder.is_dir() else []


def until(condition, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


NAP_SCRIPT = 'until [ -e "$gate" ]; do sleep 0.1; done; sleep "$seconds"; "$fail" && exit 3; echo slept > result'
NAP = {
    "name": "nap", "title": "Nap", "version": "1", "text": "A command that sleeps", "queue": "short", "duration": 60,
    "max_duration": 3600, "memory": 2**28,
    "parameters": [
        {"name": "seconds", "datatype": "double", "default": 0.0, "text": "How long"},
        {"name": "gate", "datatype": "char", "default": "/", "text": "It waits until this file exists"},
        {"name": "fail", "datatype": "boolean", "default": False, "text": "It ends with an error"},
    ],
    "outputs": [{"name": "result", "text": "What it wrote", "content_type": "text/plain", "file": "result"}],
    "command": {"argv": ["/bin/sh", "{script}"], "script": NAP_SCRIPT},
}  # fmt: skip
MAKE_ALICE = f"""
import json
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("createcachetable")
from jobs.models import JobDescription
JobDescription.objects.create(name="nap", version="1", state="published", document=json.loads({json.dumps(NAP)!r}))
from gateway.accounts import tokens
from gateway.accounts.models import User
alice = User.objects.create_user(username="alice", email="alice@demo.example", password="alice-demo")
print(tokens.create(alice, "test", ["write:jobs"])[1])
"""
CLERK = """
import json, sys
from django.db import transaction
from gateway.access.rights import viewer_of
from gateway.accounts.models import User
from jobs import service
viewer = viewer_of(User.objects.get(username="alice"))
for line in sys.stdin:
    with transaction.atomic():
        for wish in json.loads(line):
            count, failing = wish["count"], wish["failing"]
            for number in range(count):
                fails = failing * (number + 1) // count > failing * number // count
                values = {**wish["values"], "fail": ["true"]} if fails else wish["values"]
                values = {**values, "seconds": ["3"]} if number < wish["slow"] else values
                service.create(wish["name"], viewer, values, run_id=str(number), run=True)
    print("done", flush=True)
"""
