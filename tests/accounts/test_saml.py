"""Signing in through an institution: what is believed, what is refused, and that a refusal changes nothing."""

import base64
import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.utils import timezone

from gateway.access.models import Policy
from gateway.access.rights import may_fetch, viewer_of
from gateway.accounts import tokens
from gateway.accounts.federation import metadata
from gateway.accounts.models import AuditEvent, AuditKind, EntitlementRule, Institution, Membership, User
from tests.accounts import idp

PARIS, NICE = "https://paris.example", "https://nice.example"
ACS = "http://testserver/accounts/saml/federation/acs/"
ENTITY = "http://testserver/accounts/saml/federation/metadata/"
PI = "urn:geant:cta.example:group:proposals:DEMO-1:role=pi#aai.cta.example"
ANNE = {
    idp.EPPN: ["anne@obspm.fr"],
    idp.MAIL: ["anne@obspm.fr"],
    "urn:oid:2.5.4.42": ["Anne"],
    "urn:oid:2.5.4.4": ["Martin"],
}


@pytest.fixture
def federation(db, settings) -> None:
    settings.PUBLIC_URL = "http://testserver"
    entities = [
        idp.entity(PARIS, "Observatoire de Paris", "obspm.fr", idp.keys(PARIS)[1]),
        idp.entity(NICE, "Observatoire de Nice", "oca.eu", idp.keys(NICE)[1]),
    ]
    metadata.load(idp.sign(idp.aggregate(entities), "federation"), idp.keys("federation")[1], "edu")


def begin(browser: Client, institution: str = PARIS, **more: str) -> str:
    """Choose an institution; the id of the request that goes there."""
    answer = browser.post("/accounts/institutions/login", {"entityID": institution, **more})
    assert answer.status_code == 302
    assert answer["Location"].startswith(institution)
    return idp.request_id(answer["Location"])


def deliver(browser: Client, response: str):
    """The institution's form: it arrives without cookies, our page sends it once more."""
    stray = Client().post("/accounts/saml/federation/acs/", {"SAMLResponse": response})
    if stray.status_code != 200:
        return stray
    again = re.search(r'name="SAMLResponse" value="([^"]*)"', stray.content.decode())[1]
    assert "/accounts/saml/federation/acs/finish/" in stray.content.decode()
    return browser.post("/accounts/saml/federation/acs/finish/", {"SAMLResponse": again})


def make(request: str, attributes: dict | None = None, issuer: str = PARIS, **more) -> str:
    return idp.answer(issuer, request, ANNE if attributes is None else attributes, acs=ACS, audience=ENTITY, **more)


def sign_in(attributes: dict | None = None, issuer: str = PARIS, browser: Client | None = None, **more):
    browser = browser or Client()
    return deliver(browser, make(begin(browser, issuer, **more), attributes, issuer)), browser


def is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_the_first_time_makes_an_account_and_leads_back(federation) -> None:
    answer, browser = sign_in(next="/products/demo.run-1/")
    assert (answer.status_code, answer["Location"]) == (302, "/products/demo.run-1/")
    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name, user.has_usable_password()) == (
        "anne@obspm.fr",
        "Anne",
        "Martin",
        False,
    )
    assert browser.session["_auth_user_id"] == str(user.pk)
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid) == (PARIS, "anne@obspm.fr")
    event = AuditEvent.objects.get(kind=AuditKind.LOGIN)
    assert (event.actor, event.subject) == (user, PARIS)


def test_the_second_time_it_is_the_same_account(federation) -> None:
    sign_in()
    _, browser = sign_in({**ANNE, idp.MAIL: ["new@obspm.fr"]})
    assert User.objects.count() == 1
    assert is_in(browser)
    assert browser.get("/accounts/3rdparty/").status_code == 200


@pytest.mark.parametrize("signs", ["response", "assertion", "both"])
def test_a_signature_over_response_or_assertion_will_do(federation, signs: str) -> None:
    browser = Client()
    deliver(browser, make(begin(browser), signs=signs))
    assert is_in(browser)


def test_two_institutions_may_use_the_same_name(federation) -> None:
    """Each has a namespace of its own."""
    sign_in({idp.SUBJECT: ["x@obspm.fr"], idp.MAIL: ["x@obspm.fr"]})
    sign_in({idp.SUBJECT: ["x@oca.eu"], idp.MAIL: ["x@oca.eu"]}, NICE)
    assert set(SocialAccount.objects.values_list("provider", "uid")) == {(PARIS, "x@obspm.fr"), (NICE, "x@oca.eu")}
    assert User.objects.count() == 2


def test_a_transient_name_makes_no_account(federation) -> None:
    answer, browser = sign_in({idp.MAIL: ["anne@obspm.fr"]})
    assert (answer.status_code, "subject-id" in answer.content.decode()) == (403, True)
    assert not User.objects.exists()
    assert not is_in(browser)


def test_an_institution_speaks_for_its_own_scope_only(federation) -> None:
    sign_in()
    for claim in (
        {idp.EPPN: ["anne@obspm.fr"]},
        {idp.SUBJECT: ["anne@obspm.fr"]},
        {idp.EPPN: ["no-scope"]},
        {idp.SUBJECT: ["x@oca.eu"], idp.EPPN: ["anne@obspm.fr"]},
    ):
        answer, browser = sign_in({**claim, idp.MAIL: ["eve@oca.eu"]}, NICE)
        assert (answer.status_code, is_in(browser)) == (403, False)
    assert User.objects.count() == SocialAccount.objects.count() == 1


def test_an_address_of_another_domain_is_verified_by_mail(federation) -> None:
    _, browser = sign_in({**ANNE, idp.MAIL: ["anne@elsewhere.example"]})
    assert not is_in(browser)
    assert not EmailAddress.objects.get().verified
    assert mail.outbox[0].to == ["anne@elsewhere.example"]


def test_the_same_address_from_another_identity_says_how_to_go_on(federation, cast) -> None:
    answer, browser = sign_in({idp.EPPN: ["eve@oca.eu"], idp.MAIL: ["alice@demo.example"]}, NICE)
    page = answer.content.decode()
    assert (answer.status_code, is_in(browser)) == (403, False)
    assert "already have an account" in page
    assert "/accounts/3rdparty/" in page
    assert not SocialAccount.objects.exists()


def test_a_person_connects_a_second_identity_while_signed_in(federation, client_of, cast) -> None:
    alice = client_of("alice")
    deliver(alice, make(begin(alice, process="connect")))
    account = SocialAccount.objects.get()
    assert account.user == cast.alice
    page = alice.get("/accounts/3rdparty/").content.decode()
    assert "anne@obspm.fr" in page
    _, browser = sign_in()
    assert browser.session["_auth_user_id"] == str(cast.alice.pk)


def test_connecting_while_signed_out_only_signs_in(federation) -> None:
    browser = Client()
    deliver(browser, make(begin(browser, process="connect")))
    assert User.objects.count() == 1


def test_two_tabs_with_two_institutions_do_not_disturb_each_other(federation) -> None:
    browser = Client()
    first, second = begin(browser, PARIS, next="/one/"), begin(browser, NICE, next="/two/")
    assert deliver(browser, make(second, {idp.EPPN: ["b@oca.eu"], idp.MAIL: ["b@oca.eu"]}, NICE))["Location"] == "/two/"
    assert SocialAccount.objects.get().provider == NICE
    assert deliver(browser, make(first))["Location"] == "/one/"


# --- answers that are not believed -------------------------------------------------------------------------------
def decoded(response: str) -> str:
    return base64.b64decode(response).decode()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def stripped(response: str) -> str:
    return encoded(re.sub(r"<ds:Signature .*?</ds:Signature>", "", decoded(response), flags=re.DOTALL))


def wrapped(response: str) -> str:
    """A forged assertion before the signed one."""
    text = decoded(response)
    genuine = re.search(r"<saml:Assertion.*</saml:Assertion>", text, re.DOTALL)[0]
    forged = (
        re.sub(r"<ds:Signature .*?</ds:Signature>", "", genuine, flags=re.DOTALL)
        .replace("anne@", "boss@")
        .replace('ID="_a', 'ID="_b')
    )
    return encoded(text.replace(genuine, forged + genuine))


FORGED = {
    "unsigned": lambda r: make(r, signs="neither"),
    "signature taken away": lambda r: stripped(make(r)),
    "signed by another key": lambda r: make(r, key="eve"),
    "signed by another institution": lambda r: make(r, key=NICE),
    "changed": lambda r: encoded(decoded(make(r)).replace("anne@", "boss@")),
    "assertion wrapped": lambda r: wrapped(make(r, signs="assertion")),
    "for another service": lambda r: idp.answer(PARIS, r, ANNE, acs=ACS, audience="https://other.example"),
    "to another address": lambda r: idp.answer(PARIS, r, ANNE, acs="http://testserver/elsewhere/", audience=ENTITY),
    "too old": lambda r: make(r, late=-4000),
    "from the future": lambda r: make(r, late=4000),
    "a failure": lambda r: encoded(decoded(make(r, signs="neither")).replace("status:Success", "status:Responder")),
    "not asked for": lambda r: make(""),
    "another request": lambda r: make("_made_up"),
    "an unknown institution": lambda r: make(r, issuer="https://unknown.example"),
    "no issuer": lambda r: encoded(re.sub(r"<saml:Issuer>.*?</saml:Issuer>", "", decoded(make(r)))),
    "a DOCTYPE": lambda r: encoded('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + decoded(make(r))),
    "not XML": lambda r: encoded("hello"),
    "not base64": lambda r: "%%%",
    "empty": lambda r: "",
    "huge": lambda r: "A" * 400_000,
    "other XML": lambda r: encoded("<a/>"),
    "a NUL": lambda r: encoded("<a>\x00</a>"),
    "not UTF-8": lambda r: base64.b64encode(b"<a>\xff</a>").decode(),
    "no attributes": lambda r: make(r, {}),
    "a comment in the name": lambda r: encoded(decoded(make(r)).replace("anne@obspm.fr", "anne@obspm.fr<!-- -->.evil.example")),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORGED)
def test_what_is_not_genuine_is_refused_in_words_and_changes_nothing(federation, kind: str) -> None:
    browser = Client()
    answer = deliver(browser, FORGED[kind](begin(browser)))
    assert answer.status_code in (400, 401, 403)
    assert "could not be signed in" in answer.content.decode()
    assert not is_in(browser)
    assert not User.objects.exists()
    assert not SocialAccount.objects.exists()


def test_a_comment_in_a_signed_name_changes_nobodys_name(federation) -> None:
    """Signed over ``anne@obspm.fr.evil.example`` with a comment: never read as anne@obspm.fr."""
    sign_in()
    answer, browser = sign_in({idp.EPPN: ["anne@obspm.fr<!-- -->.evil.example"], idp.MAIL: ["eve@obspm.fr"]})
    assert (answer.status_code, is_in(browser)) == (403, False)


def test_an_answer_works_once_and_in_one_browser(federation) -> None:
    browser, other = Client(), Client()
    response = make(begin(browser))
    assert deliver(other, response).status_code == 403
    deliver(browser, response)
    assert is_in(browser)
    browser.logout()
    answer = deliver(browser, response)
    assert (answer.status_code, is_in(browser)) == (403, False)


def test_an_answer_of_one_institution_to_the_request_for_another_is_refused(federation) -> None:
    browser = Client()
    request = begin(browser, PARIS)
    answer = deliver(browser, make(request, {idp.EPPN: ["b@oca.eu"]}, NICE))
    assert (answer.status_code, is_in(browser)) == (403, False)


def test_an_institution_whose_metadata_ran_out_is_not_believed(federation) -> None:
    browser = Client()
    request = begin(browser)
    Institution.objects.update(valid_until=timezone.now() - timedelta(seconds=1))
    assert deliver(browser, make(request)).status_code == 403
    assert browser.post("/accounts/institutions/login", {"entityID": PARIS}).status_code == 400


def test_nobody_is_logged_out_by_a_forged_message(federation) -> None:
    _, browser = sign_in()
    for address in ("/accounts/saml/federation/sls/", "/accounts/saml/x/sls/"):
        assert browser.post(address, {"SAMLRequest": "x"}).status_code == 404
    assert is_in(browser)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_way_back_stays_on_this_site(federation, target: str) -> None:
    answer, _ = sign_in(next=target)
    assert answer["Location"] == "/"


def test_choosing_needs_a_post_with_its_csrf_token(federation) -> None:
    assert Client().get("/accounts/institutions/login", {"entityID": PARIS}).status_code == 405
    assert Client(enforce_csrf_checks=True).post("/accounts/institutions/login", {"entityID": PARIS}).status_code == 403
    assert Client().post("/accounts/institutions/login", {"entityID": "https://unknown.example"}).status_code == 400


def test_last_choices_are_remembered_and_forgotten(federation) -> None:
    browser = Client()
    begin(browser, PARIS)
    begin(browser, NICE)
    page = browser.get("/accounts/login/").content.decode()
    assert page.index("Observatoire de Nice") < page.index("Observatoire de Paris")
    cookie = browser.cookies["institutions"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    browser.post("/accounts/institutions/forget", {"entityID": NICE})
    page = browser.get("/accounts/login/").content.decode()
    assert ("Observatoire de Nice" in page, "Observatoire de Paris" in page) == (False, True)
    browser.cookies["institutions"] = "forged"
    assert browser.get("/accounts/login/").status_code == 200


def test_a_discovery_service_may_name_the_institution(federation, client) -> None:
    page = client.get("/accounts/institutions/", {"entityID": PARIS}).content.decode()
    assert f'value="{PARIS}"' in page


def test_our_own_metadata_have_one_entity_and_one_acs(federation, client) -> None:
    answer = client.get("/accounts/saml/federation/metadata/", headers={"host": "testserver"})
    text = answer.content.decode()
    assert (answer.status_code, text.count("AssertionConsumerService"), ENTITY in text, ACS in text) == (
        200,
        1,
        True,
        True,
    )


def test_our_requests_and_metadata_are_signed_with_our_key(federation, client, settings) -> None:
    settings.SAML_KEY, settings.SAML_CERTIFICATE = (part.decode() for part in idp.keys("gateway"))
    answer = client.post("/accounts/institutions/login", {"entityID": PARIS})
    assert "&Signature=" in answer["Location"]
    assert b"SignatureValue" in client.get("/accounts/saml/federation/metadata/").content


@pytest.fixture
def our_key(settings) -> bytes:
    """The certificate to which institutions encrypt."""
    settings.SAML_KEY, settings.SAML_CERTIFICATE = (part.decode() for part in idp.keys("gateway"))
    return idp.keys("gateway")[1]


@pytest.mark.parametrize("signs", ["response", "assertion", "both"])
def test_an_encrypted_assertion_is_read(federation, our_key, settings, signs: str) -> None:
    settings.SAML_WANT_ENCRYPTED = True
    browser = Client()
    response = make(begin(browser), signs=signs, encrypt_for=our_key)
    assert "anne@" not in decoded(response)
    deliver(browser, response)
    assert is_in(browser)
    assert b"encryption" in browser.get("/accounts/saml/federation/metadata/").content


@pytest.mark.parametrize("kind", ["plain", "for another", "forged inside", "unsigned"])
def test_an_assertion_that_is_not_encrypted_to_us_is_refused_where_the_operator_wants_it(
    federation, our_key, settings, kind: str
) -> None:
    settings.SAML_WANT_ENCRYPTED = True
    browser = Client()
    made = {
        "plain": make,
        "for another": lambda r: make(r, encrypt_for=idp.keys(NICE)[1]),
        "forged inside": lambda r: make(r, key="eve", encrypt_for=our_key),
        "unsigned": lambda r: make(r, signs="neither", encrypt_for=our_key),
    }[kind](begin(browser))
    answer = deliver(browser, made)
    assert (answer.status_code in (400, 401), is_in(browser)) == (True, False)
    assert not User.objects.exists()


def test_behind_a_proxy_our_metadata_name_the_public_address(federation, client, settings) -> None:
    """Whatever host and scheme the server in front speaks; else institutions see another destination."""
    settings.PUBLIC_URL = "https://gateway.observatory.org"
    text = client.get("/accounts/saml/federation/metadata/", headers={"host": "testserver"}).content.decode()
    assert "https://gateway.observatory.org/accounts/saml/federation/acs/" in text
    assert "testserver" not in text


# --- entitlements ---------------------------------------------------------------------------------------------------
@pytest.fixture
def rules(federation) -> Policy:
    members = Group.objects.create(name="consortium")
    EntitlementRule.objects.create(
        issuer=PARIS,
        namespace="urn:geant:cta.example",
        group="consortium",
        authority="aai.cta.example",
        gives_group=members,
    )
    EntitlementRule.objects.create(
        issuer=PARIS, namespace="urn:geant:cta.example", group="proposals:*", role="pi", gives_role="pi"
    )
    policy = Policy.objects.create(name="p", rights="proprietary", proposal_id="DEMO-1")
    other = Policy.objects.create(name="c", rights="proprietary")
    other.groups.add(members)
    return policy


def with_values(*values: str) -> dict:
    return {**ANNE, idp.ENTITLEMENT: list(values)}


CONSORTIUM = "urn:geant:cta.example:group:consortium:analysis:role=member#aai.cta.example"


def test_entitlements_open_data_and_withdrawn_ones_close_them(rules) -> None:
    sign_in(with_values(PI, CONSORTIUM))
    user = User.objects.get()
    viewer = viewer_of(user)
    assert may_fetch(viewer, rules.pk)
    assert viewer.group_ids == {Group.objects.get().pk}
    assert rules.is_led_by(user.pk)
    sign_in(with_values(CONSORTIUM))
    viewer = viewer_of(user)
    assert (may_fetch(viewer, rules.pk), len(viewer.group_ids)) == (False, 1)
    event = AuditEvent.objects.filter(kind=AuditKind.RIGHTS, subject__startswith="entitlements").first()
    assert event.details["values"] == [CONSORTIUM]
    assert event.details["lost"] == ["DEMO-1 pi"]


def test_an_entitlement_of_the_wrong_issuer_gives_nothing(rules) -> None:
    sign_in({idp.EPPN: ["eve@oca.eu"], idp.MAIL: ["eve@oca.eu"], idp.ENTITLEMENT: [PI, CONSORTIUM]}, NICE)
    assert not Membership.objects.exists()
    assert not may_fetch(viewer_of(User.objects.get()), rules.pk)


def test_rights_lapse_without_a_new_login_for_tokens_too(rules, client) -> None:
    sign_in(with_values(PI))
    user = User.objects.get()
    tokens.create(user, "t", ["read:tap"])
    Membership.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert not may_fetch(viewer_of(user, frozenset({"read:data"})), rules.pk)
    assert not rules.is_led_by(user.pk)


def test_rights_are_the_union_over_a_persons_identities(rules, client_of, cast) -> None:
    alice = client_of("alice")
    deliver(alice, make(begin(alice, process="connect"), with_values(PI)))
    EntitlementRule.objects.create(issuer=NICE, group="guests", gives_group=Group.objects.get())
    request = begin(alice, NICE, process="connect")
    deliver(alice, make(request, {idp.EPPN: ["a@oca.eu"], "isMemberOf": ["guests"]}, NICE))
    viewer = viewer_of(cast.alice)
    assert (viewer.proposals, len(viewer.group_ids)) == ({"DEMO-1"}, 1)
    SocialAccount.objects.get(provider=NICE).delete()
    assert not viewer_of(cast.alice).group_ids
