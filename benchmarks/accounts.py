"""Sign-in and rights at their full size: ``python -m benchmarks.accounts [--rows 1000000] [--data FOLDER]``.

Times are those of the processor, so that a busy machine does not change them. ``--data`` is a folder of
``benchmarks.tap`` (it gets forty more policies), made if it is not there.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.tap_service import store

INSTITUTIONS = 10_000
POLICIES = 40
LIMITS = {"login page": 0.1, "institution search": 0.05, "metadata import": 10.0, "rights filter": 0.2}
"""s, and for the filter the part that it adds"""


def cost(work: Callable[[], object], times: int) -> float:
    """Median processor time, in s."""
    work()
    found = []
    for _ in range(times):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return statistics.median(found)


def costs(first: Callable[[], object], second: Callable[[], object], times: int) -> tuple[float, float]:
    """Median processor times of both, in s, taken in turns: a machine that changes its pace changes it for both."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for work, kept in zip((first, second), found, strict=True):
            begun = time.process_time()
            work()
            kept.append(time.process_time() - begun)
    return statistics.median(found[0]), statistics.median(found[1])


def told(what: str, found: float, unit: str = "s") -> None:
    limit = LIMITS[what.partition(":")[0]]
    print(f"{what:45} {found:8.3f} {unit}  (limit {limit}) {'' if found < limit else 'TOO MUCH'}", flush=True)


def institutions() -> None:
    from gateway.accounts.federation import discovery, metadata
    from tests.accounts import idp

    certificate = idp.keys("https://paris.example")[1]
    many = [
        idp.entity(f"https://idp{n}.example", f"Institute {n} of Town {n % 97}", f"inst{n}.example", certificate)
        for n in range(INSTITUTIONS)
    ]
    signed = idp.sign(idp.aggregate(many), "federation")
    begun = time.process_time()
    metadata.load(signed, idp.keys("federation")[1], "benchmark")
    told("metadata import: 10,000 institutions", time.process_time() - begun)
    for text in ("town 13", "inst9999", "institute", "nothing like it"):
        told(f"institution search: {text}", cost(partial(discovery.search, text), 20))


def pages() -> None:
    from django.test import Client

    client = Client()
    for path in (
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/institutions/?q=town",
        "/accounts/password/reset/",
    ):
        told(f"login page: {path}", cost(partial(client.get, path), 20))


def cone(query: str, who: Any) -> list[Any]:
    from search.tap import engine

    return list(engine.run(query, who, maxrec=100_000))


def rights() -> None:
    """The same cones with and without the filter; both give the same rows."""
    from gateway.access.models import Metadata, Policy, Rights
    from gateway.access.rights import ANONYMOUS, Viewer

    for number in range(POLICIES):
        metadata = Metadata.HIDDEN if number % 4 == 0 else Metadata.PUBLIC
        Policy.objects.get_or_create(
            name=f"benchmark {number}", defaults={"rights": Rights.PROPRIETARY, "metadata": metadata}
        )
    staff = Viewer(is_staff=True)
    for radius in (0.2, 1.0, 5.0):
        query = f"SELECT * FROM ivoa.obscore WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(83.6, 22.0, {radius}))"
        rows = [len(cone(query, who)) for who in (staff, ANONYMOUS)]
        assert rows[0] == rows[1], rows
        free, bound = costs(partial(cone, query, staff), partial(cone, query, ANONYMOUS), 61 if radius < 5 else 15)
        print(f"cone of {radius} deg, {rows[0]} rows: {1000 * free:.1f} ms without, {1000 * bound:.1f} ms with rights")
        told(f"rights filter: cone of {radius} deg", bound / free - 1, "")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as made,
        store("sqlite", given.data or Path(made), given.rows) as (env, _),
    ):
        os.environ.update(env)
        import django

        django.setup()
        from django.conf import settings

        settings.ALLOWED_HOSTS = ["testserver"]
        institutions()
        pages()
        rights()


if __name__ == "__main__":
    main()
