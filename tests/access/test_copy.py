"""Whatever a stranger asks, and however: the answer is that of an archive into which the hidden data never came."""

import os
from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings

from gateway.access.rights import ANONYMOUS, Viewer, viewer_of
from gateway.accounts.models import User
from gateway.vo.dali import DaliError
from gateway.vo.tables import Column
from search.tap import engine, published, uploads
from tests.access import worlds
from tests.access.queries import queries

pytestmark = pytest.mark.django_db
EXAMPLES = int(os.environ.get("DISTILLER_EXAMPLES", "120"))
ROWS = [(1, 83.6, "Crab Nebula"), (2, 0.1, "nightshade"), (7, None, None), (9, 1e308, "P-1")]
COLUMNS = (
    Column(name="n", datatype="int"),
    Column(name="ra", datatype="double", unit="deg"),
    Column(name="word", datatype="char", arraysize="*"),
)


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
    asked = sum(outcomes.values())
    if asked < EXAMPLES / 2:
        return  # too few to judge the grammar by
    assert outcomes["rows"] > asked / 10, outcomes  # the grammar makes queries worth asking
    assert outcomes["error"] < asked / 3, outcomes


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
