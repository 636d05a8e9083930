"""The TAP service over HTTP at a million rows, on SQLite or PostgreSQL: each figure beside what is wished and what
DaCHS 2.7 on PostgreSQL with pgSphere took on the same kind of machine.

``python -m benchmarks.tap [--engine sqlite|postgresql] [--rows 1000000] [--data FOLDER] [--dachs URL] [--only WORD …]``.
With ``--data`` the filled store is kept in the folder and used again. CPU is that of web processes and database together
(and of the worker for async): on a machine with other work it is the figure to read, and wall time is beside it.

The figures of DaCHS are those of an earlier day unless ``--dachs`` names the TAP service of one that is installed: it is
then asked each thing in turn with ours, and its figure of this run stands beside. It should hold the same rows:
``python -m benchmarks.rows COUNT`` writes them as CSV.
"""

import argparse
import concurrent.futures
import contextlib
import io
import math
import random
import re
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import requests

from benchmarks import rows
from benchmarks.tap_service import Refused, Remote, Service, store

MANDATORY = (
    "dataproduct_type, calib_level, obs_collection, obs_id, obs_publisher_did, access_url, access_format,"
    " access_estsize, target_name, s_ra, s_dec, s_fov, s_region, s_resolution, s_xel1, s_xel2, t_min, t_max, t_exptime,"
    " t_resolution, t_xel, em_min, em_max, em_res_power, em_xel, o_ucd, pol_states, pol_xel, facility_name,"
    " instrument_name"
)
IN_CONE = "1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE({}, {}, {}))"


class Figure(NamedTuple):
    what: str
    found: str
    wish: str
    dachs: str = ""


Figures = Iterator[Figure]


def cpu_of(spent: float, unit: str) -> str:
    """For the end of a line; nothing where the server is another's, whose processes are not ours to watch."""
    return "" if math.isnan(spent) else f", {spent:.{1 if unit == 'ms' else 2}f} CPU {unit}"


def timed(service: Remote, queries: list[str], repeat: int = 3) -> str:
    """Median and p95 in ms, CPU ms per query."""
    for query in queries:
        service.ask(query)
    spent, before = [], service.cpu()
    for _ in range(repeat):
        for query in queries:
            begun = time.perf_counter()
            service.ask(query)
            spent.append((time.perf_counter() - begun) * 1000)
    cpu = (service.cpu() - before) / len(spent) * 1000
    worst = statistics.quantiles(spent, n=20)[-1]
    return f"{statistics.median(spent):.1f} ms median, {worst:.1f} ms p95{cpu_of(cpu, 'ms')}"


def centres(count: int) -> list[tuple[float, float]]:
    """Half at clustered sources, half uniform."""
    ras, decs, _ = rows.positions(5000, seed=9)
    clustered = [(ras[i], decs[i]) for i in range(0, 5000, 10000 // count)]
    return clustered[: count // 2] + [((i * 137.5) % 360, ((i * 37) % 160) - 80.0) for i in range(count // 2)]


def cones(service: Remote, count: int) -> Figures:
    least = ["SELECT TOP 1 obs_id FROM ivoa.obscore"] * 50
    yield Figure(
        "the least of queries, to compare the others with", timed(service, least), "the less the better", "35 CPU ms"
    )
    points = centres(50)
    small = [f"SELECT TOP 1000 * FROM ivoa.obscore WHERE {IN_CONE.format(*p, 0.1)}" for p in points]
    wish = "20 ms median, 15 CPU ms"
    yield Figure("TOP 1000 * in a cone of 0.1 deg, 50 positions", timed(service, small), wish, "78 ms, 43 CPU ms")
    held = [p for p in points if b"\n1000" in _counted(service, p, 5)]
    full = [f"SELECT TOP 1000 * FROM ivoa.obscore WHERE {IN_CONE.format(*p, 5)}" for p in held]
    what = f"TOP 1000 * in a cone of 5 deg, the {len(held)} positions that return 1,000 rows"
    yield Figure(what, timed(service, full), "40 ms median", "122 ms, 134 CPU ms")


def _counted(service: Remote, point: tuple[float, float], radius: float) -> bytes:
    where = IN_CONE.format(*point, radius)
    query = f"SELECT COUNT(*) AS n FROM (SELECT TOP 1000 obs_id FROM ivoa.obscore WHERE {where}) AS t"
    return service.ask(query, RESPONSEFORMAT="csv").replace(b"\r", b"")


def counts(service: Remote, count: int) -> Figures:
    points = centres(50)
    cone = [f"SELECT COUNT(*) AS n FROM ivoa.obscore WHERE {IN_CONE.format(*p, 1)}" for p in points]
    yield Figure("COUNT in a cone of 1 deg", timed(service, cone), "10 ms median", "72 ms")
    over = "1 = INTERSECTS(s_region, CIRCLE({}, {}, 1))"
    footprints = [f"SELECT COUNT(*) AS n FROM ivoa.obscore WHERE {over.format(*p)}" for p in points]
    yield Figure(
        "COUNT over footprints, 1 deg", timed(service, footprints), "60 ms median, p95 200 ms", "142 ms, p95 709 ms"
    )


def streams(service: Remote, count: int) -> Figures:
    for form in ("votable/td", "votable/b2"):
        for what, columns, rate in (("60 columns", "*", 50_000), ("the 30 mandatory columns", MANDATORY, 100_000)):
            limit = min(100_000, count)
            query = f"SELECT TOP {limit} {columns} FROM ivoa.obscore"
            before = service.cpu()
            runs = [_stream(service, query, limit, form) for _ in range(3)]
            cpu = (service.cpu() - before) / 3
            total, first = (statistics.median(run[i] for run in runs) for i in (0, 1))
            found = (
                f"{limit / total:,.0f} rows/s, first byte {first * 1000:.0f} ms, {runs[0][2] / 2**20:.0f} MB"
                f" in {total:.2f} s{cpu_of(cpu, 's')}"
            ) + ("" if math.isnan(cpu) else f" ({limit / cpu:,.0f} rows per CPU s)")
            wish = f"{rate:,} rows/s, first byte 100 ms"
            yield Figure(
                f"{limit:,} rows, {what}, {form}", found, wish, "11,900 rows/s of 38 columns, first byte 7.3 s"
            )


def _stream(service: Remote, query: str, limit: int, form: str) -> tuple[float, float, int]:
    """Seconds in all and to the first byte, and the size."""
    parameters = {"LANG": "ADQL", "QUERY": query, "MAXREC": str(limit), "RESPONSEFORMAT": form}
    begun, first, size = time.perf_counter(), 0.0, 0
    with service.session.post(f"{service.url}/sync", parameters, stream=True) as answer:
        Refused.check(answer)
        for piece in answer.iter_content(2**18):
            first = first or time.perf_counter() - begun
            size += len(piece)
    return time.perf_counter() - begun, first, size


def memory(service: Remote, count: int) -> Figures:
    if not isinstance(service, Service):
        return
    before = service.memory()
    _stream(service, "SELECT * FROM ivoa.obscore", count, "votable")
    yield Figure(
        f"growth of a web process while {count:,} rows stream", f"{service.memory() - before:.0f} MB", "50 MB", "590 MB"
    )


def asynchronous(service: Remote, count: int) -> Figures:
    spent, before = [], service.cpu(worker=True)
    for _ in range(20):
        begun = time.perf_counter()
        data = {"LANG": "ADQL", "QUERY": "SELECT TOP 1 obs_id FROM ivoa.obscore", "PHASE": "RUN"}
        job = service.session.post(f"{service.url}/async", data, allow_redirects=False).headers["Location"]
        phase = ""
        while phase not in ("COMPLETED", "ERROR", "ABORTED"):
            known = re.search(r"phase>(\w+)<", service.session.get(f"{job}?WAIT=10").text)
            phase = known[1] if known else "ERROR"
        service.session.get(f"{job}/results/result")
        spent.append(time.perf_counter() - begun)
    cpu = (service.cpu(worker=True) - before) / 20
    found = f"{statistics.median(spent):.2f} s median{cpu_of(cpu, 's')}"
    yield Figure("async, from submission to result", found, "0.3 s", "1.03 s, 1.4 CPU s")


def clients(service: Remote, count: int) -> Figures:
    points, seconds = centres(50), 10
    query = "SELECT TOP 100 * FROM ivoa.obscore WHERE DISTANCE(s_ra, s_dec, {}, {}) < 0.5"
    before, end = service.cpu(), time.perf_counter() + seconds

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
    cpu = (service.cpu() - before) / done
    found = f"{done / seconds:.0f} requests/s, {errors} errors in {done}{cpu_of(cpu * 1000, 'ms')}"
    yield Figure(
        f"8 clients, TOP 100 * in a cone of 0.5 deg, {seconds} s",
        found,
        "150 requests/s, 0 errors",
        "20.2, 1 error in 947",
    )


def uploads(service: Remote, count: int) -> Figures:
    for number, radius, wish, dachs in ((1_000, 0.1, "0.2 s", "0.56 s"), (100_000, 0.01, "5 s", "")):
        table = votable_of_positions(number)
        query = (
            "SELECT COUNT(*) AS n FROM TAP_UPLOAD.t AS u JOIN ivoa.obscore AS o"
            f" ON 1 = CONTAINS(POINT(o.s_ra, o.s_dec), CIRCLE(u.ra, u.dec, {radius}))"
        )
        spent, before = [], service.cpu()
        for _ in range(3):
            begun = time.perf_counter()
            answer = service.session.post(
                f"{service.url}/sync",
                {"LANG": "ADQL", "QUERY": query, "UPLOAD": "t,param:x", "RESPONSEFORMAT": "csv"},
                files={"x": io.BytesIO(table)},
            )
            spent.append(time.perf_counter() - begun)
        cpu = (service.cpu() - before) / 3
        pairs = answer.text.split()[-1] if answer.status_code == 200 else answer.text[:300]
        found = f"{statistics.median(spent):.2f} s{cpu_of(cpu, 's')}, {pairs} pairs"
        yield Figure(f"upload of {number:,} positions joined at {radius} deg", found, wish, dachs)


def votable_of_positions(number: int) -> bytes:
    """Positions in no order, distributed as the archive's own."""
    ras, decs, _ = rows.positions(number, seed=5)
    cells = [f"<TR><TD>{ra}</TD><TD>{dec}</TD></TR>" for ra, dec in zip(ras, decs, strict=True)]
    random.Random(5).shuffle(cells)
    fields = "".join(f'<FIELD name="{n}" datatype="double" unit="deg"/>' for n in ("ra", "dec"))
    data = f"{fields}<DATA><TABLEDATA>{''.join(cells)}</TABLEDATA></DATA>"
    return f"<VOTABLE><RESOURCE><TABLE>{data}</TABLE></RESOURCE></VOTABLE>".encode()


PARTS: dict[str, Callable[[Remote, int], Figures]] = {
    "cones": cones,
    "counts": counts,
    "streams": streams,
    "uploads": uploads,
    "clients": clients,
    "async": asynchronous,
    "memory": memory,
}


def show(part: Callable[[Remote, int], Figures], count: int, service: Service, dachs: Remote | None) -> None:
    """Our figures of a part, each beside that of DaCHS: asked in turn where there is one, else of an earlier day."""
    theirs = part(dachs, count) if dachs else iter(())
    for figure in part(service, count):
        beside = f"of an earlier day: {figure.dachs}" if figure.dachs else "not measured"
        if dachs:
            try:
                beside = next(theirs, figure._replace(found="not measured")).found
            except (Refused, requests.RequestException) as error:
                beside = f"no answer: {error}"
        print(f"{figure.what}\n    {figure.found}\n    wish: {figure.wish}\n    DaCHS: {beside}", flush=True)


@contextlib.contextmanager
def folder_of(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        # PostgreSQL's own user must be able to enter.
        Path(made).chmod(0o755)
        yield Path(made)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--dachs", type=Remote, metavar="URL", help="TAP service of a DaCHS to ask the same")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    given = parser.parse_args()
    # Who ends the benchmark ends its servers too.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    with folder_of(given.data) as folder, store(given.engine, folder, given.rows) as (env, postgres):
        service = Service(env, postgres)
        print(f"--- {given.engine}, {given.rows:,} rows", flush=True)
        try:
            for part in given.only:
                show(PARTS[part], given.rows, service, given.dachs)
        finally:
            service.stop()


if __name__ == "__main__":
    main()
