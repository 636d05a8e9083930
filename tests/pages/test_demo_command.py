"""The demo refuses in words what would be unsafe or cannot work."""

import os
import socket
import urllib.request
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command

from gateway.pages import processes


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "gateway.example.org", "::"])
def test_the_demo_with_its_known_passwords_serves_loopback_only(host: str) -> None:
    with pytest.raises(CommandError, match="loopback"):
        call_command("demo", host=host)


def test_a_port_that_is_taken_is_named_with_a_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"Port {port} is taken.*PORT={port + 1}"):
            call_command("demo", port=port)


def test_the_demo_refuses_production_mode(settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="not for production"):
        call_command("demo")


class BegunAnew(Exception):
    """in place of the process that would be replaced"""


@pytest.mark.parametrize(
    ("host", "public"),
    [("127.0.0.1", "http://127.0.0.1:8123"), ("0.0.0.0", "http://127.0.0.1:8123"), ("::", "http://[::1]:8123")],
)
def test_links_lead_to_the_port_that_is_served(settings, monkeypatch, tmp_path, host: str, public: str) -> None:
    def begin_anew(*_command: object) -> None:
        raise BegunAnew

    settings.DATA_DIR, settings.PUBLIC_URL = tmp_path, "http://127.0.0.1:8000"
    monkeypatch.setattr(os, "execv", begin_anew)
    monkeypatch.delenv("PUBLIC_URL", raising=False)
    with pytest.raises(BegunAnew):
        call_command("serve", host=host, port=8123)
    assert (tmp_path / "public-url").read_text() == public


@pytest.mark.parametrize("given", ["PRODUCTION", "PUBLIC_URL"])
def test_an_address_that_was_given_stands(settings, monkeypatch, tmp_path, given: str) -> None:
    settings.DATA_DIR, settings.PUBLIC_URL = tmp_path, "https://gateway.example.org"
    settings.PRODUCTION = given == "PRODUCTION"
    if given == "PUBLIC_URL":
        monkeypatch.setenv("PUBLIC_URL", settings.PUBLIC_URL)
    else:
        monkeypatch.delenv("PUBLIC_URL", raising=False)
    processes.settle_address("127.0.0.1", 8123)
    assert not (tmp_path / "public-url").exists()


@pytest.mark.slow
@pytest.mark.xdist_group("gateway")
def test_what_the_demo_records_says_where_it_is_served(gateway) -> None:
    """The demo archive is made before the first page is served, and data are added by other commands."""
    query = {"QUERY": "SELECT DISTINCT location FROM provenance.entity WHERE location <> ''", "LANG": "ADQL"}
    with urllib.request.urlopen(f"{gateway.url}/tap/sync?{urlencode({**query, 'FORMAT': 'csv'})}") as answer:
        locations = answer.read().decode().split()[1:]
    ours = [location for location in locations if "/data/" in location]
    assert ours
    assert [location for location in ours if not location.startswith(gateway.url)] == []
    assert gateway.manage(
        "shell", "-v0", "-c", "from django.conf import settings; print(settings.PUBLIC_URL)"
    ).stdout == (f"{gateway.url}\n")


@pytest.mark.slow
@pytest.mark.xdist_group("gateway")
def test_the_form_that_the_demo_offers_to_try_is_filled_in(gateway) -> None:
    from gateway.pages.management.commands.demo import form_with_values

    with urllib.request.urlopen(gateway.url + form_with_values("counts_map")) as answer:
        page = answer.read().decode()
    assert 'value="83.6287"' in page
    assert page.count("/products/distiller-demo.run-9000") >= 4
