"""Signing in by OpenID Connect: an answer is believed only if it answers this request, from this provider."""

import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from gateway.accounts.models import User
from tests.accounts.openid import Issuer

CALLBACK = "/accounts/oidc/iam/login/callback/"


@pytest.fixture
def issuer(db, settings) -> Iterator[Issuer]:
    made = Issuer()
    app = {
        "provider_id": "iam",
        "name": "IAM",
        "client_id": "gateway",
        "secret": "s",
        "settings": {"server_url": made.url},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    yield made
    made.stop()


def begin(browser: Client) -> dict[str, str]:
    start = browser.post("/accounts/oidc/iam/login/")
    return {name: values[0] for name, values in parse_qs(urlsplit(start["Location"]).query).items()}


def answers(issuer: Issuer, asked: dict[str, str], userinfo: dict | None = None, **claims: object) -> None:
    """What the token endpoint will say: an ID token as it should be, but for what is given."""
    person = {"sub": "anne", "email": "anne@iam.example", "email_verified": True}
    said = {**person, "aud": "gateway", "nonce": asked.get("nonce"), "exp": int(time.time()) + 60, **claims}
    issuer.answers = {
        "/token": {"access_token": "a", "token_type": "Bearer", "id_token": issuer.token(**said)},
        "/me": person if userinfo is None else userinfo,
    }


def back(browser: Client, asked: dict[str, str], **more: str):
    return browser.get(CALLBACK, {"code": "c", "state": asked["state"], **more})


def is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_each_login_has_a_nonce_and_a_pkce_challenge_of_its_own(issuer) -> None:
    browser = Client()
    first, second = begin(browser), begin(browser)
    for name in ("nonce", "code_challenge", "state"):
        assert len(first[name]) >= 16
        assert first[name] != second[name]
    assert first["code_challenge_method"] == "S256"
    answers(issuer, first)
    assert back(browser, first, iss=issuer.url).status_code == 302
    assert is_in(browser)
    assert issuer.posted[-1]["code_verifier"]


@pytest.mark.parametrize("promised", [False, True])
@pytest.mark.parametrize("named", ["", "https://evil.example"])
def test_an_answer_of_another_issuer_is_refused_before_the_code_is_given_away(
    issuer, promised: bool, named: str
) -> None:
    """RFC 9207: mix-up. Without ``iss`` an answer passes only where the provider never promised to send it."""
    issuer.config["authorization_response_iss_parameter_supported"] = promised
    browser = Client()
    asked = begin(browser)
    answers(issuer, asked)
    answer = back(browser, asked, **({"iss": named} if named else {}))
    if not named and not promised:
        assert is_in(browser)
        return
    assert (answer.status_code, is_in(browser)) == (401, False)
    assert "another service" in answer.content.decode()
    assert issuer.posted == []
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": ""},
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
    ],
    ids=str,
)
def test_an_id_token_that_was_not_made_for_this_login_is_refused(issuer, claims: dict) -> None:
    browser = Client()
    asked = begin(browser)
    answers(issuer, asked, **claims)
    answer = back(browser, asked)
    assert (answer.status_code, is_in(browser)) == (401, False)
    assert not SocialAccount.objects.exists()
    assert not User.objects.exists()


def test_the_id_token_of_one_login_is_not_taken_in_another(issuer) -> None:
    browser, other = Client(), Client()
    mine, hers = begin(browser), begin(other)
    answers(issuer, hers)
    assert back(browser, mine).status_code == 401
    assert not is_in(browser)


def test_userinfo_of_another_person_is_refused(issuer) -> None:
    """OpenID Connect Core 1.0, section 5.3.2."""
    browser = Client()
    asked = begin(browser)
    answers(issuer, asked, userinfo={"sub": "boss", "email": "boss@iam.example", "email_verified": True})
    answer = back(browser, asked)
    assert (answer.status_code, "two different names" in answer.content.decode()) == (401, True)
    assert not User.objects.exists()


def test_an_answer_works_once_and_in_one_browser(issuer) -> None:
    browser = Client()
    asked = begin(browser)
    answers(issuer, asked)
    assert back(Client(), asked).status_code == 401
    assert back(browser, asked).status_code == 302
    browser.logout()
    assert back(browser, asked).status_code == 401
    assert not is_in(browser)
