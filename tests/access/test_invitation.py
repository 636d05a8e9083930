"""The ingest tells the PI that the data are there; a refusal names the PI only where the policy says so."""

import io
import re
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from gateway.access.models import Policy
from gateway.access.rights import may_fetch, viewer_of
from search.archive.models import Product
from tests.support.gadf import Run, make_store


def ingest(folder: Path, run: int, **options: object) -> str:
    out = io.StringIO()
    store = make_store(folder / f"s{run}", [Run(run)])
    given = {"collection": "new", "rights": "proprietary", "release_date": "2099-06-30", "pi": "Anne Martin", **options}
    call_command("ingest_dl3", str(store), stdout=out, stderr=io.StringIO(), **given)
    return out.getvalue()


def test_the_ingest_sends_the_pi_the_direct_link(cast, client_of, tmp_path) -> None:
    said = ingest(tmp_path, 1, proposal="P-9", invite="anne@institute.example", metadata="hidden")
    assert "A link to the data of P-9 went to anne@institute.example." in said
    assert [message.to for message in mail.outbox] == [["anne@institute.example"]]
    link = re.search(r"/access/invitation/[\w-]+/", mail.outbox[0].body)[0]
    product = Product.objects.get()
    assert client_of("charlie").get(f"/products/{product.key}/").status_code == 404
    charlie = client_of("charlie")
    answer = charlie.get(link)
    assert answer["Location"] == "/search/results/?proposal_id=P-9"
    assert product.obs_id in charlie.get(answer["Location"]).content.decode()
    assert may_fetch(viewer_of(cast.charlie), product.policy_id)


def test_an_ingest_that_brings_nothing_new_sends_nothing(cast, tmp_path) -> None:
    ingest(tmp_path, 1, proposal="P-9", invite="anne@institute.example")
    ingest(tmp_path, 1, proposal="P-9", invite="anne@institute.example")
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("options", [{"invite": "anne@institute.example"}, {"invite": "anne", "proposal": "P-9"}])
def test_a_wrong_invitation_is_told_before_anything_is_taken_in(cast, tmp_path, options: dict[str, str]) -> None:
    with pytest.raises(CommandError, match="--invite"):
        ingest(tmp_path, 1, **options)
    assert (Product.objects.count(), mail.outbox) == (0, [])


@pytest.mark.parametrize("who", ["anonymous", "charlie"])
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_a_refusal_names_the_pi_only_where_the_policy_says_so(cast, client_of, tmp_path, who: str, accept: str) -> None:
    ingest(tmp_path, 1, proposal="P-9", pi="alice")
    key = Product.objects.get().key
    named = client_of(who).get(f"/data/{key}", headers={"accept": accept}).content.decode()
    Policy.objects.update(pi_public=False)
    silent = client_of(who).get(f"/data/{key}", headers={"accept": accept}).content.decode()
    assert ("alice" in named, "alice" in silent, "P-9" in silent) == (True, False, True)
