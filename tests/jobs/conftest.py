"""Clients with tokens, and a worker that works when it is told to."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from gateway.accounts import scopes, tokens
from jobs.limits import Limits
from tests.support.jobs import JobGateway


@pytest.fixture(scope="session")
def template(tmp_path_factory) -> Path:
    """The data folder of a gateway that nobody has used yet: migrated once, whatever runs the tests side by side."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / "job-gateway"
    with (root / "job-gateway.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "token").exists():
            JobGateway(folder)
    return folder


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, settings) -> Path:
    settings.SCRATCH_DIR = tmp_path / "scratch"
    return settings.SCRATCH_DIR


@pytest.fixture(autouse=True)
def _nothing_known_of_past_runs() -> None:
    from jobs import past

    past._known.clear()


@pytest.fixture
def api(cast) -> Callable[[str], Client]:
    """``api("alice")``: a program with an access token of hers; anonymous has none."""

    def make(name: str) -> Client:
        if name == "anonymous":
            return Client()
        _, text = tokens.create(cast[name], "test", [scopes.WRITE_JOBS, scopes.READ_TAP, scopes.READ_DATA])
        return Client(headers={"authorization": f"Bearer {text}"})

    return make


@pytest.fixture
def alice(api) -> Client:
    return api("alice")


@pytest.fixture
def work(db) -> Callable[[], int]:
    """Carries out every waiting job in its cage, as a worker does; returns how many."""
    from jobs.worker import work_once

    def until_idle() -> int:
        done = 0
        while work_once(("short", "long", "io"), lambda: False):
            done += 1
        return done

    return until_idle


@pytest.fixture
def limit(monkeypatch) -> Callable[..., None]:
    """``limit(active=2)``: the gateway's limits for this test."""

    def change(**values: int) -> None:
        changed = Limits(**values)
        for module in ("jobs.service", "jobs.queue", "jobs.attempt", "jobs.supervise", "jobs.uploads", "jobs.keeper",
                       "jobs.uws.wait", "jobs.pages.estimate", "jobs.streaming", "jobs.addresses", "jobs.quota"):  # fmt: skip
            monkeypatch.setattr(f"{module}.limits", lambda: changed)

    return change


class Uws:
    """One job list as a client sees it."""

    def __init__(self, client: Client, base: str = "/uws/sleep") -> None:
        self.client, self.base = client, base

    def create(self, **values) -> str:
        """The path of a new job."""
        response = self.client.post(self.base, values)
        assert response.status_code == 303, response.content
        return response["Location"].removeprefix("http://testserver")

    def get(self, path: str, **query):
        return self.client.get(path, query)

    def phase(self, path: str) -> str:
        return self.client.get(f"{path}/phase").content.decode()


@pytest.fixture
def uws(alice) -> Uws:
    return Uws(alice)


@pytest.fixture
def uws_of(api) -> Callable[..., Uws]:
    return lambda name, base="/uws/sleep": Uws(api(name), base)
