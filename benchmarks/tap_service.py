"""A gateway to measure: a store of synthetic rows that is made once and kept, and a web server with a worker over it."""

import contextlib
import math
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import requests

from tests.support.gateway import free_port
from tests.support.postgresql import Cluster

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SERVER = "-c shared_buffers=1GB -c work_mem=32MB -c maintenance_work_mem=512MB -c random_page_cost=1.1"
"""PostgreSQL as DaCHS had it"""


@contextlib.contextmanager
def store(engine: str, folder: Path, count: int) -> Iterator[tuple[dict[str, str], int | None]]:
    """The environment of a gateway that holds ``count`` rows, and the process of its PostgreSQL. Kept in ``folder``."""
    env = {**os.environ, "DISTILLER_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "gateway.settings"}
    env.pop("DATABASE_URL", None)
    filled = folder / "rows"
    with contextlib.ExitStack() as stack:
        postgres = None
        if engine == "postgresql":
            cluster = Cluster(port=free_port(), folder=folder / "cluster", settings=SERVER)
            stack.enter_context(cluster)
            env["DATABASE_URL"] = cluster.url("bench") if filled.exists() else cluster.create("bench")
            postgres = int((cluster.data / "postmaster.pid").read_text().split()[0])
        if not filled.exists():
            _manage(env, "migrate", "-v0")
            _manage(env, "createcachetable")
            subprocess.run([sys.executable, "-m", "benchmarks.tap_load", str(count)], env=env, check=True)
            filled.write_text(str(count))
        elif int(filled.read_text()) != count:
            raise SystemExit(f"{folder} holds {filled.read_text()} rows")
        else:
            _manage(env, "migrate", "-v0")
        if postgres:
            env["TAP_DATABASE_URL"] = _manage(env, "tap_role").split()[-1]
        yield env, postgres


def _manage(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


class Refused(Exception):
    """The service answered a query with an error."""

    @classmethod
    def check(cls, answer: requests.Response) -> None:
        if answer.status_code != 200:
            raise cls(f"{answer.status_code}: {answer.text[:2000]}")


class Remote:
    """A TAP service that runs already. What its processes use is not known here."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.headers["Accept-Encoding"] = "identity"

    def ask(self, query: str, **parameters: str) -> bytes:
        answer = self.session.post(f"{self.url}/sync", {"LANG": "ADQL", "QUERY": query, **parameters})
        Refused.check(answer)
        return answer.content

    def cpu(self, *, worker: bool = False) -> float:
        """Seconds of CPU used so far; not a number where that is not known."""
        return math.nan


class Service(Remote):
    """A web server of two processes (and a worker for async) over the store."""

    def __init__(self, env: dict[str, str], postgres: int | None) -> None:
        port = free_port()
        super().__init__(f"http://127.0.0.1:{port}/tap")
        self.postgres = postgres
        env = {**env, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        gunicorn = [str(Path(sys.executable).parent / "gunicorn"), "gateway.wsgi", f"--bind=127.0.0.1:{port}",
                    "--worker-class=gthread", "--workers=2", "--threads=64", "--preload", "--log-level=error"]  # fmt: skip
        worker = [sys.executable, "manage.py", "worker", "short", "io", "--slots=2"]
        log = subprocess.DEVNULL
        self.web = subprocess.Popen(gunicorn, env=env, stdout=log, stderr=log, start_new_session=True)
        self.worker = subprocess.Popen(worker, env=env, stdout=log, stderr=log, start_new_session=True)
        for _ in range(200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/availability", timeout=5).read()
                return
            time.sleep(0.2)
        raise SystemExit("the server did not come up")

    def stop(self) -> None:
        for process in (self.web, self.worker):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)

    def cpu(self, *, worker: bool = False) -> float:
        """Seconds used so far by web processes and database together, and by the worker of async queries."""
        parents = (self.web.pid, self.postgres, self.worker.pid if worker else None)
        pids = [pid for parent in parents if parent for pid in _tree(parent)]
        total = 0.0
        for pid in pids:
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += sum(int(field) for field in fields[11:15]) / TICKS
        return total

    def memory(self) -> float:
        """Largest resident size of a web process, MB."""
        sizes = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in _tree(self.web.pid)]
        return max(sizes) * PAGE / 2**20


def _tree(pid: int) -> list[int]:
    found = [pid]
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += _tree(int(child))
    return found
