"""The PI's story through real identity providers in a real browser: direct link, sign-in, her data."""

import base64
import hashlib
import http.server
import json
import re
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from django.core import mail
from django.core.management import call_command
from django.test import Client

from gateway.access.models import Metadata, Policy, Rights
from gateway.access.rights import may_fetch, viewer_of
from gateway.accounts.federation import metadata
from gateway.accounts.models import EntitlementRule, User
from tests.accounts import idp, providers
from tests.support.gateway import free_port

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PI = "urn:geant:cta.example:group:proposals:DEMO-1:role=pi#aai.cta.example"


@pytest.fixture
def site(live_server, settings) -> str:
    """The gateway at ``localhost``; providers are at 127.0.0.1, which is another site for cookies."""
    settings.PUBLIC_URL = live_server.url
    settings.ALLOWED_HOSTS = ["localhost", "testserver"]
    return live_server.url


@pytest.fixture
def page(chromium, site) -> Iterator:
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


@pytest.fixture
def policy() -> Policy:
    return Policy.objects.create(
        name="closed", proposal_id="DEMO-1", rights=Rights.PROPRIETARY, metadata=Metadata.HIDDEN
    )


def rule(issuer: str) -> None:
    EntitlementRule.objects.create(
        issuer=issuer, namespace="urn:geant:cta.example", group="proposals:*", role="pi", gives_role="pi"
    )


def follow_mailed_link(page, site: str) -> None:
    """The direct link in the PI's mail leads to sign-in first."""
    call_command("invite_pi", "DEMO-1", "anne@obspm.fr", "--target", "/access/", "--role", "coi")
    link = re.search(r"http\S+/access/invitation/\S+", mail.outbox[-1].body)[0]
    page.goto(link)
    assert "/accounts/login/" in page.url


@pytest.fixture
def federation(site, tmp_path: Path) -> Iterator[tuple]:
    acs = f"{site}/accounts/saml/federation/acs/"
    entity = f"{site}/accounts/saml/federation/metadata/"
    anne = {
        idp.EPPN: ["anne@obspm.fr"],
        idp.MAIL: ["anne@obspm.fr"],
        idp.ENTITLEMENT: [PI],
        "urn:oid:2.5.4.42": ["Anne"],
    }
    eve = {idp.EPPN: ["anne@obspm.fr"], idp.MAIL: ["eve@oca.eu"]}
    bea = {idp.EPPN: ["bea@obspm.fr"], idp.MAIL: ["bea@obspm.fr"]}
    tom = {idp.EPPN: ["tom@oca.eu"], idp.MAIL: ["tom@oca.eu"]}
    greedy = {idp.EPPN: ["greedy@oca.eu"], idp.MAIL: ["greedy@oca.eu"], idp.ENTITLEMENT: [PI]}
    servers = [
        providers.institution(tmp_path / "paris", "paris", {"anne": anne, "bea": bea}, entity, acs),
        providers.institution(tmp_path / "nice", "nice", {"eve": eve, "greedy": greedy, "tom": tom}, entity, acs),
    ]
    paris, nice = servers
    entities = [
        idp.entity(
            providers.entity_id(paris), "Observatoire de Paris", "obspm.fr", idp.keys("paris")[1], providers.sso(paris)
        ),
        idp.entity(
            providers.entity_id(nice), "Observatoire de Nice", "oca.eu", idp.keys("nice")[1], providers.sso(nice)
        ),
        *(
            idp.entity(f"https://idp{n}.example", f"Institute {n}", f"i{n}.example", idp.keys("nice")[1])
            for n in range(3000)
        ),
    ]
    assert metadata.load(idp.sign(idp.aggregate(entities), "federation"), idp.keys("federation")[1], "edu") == 3002
    yield paris, nice
    for server in servers:
        server.stop()


def through_institution(page, search: str, name: str, user: str) -> None:
    page.wait_for_load_state("load")
    page.fill("#institution-q", search)
    page.get_by_role("button", name=name).first.click()
    page.wait_for_url(re.compile(r"http://127\.0\.0\.1"))
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", f"{user}-secret")
    page.press("input[name=password]", "Enter")


def test_the_pis_story_with_saml(page, site, federation, policy) -> None:
    rule(providers.entity_id(federation[0]))
    follow_mailed_link(page, site)
    through_institution(page, "paris obs", "Observatoire de Paris", "anne")
    page.wait_for_url(f"{site}/access/")
    assert "DEMO-1" in page.content()
    anne = User.objects.get(email="anne@obspm.fr")
    assert SocialAccount.objects.get(user=anne).uid == "anne@obspm.fr"
    assert policy.is_led_by(anne.pk)


def test_another_institution_gains_nothing_by_what_it_claims(page, site, federation, policy) -> None:
    rule(providers.entity_id(federation[0]))
    page.goto(f"{site}/accounts/login/")
    through_institution(page, "nice", "Observatoire de Nice", "eve")
    page.get_by_text("belongs to another one").wait_for()
    assert not User.objects.exists()
    page.context.clear_cookies()
    page.goto(f"{site}/accounts/login/")
    through_institution(page, "nice", "Observatoire de Nice", "greedy")
    page.wait_for_url(f"{site}/")
    greedy = User.objects.get(email="greedy@oca.eu")
    assert not may_fetch(viewer_of(greedy), policy.pk)


def test_the_choice_of_an_institution_works_without_javascript(chromium, site, federation) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/accounts/login/")
    page.fill("#institution-q", "paris")
    page.press("#institution-q", "Enter")
    page.get_by_role("button", name="Observatoire de Paris").click()
    page.fill("input[name=username]", "anne")
    page.fill("input[name=password]", "anne-secret")
    page.press("input[name=password]", "Enter")
    for _ in range(3):  # simplesamlphp's page and ours each ask for a click
        if page.url.startswith(f"{site}/") and "/saml/" not in page.url:
            break
        # Its other button is for scripts, and hidden once its style sheet is there.
        buttons = "main button, body:not(:has(main)) :is(button, input[type=submit]):not(#postLoginSubmitButton)"
        page.locator(buttons).locator("visible=true").first.click()
    assert User.objects.filter(email="anne@obspm.fr").exists()
    context.close()


@pytest.fixture
def iam(site, tmp_path: Path, settings) -> Iterator[tuple]:
    claims = tmp_path / "claims.json"
    port = free_port()
    server = providers.openid(tmp_path, f"{site}/accounts/oidc/iam/login/callback/", claims, port)
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "iam", "name": "CTAO IAM", "client_id": "gateway", "secret": "not-a-secret",
                    "settings": {"server_url": server.url, "scope": ["openid", "profile", "email", "entitlements"]},
                }
            ]
        }
    }  # fmt: skip
    yield server, claims
    server.stop()


def through_openid(page, user: str) -> None:
    page.get_by_role("button", name="CTAO IAM").click()
    page.fill("input[name=login]", user)
    page.fill("input[name=password]", "any")
    page.press("input[name=password]", "Enter")
    page.get_by_role("button", name="Continue").click()


def test_the_pis_story_with_openid_connect(page, site, iam, policy) -> None:
    server, claims = iam
    rule(server.url)
    person = {"email": "anne@iam.example", "email_verified": True, "name": "Anne Martin", "entitlements": [PI]}
    claims.write_text(json.dumps({"anne": person}))
    follow_mailed_link(page, site)
    through_openid(page, "anne")
    page.wait_for_url(f"{site}/access/")
    anne = User.objects.get(email="anne@iam.example")
    assert policy.is_led_by(anne.pk)
    # The entitlement is withdrawn: it goes at the next login.
    claims.write_text(json.dumps({"anne": {**person, "entitlements": []}}))
    page.context.clear_cookies()
    page.goto(f"{site}/accounts/login/")
    through_openid(page, "anne")
    page.wait_for_url(f"{site}/")
    assert not viewer_of(anne).proposals


def token_of_a_script(page, server: str, audience: str, scopes: str) -> str:
    """An access token as a person's own program gets it at the provider (RFC 7636, RFC 8707)."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    back = "http://127.0.0.1:9/back"
    given = {"client_id": "script", "redirect_uri": back, "resource": audience}
    asked = {**given, "response_type": "code", "scope": f"openid {scopes}", "code_challenge": challenge,
             "code_challenge_method": "S256", "prompt": "consent"}  # fmt: skip
    page.route(f"{back}*", lambda route: route.fulfill(body="back"))
    page.goto(f"{server}/auth?{urlencode(asked)}")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{back}*")
    code = parse_qs(urlsplit(page.url).query)["code"][0]
    form = {**given, "grant_type": "authorization_code", "code": code, "code_verifier": verifier}
    answer = requests.post(f"{server}/token", data=form, timeout=20)
    return answer.json()["access_token"]


def test_a_token_that_a_real_provider_made_for_a_script_is_its_owner_here(page, site, iam, settings) -> None:
    server, claims = iam
    claims.write_text(json.dumps({"anne": {"email": "anne@iam.example", "email_verified": True, "name": "Anne"}}))
    page.goto(f"{site}/accounts/login/")
    through_openid(page, "anne")
    page.wait_for_url(f"{site}/")
    anne = User.objects.get(email="anne@iam.example")
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["bearer"] = {"audience": site}

    def ask(audience: str) -> requests.Response:
        token = token_of_a_script(page, server.url, audience, "read:tap")
        return requests.get(f"{site}/tap/tables", headers={"Authorization": f"Bearer {token}"}, timeout=20)

    assert ask(site).headers["X-VO-Authenticated"] == anne.username
    for_another = ask("https://other.example")
    assert (for_another.status_code, "X-VO-Authenticated" in for_another.headers) == (401, False)


def test_an_address_that_has_an_account_is_not_joined(page, site, iam) -> None:
    User.objects.create(username="alice", email="alice@demo.example")
    iam[1].write_text(json.dumps({"eve": {"email": "alice@demo.example", "email_verified": True}}))
    page.goto(f"{site}/accounts/login/")
    through_openid(page, "eve")
    page.get_by_text("You already have an account here").wait_for()
    assert not SocialAccount.objects.exists()


def test_a_forged_or_cancelled_callback_is_refused_in_words(site, iam) -> None:
    browser = Client()
    for query in ({"code": "x", "state": "forged"}, {"error": "access_denied", "state": "x"}, {}):
        answer = browser.get("/accounts/oidc/iam/login/callback/", query, follow=True)
        assert answer.status_code in (200, 401, 403)
        assert "_auth_user_id" not in browser.session


def test_a_provider_that_is_out_of_reach_is_said_to_be(site, iam) -> None:
    iam[0].stop()
    answer = Client().post("/accounts/oidc/iam/login/", follow=True)
    assert answer.status_code in (400, 401, 503)
    assert "d-bar" in answer.content.decode()


def test_github(site, settings, monkeypatch) -> None:
    """Plain OAuth2, by configuration alone."""

    class GitHub(http.server.BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def _json(self, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            assert form["code_verifier"]
            self._json({"access_token": "t", "token_type": "bearer", "scope": "user"})

        def do_GET(self) -> None:
            if self.path.startswith("/api/v3/user/emails"):
                self._json([{"email": "anne@github.example", "primary": True, "verified": True}])
            else:
                self._json({"id": 7, "login": "anne", "name": "Anne Martin", "email": None})

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), GitHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    settings.SOCIALACCOUNT_PROVIDERS = {"github": {"APPS": [{"client_id": "g", "secret": "s", "name": "GitHub"}]}}
    for name, path in (
        ("access_token_url", "/login/oauth/access_token"),
        ("authorize_url", "/login/oauth/authorize"),
        ("profile_url", "/api/v3/user"),
        ("emails_url", "/api/v3/user/emails"),
    ):
        monkeypatch.setattr(GitHubOAuth2Adapter, name, url + path)
    browser = Client()
    assert "GitHub" in browser.get("/accounts/login/").content.decode()
    start = browser.post("/accounts/github/login/")
    state = parse_qs(urlsplit(start["Location"]).query)["state"][0]
    answer = browser.get("/accounts/github/login/callback/", {"code": "c", "state": state})
    assert (answer.status_code, User.objects.get().email) == (302, "anne@github.example")
    assert "_auth_user_id" in browser.session
    server.shutdown()


def test_a_passkey_signs_in_without_a_password(page, site, cast) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {
        "options": {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
    })  # fmt: skip
    page.goto(f"{site}/accounts/login/")
    page.fill("#id_login", "alice")
    page.fill("#id_password", "alice-demo")
    page.press("#id_password", "Enter")
    page.wait_for_url(f"{site}/")
    page.goto(f"{site}/accounts/2fa/webauthn/add/")
    if "/reauthenticate/" in page.url:
        page.fill("#id_password", "alice-demo")
        page.press("#id_password", "Enter")
    page.fill("input[name=name]", "my key")
    page.check("input[name=passwordless]")
    page.locator("main button").first.click()
    page.wait_for_url(re.compile("recovery-codes|webauthn/$"))
    assert Authenticator.objects.filter(user=cast.alice, type="webauthn").exists()
    page.context.clear_cookies()
    page.goto(f"{site}/accounts/login/")
    page.click("#passkey_login")
    page.wait_for_url(f"{site}/")
    assert "alice" in page.content()


def test_tokens_serve_pyvo_and_requests(site, cast) -> None:
    from gateway.accounts import tokens

    _, text = tokens.create(cast.alice, "script", ["read:tap"])
    answer = requests.get(f"{site}/tap-auth/capabilities", auth=("any", text), timeout=20)
    assert (answer.status_code, answer.headers["X-VO-Authenticated"]) == (200, "alice")
    assert requests.get(f"{site}/tap-auth/capabilities", timeout=20).status_code == 401
