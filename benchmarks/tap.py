"""The TAP service over HTTP, on SQLite or PostgreSQL, beside the figures of DaCHS 2.7 on the same kind of machine.

``python -m benchmarks.tap [--rows 1000000] [--engine sqlite|postgresql] [--data FOLDER]``. With ``--data`` a filled
folder is used again (SQLite). CPU is that of web processes and database together.
"""

import argparse
import concurrent.futures
import contextlib
import io
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import requests

from benchmarks import rows
from tests.support.gateway import free_port
from tests.support.postgresql import Cluster

TICKS = os.sysconf("SC_CLK_TCK")
MANDATORY = (
    "dataproduct_type, calib_level, obs_collection, obs_id, obs_publisher_did, access_url, access_format,"
    " access_estsize, target_name, s_ra, s_dec, s_fov, s_region, s_resolution, s_xel1, s_xel2, t_min, t_max, t_exptime,"
    " t_resolution, t_xel, em_min, em_max, em_res_power, em_xel, o_ucd, pol_states, pol_xel, facility_name,"
    " instrument_name"
)


class Service:
    """A web server of two processes (and a worker for async) over the given database."""

    def __init__(self, env: dict[str, str], port: int, postgres: int | None) -> None:
        self.url, self.env, self.postgres = f"http://127.0.0.1:{port}/tap", env, postgres
        gunicorn = [str(Path(sys.executable).parent / "gunicorn"), "gateway.wsgi", f"--bind=127.0.0.1:{port}",
                    "--worker-class=gthread", "--workers=2", "--threads=64", "--log-level=error"]  # fmt: skip
        worker = [sys.executable, "manage.py", "worker", "short", "io", "--slots=2"]
        log = subprocess.DEVNULL
        self.web = subprocess.Popen(gunicorn, env=env, stdout=log, stderr=log, start_new_session=True)
        self.worker = subprocess.Popen(worker, env=env, stdout=log, stderr=log, start_new_session=True)
        self.session = requests.Session()
        self.session.headers["Accept-Encoding"] = "identity"
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

    def processes(self) -> list[int]:
        return _children(self.web.pid) + (_children(self.postgres) if self.postgres else [])

    def cpu(self) -> float:
        """Seconds used so far by web and database."""
        total = 0.0
        for pid in self.processes():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += (int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])) / TICKS
        return total

    def memory(self) -> float:
        """Largest resident size of a web process, MB."""
        sizes = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in _children(self.web.pid)]
        return max(sizes) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def ask(self, query: str, **parameters: str) -> bytes:
        answer = self.session.post(f"{self.url}/sync", {"LANG": "ADQL", "QUERY": query, **parameters})
        if answer.status_code != 200:
            raise SystemExit(f"{answer.status_code}: {answer.text[:2000]}")
        return answer.content


def _children(pid: int) -> list[int]:
    found = [pid]
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += _children(int(child))
    return found


def timed(service: Service, queries: list[str], repeat: int = 3) -> str:
    """Median and p95 in ms, CPU ms per query."""
    for query in queries[:5]:
        service.ask(query)
    spent, before = [], service.cpu()
    for _ in range(repeat):
        for query in queries:
            begun = time.perf_counter()
            service.ask(query)
            spent.append((time.perf_counter() - begun) * 1000)
    cpu = (service.cpu() - before) / len(spent) * 1000
    worst = statistics.quantiles(spent, n=20)[-1]
    return f"{statistics.median(spent):.1f} ms median, {worst:.1f} ms p95, {cpu:.1f} CPU ms"


def say(what: str, value: str, dachs: str = "") -> None:
    print(f"{what:<58} {value}" + (f"   [DaCHS 2.7: {dachs}]" if dachs else ""), flush=True)


def centres(count: int) -> list[tuple[float, float]]:
    """Half uniform, half at clustered sources."""
    ras, decs, _ = rows.positions(5000, seed=9)
    clustered = [(ras[i], decs[i]) for i in range(0, 5000, 10000 // count)]
    return clustered[: count // 2] + [((i * 137.5) % 360, ((i * 37) % 160) - 80.0) for i in range(count // 2)]


def cones(service: Service) -> None:
    where = "1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE({}, {}, {}))"
    points = centres(50)
    small = [f"SELECT TOP 1000 * FROM ivoa.obscore WHERE {where.format(*p, 0.1)}" for p in points]
    say("cone of 0.1 deg, TOP 1000 *", timed(service, small), "78 ms, 43 CPU ms")
    full = [f"SELECT TOP 1000 * FROM ivoa.obscore WHERE {where.format(*p, 5)}" for p in points[:25]]
    say("cone of 5 deg at sources (1,000 rows), TOP 1000 *", timed(service, full), "122 ms, 134 CPU ms")
    counted = [f"SELECT COUNT(*) AS n FROM ivoa.obscore WHERE {where.format(*p, 1)}" for p in points]
    say("COUNT in a cone of 1 deg", timed(service, counted), "72 ms")
    region = "1 = INTERSECTS(s_region, CIRCLE({}, {}, 1))"
    over = [f"SELECT COUNT(*) AS n FROM ivoa.obscore WHERE {region.format(*p)}" for p in points]
    say("COUNT over footprints, 1 deg", timed(service, over), "142 ms, p95 709 ms")


def streams(service: Service, count: int) -> None:
    for form in ("votable", "votable/b2"):
        for what, columns in (("60 columns", "*"), ("30 columns", MANDATORY)):
            limit = min(100_000, count)
            begun, first, size, before = time.perf_counter(), 0.0, 0, service.cpu()
            query = f"SELECT TOP {limit} {columns} FROM ivoa.obscore"
            parameters = {"LANG": "ADQL", "QUERY": query, "MAXREC": str(limit), "RESPONSEFORMAT": form}
            with service.session.post(f"{service.url}/sync", parameters, stream=True) as answer:
                for piece in answer.iter_content(2**16):
                    first = first or time.perf_counter() - begun
                    size += len(piece)
            total = time.perf_counter() - begun
            cpu = service.cpu() - before
            text = (
                f"{limit / total:,.0f} rows/s, {total:.2f} s, {cpu:.2f} CPU s, first byte {first * 1000:.0f} ms,"
                f" {size / 2**20:.0f} MB"
            )
            say(f"stream of {limit:,} rows, {what}, {form}", text, "11,900 rows/s, first byte 7.3 s")


def memory(service: Service, count: int) -> None:
    before = service.memory()
    parameters = {"LANG": "ADQL", "QUERY": "SELECT * FROM ivoa.obscore", "MAXREC": str(count)}
    with service.session.post(f"{service.url}/sync", parameters, stream=True) as answer:
        for _piece in answer.iter_content(2**18):
            pass
    say(f"growth of a web process while {count:,} rows stream", f"{service.memory() - before:.0f} MB", "to 697 MB")


def asynchronous(service: Service) -> None:
    spent = []
    for _ in range(10):
        begun = time.perf_counter()
        data = {"LANG": "ADQL", "QUERY": "SELECT TOP 1 obs_id FROM ivoa.obscore", "PHASE": "RUN"}
        job = service.session.post(f"{service.url}/async", data, allow_redirects=False).headers["Location"]
        phase = ""
        while phase not in ("COMPLETED", "ERROR", "ABORTED"):
            phase = service.session.get(f"{job}?WAIT=10", headers={"Accept": "application/json"}).json()["phase"]
        service.session.get(f"{job}/results/result")
        spent.append(time.perf_counter() - begun)
    say("async, submit to result", f"{statistics.median(spent):.2f} s median", "1.03 s")


def clients(service: Service) -> None:
    points = centres(50)
    query = "SELECT TOP 100 * FROM ivoa.obscore WHERE DISTANCE(s_ra, s_dec, {}, {}) < 0.5"
    end, errors = time.perf_counter() + 10, 0

    def client(number: int) -> tuple[int, int]:
        session, done, failed = requests.Session(), 0, 0
        session.headers["Accept-Encoding"] = "identity"
        while time.perf_counter() < end:
            data = {"LANG": "ADQL", "QUERY": query.format(*points[(number * 7 + done) % 50])}
            failed += session.post(f"{service.url}/sync", data).status_code != 200
            done += 1
        return done, failed

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(client, range(8)))
    done, errors = sum(r[0] for r in results), sum(r[1] for r in results)
    say("8 clients, cone 0.5 deg TOP 100, 10 s", f"{done / 10:.0f} requests/s, {errors} errors", "20.2, 1 error in 947")


def uploads(service: Service) -> None:
    for number, radius, dachs in ((1_000, 0.1, "0.56 s"), (100_000, 0.01, "")):
        ras, decs, _ = rows.positions(number, seed=5)
        lines = "".join(f"<TR><TD>{ra}</TD><TD>{dec}</TD></TR>" for ra, dec in zip(ras, decs, strict=True))
        fields = "".join(
            f'<FIELD name="{n}" datatype="double" unit="deg" ucd="pos.eq.{n};meta.main"/>' for n in ("ra", "dec")
        )
        content = f"{fields}<DATA><TABLEDATA>{lines}</TABLEDATA></DATA>"
        table = f"<VOTABLE><RESOURCE><TABLE>{content}</TABLE></RESOURCE></VOTABLE>"
        query = (
            "SELECT COUNT(*) AS n FROM TAP_UPLOAD.t AS u JOIN ivoa.obscore AS o"
            f" ON 1 = CONTAINS(POINT(o.s_ra, o.s_dec), CIRCLE(u.ra, u.dec, {radius}))"
        )
        spent = []
        for _ in range(3):
            begun = time.perf_counter()
            answer = service.session.post(
                f"{service.url}/sync",
                {"LANG": "ADQL", "QUERY": query, "UPLOAD": "t,param:x", "RESPONSEFORMAT": "csv"},
                files={"x": io.BytesIO(table.encode())},
            )
            spent.append(time.perf_counter() - begun)
        pairs = answer.text.split()[-1] if answer.status_code == 200 else answer.text[:300]
        say(
            f"upload of {number:,} positions joined at {radius} deg",
            f"{statistics.median(spent):.2f} s, {pairs} pairs",
            dachs,
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        port = free_port()
        env = {**os.environ, "DISTILLER_DATA": str(folder), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
        env |= {"DJANGO_SETTINGS_MODULE": "gateway.settings"}
        postgres = None
        if given.engine == "postgresql":
            cluster = stack.enter_context(Cluster(port=free_port()))
            env["DATABASE_URL"] = cluster.create("bench")
            postgres = int((cluster.data / "postmaster.pid").read_text().split()[0])
        if not (folder / "db.sqlite3").exists():
            for command in (["migrate", "-v0"], ["createcachetable"]):
                subprocess.run([sys.executable, "manage.py", *command], env=env, check=True)
            subprocess.run([sys.executable, "-m", "benchmarks.tap_load", str(given.rows)], env=env, check=True)
        if given.engine == "postgresql":
            command = [sys.executable, "manage.py", "tap_role"]
            env["TAP_DATABASE_URL"] = subprocess.run(
                command, env=env, check=True, capture_output=True, text=True
            ).stdout.split()[-1]
        service = Service(env, port, postgres)
        stack.callback(service.stop)
        print(f"--- {given.engine}, {given.rows:,} rows", flush=True)
        cones(service)
        streams(service, given.rows)
        uploads(service)
        clients(service)
        asynchronous(service)
        memory(service, given.rows)


if __name__ == "__main__":
    main()
