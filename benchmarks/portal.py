"""The pages of the portal over HTTP: results, facets, live count, sky and distributions, and 50 users at once.

``python -m benchmarks.portal [--engine sqlite|postgresql] [--rows 1000000] [--data FOLDER]``: a filled folder is used
again. Beside each wall time stands the CPU time of the web processes (and of PostgreSQL), which does not depend on what
else the machine does.
"""

import argparse
import concurrent.futures
import contextlib
import gzip
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from benchmarks.tap import centres
from benchmarks.tap_service import Service, store

USERS, SECONDS = 50, 20.0


def say(what: str, found: str, wish: str) -> None:
    print(f"{what}\n    {found}\n    wish: {wish}", flush=True)


def get(service: Service, path: str, session: requests.Session | None = None) -> requests.Response:
    answer = (session or service.session).get(service.url.removesuffix("/tap") + path)
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status_code}: {answer.text[:1000]}")
    return answer


def measured(service: Service, paths: list[str], repeat: int = 2) -> str:
    """Median and p95 of the wall time, CPU of the server, and the packed size of a page."""
    for path in paths[:4]:
        get(service, path)
    spent, size, before = [], 0, service.cpu()
    for _ in range(repeat):
        for path in paths:
            begun = time.perf_counter()
            size = max(size, len(get(service, path).content))
            spent.append((time.perf_counter() - begun) * 1000)
    cpu = (service.cpu() - before) / len(spent) * 1000
    worst = statistics.quantiles(spent, n=20)[-1]
    packed = len(gzip.compress(get(service, paths[-1]).content, 6)) / 1000
    return f"{statistics.median(spent):.0f} ms median, {worst:.0f} ms p95, {cpu:.0f} CPU ms, {packed:.0f} kB packed"


def cone(place: tuple[float, float], radius: float, **more: str) -> str:
    return urlencode({"ra": f"{place[0]:.5f}", "dec": f"{place[1]:.5f}", "radius": str(radius), **more})


RESULTS, COUNT = "150 ms server time", "300 ms"


def pages(service: Service) -> None:
    points = centres(20)
    small = [f"/search/results/?{cone(one, 0.5)}" for one in points]
    say("results, cone of 0.5 deg", measured(service, small), RESULTS)
    say("results, cone of 5 deg", measured(service, [f"/search/results/?{cone(p, 5)}" for p in points[:10]]), RESULTS)
    narrowed = [f"/search/results/?{cone(p, 2, dataproduct_type='event', energy_min='1')}" for p in points[:10]]
    say("results, cone of 2 deg, type and energy", measured(service, narrowed), RESULTS)
    say("results without any constraint", measured(service, ["/search/results/"] * 5), COUNT)
    say("live count, cone of 0.5 deg", measured(service, [f"/search/preview?{cone(p, 0.5)}" for p in points]), COUNT)
    say("live count, cone of 20 deg", measured(service, [f"/search/preview?{cone(p, 20)}" for p in points[:5]]), COUNT)
    say("live count, energy alone (50,000+)", measured(service, ["/search/preview?energy_min=1"] * 5), COUNT)
    beside = [f"/search/results/beside?{cone(p, 2)}" for p in points[:10]]
    say("sky and distributions, cone of 2 deg", measured(service, beside), COUNT)
    say("home", measured(service, ["/"] * 5), RESULTS)
    say("search form", measured(service, ["/search/"] * 5), RESULTS)


def users(service: Service) -> None:
    """Each asks for a page of results, reads for two seconds, asks for the next. With ``--only users`` the gateway has
    just started."""
    points = centres(50)
    spent: list[float] = []
    refused: list[int] = []
    lock = threading.Lock()
    end = time.perf_counter() + SECONDS

    def user(number: int) -> None:
        session = requests.Session()
        # As browsers do: once more when the server closed an idle connection just as it was used again.
        session.mount("http://", HTTPAdapter(max_retries=Retry(2, backoff_factor=0)))
        done = 0
        time.sleep(number / USERS * 2)
        while time.perf_counter() < end:
            begun = time.perf_counter()
            address = f"/search/results/?{cone(points[(number * 7 + done) % 50], 0.5)}"
            status = session.get(service.url.removesuffix("/tap") + address).status_code
            with lock:
                refused.extend([status] if status != 200 else [])
                spent.append((time.perf_counter() - begun) * 1000)
            done += 1
            time.sleep(2)

    before = service.cpu()
    with concurrent.futures.ThreadPoolExecutor(USERS) as pool:
        list(pool.map(user, range(USERS)))
    cpu = (service.cpu() - before) / len(spent) * 1000
    p95 = statistics.quantiles(spent, n=20)[-1]
    rate = len(spent) / SECONDS
    text = f"{statistics.median(spent):.0f} ms median, {p95:.0f} ms p95, {rate:.0f} pages/s, {cpu:.0f} CPU ms a page"
    text += f", {len(refused)} of {len(spent)} refused, {service.memory():.0f} MB"
    say(f"{USERS} users, a page each 2 s", text, "p95 1 s on 2 cores")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", choices=("", "pages", "users"), default="")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        env, postgres = stack.enter_context(store(given.engine, folder, given.rows))
        service = Service(env, postgres)
        stack.callback(service.stop)
        print(f"--- load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
        for part in (pages, users):
            if given.only in ("", part.__name__):
                part(service)


if __name__ == "__main__":
    main()
