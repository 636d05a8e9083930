"""Every page stands on the same ground: bar, footer, themes, error pages in words."""

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils.translation import override

from gateway.vo import readable as numbers


@pytest.mark.django_db
def test_home_page_offers_the_search_box_and_no_foreign_host(client: Client) -> None:
    page = client.get("/").content.decode()
    assert 'name="target"' in page
    assert "https://" not in page.replace("https://www.w3.org", "")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/no-such-page", "/products/no-such-product/"])
def test_an_unknown_address_is_answered_in_words_with_a_request_id(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()
    assert answer["X-Request-Id"] in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("accept", "kind"), [("text/html", "text/html"), ("*/*", "text/plain")])
def test_an_address_of_a_form_opened_by_itself_says_so(client: Client, accept: str, kind: str) -> None:
    answer = client.get("/cart/zip", headers={"accept": accept})
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer["Content-Type"].startswith(kind)
    words = answer.content.decode()
    assert ("press the button again" if kind == "text/html" else "GET is not possible here, only POST.") in words


@pytest.mark.django_db
@pytest.mark.parametrize(("accept", "kind"), [("text/html", "text/html"), ("*/*", "text/plain")])
def test_whoever_asks_too_often_is_told_when_to_come_back(client: Client, settings, accept: str, kind: str) -> None:
    settings.RESOLVE_PER_MINUTE = 1
    client.get("/search/resolve?name=")
    answer = client.get("/search/resolve?name=crab", headers={"accept": accept})
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    assert answer["Content-Type"].startswith(kind)
    assert "Wait a minute, or sign in." in answer.content.decode()


def test_sign_in_that_is_tried_too_often_is_told_so(rf: RequestFactory, db) -> None:
    from django.contrib.auth.models import AnonymousUser

    from gateway.pages import errors

    request = rf.post("/accounts/login/", headers={"accept": "text/html"})
    request.user = AnonymousUser()
    answer = errors.too_many(request)
    assert answer.status_code == 429
    assert "Too many requests" in answer.content.decode()


def test_a_form_that_has_expired_is_a_page_on_every_address(cast) -> None:
    client = Client(enforce_csrf_checks=True)
    for path in ("/cart/", "/searches/", "/jobs/new/sleep"):
        answer = client.post(path, {"ID": "x"}, headers={"accept": "text/html"})
        assert answer.status_code == 403
        assert "Go back, reload the page and send the form again" in answer.content.decode()
    assert "X-CSRFToken" in client.post("/cart/", {"ID": "x"}).content.decode()


@pytest.mark.parametrize("name", ["500.html", "503.html"])
def test_pages_of_last_resort_speak_the_language_of_the_visitor(name: str) -> None:
    with override("fr"):
        page = render_to_string(name, {"request_id": "0123"})
    assert '<html lang="fr">' in page
    assert "Accueil" in page


def test_account_menu_says_who_and_in_which_groups(client_of, cast) -> None:
    from django.contrib.auth.models import Group

    cast.alice.groups.add(Group.objects.create(name="demo-2024-03"))
    page = client_of("alice").get("/").content.decode()
    assert "alice@demo.example" in page
    assert "Groups: demo-2024-03" in page
    assert "Signed in by" in page


def test_pages_carry_a_policy_without_inline_script(client_of, cast) -> None:
    answer = client_of("alice").get("/")
    policy = answer["Content-Security-Policy"]
    assert "'unsafe-inline'" not in policy.split("script-src", 1)[1].split(";", 1)[0]
    assert " onclick=" not in answer.content.decode()


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (1234.5, 1, "1,234.5"),
        (-0.5, 2, "−0.50"),
        (-0.001, 2, "0.00"),
        (None, 2, "–"),
        ("x", 2, "–"),
        (float("nan"), 1, "–"),
    ],
)
def test_numbers_read_as_people_write_them(value: object, places: int, text: str) -> None:
    assert numbers.fixed(value, places) == text


def test_french_numbers_have_a_comma() -> None:
    from django.utils.translation import override

    with override("fr"):
        assert numbers.fixed(1234.5, 1) == "1\u202f234,5"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (999, "999 B"), (520_000, "520 kB"), (60_000_000, "60 MB"), (2.1e6, "2.1 MB"), (-1, "–"), (None, "–")],
)
def test_sizes_are_decimal(value: object, text: str) -> None:
    assert numbers.size(value) == text


def test_positions_and_times() -> None:
    assert numbers.position(83.63308, 22.0145) == "83.6331°, +22.0145°"
    assert numbers.position(10, -0.5) == "10.0000°, −0.5000°"
    assert numbers.sexagesimal(83.63308, 22.0145) == "05 34 31.9 +22 00 52"
    assert numbers.sexagesimal(359.99999, -0.00001) == "00 00 00.0 +00 00 00"
    assert numbers.moment(53343.92160) == "2004-12-04 22:07"
    assert numbers.moment(1e9) == "–"
    assert numbers.energy_range(0.87e12, 1e14) == "0.87 – 100"


def test_icons_and_badges_render() -> None:
    text = Template(
        "{% load gateway_ui %}{% icon 'search' %}{% icon '../../etc/passwd' %}{% phase 'EXECUTING' %}{% phase 'odd' %}{% simulated %}"
    ).render(Context())
    assert text.count("<svg") == 4
    assert "Executing" in text
    assert "Unknown" in text
    assert "simulated" in text


def test_query_tag_changes_one_parameter_and_keeps_the_rest() -> None:
    request = RequestFactory().get("/search/results/?ra=1&page=3&a=x%22y")
    text = Template("{% load gateway_ui %}{% query page=4 a=None %}").render(Context({"request": request}))
    assert text == "?ra=1&amp;page=4"


def test_the_site_can_be_put_on_a_phones_first_page(client) -> None:
    import json
    from pathlib import Path

    from django.conf import settings
    from PIL import Image

    page = client.get("/help/").content.decode()
    assert 'rel="apple-touch-icon"' in page
    assert 'href="/static/site.webmanifest"' in page
    static = Path(settings.BASE_DIR) / "static"
    for icon in json.loads((static / "site.webmanifest").read_text())["icons"]:
        with Image.open(static / icon["src"]) as picture:
            assert "{}x{}".format(*picture.size) == icon["sizes"]
