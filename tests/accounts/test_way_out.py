"""There is one way out of the gateway, and nothing finds another."""

import ast
import re
import socket
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from gateway.vo import http

ROOT = Path(__file__).parents[2]
PUBLIC = "http://93.184.216.34"
"""an address that needs no name look-up; nothing is ever sent there"""
NETWORK = {
    "urllib.request",
    "http.client",
    "httpx",
    "aiohttp",
    "ftplib",
    "telnetlib",
    "astroquery",
    "astropy.utils.data",
}
ITSELF = {"gateway/pages/management/commands/demo.py"}
"""asks the site that it has just started whether it is up"""
CALLS = {"get", "post", "put", "head", "request", "Session(", "session", "delete", "patch", "options"}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def sources() -> list[Path]:
    return [path for room in ("gateway", "search", "jobs", "provenance") for path in (ROOT / room).rglob("*.py")]


def test_no_module_imports_another_way_to_speak_http() -> None:
    found = {str(path.relative_to(ROOT)): imported(path) & NETWORK for path in sources()}
    assert {path: names for path, names in found.items() if names and path not in ITSELF} == {}


def test_requests_is_used_for_its_exceptions_alone() -> None:
    """``requests.get`` and a plain ``requests.Session`` know nothing of the guards."""
    made = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path != ROOT / "gateway/vo/http.py"
        and any(re.search(rf"\brequests\.{re.escape(call)}", path.read_text()) for call in CALLS)
    ]
    assert made == ["jobs/pages/snippets.py"]  # text of examples that users copy


@pytest.fixture
def ways(monkeypatch) -> list[tuple[type, object]]:
    """Every connection that is tried, by the class of its socket; none is made."""
    tried: list[tuple[type, object]] = []

    def connect(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX:
            tried.append((type(self), address))
            raise ConnectionRefusedError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", connect, raising=False)
    monkeypatch.setattr(socket.socket, "connect_ex", connect, raising=False)
    return tried


def test_looking_up_a_name(ways, cast, settings) -> None:
    settings.SESAME_URLS = [f"{PUBLIC}/sesame/"]
    Client().get("/search/resolve", {"name": "NGC 99999 of nowhere"})
    assert {kind for kind, _ in ways} == {http._Socket}


def test_signing_in_by_openid(ways, db, settings) -> None:
    app = {"provider_id": "x", "name": "X", "client_id": "g", "secret": "s", "settings": {"server_url": PUBLIC}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    answer = Client().post("/accounts/oidc/x/login/")
    assert answer.status_code < 500 or answer.status_code == 503
    assert {kind for kind, _ in ways} == {http._Socket}


def test_fetching_the_metadata_of_a_federation(ways, db, tmp_path) -> None:
    (tmp_path / "c.pem").write_text("x")
    with pytest.raises(CommandError):
        call_command("import_federation", f"{PUBLIC}/metadata", "--certificate", str(tmp_path / "c.pem"))
    assert {kind for kind, _ in ways} == {http._Socket}


@pytest.mark.parametrize("address", [PUBLIC, "http://169.254.169.254/", "http://10.0.0.1/", "file:///etc/passwd"])
def test_an_upload_by_address(ways, db, address: str) -> None:
    query = {"LANG": "ADQL", "QUERY": "SELECT * FROM TAP_UPLOAD.mine", "UPLOAD": f"mine,{address}"}
    answer = Client().post("/tap/sync", query)
    assert answer.status_code < 500
    assert {kind for kind, _ in ways} <= {http._Socket}
    assert all(place == ("93.184.216.34", 80) for _, place in ways)
