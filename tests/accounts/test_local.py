"""Accounts of the gateway itself: sign up, verify, sign in, forget, change."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from gateway.accounts.models import AccessToken, AuditEvent, AuditKind, User

PASSWORD = "a long enough secret"
NEW = {"email": "new@observatory.example", "username": "new", "password1": PASSWORD, "password2": PASSWORD}


def link_of(message) -> str:
    return re.search(r"https?://[^/\s]+(/accounts/\S+)", message.body)[1]


def test_sign_up_verify_sign_in(client, db) -> None:
    assert client.get("/accounts/signup/").status_code == 200
    answer = client.post("/accounts/signup/", NEW)
    assert answer.status_code == 302
    assert "_auth_user_id" not in client.session
    refused = client.post("/accounts/login/", {"login": "new", "password": PASSWORD})
    assert "confirm-email" in refused["Location"]
    page = client.get(link_of(mail.outbox[0]))
    assert page.status_code == 200
    client.post(link_of(mail.outbox[0]))
    answer = client.post(
        "/accounts/login/", {"login": "new@observatory.example", "password": PASSWORD, "next": "/products/x/"}
    )
    assert answer["Location"] == "/products/x/"
    assert client.session["_auth_user_id"]
    assert AuditEvent.objects.filter(kind=AuditKind.LOGIN, actor__username="new").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password1": "password123", "password2": "password123"}, "too common"),
        ({"password2": "something else"}, "same password"),
        ({"email": "no address"}, "valid email"),
        ({"username": "a b/c"}, "valid username"),
    ],
)
def test_a_wrong_form_says_what_to_change(client, db, change: dict, words: str) -> None:
    answer = client.post("/accounts/signup/", NEW | change)
    assert (answer.status_code, words in answer.content.decode()) == (200, True)
    assert not User.objects.exists()


def test_an_operator_can_close_sign_up(client, db, settings) -> None:
    settings.LOCAL_SIGNUP = False
    client.post("/accounts/signup/", NEW)
    assert not User.objects.exists()
    assert "/accounts/signup/" not in client.get("/accounts/login/").content.decode()


def test_a_forgotten_password_looks_the_same_for_known_and_unknown_addresses(client, cast) -> None:
    known = client.post("/accounts/password/reset/", {"email": "alice@demo.example"})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@demo.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    message = next(m for m in mail.outbox if m.to == ["alice@demo.example"])
    page = client.get(link_of(message), follow=True)
    answer = client.post(page.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    assert answer.status_code == 302
    assert User.objects.get(username="alice").check_password(PASSWORD)


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "http:///evil.example",
        "/%09/evil.example/../",
    ],
)
def test_signing_in_leads_nowhere_else(client, cast, target: str) -> None:
    for page in (
        client.get("/accounts/login/", {"next": target}),
        client.get("/accounts/institutions/", {"next": target}),
    ):
        assert page.status_code == 200
    answer = client.post("/accounts/login/", {"login": "alice", "password": "alice-demo", "next": target})
    assert answer.status_code in (200, 302)
    assert "evil" not in answer.get("Location", "").partition("?")[0] or answer["Location"].startswith("/%09")


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/3rdparty/",
        "/accounts/tokens/", "/access/", "/accounts/2fa/webauthn/", "/accounts/2fa/webauthn/add/", "/accounts/logout/", "/accounts/2fa/recovery-codes/generate/",
    ],
)  # fmt: skip
def test_pages_of_ones_own_account(client, client_of, address: str) -> None:
    assert client.get(address).status_code == 302
    signed_in = Client()
    signed_in.post("/accounts/login/", {"login": "alice", "password": "alice-demo"})
    assert "_auth_user_id" in signed_in.session
    answer = signed_in.get(address, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "d-bar" in page  # the look of the site, not allauth's own
    assert "Menu:" not in page


def test_a_used_code_of_the_authenticator_is_refused(client, cast) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time

    TOTP.activate(cast.alice, "A" * 32)
    code = format_hotp_value(hotp_value("A" * 32, next(iter(yield_hotp_counters_from_time()))))
    for expected in (True, False):
        browser = Client()
        browser.post("/accounts/login/", {"login": "alice", "password": "alice-demo"})
        assert "_auth_user_id" not in browser.session
        browser.post("/accounts/2fa/authenticate/", {"code": code})
        assert ("_auth_user_id" in browser.session) == expected
    assert Authenticator.objects.filter(user=cast.alice).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_code_that_proved_a_new_authenticator_does_not_sign_in(cast) -> None:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    browser = Client()
    browser.post("/accounts/login/", {"login": "alice", "password": "alice-demo"})
    browser.get("/accounts/2fa/totp/activate/")
    secret = browser.session["mfa.totp.secret"]
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    browser.post("/accounts/2fa/totp/activate/", {"code": code})
    assert AuditEvent.objects.get(kind=AuditKind.ACCOUNT, details__type="totp").subject == "second factor added"
    other = Client()
    other.post("/accounts/login/", {"login": "alice", "password": "alice-demo"})
    other.post("/accounts/2fa/authenticate/", {"code": code})
    assert "_auth_user_id" not in other.session


def test_signing_in_is_slowed_down_after_many_wrong_passwords(cast) -> None:
    browser = Client()
    answers = [
        browser.post("/accounts/login/", {"login": "alice", "password": "wrong"}).content.decode() for _ in range(12)
    ]
    assert "Too many failed login attempts" in answers[-1]
    assert AuditEvent.objects.filter(kind=AuditKind.LOGIN_FAILED, subject="alice").exists()


def test_a_token_is_made_shown_once_and_revoked(client_of) -> None:
    alice, charlie = client_of("alice"), client_of("charlie")
    answer = alice.post("/accounts/tokens/", {"name": "my laptop", "scopes": ["read:tap"], "days": "30"})
    text = re.search(r"gwp_[0-9a-f]{32}_[\w-]{43}", answer.content.decode())[0]
    token = AccessToken.objects.get()
    assert token.scopes == ["read:tap"]
    assert timedelta(days=29) < token.expires - timezone.now() < timedelta(days=31)
    assert "no-store" in answer["Cache-Control"]
    later = alice.get("/accounts/tokens/").content.decode()
    assert (text in later, "my laptop" in later) == (False, True)
    assert "my laptop" not in charlie.get("/accounts/tokens/").content.decode()
    assert charlie.post(f"/accounts/tokens/{token.pk}/revoke").status_code == 404
    assert alice.get(f"/accounts/tokens/{token.pk}/revoke").status_code == 405
    alice.post(f"/accounts/tokens/{token.pk}/revoke")
    token.refresh_from_db()
    assert not token.is_valid()


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"name": ""},
        {"name": "x", "scopes": ["read:all"]},
        {"name": "x", "scopes": []},
        {"name": "x" * 101, "scopes": ["read:tap"]},
    ],
)
def test_a_wrong_token_form_makes_none(client_of, wrong: dict) -> None:
    answer = client_of("alice").post("/accounts/tokens/", {"days": "30", **wrong})
    assert (answer.status_code, AccessToken.objects.count()) == (400, 0)


SENSITIVE = ("/accounts/2fa/webauthn/add/", "/accounts/2fa/totp/activate/")


@pytest.mark.parametrize("address", SENSITIVE)
def test_a_second_factor_can_be_added_right_after_signing_in(client, cast, address: str) -> None:
    client.post("/accounts/login/", {"login": "alice", "password": "alice-demo"})
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", SENSITIVE)
def test_in_an_older_session_the_password_is_asked_for_again(client, cast, address: str) -> None:
    client.post("/accounts/login/", {"login": "alice", "password": "alice-demo"})
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()
    assert client.get(address)["Location"].startswith("/accounts/reauthenticate/")


def test_a_session_that_proved_nothing_is_asked_too(client_of) -> None:
    assert client_of("alice").get(SENSITIVE[0])["Location"].startswith("/accounts/reauthenticate/")
