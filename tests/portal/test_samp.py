"""Links for other programs: they open without a cookie, show what their maker may see, and die."""

import io

import pytest
from django.test import Client
from django.utils import timezone

CAST = [("anonymous", 3), ("charlie", 3), ("bob", 4), ("alice", 4), ("dana", 4)]


@pytest.mark.parametrize(("name", "count"), CAST)
def test_a_signed_table_is_what_its_maker_sees(client_of, archive, name: str, count: int) -> None:
    from astropy.io.votable import parse_single_table

    made = client_of(name).post("/search/sign", {"address": "target_name=Crab+Nebula&sort=-start"}).json()
    assert len(made["rows"]) == count
    path = made["url"].partition("8000")[2] or made["url"]
    answer = Client().get(path)
    assert answer["Content-Type"].startswith("application/x-votable+xml")
    table = parse_single_table(io.BytesIO(b"".join(answer))).to_table()
    assert [str(did) for did in table["obs_publisher_did"]] == made["rows"]
    assert Client().head(path).status_code == 200


def test_a_link_dies_and_a_forged_one_never_lived(client_of, archive, monkeypatch) -> None:
    made = client_of("alice").post("/search/sign", {"address": ""}).json()
    path = made["url"].partition("8000")[2]
    later = timezone.now().timestamp() + made["seconds"] + 5
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    answer = Client().get(path)
    assert (answer.status_code, answer["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert b"expired" in answer.content
    assert Client().get("/search/signed/forged/results.vot").status_code == 403


def test_a_link_dies_with_its_account(client_of, archive, cast) -> None:
    made = client_of("alice").post("/search/sign", {"address": ""}).json()
    cast.alice.is_active = False
    cast.alice.save()
    assert Client().get(made["url"].partition("8000")[2]).status_code == 403


def test_a_wrong_address_gets_no_link(client_of, archive) -> None:
    client = client_of("charlie")
    assert client.post("/search/sign", {"address": "radius=-1&ra=1&dec=1"}).status_code == 400
    assert client.get("/search/sign").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/search/sign", {"address": ""}).status_code == 403
