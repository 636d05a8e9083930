"""The demo refuses in words what would be unsafe or cannot work."""

import socket
import urllib.request
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command


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
