"""Speed of jobs, by HTTP against real processes: ``python benchmarks/jobs.py [--redis] [--jobs 200]``.

The same figures for OPUS on the same kind of machine: 4 jobs/s, list of 500 in 27 ms median and 114 ms p95, one job
20 to 25 ms, 139 MB.
"""

import argparse
import http.client
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.support.jobs import JobGateway, until


class Http:
    """One keep-alive connection."""

    def __init__(self, url: str, token: str) -> None:
        self.connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=120)
        self.headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, body: str = "") -> tuple[int, str, float]:
        """Status, Location or body, milliseconds."""
        headers = self.headers | ({"Content-Type": "application/x-www-form-urlencoded"} if body else {})
        start = time.perf_counter()
        self.connection.request(method, path, body or None, headers)
        answer = self.connection.getresponse()
        content = answer.read().decode()
        return answer.status, answer.getheader("Location") or content, 1000 * (time.perf_counter() - start)


def quantiles(name: str, times: list[float]) -> None:
    times.sort()
    p95 = times[int(0.95 * (len(times) - 1))]
    print(f"{name:45} median {statistics.median(times):7.1f} ms   p95 {p95:7.1f} ms", flush=True)


def processor_time(gateway: JobGateway) -> dict[str, float]:
    """s that the processes of web, worker and keeper, and those of theirs that ended, have used."""
    return {name: sum(map(_spent, gateway.tree(name))) for name in gateway.processes}


def _spent(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    return int((Path(f"/proc/{pid}/statm")).read_text().split()[1]) * 4096 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--redis", action="store_true")
    parser.add_argument("--jobs", type=int, default=200)
    options = parser.parse_args()
    gateway = JobGateway(Path(tempfile.mkdtemp(prefix="bench-jobs-")) / "data", redis=options.redis, lease=30)
    try:
        measure(gateway, options.jobs)
    finally:
        gateway.end()


def warm_up(gateway: JobGateway, url: str) -> int:
    """Every process has loaded what it needs, gammapy included; returns how many jobs that took."""
    for _ in range(20):
        Http(url, gateway.token)("POST", "/uws/sleep", "seconds=0&PHASE=RUN")
    gateway.create(1, seconds=0, name="nap")
    until(lambda: gateway.ended() == 21, 120, "a warm worker")
    return 21


def measure(gateway: JobGateway, count: int) -> None:
    url = gateway.start_web()
    ask = Http(url, gateway.token)
    gateway.start_worker()
    gateway.start_keeper()
    warm = warm_up(gateway, url)

    start, used = time.perf_counter(), processor_time(gateway)
    with ThreadPoolExecutor(4) as pool:

        def one(_number: int) -> int:
            return Http(url, gateway.token)("POST", "/uws/sleep", "seconds=0&PHASE=RUN")[0]

        assert set(pool.map(one, range(count))) == {303}
    until(lambda: gateway.ended() == count + warm, 600, "all ended")
    print(f"{'create, run, history written':45} {count / (time.perf_counter() - start):6.1f} jobs/s", flush=True)
    spent = {name: 1000 * (now - used[name]) / count for name, now in processor_time(gateway).items()}
    print(f"{'  processor time of one':45} {sum(spent.values()):6.1f} ms", flush=True)
    for name, milliseconds in spent.items():
        print(f"{'    ' + name:45} {milliseconds:6.1f} ms", flush=True)

    gateway.create(20, seconds=0, name="nap")
    until(lambda: gateway.ended() == count + warm + 20, 600, "all ended")
    sql = "SELECT (julianday(ended) - julianday(started)) * 86400000 FROM jobs_job WHERE type = 'nap'"
    quantiles("a command forked from the process with gammapy", [float(str(row[0])) for row in gateway.query(sql)])

    start = time.perf_counter()
    paths = [ask("POST", "/uws/sleep", "seconds=0")[1].removeprefix(url) for _ in range(300)]
    print(f"{'create without run, one client':45} {300 / (time.perf_counter() - start):6.1f} jobs/s", flush=True)

    quantiles("list of 500", [ask("GET", "/uws/sleep?LAST=500")[2] for _ in range(40)])
    quantiles("one job", [ask("GET", paths[n])[2] for n in range(100)])
    quantiles("its phase", [ask("GET", paths[n] + "/phase")[2] for n in range(100)])
    calm = [ask("GET", paths[0] + "/phase")[2] for _ in range(100)]
    with ThreadPoolExecutor(100) as pool:
        waiting = [pool.submit(Http(url, gateway.token), "GET", paths[1] + "?WAIT=30") for _ in range(100)]
        time.sleep(3)
        quantiles("its phase with 100 in WAIT", [ask("GET", paths[0] + "/phase")[2] for _ in range(100)])
        quantiles("its phase before", calm)
        start = time.perf_counter()
        ask("POST", paths[1] + "/phase", "PHASE=ABORT")
        for future in waiting:
            future.result()
        print(
            f"{'phase change to the last of 100 waiters':45} {1000 * (time.perf_counter() - start):7.0f} ms", flush=True
        )
    for pid in gateway.tree("web"):
        print(f"{'memory of a web process':45} {memory(pid):6.0f} MB", flush=True)


if __name__ == "__main__":
    main()
