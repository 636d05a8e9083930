"""What the archive holds is counted once for everyone, shows at once, and never what the viewer may not know."""

import pytest
from django.core.cache import cache

from gateway.access.models import Policy
from gateway.access.rights import ANONYMOUS, viewer_of
from gateway.pages import overview
from search.archive import holdings
from search.archive.models import Product
from search.portal import form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    cache.clear()


def total(viewer) -> int:
    return sum(row.count for row in overview.collections(viewer))


def add_one(archive) -> None:
    archive.public.pk, archive.public.key = None, "open.run-9"
    archive.public.obs_publisher_did, archive.public.pipeline_version = "ivo://distiller.example/arc?open.run-9", "9.9"
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


def test_a_new_product_shows_at_once(archive):
    assert total(ANONYMOUS) == 2
    add_one(archive)
    assert total(ANONYMOUS) == 3
    assert "9.9" in form.archive_values(ANONYMOUS)["pipeline_version"]


def test_where_counting_takes_seconds_nobody_waits_and_the_keeper_counts_again(archive, monkeypatch):
    monkeypatch.setattr(holdings, "DEAR", -1.0)
    assert total(ANONYMOUS) == 2
    add_one(archive)
    assert total(ANONYMOUS) == 2
    monkeypatch.setattr(holdings, "REST", 0)
    while holdings.renew():
        pass
    assert total(ANONYMOUS) == 3
    assert Product.objects.count() == 4
    assert holdings.renew() == 0
