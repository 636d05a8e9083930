"""Access tokens of configured OpenID issuers stand for the person who signed in through them."""

import json
import time
from collections.abc import Iterator

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.cache import cache
from django.test import Client

from gateway.accounts.openid import bearer
from tests.accounts.openid import AUDIENCE, Issuer, unsigned

pytestmark = pytest.mark.urls("tests.accounts.protocol_urls")


@pytest.fixture
def issuer(cast, settings) -> Iterator[Issuer]:
    """Accepted for bearers; alice signed in through it as ``anne``."""
    made = Issuer()
    configure(settings, made)
    SocialAccount.objects.create(user=cast.alice, provider="iam", uid="anne")
    cache.clear()
    yield made
    made.stop()


def configure(settings, issuer: Issuer, **bearer: object) -> None:
    app = {
        "provider_id": "iam", "name": "IAM", "client_id": "gateway", "secret": "s",
        "settings": {"server_url": issuer.url, "bearer": {"audience": AUDIENCE, **bearer}},
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


def ask(token: str, address: str = "/tap/sync"):
    return Client().get(address, headers={"authorization": f"Bearer {token}"})


def test_a_token_of_the_issuer_opens_what_the_operator_grants(issuer) -> None:
    answer = ask(issuer.token())
    assert (answer.status_code, answer.content.decode()) == (200, "alice ['read:data', 'read:tap']")
    assert answer["X-VO-Authenticated"] == "alice"
    assert ask(issuer.token(), "/data/x").status_code == 200
    refused = ask(issuer.token(), "/uws/sleep")
    assert (refused.status_code, "write:jobs" in refused.content.decode()) == (403, True)


def test_a_token_that_names_scopes_is_bound_to_them(issuer, settings) -> None:
    token = issuer.token(scope="openid profile read:tap write:jobs")
    assert ask(token).status_code == 200
    assert ask(token, "/data/x").status_code == 403
    assert ask(token, "/uws/sleep").status_code == 403  # named by the token, not granted by the operator
    configure(settings, issuer, scopes=["read:tap", "write:jobs", "root:everything"])
    assert ask(token, "/uws/sleep").status_code == 200


def test_groups_that_the_operator_asks_for_must_be_shown(issuer, settings) -> None:
    configure(settings, issuer, groups=["/cta/members", "urn:geant:cta.example:group:consortium#aai"])
    assert ask(issuer.token(groups=["/other"])).status_code == 401
    assert ask(issuer.token()).status_code == 401
    assert ask(issuer.token(groups=["/cta/members"])).status_code == 200
    assert ask(issuer.token(entitlements=["urn:geant:cta.example:group:consortium#aai"])).status_code == 200


def eve() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def with_the_public_key_as_secret(issuer: Issuer) -> str:
    """RFC 8725, section 2.1: RS256 taken for HS256. Made by hand: the library refuses to."""
    import base64
    import hashlib
    import hmac

    pem = (
        issuer.keys["one"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "one"}).encode()).rstrip(b"=").decode()
    said = f"{head}.{issuer.token().split('.')[1]}"
    digest = hmac.new(pem, said.encode(), hashlib.sha256).digest()
    return f"{said}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


FORGED = {
    "another audience": lambda i: i.token(aud="https://other.example"),
    "no audience": lambda i: i.token(aud=None),
    "another issuer": lambda i: i.token(iss="https://evil.example"),
    "no issuer": lambda i: i.token(iss=None),
    "expired": lambda i: i.token(exp=int(time.time()) - 60),
    "no end": lambda i: i.token(exp=None),
    "not yet": lambda i: i.token(nbf=int(time.time()) + 600),
    "nobody": lambda i: i.token(sub=None),
    "a person who never signed in": lambda i: i.token(sub="eve"),
    "another key": lambda i: i.token(key=eve()),
    "an unknown key": lambda i: i.token(kid="two", key=eve()),
    "no signature": lambda i: unsigned(i.token()),
    "the public key as secret": with_the_public_key_as_secret,
    "changed": lambda i: i.token()[:-8] + "AAAAAAAA",
    "an ID token": lambda i: i.token(nonce="n"),
    "three parts of nothing": lambda i: "a.b.c",
    "dots": lambda i: "..",
    "huge": lambda i: i.token(groups=["x" * 20_000]),
}


@pytest.mark.parametrize("kind", FORGED)
def test_what_is_not_genuine_is_refused_in_words(issuer, kind: str) -> None:
    answer = ask(FORGED[kind](issuer))
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Basic realm="gateway"')
    assert len(answer.content) > 30
    assert "X-VO-Authenticated" not in answer
    assert SocialAccount.objects.count() == 1


def test_an_account_that_was_closed_has_no_token(issuer, cast) -> None:
    cast.alice.is_active = False
    cast.alice.save()
    assert ask(issuer.token()).status_code == 401


def test_the_same_name_at_another_issuer_is_another_person(issuer, settings) -> None:
    SocialAccount.objects.update(provider="elsewhere")
    assert ask(issuer.token()).status_code == 401


def test_an_issuer_that_is_not_set_up_for_tokens_is_not_asked(issuer, settings) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"].pop("bearer")
    assert ask(issuer.token()).status_code == 401
    assert issuer.asked == []


def test_keys_are_kept_and_new_ones_are_found(issuer) -> None:
    for _ in range(3):
        assert ask(issuer.token()).status_code == 200
    assert issuer.asked.count("/keys") == 1
    issuer.keys["two"] = ec.generate_private_key(ec.SECP256R1())
    assert ask(issuer.token(kid="two", algorithm="ES256")).status_code == 401  # asked a moment ago
    cache.delete(f"openid-keys:{issuer.url}:asked")
    assert ask(issuer.token(kid="two", algorithm="ES256")).status_code == 200
    for number in range(5):  # strangers cannot make the gateway ask again and again
        ask(issuer.token(kid=f"none-{number}", key=issuer.keys["one"]))
    assert issuer.asked.count("/keys") == 2


def test_an_issuer_that_does_not_answer_or_lies_about_itself_is_said_to(issuer) -> None:
    issuer.config["issuer"] = "https://evil.example"
    assert "issuer" in ask(issuer.token()).content.decode()
    cache.clear()
    issuer.config = {"jwks_uri": "file:///etc/passwd"}
    assert "does not answer" in ask(issuer.token()).content.decode()
    cache.clear()
    issuer.stop()
    answer = ask(issuer.token())
    assert (answer.status_code, "does not answer" in answer.content.decode()) == (401, True)


def test_without_an_audience_nothing_is_accepted(issuer, settings) -> None:
    configure(settings, issuer, audience="")
    assert bearer.issuers() == []
