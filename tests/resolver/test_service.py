"""From a name to a position through the chain, with its source; failures of Sesame cost seconds at most and are said."""

import time

import pytest
from django.core.cache import cache
from django.test import Client

from gateway.access.models import Metadata, Policy, Rights
from gateway.access.rights import viewer_of
from search.archive.models import Product
from search.resolver import service
from search.resolver.models import CachedName
from tests.support.sesame import SesameServer


@pytest.fixture
def sesame():
    server = SesameServer()
    yield server
    server.stop()


@pytest.fixture
def ask(sesame, settings, db):
    """``ask(mode, name)``: resolve with a Sesame that behaves so."""
    cache.clear()

    def run(mode: str, name: str = "unheard of 7") -> service.Resolved:
        settings.SESAME_URLS = [sesame.url(part) for part in mode.split(",")]
        return service.resolve(name)

    return run


def test_known_names_need_no_network(ask, sesame) -> None:
    found = ask("broken", "crab")
    assert (found.name, found.kind) == ("Crab Nebula", "pulsar wind nebula")
    assert "table of sources" in found.source
    assert sesame.asked == []


def test_sesame_answers_and_is_remembered(ask, sesame) -> None:
    found = ask("good")
    assert (found.ra, found.dec, found.name) == (10.25, -0.5, "Made & up")
    assert found.source == "Sesame (SIMBAD)"
    assert found.aliases == ("Made & up other", "X Made & up")
    again = ask("broken")
    assert again.ra == 10.25
    assert again.known_since is not None
    assert len(sesame.asked) == 1


@pytest.mark.parametrize(
    "name", ["d'Arrest+1 & co", "η Car 2 ?#/..%2e", "名前", "<script>alert(1)</script>", "x" * 200]
)
def test_odd_names_reach_sesame_whole(ask, sesame, name: str) -> None:
    ask("good", name)
    assert sesame.asked == [("good", " ".join(name.split()))]


def test_unknown_is_said_and_remembered_for_an_hour(ask, sesame) -> None:
    for _ in range(2):
        with pytest.raises(service.Unknown):
            ask("unknown")
    assert len(sesame.asked) == 1
    assert CachedName.objects.get().candidates == []


@pytest.mark.parametrize("mode", ["broken", "garbage", "html", "empty", "doctype", "liar"])
def test_a_broken_sesame_is_not_believed(ask, mode: str) -> None:
    with pytest.raises(service.Unknown, match="Sesame cannot be reached"):
        ask("good" if mode == "none" else mode)
    assert not CachedName.objects.exists()


def test_the_mirror_is_asked_when_the_first_fails(ask) -> None:
    assert ask("broken,good").ra == 10.25


@pytest.mark.parametrize("mode", ["silent", "slow"])
def test_a_hanging_sesame_costs_seconds_and_then_nothing(ask, sesame, mode: str) -> None:
    start = time.monotonic()
    with pytest.raises(service.Unknown, match="cannot be reached"):
        ask(f"{mode},{mode}")
    assert time.monotonic() - start < 15
    asked = len(sesame.asked)
    with pytest.raises(service.Unknown):
        ask(mode, "another name 8")
    assert len(sesame.asked) == asked, "the circuit breaker keeps it from being asked again"


def test_two_objects_of_one_name_are_a_choice(ask) -> None:
    with pytest.raises(service.Ambiguous) as caught:
        ask("ambiguous")
    assert [choice.name for choice in caught.value.choices] == ["Made & up", "Other"]


def test_the_same_object_twice_is_no_choice(ask) -> None:
    assert ask("twice").name == "Made & up"


@pytest.mark.parametrize("mode", ["nowhere", "infinite"])
def test_an_object_without_position_is_unknown(ask, mode: str) -> None:
    with pytest.raises(service.Unknown):
        ask(mode)


def test_a_name_that_carries_its_position_serves_offline(ask) -> None:
    found = ask("broken", "XYZ J1234-567")
    assert found.source == "the position in the name"
    assert found.precision > 0


@pytest.mark.parametrize("name", ["Jupiter", "moon", "C/2020 F3", "1P/Halley", "2060 Chiron"])
def test_moving_bodies_are_refused_in_words(ask, sesame, name: str) -> None:
    with pytest.raises(service.Refused, match="moves on the sky"):
        ask("good", name)
    assert sesame.asked == []


def product(policy: Policy, key: str, name: str, **values: object) -> Product:
    return Product.objects.create(
        key=key, policy=policy, calib_level=2, obs_collection="t", obs_id=key, obs_publisher_did=f"ivo://x/arc?{key}",
        target_name=name, **values,
    )  # fmt: skip


def test_target_names_of_the_archive_resolve_for_those_who_may_see_them(ask, cast) -> None:
    hidden = Policy.objects.create(name="h", rights=Rights.PROPRIETARY, metadata=Metadata.HIDDEN, owner=cast.alice)
    product(hidden, "a", "Field of Alice", s_ra=359.9, s_dec=1.0)
    product(hidden, "b", "Field of Alice", s_ra=0.1, s_dec=1.0)
    found = service.resolve("field of alice", viewer_of(cast.alice))
    assert found.source == "target names of this archive"
    assert found.ra == pytest.approx(0.0, abs=1e-6) or found.ra == pytest.approx(360.0, abs=1e-6)
    with pytest.raises(service.Unknown):
        ask("unknown", "Field of Alice")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Crab", 200),
        ("83.63 22.01", 200),
        ("", 400),
        ("  ", 400),
        ("10 95", 400),
        ("Mars", 400),
        ("x" * 1_000_000, 400),
        ("no such", 404),
        ("\x00", 400),
    ],
)
def test_the_address_answers_in_json(client: Client, settings, name: str, status: int) -> None:
    settings.SESAME_URLS = []
    answer = client.get("/search/resolve", {"name": name})
    assert answer.status_code == status
    assert ("ra" if status == 200 else "error") in answer.json()


@pytest.mark.django_db
def test_ambiguity_is_300_with_choices(client: Client, settings, sesame) -> None:
    cache.clear()
    settings.SESAME_URLS = [sesame.url("ambiguous")]
    answer = client.get("/search/resolve", {"name": "twins"})
    assert answer.status_code == 300
    assert len(answer.json()["choices"]) == 2


def test_unknown_names_get_suggestions(ask) -> None:
    with pytest.raises(service.Unknown) as caught:
        ask("unknown", "Westerlund")
    assert "Westerlund 2" in caught.value.suggestions


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Crab Nebulla", "Crab Nebula"),
        ("Gemniga", "Geminga"),
        ("markarian 412", "Mrk 421"),
        ("2155-304", "PKS 2155-304"),
    ],
)
def test_a_name_misspelt_gets_what_may_be_meant(ask, typed: str, meant: str) -> None:
    with pytest.raises(service.Unknown) as caught:
        ask("unknown", typed)
    assert meant in caught.value.suggestions
