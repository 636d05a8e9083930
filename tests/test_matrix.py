"""Everyone × every address × every right, from the table in ``tests/matrix.py``."""

import io
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from gateway.access.models import Metadata, Policy, PolicyMember, Rights, Role
from gateway.accounts import scopes, tokens
from jobs import descriptions, service
from search.archive.models import Product
from tests.matrix import TABLE, Kind, Row
from tests.support.answers import body, told
from tests.support.gadf import Run, make_store

PEOPLE = ("anonymous", "charlie", "bob", "alice", "dana")
RIGHTS = ("public", "collaboration", "embargoed", "hidden")
FRIENDS = ("bob", "alice", "dana")
SECRETS = ("hidden.run-903", "run-903", "Mrk 421", "SECRET-PROPOSAL", "wandering-in-the-dark")
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
    """A product of each right with its file, a job and a token of alice's."""
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.DISTILLER_PROPOSAL = ""
    for number, name in enumerate(RIGHTS, start=900):
        target = "Mrk 421" if name == "hidden" else "Crab Nebula"
        store = make_store(tmp_path / name, [Run(number, target=target, n_events=20 + number)])
        call_command("ingest_dl3", str(store), stdout=io.StringIO(), stderr=io.StringIO(), collection=name)
    keys = {name: Product.objects.get(obs_collection=name).key for name in RIGHTS}
    for name in RIGHTS[1:]:
        restrict(cast, name)
    from gateway.access.rights import viewer_of

    job = service.create("sleep", viewer_of(cast.alice), {"seconds": ["1"]})
    token, _ = tokens.create(cast.alice, "one of alice’s", [scopes.READ_TAP])
    query = {"LANG": ["ADQL"], "QUERY": ["SELECT * FROM ivoa.obscore"]}
    tap_job = service.create("tap", viewer_of(cast.alice), query)
    drafted = {"name": "drafted", "title": "A draft", "version": "1.0", "text": "Not published", "parameters": []}
    descriptions.create(drafted, viewer_of(cast.alice))
    names = {
        "job": str(job.pk), "tap_job": str(tap_job.pk), "token": str(token.pk), "stranger": str(cast.charlie.pk), "hidden": keys["hidden"],
        "hidden_policy": str(Product.objects.get(key=keys["hidden"]).policy.uid),
    }  # fmt: skip
    return SimpleNamespace(keys=keys, names=names, cast=cast)


def restrict(cast, name: str) -> None:
    hidden = name == "hidden"
    proposal = "SECRET-PROPOSAL" if hidden else "P-1"
    policy = Policy.objects.create(
        name=f"wandering-in-the-dark {name}" if hidden else f"closed {name}", collection=name, proposal_id=proposal, rights=Rights.PROPRIETARY,
        metadata=Metadata.HIDDEN if hidden else Metadata.PUBLIC,
        release_date=None if name == "collaboration" else timezone.now() + timedelta(days=500),
    )  # fmt: skip
    PolicyMember.objects.create(policy=policy, user=cast.alice, role=Role.PI)
    PolicyMember.objects.create(policy=policy, user=cast.bob, role=Role.COLLABORATOR)
    product = Product.objects.get(obs_collection=name)
    product.policy, product.proposal_id, product.data_rights = policy, proposal, "proprietary"
    product.save()
    from provenance.models import Entity

    Entity.objects.filter(pk__startswith=product.key).update(policy=policy)


def ask(client: Client, row: Row, address: str, **headers: str) -> HttpResponseBase:
    if row.post:
        return client.post(address, row.fields, headers=headers)
    return client.get(address, headers=headers)


REFUSALS = {401, 403, 404}
FINE = {200, 204, 301, 302, 303, 400, 405, 406, 409, 410}


def expected(kind: Kind, who: str, right: str, row: Row) -> set[int]:
    """The statuses that a person may get."""
    friend = who in FRIENDS
    if kind is Kind.OPEN:
        # 404 for a thing that is not there, 403 where the operator's setting closes it to anonymous visitors
        return FINE | REFUSALS
    if kind is Kind.SIGNED_IN:
        if who == "anonymous":
            return {302, 401}
        return set(row.stranger) if row.stranger and who == "charlie" else FINE | REFUSALS
    if kind is Kind.STAFF:
        return {302} if who == "anonymous" else FINE if who == "dana" else {403}
    if kind is Kind.MINE:
        if row.stranger and who != "anonymous":
            return set(row.stranger)
        return {"anonymous": {302, 401}, "charlie": {403, 404}, "bob": {403, 404}}.get(who, FINE | {404})
    if right == "hidden" and not friend:
        return {404}
    if kind is Kind.KNOWN or right == "public" or friend:
        return FINE
    if who == "anonymous":
        return {302, 401, 403} if row.post else {302, 401}
    return {403}


def cells(world: SimpleNamespace) -> Iterator[tuple[str, Row, str, str]]:
    for pattern, row in TABLE.items():
        for right in RIGHTS if "{key}" in row.address else ("",):
            yield pattern, row, right, row.address.format(key=world.keys.get(right, ""), **world.names)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_people(world, client_of, who: str, accept: str) -> None:
    wrong = []
    for pattern, row, right, address in cells(world):
        if pattern == "accounts/logout/":
            continue
        answer = ask(client_of(who) if row.post else _client(world, client_of, who), row, address, accept=accept)
        if answer.status_code not in expected(row.kind, who, right, row):
            wrong.append(f"{address} ({right or row.kind.name}): {answer.status_code}")
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
        answer = ask(Client(), row, address, authorization=f"Bearer {text}")
        if wanted == scope:
            good = answer.status_code in expected(row.kind, "alice", right, row)
        elif wanted == scopes.ANY:
            good = answer.status_code in expected(row.kind, "anonymous", right, row)
        else:
            good = answer.status_code == 403 and "token" in body(answer)
        if not good:
            wrong.append(f"{address} ({right or row.kind.name}, needs {wanted}): {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_hidden_data_answer_strangers_exactly_as_data_that_do_not_exist(world, client_of) -> None:
    """Byte for byte, but for the id of the request and what was asked for."""
    unknown = world.keys["hidden"].replace("903", "904")
    wrong = []
    for who in ("anonymous", "charlie"):
        client = client_of(who)
        for pattern, row in TABLE.items():
            if "{key}" not in row.address and "{hidden}" not in row.address:
                continue
            names = {**world.names, "hidden": "{}"}
            address = row.address.replace("{key}", "{}").replace("{hidden}", "{}").format("{}", **names)
            there, nowhere = (ask(client, row, address.format(key)) for key in (world.keys["hidden"], unknown))
            if there.status_code != nowhere.status_code or told(there, world.keys["hidden"]) != told(nowhere, unknown):
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
