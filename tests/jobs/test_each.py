"""One job for each of several inputs: all or none, each with its own target where none was given."""

import pytest

from jobs.models import Job
from tests.portal.conftest import archive  # noqa: F401 - the small archive of the portal's tests

DID = "ivo://distiller.example/arc?test.run-{}"
FORM = "/jobs/new/counts_map"


def values(*runs: int, **more: str) -> dict[str, object]:
    return {"observations": "\n".join(DID.format(run) for run in runs), "each": "1", "PHASE": "RUN"} | more


@pytest.fixture
def files(archive):  # noqa: F811 - the fixture of that name
    from search.archive.models import Product

    Product.objects.update(access_url="https://files.example/run")
    return archive


def test_the_form_says_how_many_jobs_it_makes(client_of, files) -> None:
    page = client_of("alice").get(f"{FORM}?ID={DID.format(1)}&ID={DID.format(5)}&each=1").content.decode()
    assert "2 jobs will be made" in page
    assert "Run 2 jobs" in page
    command = page.partition('id="code-curl"')[2].partition("</pre>")[0]
    assert (DID.format(1) in command, DID.format(5) in command) == (True, False), "a command makes one job"
    one = client_of("alice").get(f"{FORM}?ID={DID.format(1)}&each=1").content.decode()
    assert "jobs will be made" not in one


def test_each_job_has_its_own_input_and_target(client_of, files) -> None:
    answer = client_of("alice").post(FORM, values(1, 5))
    assert answer.status_code == 302
    assert answer.url == "/jobs/?type=counts_map"
    made = {job.parameters["observations"][0]: job for job in Job.objects.all()}
    assert set(made) == {DID.format(1), DID.format(5)}
    assert {job.phase for job in made.values()} == {"QUEUED"}
    ra = {did: float(job.parameters["ra"][0]) for did, job in made.items()}
    assert ra[DID.format(1)] == pytest.approx(83.63, abs=0.1)
    assert ra[DID.format(5)] == pytest.approx(329.72, abs=0.1)


def test_a_given_target_is_that_of_all(client_of, files) -> None:
    client_of("alice").post(FORM, values(1, 5, ra="10", dec="20"))
    assert {job.parameters["ra"][0] for job in Job.objects.all()} == {"10"}


@pytest.mark.parametrize(("name", "status"), [("charlie", 400), ("bob", 302), ("alice", 302), ("dana", 302)])
def test_all_or_none(client_of, files, name: str, status: int) -> None:
    answer = client_of(name).post(FORM, values(1, 6))
    assert answer.status_code == status
    assert Job.objects.count() == (2 if status == 302 else 0)
    if status == 400:
        page = answer.content.decode()
        assert "Nothing was started" in page
        assert DID.format(6) in page


def test_what_was_typed_for_all_is_marked_where_it_was_typed(client_of, files) -> None:
    answer = client_of("alice").post(FORM, values(1, 5, width="700", binsz="abc"))
    assert (answer.status_code, Job.objects.count()) == (400, 0)
    page = answer.content.decode()
    assert "each is marked with the reason. Nothing was started." in page
    assert page.count('aria-invalid="true"') == 2
    assert 'value="700"' in page
    assert 'value="abc"' in page


def test_visitors_are_led_to_the_sign_in(client_of, files, settings) -> None:
    settings.ANONYMOUS_JOBS = False
    answer = client_of("anonymous").post(FORM, values(1, 2))
    assert answer.status_code == 401
    assert not Job.objects.exists()


def test_a_limit_stops_all_of_them(client_of, files, monkeypatch) -> None:
    from jobs import quota
    from jobs.limits import Limits

    monkeypatch.setattr(quota, "limits", lambda: Limits(active=2))
    client_of("alice").post(FORM, values(1, ra="83.6", dec="22"))
    answer = client_of("alice").post(FORM, values(1, 2))
    assert answer.status_code == 403
    assert "active jobs" in answer.content.decode()
    assert Job.objects.count() == 1
