"""Everyone × every address × every right, from the table in ``tests/matrix.py``."""

import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from gateway.access.models import Policy
from gateway.access.rights import viewer_of
from gateway.accounts import scopes, tokens
from jobs import descriptions, service
from provenance.models import WasAssociatedWith, WasGeneratedBy
from search.archive.models import Product
from search.portal.models import SavedSearch
from tests.matrix import PEOPLE, TABLE, Kind, Row
from tests.support.answers import body, told
from tests.support.gadf import Run, make_store

RIGHTS = ("public", "collaboration", "embargoed", "hidden")
FRIENDS = ("bob", "alice", "dana")
OBSERVER = "Observer of"
SECRETS = ("hidden.run-903", "run-903", "Mrk 421", "SECRET-PROPOSAL", "wandering-in-the-dark", "Observer of hidden")
"""words of the hidden product that no stranger may read anywhere"""


def patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every pattern of the site's own URLconf; the admin is guarded as a whole."""
    for entry in (resolver or get_resolver()).url_patterns:
        text = prefix + str(entry.pattern)
        if text.startswith("admin/"):
            continue
        if isinstance(entry, URLPattern):
            yield text, entry
        else:
            yield from patterns(entry, text)


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    known = {text for text, _ in patterns()}
    assert sorted(known - set(TABLE)) == [], "addresses without a row in tests/matrix.py"
    assert sorted(set(TABLE) - known) == [], "rows of tests/matrix.py without an address"


def test_no_view_is_exempt_from_the_csrf_rule() -> None:
    """Protocol views say ``protocol_view``; only what an identity provider posts has no session of ours."""
    exempt = {text for text, entry in patterns() if getattr(entry.callback, "csrf_exempt", False)}
    assert exempt == {
        "accounts/saml/federation/acs/", "accounts/saml/federation/acs/finish/", "accounts/google/login/token/"
    }  # fmt: skip


@pytest.fixture
def world(cast, tmp_path, settings) -> SimpleNamespace:
    """A product of each right with its file and its history; a job, a saved search and a token of alice's."""
    settings.ALLOWED_HOSTS = ["testserver"]
    keys = {name: ingested(name, number, tmp_path / name) for number, name in enumerate(RIGHTS, start=900)}
    alice = viewer_of(cast.alice)
    token, _ = tokens.create(cast.alice, "one of alice’s", [scopes.READ_TAP])
    query = {"LANG": ["ADQL"], "QUERY": ["SELECT * FROM ivoa.obscore"]}
    drafted = {"name": "drafted", "title": "A draft", "version": "1.0", "text": "Not published", "parameters": []}
    descriptions.create(drafted, alice)
    names = {
        "job": service.create("sleep", alice, {"seconds": ["1"]}).pk,
        "spare": service.create("sleep", alice, {"seconds": ["1"]}).pk,
        "tap_job": service.create("tap", alice, query).pk,
        "token": token.pk,
        "search": SavedSearch.objects.create(owner=cast.alice, name="mine", address="ra=1", adql="SELECT 1").pk,
        "stranger": cast.charlie.pk,
        "hidden": keys["hidden"],
        "hidden_policy": Product.objects.get(key=keys["hidden"]).policy.uid,
    }
    made = {name: of(keys[name]) for name in RIGHTS}
    return SimpleNamespace(keys=keys, names={k: str(v) for k, v in names.items()}, cast=cast, of=made)


def ingested(name: str, number: int, folder: Path) -> str:
    """The KEY of a new product with the right of this name; alice is its PI, bob her collaborator."""
    hidden = name == "hidden"
    run = Run(number, target="Mrk 421" if hidden else "Crab Nebula", n_events=number)
    run.header["OBSERVER"] = f"{OBSERVER} {name}"
    options: dict[str, object] = {"collection": name}
    if name != "public":
        options |= {"rights": "proprietary", "pi": "alice", "member": ["bob:collaborator"]}
        options["proposal"] = "SECRET-PROPOSAL" if hidden else f"P-{name}"
        options["metadata"] = "hidden" if hidden else "public"
        options["release_date"] = "" if name == "collaboration" else "2126-06-30"
    store = make_store(folder, [run])
    call_command("ingest_dl3", str(store), stdout=io.StringIO(), stderr=io.StringIO(), **options)
    product = Product.objects.get(obs_collection=name)
    if hidden:
        Policy.objects.filter(pk=product.policy_id).update(name="wandering-in-the-dark")
    return product.key


def of(key: str) -> dict[str, str]:
    """What an address may name of a product: itself, the run that made it, the one who observed."""
    made = WasGeneratedBy.objects.get(entity_id=key).activity_id
    observer = WasAssociatedWith.objects.get(activity_id=f"{key}.observation", agent__name__startswith=OBSERVER)
    return {"key": key, "activity": made, "agent": observer.agent_id}


def ask(client: Client, world: SimpleNamespace, row: Row, address: str, **headers: str) -> HttpResponseBase:
    if row.post:
        fields = {name: value.format(**world.names) for name, value in row.fields.items()}
        return client.post(address, fields, headers=headers)
    return client.get(address, headers=headers)


def expected(row: Row, who: str, right: str, *, page: bool) -> int:
    """The status that a person gets; tight, so that a door that opens or closes by mistake is seen."""
    if row.kind not in (Kind.KNOWN, Kind.BYTES):
        return row.answer(who, page=page)
    if right == "hidden" and who not in FRIENDS:
        return 404
    if row.kind is Kind.KNOWN or right == "public" or who in FRIENDS:
        return row.answer(who, page=page)
    return 401 if who == "anonymous" else 403


def cells(world: SimpleNamespace) -> Iterator[tuple[str, Row, str, str]]:
    for pattern, row in TABLE.items():
        for right in RIGHTS if any(name in row.address for name in ("{key}", "{activity}", "{agent}")) else ("",):
            yield pattern, row, right, row.address.format(**world.of.get(right, {}), **world.names)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_people(world, client_of, who: str, accept: str) -> None:
    wrong = []
    for pattern, row, right, address in cells(world):
        if pattern == "accounts/logout/":
            continue
        browser = client_of(who) if row.post else _client(world, client_of, who)
        answer = ask(browser, world, row, address, accept=accept)
        wanted = expected(row, who, right, page=accept == "text/html")
        if answer.status_code != wanted:
            wrong.append(f"{address} ({right or row.kind.name}): {answer.status_code}, not {wanted}")
        if who in ("anonymous", "charlie"):
            said = body(answer).replace(address, "").replace(address.partition("?")[2] or "\0", "")
            wrong += [
                f"{address}: tells {secret!r}"
                for secret in SECRETS
                if secret in said and world.names["hidden"] not in address
            ]
    assert not wrong, "\n".join(wrong)


def _client(world: SimpleNamespace, client_of, who: str) -> Client:
    """One signed-in client for all reading requests of a person."""
    if not hasattr(world, "client"):
        world.client = client_of(who)
    return world.client


@pytest.mark.parametrize("scope", list(scopes.WORDS))
def test_tokens_open_what_their_scope_names_and_nothing_else(world, scope: str) -> None:
    _, text = tokens.create(world.cast.alice, scope, [scope])
    wrong = []
    for _, row, right, address in cells(world):
        wanted = scopes.scope_of(address.partition("?")[0])
        answer = ask(Client(), world, row, address, authorization=f"Bearer {text}")
        if wanted in (scope, scopes.ANY):
            who = "alice" if wanted == scope else "anonymous"
            good = answer.status_code == expected(row, who, right, page=False)
        else:
            good = answer.status_code == 403 and "token" in body(answer)
        if not good:
            wrong.append(f"{address} ({right or row.kind.name}, needs {wanted}): {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def afresh(client, world, row: Row, address: str):
    """The answer without the notes that an earlier one left for the next page."""
    client.cookies.pop("messages", None)
    return ask(client, world, row, address)


def test_hidden_data_answer_strangers_exactly_as_data_that_do_not_exist(world, client_of) -> None:
    """Byte for byte, but for the id of the request and what was asked for."""
    unknown = world.keys["hidden"].replace("903", "904")
    wrong = []
    for who in ("anonymous", "charlie"):
        client = client_of(who)
        for pattern, row in TABLE.items():
            secrets = {**world.of["hidden"], "hidden": world.keys["hidden"]}
            asked = next((name for name in secrets if f"{{{name}}}" in row.address), None)
            if asked is None:
                continue
            names = {**world.names, **dict.fromkeys(secrets, "")}
            there, nowhere = (
                afresh(client, world, row, row.address.format(**{**names, asked: key}))
                for key in (secrets[asked], unknown)
            )
            if there.status_code != nowhere.status_code or told(there, secrets[asked]) != told(nowhere, unknown):
                wrong.append(f"{who} {pattern}: {there.status_code}, {nowhere.status_code}")
    assert not wrong, "\n".join(wrong)


def test_a_cookie_alone_changes_nothing_anywhere(world) -> None:
    """A POST from another page: signed in by cookie, without the CSRF token."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.cast.alice, backend="django.contrib.auth.backends.ModelBackend")
    wrong = []
    for pattern, _, _, address in cells(world):
        if pattern.startswith(("accounts/saml/", "accounts/google/login/token")):
            continue
        answer = client.post(address)
        if answer.status_code not in (403, 404, 405):
            wrong.append(f"{address}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_the_admin_is_closed_to_everyone_but_staff(client_of) -> None:
    for who in PEOPLE[:-1]:
        for address in ("/admin/", "/admin/accounts/user/", "/admin/access/policy/", "/admin/accounts/auditevent/"):
            assert client_of(who).get(address).status_code == 302
