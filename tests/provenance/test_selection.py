"""Inputs that a query chose: the query, the service, the hour and the number of rows stand in the run's history."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from jobs.models import Job
from provenance import capture, selection
from provenance.models import Entity, Selection, Used
from tests.provenance.builders import entity, run
from tests.tap.conftest import make_product

pytestmark = pytest.mark.django_db
ADQL = "SELECT * FROM ivoa.obscore WHERE target_name = 'Crab \"N\"' AND s_ra < 84"
FORM = {"chosen_adql": ADQL, "chosen_rows": "1204", "chosen_at": "2026-11-20T12:00:00+00:00"}


def test_the_query_is_an_entity_that_the_run_used(client, settings):
    capture.record_entity(entity("run-1"))
    selection.keep("job-1", selection.given_by(FORM))
    used = tuple(selection.used_by("job-1", None, None))
    record = run("job-1", ["run-1"], ["map-1"])
    capture.record(type(record)(**{**record.__dict__, "used": (*record.used, *used)}))
    row = Used.objects.get(activity="job-1", role="selection")
    assert row.entity.value == ADQL
    assert row.entity.place == f"{settings.PUBLIC_URL}/tap"
    assert row.entity.generated_at_time == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert row.entity.comment == "1204 rows"
    assert (
        ADQL.replace('"', "&quot;").replace("'", "&#x27;").replace("<", "&lt;")
        in client.get(f"/provenance/entity/{row.entity_id}/").content.decode()
    )
    asked = client.get("/provsap?ID=map-1&DEPTH=2&RESPONSEFORMAT=PROV-JSON").json()["valueEntity"]
    assert asked[f"arc:{row.entity_id}"]["voprov:value"] == ADQL


@pytest.mark.parametrize(
    ("form", "rows"),
    [
        ({}, None),
        ({"chosen_adql": " "}, None),
        ({"chosen_adql": "x" * 20_001}, None),
        ({"chosen_adql": ADQL, "chosen_rows": "many", "chosen_at": "never"}, ()),
        ({"chosen_adql": ADQL, "chosen_rows": "9" * 30, "chosen_at": "2026-99-99T00:00:00Z"}, ()),
        ({"chosen_adql": ADQL, "chosen_at": "2999-01-01T00:00:00+00:00"}, ()),
    ],
    ids=["nothing", "blank", "endless", "words", "numbers", "future"],
)
def test_what_a_form_says_wrongly_is_left_out(form, rows):
    found = selection.given_by(form)
    if rows is None:
        assert found is None
    else:
        assert found.rows is None
        assert timezone.now() - found.asked < timedelta(minutes=1)


def test_from_the_results_over_the_form_to_the_job(client_of, cast):
    make_product(capture.public_policy(), "run-1", dataproduct_type="event")
    page = client_of("alice").get("/search/results/?target_name=Crab+Nebula").content.decode()
    assert 'name="chosen_adql" value="SELECT' in page
    assert 'name="chosen_rows" value="' in page
    form = client_of("alice").get("/jobs/new/counts_map", FORM).content.decode()
    assert 'name="chosen_rows" value="1204"' in form
    answer = client_of("alice").post("/jobs/new/sleep", {"seconds": "0", **FORM})
    assert answer.status_code == 302
    job = Job.objects.get()
    kept = Selection.objects.get(pk=job.activity_id)
    assert (kept.adql, kept.rows) == (ADQL, 1204)
    assert not Entity.objects.filter(pk__startswith="query-").exists()
