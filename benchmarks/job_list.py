"""The list of jobs when it is long: ``python benchmarks/job_list.py [--jobs 100000]``, processor time, in process.

The bar: a page of the HTML list over 100,000 jobs below 100 ms, the UWS list of 500 jobs below 30 ms.
"""

# ruff: noqa: E402 - Django is set up before its models are imported
import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ["DISTILLER_DATA"] = tempfile.mkdtemp(prefix="bench-list-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from gateway.accounts import tokens
from gateway.accounts.models import User
from jobs.models import Job
from jobs.phases import Phase

PAGES = (
    "/jobs/", "/jobs/?page=2000", "/jobs/?sort=label", "/jobs/?sort=destruction", "/jobs/?phase=ERROR",
    "/jobs/?phase=ERROR&type=sleep", "/jobs/?type=sleep&sort=-phase", "/jobs/?q=label-77", "/jobs/?owner=all",
)  # fmt: skip


def fill(count: int) -> tuple[User, User]:
    alice = User.objects.create_user(username="alice", email="a@demo.example", password="alice-demo")
    bob = User.objects.create_user(username="bob", email="b@demo.example", password="bob-demo", is_staff=True)
    now = timezone.now()
    phases = [Phase.COMPLETED] * 90 + [Phase.ERROR] * 6 + [Phase.ABORTED] * 2 + [Phase.PENDING, Phase.ARCHIVED]

    def rows(owner: User, number_of: int) -> Iterator[Job]:
        for number in range(number_of):
            created = now - timedelta(seconds=60 * number)
            yield Job(
                type="sleep" if number % 3 else "counts_map", version="1.0", owner=owner, phase=phases[number % 100],
                run_id=f"label-{number}", created=created, started=created, ended=created + timedelta(seconds=30),
                destruction=created + timedelta(days=400), execution_duration=60, parameters={"seconds": ["1"]},
            )  # fmt: skip

    Job.objects.bulk_create(rows(alice, count), batch_size=2000)
    Job.objects.bulk_create(rows(bob, 500), batch_size=2000)
    connection.cursor().execute("ANALYZE")
    return alice, bob


def fetch(client: Client, path: str) -> bytes:
    response: Any = client.get(path)
    return b"".join(response.streaming_content) if response.streaming else response.content


def measure(name: str, ask: Callable[[], object], times: int = 15) -> None:
    ask()
    spent = []
    for _ in range(times):
        start = time.process_time()
        ask()
        spent.append(1000 * (time.process_time() - start))
    spent.sort()
    print(f"{name:42} median {statistics.median(spent):7.1f} ms   worst {spent[-1]:7.1f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=100_000)
    count = parser.parse_args().jobs
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    alice, bob = fill(count)
    browser, staff = Client(), Client()
    for client, user in ((browser, alice), (staff, bob)):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for path in PAGES:
        client = staff if "owner" in path else browser
        measure(f"{path} over {count:,}", partial(fetch, client, path))
    token = tokens.create(bob, "bench", ["write:jobs"])[1]
    uws = Client(headers={"authorization": f"Bearer {token}"})
    User.objects.filter(pk=bob.pk).update(is_staff=False)
    for query in ("", "?LAST=10", "?PHASE=ERROR"):
        measure(f"/uws/sleep{query} (of 500)", partial(fetch, uws, f"/uws/sleep{query}"))
    one = Job.objects.filter(owner=bob, type="sleep").first()
    assert one is not None
    measure("one job", partial(fetch, uws, f"/uws/sleep/{one.pk}"))


if __name__ == "__main__":
    main()
