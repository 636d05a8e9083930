"""The list of jobs and its filters (UWS 1.1, section 2.2.2.1); the numbers are those of the checklist."""

from datetime import UTC, datetime

import pytest

from jobs.models import Job
from tests.support.uws import UWS, XLINK, ids, one, xml


@pytest.fixture
def history(uws) -> list[str]:
    """Five jobs, oldest first: PENDING, COMPLETED, ERROR, ARCHIVED, QUEUED on the first five days of a year."""
    paths = []
    for day, phase in enumerate(("PENDING", "COMPLETED", "ERROR", "ARCHIVED", "QUEUED"), start=1):
        path = uws.create(seconds=1)
        Job.objects.filter(pk=one(path).pk).update(phase=phase, created=datetime(2026, 1, day, 12, tzinfo=UTC))
        paths.append(path.rsplit("/", 1)[1])
    return paths


def test_34_all_but_the_archived(uws, history):
    assert ids(uws.get("/uws/sleep")) == [history[n] for n in (4, 2, 1, 0)]


def test_35_phase_is_a_union(uws, history):
    assert ids(uws.get("/uws/sleep", PHASE=["ERROR", "ARCHIVED"])) == [history[3], history[2]]
    assert ids(uws.get("/uws/sleep", phase="PENDING")) == [history[0]]


@pytest.mark.parametrize("value", ["DONE", "", "QUEUED,ERROR", "' OR 1=1"])
def test_35_an_unknown_phase_is_refused(uws, value):
    assert uws.get("/uws/sleep", PHASE=value).status_code == 400


@pytest.mark.parametrize(
    ("after", "kept"),
    [
        ("2025", 4), ("20260101", 4), ("2026-01-01 12:00", 3), ("2026-01-01T12:00:00Z", 3), ("2026-01-02", 3),
        ("2026-01-02T12:00:00.000", 2), ("2026-01-05T11:59:59Z", 1), ("2027", 0),
    ],
)  # fmt: skip
def test_36_after_is_strictly_later(uws, history, after, kept):
    assert len(ids(uws.get("/uws/sleep", AFTER=after))) == kept


def test_36_after_the_time_that_a_document_gave_is_after_that_job(uws):
    path = uws.create(seconds=1)
    created = xml(uws.get(path)).find(f"{UWS}creationTime").text
    assert ids(uws.get("/uws/sleep", AFTER=created)) == []


@pytest.mark.parametrize("value", ["yesterday", "2026-01-01T00:00:00+01:00", "2026-99-01", "12", ""])
def test_36_a_bad_time_is_refused(uws, value):
    assert uws.get("/uws/sleep", AFTER=value).status_code == 400


def test_37_last_gives_the_newest_first(uws, history):
    assert ids(uws.get("/uws/sleep", LAST=2)) == [history[4], history[2]]
    assert len(ids(uws.get("/uws/sleep", LAST=100))) == 4


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "", "99999999999999999999"])
def test_37_a_bad_last_is_refused(uws, value):
    assert uws.get("/uws/sleep", LAST=value).status_code == 400


def test_38_filters_are_anded(uws, history):
    query = {"PHASE": ["PENDING", "COMPLETED", "ERROR"], "AFTER": "2026-01-01T12:00:00Z", "LAST": 1}
    assert ids(uws.get("/uws/sleep", **query)) == [history[2]]


def test_39_each_reference_tells_what_it_must(uws):
    path = uws.create(seconds=1, RUNID="mine")
    ref = xml(uws.get("/uws/sleep")).find(f"{UWS}jobref")
    assert ref.get("id") == path.rsplit("/", 1)[1]
    assert uws.get(ref.get(f"{XLINK}href").removeprefix("http://testserver")).status_code == 200
    assert [child.tag.removeprefix(UWS) for child in ref] == ["phase", "runId", "ownerId", "creationTime"]
    assert ref.find(f"{UWS}ownerId").text == "alice"
