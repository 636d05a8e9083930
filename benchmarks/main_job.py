"""The main job's figures: ``python -m benchmarks.main_job [--rows 100000]``, on a gateway of its own.

Wanted (2 cores): demo archive under 30 s and 20 MB; 105 H.E.S.S. runs ingested under 20 s; later starts under 10 s;
search page under 100 ms server time at 100,000 observations; a counts map of the 4 Crab runs under 3 s from the request
to COMPLETED with a warm worker; each web process under 250 MB and without gammapy.
"""

import argparse
import os
import re
import statistics
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.support.gateway import ROOT, RunningGateway

REAL = Path(os.environ.get("DISTILLER_TEST_DATA", ROOT.parent / "shared" / "data")) / "hess-dl3-dr1"
FILL = """
from search.archive.models import Product
from search.archive.sky import COLUMNS, place
from gateway.access.models import Policy
import random
random.seed(1)
policy, _ = Policy.objects.get_or_create(name="benchmark")
rows = []
for n in range({rows}):
    key = f"bench.run-{{n}}"
    ra, dec = random.uniform(0, 360), random.uniform(-80, 80)
    row = Product(key=key, policy=policy, obs_publisher_did=f"ivo://distiller.example/arc?{{key}}", obs_id=str(n),
        obs_collection="BENCHMARK", calib_level=2, dataproduct_type="event", s_ra=ra, s_dec=dec, s_fov=5.0,
        s_region=f"Circle ICRS {{ra:.4f}} {{dec:.4f}} 2.5", target_name=f"Field {{n % 997}}", t_min=55000 + n / 50,
        t_max=55000.02 + n / 50, t_exptime=1600.0, data_rights="public", dataproduct_level="DL3", zenith=random.uniform(0, 60))
    for name, value in zip(COLUMNS, place(ra, dec, row.s_region), strict=True):
        setattr(row, name, value)
    rows.append(row)
    if len(rows) == 5000:
        Product.objects.bulk_create(rows)
        rows = []
Product.objects.bulk_create(rows)
"""


def timed(name: str, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    print(f"{name:58s} {seconds:8.2f} s", flush=True)
    return seconds


def page_times(gateway: RunningGateway, path: str, count: int = 20) -> None:
    times = []
    for _ in range(count):
        started = time.perf_counter()
        with urllib.request.urlopen(gateway.url + path) as answer:
            answer.read()
        times.append(1000 * (time.perf_counter() - started))
    print(f"{path[:56]:58s} {statistics.median(times):8.1f} ms median, {max(times):.1f} ms at most", flush=True)


def counts_map(gateway: RunningGateway, token: str) -> float:
    """Seconds from the request to COMPLETED, as a client with WAIT sees it."""
    runs = [f"ivo://distiller.example/arc?hess-dl3-dr1.run-{n}" for n in (23523, 23526, 23559, 23592)]
    values = [*(("observations", run) for run in runs), ("ra", "83.63"), ("dec", "22.01"), ("PHASE", "RUN")]
    headers = {"Authorization": f"Bearer {token}"}
    started = time.perf_counter()
    request = urllib.request.Request(f"{gateway.url}/uws/counts_map", urllib.parse.urlencode(values).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        job = answer.url
    while True:
        with urllib.request.urlopen(urllib.request.Request(f"{job}?WAIT=30", headers=headers)) as answer:
            phase = re.search(r"<uws:phase>(\w+)<", answer.read().decode())
        if phase and phase[1] not in ("QUEUED", "EXECUTING"):
            assert phase[1] == "COMPLETED", phase[1]
            return time.perf_counter() - started


def web_processes(gateway: RunningGateway) -> None:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"--bind=127.0.0.1:{gateway.port}" in (folder / "cmdline").read_text():
                size = int(re.search(r"VmRSS:\s+(\d+)", (folder / "status").read_text())[1]) / 1024
                maps = (folder / "maps").read_text()
                print(f"web process {folder.name:46s} {size:8.0f} MB, gammapy's libraries loaded: {'iminuit' in maps}")
        except (OSError, TypeError):
            continue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        gateway = RunningGateway(Path(name) / "data", Path(name) / "log.txt")
        timed("database, pages, sky background and demo archive", lambda: gateway.manage("demo", "--prepare-only"))
        size = subprocess.run(["du", "-sm", f"{name}/data/archive"], capture_output=True, text=True, check=True).stdout
        print(f"{'demo archive, stored files':58s} {size.split()[0]:>8s} MB")
        if REAL.is_dir():
            timed(
                "ingest of the 105 H.E.S.S. runs",
                lambda: gateway.manage("ingest_dl3", str(REAL), "--collection", "HESS-DL3-DR1"),
            )
        timed("start of a gateway that was set up before", gateway.start)
        try:
            token = gateway.manage("create_token", "alice", "--scopes", "read:tap,read:data,write:jobs").stdout.strip()
            if REAL.is_dir():
                counts_map(gateway, token)
                print(
                    f"{'counts map of 4 Crab runs, warm':58s} {min(counts_map(gateway, token) for _ in range(3)):8.2f} s"
                )
            timed(f"{rows} further observations", lambda: gateway.manage("shell", "-v0", "-c", FILL.format(rows=rows)))
            page_times(gateway, "/search/results/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=0.1")
            page_times(gateway, "/search/results/?ra=120&dec=10&radius=5")
            page_times(gateway, "/search/")
            page_times(gateway, "/")
            web_processes(gateway)
        finally:
            gateway.stop()


if __name__ == "__main__":
    main()
