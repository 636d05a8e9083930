"""The PI's side and the stranger's: ask, answer, name people, follow a mailed link; and what staff may see of it."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from gateway.access.models import AccessRequest, Invitation, Metadata, Policy, PolicyMember, Rights, Role
from gateway.access.noted import note_fetch
from gateway.access.rights import may_fetch, viewer_of
from gateway.accounts.models import AuditEvent, AuditKind


@pytest.fixture
def policy(cast) -> Policy:
    made = Policy.objects.create(
        name="demo",
        collection="demo",
        proposal_id="DEMO-1",
        rights=Rights.PROPRIETARY,
        release_date=timezone.now() + timedelta(days=99),
    )
    PolicyMember.objects.create(policy=made, user=cast.alice, role=Role.PI)
    return made


@pytest.fixture
def hidden(cast) -> Policy:
    made = Policy.objects.create(name="dark", proposal_id="DARK-1", rights=Rights.PROPRIETARY, metadata=Metadata.HIDDEN)
    PolicyMember.objects.create(policy=made, user=cast.alice, role=Role.PI)
    return made


def test_a_stranger_asks_and_the_pi_gives_access(policy, cast, client_of) -> None:
    charlie, alice = client_of("charlie"), client_of("alice")
    page = charlie.get(f"/access/{policy.uid}/ask").content.decode()
    assert "DEMO-1" in page
    charlie.post(f"/access/{policy.uid}/ask", {"message": "May I compare?\nSubject: x"})
    letter = mail.outbox[0]
    assert (letter.to, letter.reply_to) == (["alice@demo.example"], ["charlie@demo.example"])
    assert "May I compare?" in letter.body
    assert f"/access/{policy.uid}/members" in letter.body
    charlie.post(f"/access/{policy.uid}/ask", {"message": "Again"})
    assert len(mail.outbox) == 1
    request = AccessRequest.objects.get()
    assert "Again" in alice.get(f"/access/{policy.uid}/members").content.decode()
    alice.post(f"/access/{policy.uid}/requests/{request.pk}", {"answer": "grant"})
    assert may_fetch(viewer_of(cast.charlie), policy.pk)
    assert mail.outbox[1].to == ["charlie@demo.example"]
    assert "Granted" in charlie.get("/access/").content.decode()


def test_the_pi_declines(policy, cast, client_of) -> None:
    client_of("charlie").post(f"/access/{policy.uid}/ask", {"message": ""})
    request = AccessRequest.objects.get()
    client_of("alice").post(f"/access/{policy.uid}/requests/{request.pk}", {"answer": "decline"})
    assert not may_fetch(viewer_of(cast.charlie), policy.pk)
    assert "declined" in mail.outbox[1].body


def test_a_mail_never_gets_a_line_of_its_own_into_the_head(policy, cast, client_of) -> None:
    cast.charlie.first_name = "Eve\r\nBcc: all@demo.example"
    cast.charlie.save()
    client_of("charlie").post(f"/access/{policy.uid}/ask", {"message": "x"})
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].bcc == []


def test_without_a_pi_the_contact_is_asked_and_without_one_the_staff(policy, client_of) -> None:
    PolicyMember.objects.all().delete()
    client_of("charlie").post(f"/access/{policy.uid}/ask", {})
    assert mail.outbox[0].to == ["dana@demo.example"]
    Policy.objects.update(contact="pi@far.example")
    client_of("bob").post(f"/access/{policy.uid}/ask", {})
    assert mail.outbox[1].to == ["pi@far.example"]


@pytest.mark.parametrize("who", ["charlie", "bob"])
def test_only_the_pi_names_people(policy, cast, client_of, who: str) -> None:
    PolicyMember.objects.create(policy=policy, user=cast.bob)
    client = client_of(who)
    assert client.get(f"/access/{policy.uid}/members").status_code == 403
    assert client.post(f"/access/{policy.uid}/members", {"who": who, "role": "coi"}).status_code == 403
    assert client.post(f"/access/{policy.uid}/members/{cast.bob.pk}/remove").status_code == 403
    assert PolicyMember.objects.get(user=cast.bob).role == Role.COLLABORATOR


def test_the_pi_adds_and_removes_a_collaborator(policy, cast, client_of) -> None:
    sister = Policy.objects.create(name="other", proposal_id="DEMO-1", rights=Rights.PROPRIETARY)
    alice = client_of("alice")
    assert "People" in alice.get("/access/").content.decode()
    alice.post(f"/access/{policy.uid}/members", {"who": "charlie@demo.example", "role": "coi"})
    assert may_fetch(viewer_of(cast.charlie), policy.pk)
    assert may_fetch(viewer_of(cast.charlie), sister.pk)
    alice.post(f"/access/{policy.uid}/members/{cast.charlie.pk}/remove")
    assert not may_fetch(viewer_of(cast.charlie), policy.pk)
    assert alice.post(f"/access/{policy.uid}/members/{cast.alice.pk}/remove").status_code == 404
    assert alice.post(f"/access/{policy.uid}/members", {"who": "nobody", "role": "coi"}).status_code == 400
    assert alice.post(f"/access/{policy.uid}/members", {"who": "charlie", "role": "pi"}).status_code == 400
    kinds = list(AuditEvent.objects.filter(kind=AuditKind.RIGHTS).values_list("subject", flat=True))
    assert "admits to DEMO-1" in kinds
    assert "dismisses from DEMO-1" in kinds


def link(index: int = 0) -> str:
    return re.search(r"/access/invitation/[\w-]+/", mail.outbox[index].body)[0]


def test_the_direct_link_leads_the_pi_through_sign_in_to_the_data(policy, cast, capsys) -> None:
    call_command("invite_pi", "DEMO-1", "pi@institute.example")
    assert mail.outbox[0].to == ["pi@institute.example"]
    browser = Client()
    step = browser.get(link())
    assert step["Location"].startswith("/accounts/login/?next=/access/invitation/")
    answer = browser.post(step["Location"], {"login": "charlie", "password": "charlie-demo", "next": link()})
    assert answer["Location"] == link()
    assert browser.get(link())["Location"] == "/search/results/?proposal_id=DEMO-1"
    assert may_fetch(viewer_of(cast.charlie), policy.pk)
    assert policy.is_led_by(cast.charlie.pk)
    assert browser.get(link()).status_code == 302  # opened again by the same person


def test_a_link_works_once_and_not_for_ever(policy, cast, client_of) -> None:
    call_command("invite_pi", "DEMO-1", "pi@institute.example", "--target", "/products/x/")
    client_of("charlie").get(link())
    assert client_of("bob").get(link()).status_code == 403
    call_command("invite_pi", "DEMO-1", "pi@institute.example")
    Invitation.objects.update(expires=timezone.now())
    assert client_of("bob").get(link(1)).status_code == 403
    assert not may_fetch(viewer_of(cast.bob), policy.pk)
    assert client_of("bob").get("/access/invitation/guess/").status_code == 404
    assert link().split("/")[3] not in str(list(Invitation.objects.values_list()))


@pytest.mark.parametrize(
    "words",
    [
        ("NO-SUCH", "a@b.example"),
        ("DEMO-1", "no address"),
        ("DEMO-1", "a@b.example", "--target", "//evil.example"),
        ("DEMO-1", "a@b.example", "--target", "https://evil.example"),
    ],
)
def test_the_command_says_what_is_wrong(policy, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("invite_pi", *words)
    assert mail.outbox == []


def test_of_hidden_data_no_page_tells_a_stranger(hidden, cast, client_of) -> None:
    for who in ("charlie", "bob"):
        for address in ("ask", "members"):
            assert client_of(who).get(f"/access/{hidden.uid}/{address}").status_code == 404
            assert (
                client_of(who).post(f"/access/{hidden.uid}/{address}", {"who": "x", "role": "coi"}).status_code == 404
            )
    assert mail.outbox == []


def test_staff_see_why(policy, client_of) -> None:
    dana = client_of("dana")
    address = f"/access/{policy.uid}/explain"
    assert "named by the policy" in dana.get(address, {"user": "alice"}).content.decode()
    assert "2" in dana.get(address, {"user": "charlie"}).content.decode()
    assert "no such user" in dana.get(address, {"user": "nobody"}).content.decode()
    assert client_of("alice").get(address).status_code == 403


def test_a_fetch_of_proprietary_data_leaves_its_mark(policy, cast, rf) -> None:
    request = rf.get("/data/demo.run-1")
    request.user = cast.dana
    note_fetch(request, policy, "demo.run-1")
    event = AuditEvent.objects.get()
    assert (event.kind, event.actor, event.subject, event.as_staff, event.address) == (
        "fetch",
        cast.dana,
        "demo.run-1",
        True,
        "127.0.0.1",
    )
    request.user = cast.alice
    del request._viewer
    note_fetch(request, policy, "demo.run-1")
    assert AuditEvent.objects.filter(as_staff=False, actor=cast.alice).count() == 1
    Policy.objects.update(release_date=timezone.now())
    policy.refresh_from_db()
    note_fetch(request, policy, "demo.run-1")
    assert AuditEvent.objects.count() == 2
