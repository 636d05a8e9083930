"""WAIT across processes: a real server, a real worker, many clients."""

import contextlib
import threading
import time
import urllib.request

import pytest

from tests.support.jobs import JobGateway, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wait")]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


class Client:
    def __init__(self, gateway: JobGateway) -> None:
        self.url = gateway.start_web()
        self.headers = {"Authorization": f"Bearer {gateway.token}"}

    def create(self, **values: object) -> str:
        body = "&".join(f"{name}={value}" for name, value in values.items()).encode()
        request = urllib.request.Request(f"{self.url}/uws/sleep", body, self.headers)
        try:
            urllib.request.build_opener(NoRedirect).open(request, timeout=30)
        except urllib.error.HTTPError as answer:
            return answer.headers["Location"]
        raise AssertionError("no redirect")

    def post(self, url: str, body: bytes) -> None:
        request = urllib.request.Request(url, body, self.headers)
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.build_opener(NoRedirect).open(request, timeout=30)

    def get(self, url: str) -> tuple[str, float]:
        """Body and seconds."""
        start = time.monotonic()
        with urllib.request.urlopen(urllib.request.Request(url, headers=self.headers), timeout=90) as answer:
            return answer.read().decode(), time.monotonic() - start


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, template):
    gateway = JobGateway(tmp_path_factory.mktemp("wait") / "gateway", lease=30, template=template)
    yield gateway
    gateway.end()


@pytest.fixture(scope="module")
def client(gateway):
    gateway.start_worker()
    gateway.start_keeper()
    return Client(gateway)


def test_41_a_pending_job_blocks_for_the_whole_time(client):
    _, seconds = client.get(client.create(seconds=1) + "?WAIT=3")
    assert seconds >= 3


def test_41_45_the_change_made_by_another_process_ends_it(client):
    job = client.create(seconds=2, PHASE="RUN")
    body, _ = client.get(job + "?WAIT=60&PHASE=QUEUED")
    assert "<uws:phase>QUEUED" not in body
    body, seconds = client.get(job + "?WAIT=60&PHASE=EXECUTING")
    assert "<uws:phase>COMPLETED" in body
    assert seconds < 60


def test_44_without_limit_it_returns_within_the_cap(gateway, client):
    job = client.create(seconds=3, PHASE="RUN")
    bodies = []
    while "COMPLETED" not in (bodies[-1] if bodies else ""):
        bodies.append(client.get(job + "?WAIT=-1")[0])
    assert len(bodies) <= 4


def test_46_a_hundred_waiters_starve_nobody(client):
    job = client.create(seconds=1)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(client.get(job + "?WAIT=40")[0])) for _ in range(100)]
    for thread in threads:
        thread.start()
    time.sleep(2)
    # All of them wait, and others are served meanwhile.
    assert len(answers) == 0
    for _ in range(20):
        client.get(job + "/phase")
    assert len(answers) == 0
    client.post(job + "/phase", b"PHASE=ABORT")
    for thread in threads:
        thread.join(60)
    assert len(answers) == 100
    assert all("<uws:phase>ABORTED" in body for body in answers)


def test_a_client_that_went_away_holds_no_place(client):
    """Sixty that gave up, then sixty that wait: the second sixty find room."""
    import http.client

    job = client.create(seconds=1)
    host = client.url.removeprefix("http://")
    for _ in range(120):
        connection = http.client.HTTPConnection(host)
        connection.request("GET", job.removeprefix(client.url) + "?WAIT=60", headers=client.headers)
        connection.close()

    def waits() -> bool:
        return client.get(job + "?WAIT=2")[1] >= 2

    until(waits, 30, "room again")
