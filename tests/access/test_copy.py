"""Whatever a stranger asks, and however: the answer is that of an archive into which the hidden data never came."""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings

from gateway.access.rights import ANONYMOUS, Viewer, viewer_of
from gateway.accounts.models import User
from gateway.vo.dali import DaliError
from gateway.vo.tables import Column
from search.tap import engine, published, uploads
from tests.access import worlds
from tests.access.queries import queries
from tests.support.gateway import free_port
from tests.support.postgresql import Cluster

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("DISTILLER_EXAMPLES", "120"))
ROWS = [(1, 83.6, "Crab Nebula"), (2, 0.1, "nightshade"), (7, None, None), (9, 1e308, "P-1")]
COLUMNS = (
    Column(name="n", datatype="int"),
    Column(name="ra", datatype="double", unit="deg"),
    Column(name="word", datatype="char", arraysize="*"),
)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def pair(request, tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[SimpleNamespace]:
    """The archive and its copy."""
    folder = tmp_path_factory.mktemp("worlds")
    with django_db_blocker.unblock():
        made = on_sqlite(folder) if request.param == "sqlite" else on_postgresql(folder)
        yield next(made)
        next(made, None)


def on_sqlite(folder: Path) -> Iterator[SimpleNamespace]:
    template = Path(str(connection.settings_dict["NAME"]))
    for name in ("archive", "copy"):
        with sqlite3.connect(template) as source:
            source.execute("VACUUM INTO ?", [str(folder / name)])
    yield filled(folder, **{name: worlds.opened(folder / name) for name in ("archive", "copy")})


def on_postgresql(folder: Path) -> Iterator[SimpleNamespace]:
    with Cluster(port=free_port()) as cluster:
        made = {}
        for name in ("archive", "copy"):
            cluster.create(name)
            made[name] = worlds.opened_postgresql(cluster.url(name))
            with worlds.using(made[name]):
                call_command("migrate", verbosity=0)
        yield filled(folder, **made)
        for wrapper in made.values():
            wrapper.close()


def filled(folder: Path, archive: Any, copy: Any) -> SimpleNamespace:
    files = worlds.stores(folder)
    for wrapper, hidden in ((archive, True), (copy, False)):
        storage = {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(folder / "store" / str(hidden))},
        }
        with worlds.using(wrapper), pytest.MonkeyPatch.context() as patched:
            patched.setattr(settings, "STORAGES", {**settings.STORAGES, "default": storage})
            worlds.fill(files, hidden=hidden)
            assert bool(worlds.tables_of_secrets()) == hidden
    return SimpleNamespace(archive=archive, copy=copy)


def strangers() -> tuple[Viewer, ...]:
    return ANONYMOUS, viewer_of(User.objects.get(username="charlie"))


def plain(value: object) -> object:
    """Sums depend on the order of their parts in the last digits."""
    return float(f"{value:.9g}") if isinstance(value, float) else value


def told(query: str, viewer: Viewer, maxrec: int) -> tuple[object, ...]:
    """All that a client learns: columns, rows and overflow, or the refusal."""
    upload = uploads.make("mine", COLUMNS, ROWS)
    try:
        result = engine.run(query, viewer, maxrec=maxrec, uploads=[upload])
        rows = [tuple(map(plain, row)) for row in result]
    except DaliError as error:
        return "error", error.status, str(error).replace(upload.table.physical, "")
    if maxrec < 100:  # which of the rows came first is nobody's secret
        return "rows", result.columns, len(rows), result.overflow
    if "ORDER BY" in query.upper():
        return "rows", result.columns, rows, result.overflow
    return "rows", result.columns, sorted(rows, key=repr), result.overflow


def both(pair: SimpleNamespace, query: str, maxrec: int = 5000) -> list[list[tuple[object, ...]]]:
    found = []
    for wrapper in (pair.archive, pair.copy):
        with worlds.using(wrapper):
            found.append([told(query, viewer, maxrec) for viewer in strangers()])
    return found


def every_table() -> list[str]:
    return [table.name for table in published.tables()]


def test_every_published_table_is_the_same_row_by_row(pair) -> None:
    with worlds.using(pair.archive):
        names = every_table()
    wrong = []
    for name in names:
        archive, copy = both(pair, f"SELECT * FROM {name}")
        if archive != copy:
            wrong.append(f"{name}:\n  archive {archive[0][2:]}\n  copy {copy[0][2:]}")
        assert archive[0][0] == "rows"
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("maxrec", [5000, 3])
def test_a_random_query_tells_nothing_of_what_is_hidden(pair, maxrec: int) -> None:
    outcomes: Counter[object] = Counter()

    @given(queries())
    @example_settings(
        max_examples=EXAMPLES if maxrec > 100 else EXAMPLES // 4,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def check(query: str) -> None:
        archive, copy = both(pair, query, maxrec)
        outcomes[archive[0][0] if archive[0][0] == "error" else "rows" if archive[0][2] else "no row"] += 1
        assert archive == copy

    check()
    assert outcomes["rows"] > sum(outcomes.values()) / 10, outcomes  # the grammar makes queries worth asking


def test_those_who_may_see_hidden_data_do_see_them(pair) -> None:
    """The two archives do differ, and by SQL one could tell."""
    counts = {}
    for name in ("archive", "copy"):
        with worlds.using(getattr(pair, name)):
            alice = viewer_of(User.objects.get(username="alice"))
            counts[name] = [
                len(list(engine.run(f"SELECT * FROM {table}", alice))) for table in ("ivoa.obscore", "provenance.used")
            ]
    assert all(there > gone for there, gone in zip(counts["archive"], counts["copy"], strict=True)), counts
