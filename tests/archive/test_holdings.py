"""What the archive holds is counted once for everyone, shows at once, and never what the viewer may not know."""

import pytest
from django.core.cache import cache

from gateway.access.models import Policy
from gateway.access.rights import ANONYMOUS, viewer_of
from gateway.pages import overview
from search.archive import holdings
from search.portal import form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    cache.clear()


def total(viewer) -> int:
    return sum(row.count for row in overview.collections(viewer))


def add_one(archive, number: int) -> None:
    archive.public.pk, archive.public.key = None, f"open.run-{number}"
    archive.public.obs_publisher_did, archive.public.pipeline_version = f"ivo://x/arc?{archive.public.key}", "9.9"
    archive.public.save()


@pytest.fixture
def rows(cast):
    def of(name: str) -> list[tuple[int, int, int]]:
        viewer = viewer_of(cast[name]) if cast[name] else ANONYMOUS
        return [(row.public, row.yours, row.restricted) for row in overview.collections(viewer)]

    return of


def test_each_viewer_counts_what_they_may_see(archive, cast, rows):
    Policy.objects.filter(pk=archive.hidden.policy_id).update(owner=cast.alice)
    seen = {name: total(viewer_of(cast[name]) if cast[name] else ANONYMOUS) for name in cast.NAMES}
    assert seen == {"anonymous": 2, "charlie": 2, "bob": 3, "alice": 3, "dana": 3}
    access = {name: [sum(one) for one in zip(*rows(name), strict=True)] for name in ("anonymous", "alice")}
    assert access == {"anonymous": [1, 0, 1], "alice": [1, 1, 1]}
    assert [field.name for field in overview.sky(ANONYMOUS)] == ["Crab Nebula"]
    assert {field.name for field in overview.sky(viewer_of(cast.bob))} == {"Crab Nebula", "Mrk 421"}


def test_a_new_product_shows_at_once_unless_counting_takes_seconds_then_the_keeper_counts(archive, monkeypatch):
    assert total(ANONYMOUS) == 2
    add_one(archive, 9)
    assert total(ANONYMOUS) == 3
    assert "9.9" in form.archive_values(ANONYMOUS)["pipeline_version"]
    monkeypatch.setattr(holdings, "DEAR", -1.0)
    add_one(archive, 10)
    assert total(ANONYMOUS) == 3, "nobody waits"
    monkeypatch.setattr(holdings, "REST", 0)
    while holdings.renew():
        pass
    assert total(ANONYMOUS) == 4
    assert holdings.renew() == 0
