"""Home, help, health and metrics: what a first visitor and a monitoring system see."""

import json
import math
import re

import pytest
from django.test import Client

from gateway.access.models import Policy, Rights
from gateway.pages import help, overview
from search.archive.models import Product


def product(key: str, policy: Policy, **columns: object) -> Product:
    values: dict[str, object] = {
        "key": key, "policy": policy, "obs_publisher_did": f"ivo://distiller.example/arc?{key}", "obs_id": key,
        "obs_collection": "C", "calib_level": 2, "dataproduct_type": "event", "s_ra": 83.63, "s_dec": 22.01,
        "target_name": "Crab Nebula", "t_min": 53343.0, "t_max": 53343.1, "size": 1000,
    }  # fmt: skip
    return Product.objects.create(**{**values, **columns})


@pytest.fixture
def archive(cast) -> None:
    public = Policy.objects.create(name="public")
    embargo = Policy.objects.create(name="embargo", rights=Rights.PROPRIETARY)
    hidden = Policy.objects.create(name="hidden", rights=Rights.PROPRIETARY, metadata="hidden", owner=cast.alice)
    product("open-1", public)
    product("embargoed-1", embargo)
    product("secret-1", hidden, obs_collection="Secret collection", target_name="Secret source")


@pytest.mark.parametrize(
    ("name", "secret"), [("anonymous", False), ("charlie", False), ("bob", False), ("alice", True), ("dana", True)]
)
def test_the_home_page_counts_only_what_the_viewer_may_know(archive, client_of, name: str, secret: bool) -> None:
    page = client_of(name).get("/").content.decode()
    assert "Crab Nebula" in page
    assert ("Secret collection" in page) is secret
    assert ("Secret source" in page) is secret


def test_an_empty_archive_says_how_to_fill_it(db, client: Client) -> None:
    assert "/help/ingest/" in client.get("/").content.decode()


def test_what_was_just_ingested_shows_at_once(archive, client: Client) -> None:
    client.get("/")
    product("open-2", Policy.objects.get(name="public"), obs_collection="Brand new")
    assert "Brand new" in client.get("/").content.decode()


@pytest.mark.parametrize("page", help.pages(), ids=lambda page: page.name)
def test_each_help_page_renders_and_its_links_lead_somewhere(db, client: Client, page: help.HelpPage) -> None:
    answer = client.get(f"/help/{page.name}/")
    assert answer.status_code == 200
    for link in re.findall(r'(?:href|src)="(/help/[^"#]+)', answer.content.decode()):
        assert client.get(link).status_code == 200, link


@pytest.mark.parametrize("name", ["nothing", "..%2fREADME", "Install", "images"])
def test_an_unknown_help_page_is_a_plain_404(db, client: Client, name: str) -> None:
    assert client.get(f"/help/{name}/").status_code == 404


def test_health_names_each_component(db, client: Client) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert set(json.loads(answer.content)["components"]) >= {"database", "cache", "disk"}


def test_metrics_are_prometheus_text(db, client: Client) -> None:
    assert 'distiller_component_up{component="database"} 1.0' in client.get("/metrics").content.decode()


@pytest.mark.parametrize(
    ("ra", "dec", "longitude", "latitude"),
    [(266.40499, -28.93617, 0.0, 0.0), (83.633, 22.014, 184.557, -5.784), (192.85948, 27.12825, None, 90.0)],
)
def test_galactic_coordinates_agree_with_published_ones(ra, dec, longitude, latitude) -> None:
    lon, lat = overview.galactic(ra, dec)
    assert lat == pytest.approx(latitude, abs=2e-3)
    if longitude is not None:
        assert math.remainder(lon - longitude, 360) == pytest.approx(0, abs=2e-3)


def test_the_map_keeps_every_position_inside_the_ellipse() -> None:
    for lon in range(0, 360, 7):
        for lat in range(-90, 91, 5):
            x, y = overview.hammer(lon, lat)
            assert (x / 2) ** 2 + y**2 <= 1 + 1e-9
