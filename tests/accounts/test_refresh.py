"""Memberships follow a SCIM or Grouper service between logins."""

import base64
import http.server
import json
import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group
from django.core.cache import cache

from gateway import environment
from gateway.access.models import Policy
from gateway.access.rights import may_fetch, viewer_of
from gateway.accounts import entitlements, refresh
from gateway.accounts.models import AuditEvent, EntitlementRule, Membership
from jobs import keeper

ISSUER = "https://iam.example"


class Directory:
    """Speaks SCIM 2.0 (RFC 7644, section 3.4.2) under /scim and Grouper's JSON under /ws."""

    def __init__(self) -> None:
        self.groups: dict[str, list[str]] = {}
        self.answer: tuple[int, bytes] | None = None
        self.asked: list[str] = []
        directory = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                directory.asked.append(self.path)
                status, body = directory.answer or directory.say(self.path, self.headers.get("Authorization", ""))
                self.send_response(status)
                self.send_header("Content-Type", "application/scim+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def say(self, path: str, authorization: str) -> tuple[int, bytes]:
        parts = urlsplit(path)
        if parts.path == "/scim/Users" and authorization == "Bearer t0ken":
            return 200, json.dumps(self.scim(parse_qs(parts.query)["filter"][0])).encode()
        if parts.path.startswith("/ws/subjects/") and authorization == "Basic " + base64.b64encode(b"gw:pw").decode():
            return 200, json.dumps(self.grouper(unquote(parts.path.split("/")[3]))).encode()
        return 401, b"{}"

    def scim(self, rule: str) -> dict[str, Any]:
        name = json.loads(re.fullmatch(r'externalId eq (".*")', rule)[1])
        found = []
        if name in self.groups:
            groups = [{"value": str(n), "display": group} for n, group in enumerate(self.groups[name])]
            found = [{"id": "1", "externalId": name, "active": True, "groups": groups}]
        schema = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
        return {"schemas": [schema], "totalResults": len(found), "Resources": found}

    def grouper(self, name: str) -> dict[str, Any]:
        code = "SUCCESS" if name in self.groups else "SUBJECT_NOT_FOUND"
        groups = [{"name": group} for group in self.groups.get(name, [])]
        return {"WsGetGroupsLiteResult": {"resultMetadata": {"resultCode": code}, "wsGroups": groups}}


@pytest.fixture
def directory() -> Iterator[Directory]:
    made = Directory()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(params=["scim", "grouper"])
def service(request, directory, settings, cast) -> Directory:
    """Alice signed in through the issuer; its group ``members`` opens the policy."""
    how = {"token": "t0ken"} if request.param == "scim" else {"user": "gw", "password": "pw"}
    path = "scim" if request.param == "scim" else "ws"
    settings.MEMBERSHIP_SERVICES = [{"kind": request.param, "issuer": ISSUER, "url": f"{directory.url}/{path}", **how}]
    app = {"provider_id": "iam", "name": "IAM", "client_id": "g", "secret": "s", "settings": {"server_url": ISSUER}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    SocialAccount.objects.create(user=cast.alice, provider="iam", uid='anne"\\x@example')
    group = Group.objects.create(name="Consortium")
    EntitlementRule.objects.create(issuer=ISSUER, group="members", gives_group=group)
    Policy.objects.create(name="closed", rights="proprietary").groups.add(group)
    directory.groups = {'anne"\\x@example': ["members", "others"]}
    cache.clear()
    return directory


def may(cast) -> bool:
    return may_fetch(viewer_of(cast.alice), Policy.objects.get().pk)


def test_what_is_given_and_withdrawn_there_comes_and_goes_here(service, cast) -> None:
    assert (refresh.refresh(), may(cast)) == (1, True)
    assert AuditEvent.objects.filter(kind="rights", actor=cast.alice).latest("time").details["gained"] == ["Consortium"]
    service.groups['anne"\\x@example'] = ["others"]
    assert (refresh.refresh(), may(cast)) == (0, True)  # asked for within the last hours
    cache.clear()
    assert (refresh.refresh(), may(cast)) == (1, False)


def test_who_left_there_loses_what_the_service_gave(service, cast) -> None:
    refresh.refresh()
    service.groups = {}
    cache.clear()
    refresh.refresh()
    assert not may(cast)


@pytest.mark.parametrize(
    "answer",
    [(500, b""), (200, b"<html>"), (200, b"[]"), (200, b"{}"), (200, b'{"Resources": 7}'), (401, b"{}"), (302, b"")],
    ids=["500", "html", "list", "empty", "nonsense", "401", "302"],
)
def test_a_service_that_is_away_or_talks_nonsense_changes_nothing(service, cast, answer) -> None:
    refresh.refresh()
    before = list(Membership.objects.values_list("pk", "expires"))
    cache.clear()
    service.answer = answer
    refresh.refresh()
    assert list(Membership.objects.values_list("pk", "expires")) == before
    service.answer = None
    assert refresh.refresh() == 1  # and is asked again at the next look


def test_people_of_other_issuers_and_closed_accounts_are_not_asked_for(service, cast) -> None:
    SocialAccount.objects.create(user=cast.bob, provider="https://idp.example", uid="bob")
    cast.alice.is_active = False
    cast.alice.save()
    assert refresh.refresh() == 0
    assert service.asked == []


def test_the_rules_of_another_issuer_give_nothing(service, cast) -> None:
    EntitlementRule.objects.update(issuer="https://elsewhere.example")
    refresh.refresh()
    assert not may(cast)


def test_a_login_and_the_service_speak_of_the_same_identity(service, cast) -> None:
    account = SocialAccount.objects.get()
    entitlements.replace(account, ISSUER, ["members"])
    assert may(cast)
    service.groups = {'anne"\\x@example': []}
    refresh.refresh()
    assert not Membership.objects.exists()


def test_the_keeper_does_it(db) -> None:
    if keeper.chores.get("memberships") is None:
        keeper.add_chores()
    assert keeper.chores.get("memberships").do is refresh.refresh
    assert keeper.chores.get("releases") is not None


@pytest.mark.parametrize(
    "text", ["{", '{"kind": "scim"}', '[{"kind": "ldap", "issuer": "x", "url": "y"}]', '[{"kind": "scim"}]', "[7]"]
)
def test_a_setting_that_cannot_be_understood_is_said_to(monkeypatch, text: str) -> None:
    monkeypatch.setenv("MEMBERSHIP_SERVICES", text)
    with pytest.raises(environment.SettingError, match="MEMBERSHIP_SERVICES"):
        environment.membership_services("MEMBERSHIP_SERVICES")
