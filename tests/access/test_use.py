"""What became of somebody's data is told to the PI and the owner; what staff do with others' things is marked."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from gateway.access import releases
from gateway.access.models import Downloads, Policy, ReleaseWatch, Rights
from gateway.access.rights import viewer_of
from gateway.accounts.models import AuditEvent, AuditKind
from jobs import service
from jobs.models import Job
from jobs.staging import _stage_product
from provenance import capture
from provenance.records import ActivityRecord, AgentRecord, EntityRecord, GeneratedRecord, UsedRecord
from search.archive.models import Product
from search.archive.signed import link
from tests.support.archive import archive

__all__ = ["archive"]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def marks() -> list[tuple[str, str]]:
    return [
        (event.actor.username, event.subject)
        for event in AuditEvent.objects.filter(kind=AuditKind.FETCH).order_by("time")
    ]


DOORS = {
    "download": "/data/{key}",
    "part": "/data/{key}.events",
    "preview": "/previews/{key}",
    "cut-out": "/soda/sync?ID={key}&CIRCLE=83.6+22+1",
    "rows": "/products/{key}/?tab=fits",
}


@pytest.mark.parametrize("door", DOORS)
def test_every_door_to_proprietary_bytes_leaves_a_mark(archive, client_of, door: str) -> None:
    key = archive.proprietary.key
    answer = client_of("alice").get(DOORS[door].format(key=key))
    assert answer.status_code == 200
    assert [who for who, _ in marks()] == ["alice"]
    assert key in marks()[0][1]
    assert AuditEvent.objects.get(kind=AuditKind.FETCH).policy == archive.proprietary.policy.uid
    assert client_of("charlie").get(DOORS[door].format(key=key)).status_code in (200, 401, 403)
    assert len(marks()) == 1
    client_of("alice").get(DOORS[door].format(key=archive.public.key))
    assert len(marks()) == 1


def test_a_link_for_another_program_and_a_job_leave_a_mark_too(archive, client_of, cast, tmp_path) -> None:
    address = link(archive.proprietary, viewer_of(cast.alice))
    assert client_of("anonymous").get(address[address.index("/signed/") :]).status_code == 200
    assert AuditEvent.objects.get(kind=AuditKind.FETCH).subject == archive.proprietary.key
    job = service.create("sleep", viewer_of(cast.bob), {"seconds": ["1"]})
    _stage_product(job, "observations", archive.proprietary.key, viewer_of(cast.bob), tmp_path / "in")
    event = AuditEvent.objects.filter(kind=AuditKind.FETCH).latest("time")
    assert (event.actor, event.details["via"]) == (cast.bob, f"job {job.pk}")


def test_downloads_of_public_data_are_counted_and_name_nobody(archive, client_of) -> None:
    for who in ("anonymous", "charlie", "charlie"):
        client_of(who).get(f"/data/{archive.public.key}")
    client_of("charlie").get(f"/products/{archive.public.key}/")
    assert Downloads.objects.get().count == 3
    assert marks() == []


def test_a_token_that_reads_metadata_sees_no_data_on_a_page(archive, cast, client) -> None:
    from gateway.accounts import tokens

    _, text = tokens.create(cast.alice, "t", ["read:tap"])
    page = client.get(f"/products/{archive.proprietary.key}/?tab=fits", headers={"authorization": f"Bearer {text}"})
    assert (page.status_code, "TTYPE1" in page.content.decode()) == (200, False)
    assert marks() == []


def run_by_bob(cast, source: Product, title: str = "a map of bob’s") -> None:
    """A run on the product by bob, whose result nobody else may know of."""
    own = service.own_policy(viewer_of(cast.bob))
    capture.record(
        ActivityRecord(
            id="job-00000000-0000-4000-8000-000000000001",
            name="Counts map",
            start=NOW,
            end=NOW + timedelta(minutes=1),
            used=(UsedRecord(entity=source.key, role="observations"),),
            generated=(
                GeneratedRecord(
                    entity=EntityRecord(
                        id="counts-map-1",
                        name=title,
                        size=5,
                        generated_at=NOW,
                        derived_from=(source.key,),
                        policy_id=own.pk,
                    ),
                    type="Main",
                ),
            ),
            agents=((AgentRecord(id=cast.bob.agent_key, name="bob"), "Operator"),),
            policy_id=own.pk,
        )
    )


def test_the_pi_sees_downloads_jobs_and_derived_products_of_her_data(archive, cast, client_of) -> None:
    client_of("bob").get(f"/data/{archive.proprietary.key}")
    run_by_bob(cast, archive.proprietary)
    address = f"/access/{archive.proprietary.policy.uid}/use"
    page = client_of("alice").get(address).content.decode()
    for word in (archive.proprietary.key, "bob", "Counts map", "fetched", "used by a job", "derived product"):
        assert word in page
    assert "a map of bob’s" not in page  # what he calls his own result is his
    assert "/provenance/activity/" not in page
    rows = list(csv.DictReader(io.StringIO(client_of("alice").get(f"{address}.csv").content.decode())))
    assert sorted(row["kind"] for row in rows) == ["download", "job", "product"]
    assert {row["who"] for row in rows} == {"bob"}
    assert f'href="{address}"' in client_of("alice").get("/access/").content.decode()


def test_users_are_named_only_where_the_policy_says_so(archive, cast, client_of) -> None:
    client_of("bob").get(f"/data/{archive.proprietary.key}")
    Policy.objects.update(users_named=False)
    page = client_of("alice").get(f"/access/{archive.proprietary.policy.uid}/use").content.decode()
    assert ("somebody" in page, ">bob<" in page) == (True, False)


@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 302), ("charlie", 403), ("bob", 403), ("alice", 200), ("dana", 200)]
)
@pytest.mark.parametrize("end", ["use", "use.csv"])
def test_only_those_who_lead_the_data_and_staff_see_their_use(
    archive, client_of, who: str, status: int, end: str
) -> None:
    address = f"/access/{archive.proprietary.policy.uid}/{end}"
    assert client_of(who).get(address).status_code == status
    hidden = client_of(who).get(f"/access/{archive.hidden.policy.uid}/{end}").status_code
    assert hidden == (404 if who == "charlie" else status)


def test_a_stranger_is_told_when_the_data_become_public(archive, cast, client_of, settings) -> None:
    charlie, policy = client_of("charlie"), archive.proprietary.policy
    page = charlie.get(f"/data/{archive.proprietary.key}", headers={"accept": "text/html"}).content.decode()
    assert "Tell me when it is public" in page
    answer = charlie.post(f"/access/{policy.uid}/watch", {"back": f"/data/{archive.proprietary.key}"})
    assert answer["Location"] == f"/data/{archive.proprietary.key}"
    charlie.post(f"/access/{policy.uid}/watch")
    assert "You will be told" in charlie.get("/access/").content.decode()
    assert releases.tell() == 0
    Policy.objects.filter(pk=policy.pk).update(release_date=timezone.now())
    assert (releases.tell(), releases.tell()) == (1, 0)
    assert [letter.to for letter in mail.outbox] == [["charlie@demo.example"]]
    assert "/search/results/?proposal_id=P-1" in mail.outbox[0].body
    assert not ReleaseWatch.objects.exists()


def test_who_does_not_want_to_be_told_any_more_is_not(archive, client_of) -> None:
    address = f"/access/{archive.proprietary.policy.uid}/watch"
    client_of("charlie").post(address)
    client_of("charlie").post(address, {"watch": "no"})
    Policy.objects.update(rights=Rights.PUBLIC)
    assert releases.tell() == 0


def test_of_hidden_data_nobody_can_ask_to_be_told(archive, client_of) -> None:
    assert client_of("charlie").post(f"/access/{archive.hidden.policy.uid}/watch").status_code == 404
    assert not ReleaseWatch.objects.exists()


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_back_stays_on_this_site(archive, client_of, back: str) -> None:
    address = f"/access/{archive.proprietary.policy.uid}/watch"
    assert client_of("charlie").post(address, {"back": back})["Location"] == "/access/"


def staff_marks() -> list[str]:
    return list(AuditEvent.objects.filter(as_staff=True).order_by("time").values_list("subject", flat=True))


def test_staff_power_over_others_jobs_is_marked(cast, client_of) -> None:
    job = service.create("sleep", viewer_of(cast.alice), {"seconds": ["1"]})
    cache.clear()
    dana = client_of("dana")
    for _ in range(3):
        assert dana.get(f"/jobs/{job.pk}/").status_code == 200
    assert staff_marks() == [f"looks at job {job.pk}"]
    dana.post(f"/uws/sleep/{job.pk}/phase", {"PHASE": "ABORT"})
    assert staff_marks()[1:] == [f"changes job {job.pk} of alice"]
    own = service.create("sleep", viewer_of(cast.dana), {"seconds": ["1"]})
    dana.get(f"/jobs/{own.pk}/")
    client_of("alice").get(f"/jobs/{job.pk}/")
    assert len(staff_marks()) == 2


def test_staff_power_over_hidden_provenance_is_marked(archive, cast, client_of) -> None:
    cache.clear()
    dana = client_of("dana")
    for address in ("/provenance/entity/{}/", "/provsap?ID={}"):
        assert dana.get(address.format(archive.hidden.key)).status_code == 200
        assert dana.get(address.format(archive.public.key)).status_code == 200
        assert client_of("alice").get(address.format(archive.hidden.key)).status_code == 200
    assert staff_marks() == [f"looks at provenance of {archive.hidden.key}"]
    dana.post("/provenance/suspects", {"key": archive.public.key, "reason": "clouds"})
    assert "suspect" in staff_marks()[-1]
    assert AuditEvent.objects.filter(as_staff=True).latest("time").details["why"] == "clouds"


def test_every_change_of_rights_of_a_result_is_marked(archive, cast, client_of) -> None:
    job = Job.objects.get(pk=service.create("sleep", viewer_of(cast.bob), {"seconds": ["1"]}).pk)
    Product.objects.filter(pk=archive.proprietary.pk).update(
        policy=service.own_policy(viewer_of(cast.bob)), job_id=job.pk
    )
    client_of("bob").post(f"/products/{archive.proprietary.key}/keep")
    client_of("dana").post(f"/products/{archive.proprietary.key}/publish")
    changes = AuditEvent.objects.filter(kind=AuditKind.RIGHTS, subject__endswith=archive.proprietary.key).order_by(
        "time"
    )
    assert [(e.actor.username, e.subject.split(" ")[0], e.as_staff) for e in changes] == [
        ("bob", "keeps", False), ("dana", "publishes", True),
    ]  # fmt: skip
