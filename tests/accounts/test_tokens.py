"""A token stands for its owner, for what it was made for, as long as it holds."""

import base64
import hashlib
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gateway.accounts import scopes, tokens
from gateway.accounts.models import AccessToken

pytestmark = pytest.mark.urls("tests.accounts.protocol_urls")

ADDRESS_OF = {
    scopes.READ_TAP: ["/tap/sync", "/tap-auth/sync", "/scs", "/products/x/", "/provenance/entity/x/"],
    scopes.READ_DATA: ["/data/x", "/soda/sync"],
    scopes.WRITE_JOBS: ["/uws/sleep", "/jobs/"],
    scopes.WRITE_PROVENANCE: ["/provenance/records"],
}


def basic(password: str, name: str = "any") -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize("scope", ADDRESS_OF)
@pytest.mark.parametrize("how", ["Bearer", "Basic"])
def test_a_token_opens_what_its_scope_names_and_nothing_else(cast, client, scope: str, how: str) -> None:
    _, text = tokens.create(cast.alice, "laptop", [scope])
    header = f"Bearer {text}" if how == "Bearer" else basic(text)
    for other, addresses in ADDRESS_OF.items():
        for address in addresses:
            answer = client.get(address, headers={"authorization": header})
            if other == scope:
                assert (answer.status_code, answer.content.decode()) == (200, f"alice ['{scope}']")
                assert answer["X-VO-Authenticated"] == "alice"
                assert "WWW-Authenticate" not in answer
            else:
                assert answer.status_code == 403
                assert f"scope {other}" in answer.content.decode()
                assert "X-VO-Authenticated" not in answer


def test_only_a_digest_is_kept(cast) -> None:
    token, text = tokens.create(cast.alice, "laptop", [scopes.READ_TAP])
    secret = text.rpartition("_")[0] and text.split("_", 2)[2]
    token.refresh_from_db()
    assert token.digest == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(vars(token))


def test_what_no_longer_holds_is_refused_with_401_and_a_challenge(cast, client) -> None:
    def answer(text: str):
        return client.get("/tap/sync", headers={"authorization": f"Bearer {text}"})

    token, text = tokens.create(cast.alice, "laptop", [scopes.READ_TAP])
    assert answer(text).status_code == 200
    token.revoke()
    assert answer(text).status_code == 401
    _, text = tokens.create(cast.alice, "old", [scopes.READ_TAP], timezone.now() - timedelta(seconds=1))
    refused = answer(text)
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, 'Basic realm="gateway"')
    assert "/accounts/tokens/" in refused.content.decode()
    _, text = tokens.create(cast.alice, "gone", [scopes.READ_TAP])
    cast.alice.is_active = False
    cast.alice.save()
    assert answer(text).status_code == 401


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Bearer gwp_", "Basic", "Basic !!!", "Basic " + "A" * 9, basic("alice-demo", "alice"),
     basic(""), "Digest x", "Negotiate abc", "gwp_x", "Bearer gwp_" + "0" * 32 + "_" + "A" * 43, "Basic /w==", "\x00", "Bearer é"],
)  # fmt: skip
def test_other_credentials_are_refused_in_words(cast, client, header: str) -> None:
    """Among them the account password: it is never accepted at protocol endpoints."""
    answer = client.get("/tap/sync", headers={"authorization": header})
    assert answer.status_code == 401
    assert len(answer.content) > 30


@given(st.text(max_size=200))
def test_random_text_is_no_token(text: str) -> None:
    assert tokens._FORM.fullmatch(text) is None or len(text) == 80


def test_the_secret_of_one_token_does_not_open_another(cast) -> None:
    first, text = tokens.create(cast.alice, "a", [scopes.READ_TAP])
    second, other = tokens.create(cast.bob, "b", [scopes.READ_TAP])
    assert tokens.find(text) == first
    assert tokens.find(f"gwp_{second.pk.hex}_{text.split('_', 2)[2]}") is None
    assert tokens.find(other.replace(second.pk.hex, first.pk.hex)) is None


def test_where_login_is_optional_anonymous_visitors_are_answered_with_a_challenge(client, db) -> None:
    answer = client.get("/tap/sync")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (200, 'Basic realm="gateway"')
    assert "WWW-Authenticate" not in client.get("/tap/sync", headers={"accept": "text/html,*/*"})
    assert {"Authorization", "Cookie"} <= set(answer["Vary"].split(", "))


def test_tap_auth_always_challenges(client, client_of) -> None:
    for headers in ({}, {"accept": "text/html"}):
        answer = client.get("/tap-auth/sync", headers=headers)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Basic realm="gateway"')
    assert client_of("alice").get("/tap-auth/sync").status_code == 200


def test_a_token_overrides_the_cookie(cast, client_of) -> None:
    _, text = tokens.create(cast.bob, "laptop", [scopes.READ_TAP])
    answer = client_of("alice").get("/tap/sync", headers={"authorization": f"Bearer {text}"})
    assert answer.content.decode().startswith("bob")


def test_a_token_opens_no_account_page(cast, client) -> None:
    _, text = tokens.create(cast.alice, "laptop", list(scopes.WORDS))
    answer = client.get("/accounts/tokens/", headers={"authorization": f"Bearer {text}"})
    assert (answer.status_code, "browser" in answer.content.decode()) == (403, True)


def test_open_addresses_do_not_mind_a_token_they_do_not_need(client, db) -> None:
    assert client.get("/health", headers={"authorization": "Bearer nonsense"}).status_code == 200
    assert client.get("/", headers={"authorization": "Bearer nonsense"}).status_code == 200


def test_last_use_is_noted(cast, client) -> None:
    token, text = tokens.create(cast.alice, "laptop", [scopes.READ_TAP])
    client.get("/tap/sync", headers={"authorization": f"Bearer {text}"})
    token.refresh_from_db()
    assert token.last_used is not None


def test_what_a_cookie_alone_may_not_do(cast) -> None:
    def post(client: Client, **headers: str) -> int:
        return client.post("/uws/sleep", headers=headers).status_code

    strict = Client(enforce_csrf_checks=True)
    assert post(strict) == 200  # nobody's name to misuse
    _, text = tokens.create(cast.alice, "laptop", [scopes.WRITE_JOBS])
    assert post(strict, authorization=f"Bearer {text}") == 200
    strict.force_login(cast.alice, backend="django.contrib.auth.backends.ModelBackend")
    refused = strict.post("/uws/sleep")
    assert (refused.status_code, "access token" in refused.content.decode()) == (403, True)
    assert post(strict, origin="https://evil.example") == 403
    assert post(strict, authorization=f"Bearer {text}") == 200
    secret = "a" * 32
    strict.cookies["csrftoken"] = secret
    assert post(strict, **{"x-csrftoken": secret}) == 200
    assert post(strict, **{"x-csrftoken": secret, "origin": "https://evil.example"}) == 403


def test_the_command_prints_the_token_alone(cast, capsys) -> None:
    call_command("create_token", "alice@demo.example", "--scopes", "read:data,read:tap", "--days", "3")
    text = capsys.readouterr().out
    token = tokens.find(text.strip())
    assert text.count("\n") == 1
    assert (token.user, token.scopes) == (cast.alice, ["read:tap", "read:data"])
    assert timedelta(days=2) < token.expires - timezone.now() < timedelta(days=4)


@pytest.mark.parametrize(("user", "given"), [("nobody", "read:tap"), ("alice", "read:everything"), ("alice", ",")])
def test_the_command_says_what_is_wrong(cast, user: str, given: str) -> None:
    with pytest.raises(CommandError):
        call_command("create_token", user, "--scopes", given)
    assert not AccessToken.objects.exists()
