"""The same again: told from what differs only in the code, and said so in the provenance."""

from dataclasses import replace

import pytest

from gateway.access.rights import viewer_of
from jobs import code, parameters, registry, reuse, service
from jobs.models import Job
from jobs.registry import Command
from provenance.models import Activity


@pytest.fixture
def viewer(cast):
    return viewer_of(cast.alice)


def ran(viewer, work, **values: str) -> Job:
    job = service.create("sleep", viewer, {name: [text] for name, text in values.items()}, run=True)
    work()
    job.refresh_from_db()
    return job


def test_a_run_that_repeats_another_says_so_in_its_provenance(viewer, cast, work):
    first = ran(viewer, work, seconds="0", note="a")
    other = ran(viewer, work, seconds="0", note="b")
    stranger = ran(viewer_of(cast.charlie), work, seconds="0", note="a")
    again = ran(viewer, work, seconds="0.0", note="a")
    assert (first.same_as, other.same_as, stranger.same_as, again.same_as) == (None, None, None, first)
    assert f"same inputs, values and code as {first.activity_id}" in Activity.objects.get(pk=again.activity_id).comment
    for job in (first, other, stranger):
        assert "same inputs" not in Activity.objects.get(pk=job.activity_id).comment


def test_a_failed_run_is_no_earlier_result(viewer, work):
    ran(viewer, work, seconds="0", fail="true")
    assert ran(viewer, work, seconds="0", fail="true").same_as is None


def test_other_software_makes_another_fingerprint(monkeypatch):
    job_type = registry.get("counts_map")
    values = {"observations": ["a.run-1"], "ra": ["83.6"], "dec": ["22"]}

    def mark() -> str:
        code._module.cache_clear()
        return parameters.fingerprint(job_type.description, values, {"observations": ["0" * 64]}, code.mark(job_type))

    before = mark()
    assert mark() == before
    monkeypatch.setattr(code, "versions", lambda names: (("gammapy", "3.0"),))
    assert mark() != before
    monkeypatch.undo()
    code._module.cache_clear()
    assert mark() == before


def test_other_code_makes_another_fingerprint():
    marks = {code.mark(registry.get(name)) for name in ("counts_map", "spectrum", "theta_squared")}
    assert len(marks) == 3
    sleep = registry.get("sleep")
    commands = [replace(sleep, light=None, command=Command(("ctbin", "{a}"), script)) for script in ("", "echo 1")]
    assert len({code.mark(one) for one in commands}) == 2


def test_only_what_must_be_the_same_is_said_to_be(client_of, viewer, work):
    """A job that sleeps, or asks a service elsewhere, may find another answer the next time."""
    ran(viewer, work, seconds="0", note="a")
    page = client_of("alice").get("/jobs/new/sleep?seconds=0&note=a").content.decode()
    assert "gave a result" in page
    assert "Running it again gives the same" not in page


def test_what_a_stranger_made_is_not_offered(viewer, cast, work):
    ran(viewer_of(cast.charlie), work, seconds="0", note="c")
    assert reuse.earlier(registry.get("sleep"), {"seconds": ["0"], "note": ["c"]}, viewer) is None
