"""The trail: who reads it, what is in it, what never is."""

import csv
import io

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client

from gateway.accounts import audit
from gateway.accounts.models import AuditEvent, AuditKind, User


@pytest.mark.parametrize("address", ["/accounts/audit/", "/accounts/audit.csv"])
def test_only_staff_read_the_trail(client_of, address: str) -> None:
    codes = {who: client_of(who).get(address).status_code for who in ("anonymous", "charlie", "bob", "alice", "dana")}
    assert codes == {"anonymous": 302, "charlie": 403, "bob": 403, "alice": 403, "dana": 200}


def test_it_is_searched_and_exported_and_the_export_is_in_it(cast, client_of) -> None:
    audit.record(AuditKind.FETCH, cast.alice, "=cmd()|demo.run-1")
    audit.record(AuditKind.TOKEN, cast.bob, "made")
    dana = client_of("dana")
    page = dana.get("/accounts/audit/", {"kind": "fetch", "q": "alice"}).content.decode()
    assert ("demo.run-1" in page, "made" in page) == (True, False)
    assert dana.get("/accounts/audit/", {"since": "nonsense", "page": "x", "kind": "x" * 500}).status_code == 200
    text = b"".join(dana.get("/accounts/audit.csv", {"kind": "fetch"}).streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["who"], row["subject"]) for row in rows] == [("alice", "'=cmd()|demo.run-1")]
    assert AuditEvent.objects.filter(
        kind=AuditKind.STAFF, subject="audit export", actor=cast.dana, as_staff=True
    ).exists()


def test_changes_of_rights_and_signing_in_and_out_are_in_it(cast, client) -> None:
    cast.alice.groups.add(Group.objects.create(name="consortium"))
    event = AuditEvent.objects.get(kind=AuditKind.RIGHTS)
    assert event.details == {"members": ["consortium"]}
    client.post("/accounts/login/", {"login": "alice", "password": "alice-demo"})
    client.post("/accounts/logout/")
    assert {"login", "logout"} <= set(AuditEvent.objects.values_list("kind", flat=True))


def test_passwords_are_never_in_it(cast, client) -> None:
    client.post("/accounts/login/", {"login": "alice", "password": "S3cret-and-wrong"})
    assert "S3cret" not in str(list(AuditEvent.objects.values_list()))
    assert AuditEvent.objects.get(kind=AuditKind.LOGIN_FAILED).subject == "alice"


def test_an_erased_person_leaves_a_key_and_no_name(cast) -> None:
    key = cast.charlie.agent_key
    audit.record(AuditKind.FETCH, cast.charlie, "demo.run-1")
    cast.charlie.delete()
    event = AuditEvent.objects.filter(kind=AuditKind.FETCH).get()
    assert (event.actor, event.actor_key) == (None, key)


def test_every_model_has_a_page_in_the_admin_that_opens(cast) -> None:
    """And what is done there is in the trail."""
    User.objects.filter(username="dana").update(is_superuser=True)
    browser = Client()
    browser.force_login(User.objects.get(username="dana"), backend="django.contrib.auth.backends.ModelBackend")
    from django.apps import apps

    rooms = ("accounts", "access", "provenance", "jobs", "archive", "tap", "resolver", "portal")
    models = [model for room in rooms for model in apps.get_app_config(room).get_models()]
    assert [model for model in models if not admin.site.is_registered(model)] == []
    for model in models:
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert browser.get(address).status_code == 200, address
    browser.post("/admin/auth/group/add/", {"name": "made by staff"})
    event = AuditEvent.objects.get(kind=AuditKind.STAFF)
    assert (event.actor.username, event.as_staff, "made by staff" in event.subject) == ("dana", True, True)
