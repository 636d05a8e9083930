"""The pages of jobs in a real browser: list, job, form and descriptions, on a desk, on a phone, in the dark."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gateway.access.rights import viewer_of
from jobs import descriptions, registry, service
from jobs.models import Job, JobLog, JobResult
from jobs.phases import Phase
from tests.jobs.conftest import scratch, work  # noqa: F401 - a worker that works when it is told to

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def as_alice(open_page, cast, live_server):
    """``as_alice(width, theme)``: a page of hers, signed in."""
    client = Client()
    client.force_login(cast.alice, backend="django.contrib.auth.backends.ModelBackend")
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}

    def make(width: int = 1440, theme: str = "light"):
        page = open_page(width, theme)
        page.context.add_cookies([cookie])
        return page

    return make


@pytest.fixture
def jobs(cast) -> dict[str, Job]:
    """One job of hers in each phase that people meet."""
    descriptions._kept.clear()  # the tables were emptied after the test before
    viewer, now, made = viewer_of(cast.alice), timezone.now(), {}
    for number, phase in enumerate((Phase.PENDING, Phase.QUEUED, Phase.EXECUTING, Phase.COMPLETED, Phase.ERROR)):
        job = service.create("sleep", viewer, {"seconds": ["5"], "note": ["words"]}, run_id=f"run {number}")
        begun = None if number < 2 else now - timedelta(minutes=3)
        Job.objects.filter(pk=job.pk).update(
            phase=phase, started=begun, queued=now if number else None, ended=now if number > 2 else None,
            progress=0.62 if number == 2 else None, step="Asleep, 3.1 of 5 s" if number == 2 else "",
            created=now - timedelta(minutes=10 - number), warnings=["Run 3 has no OFF region."] if number == 3 else [],
            steps=[{"name": "Reduce", "values": {"run": "23523"}, "start": 0.0, "end": 3.0}] if number == 3 else [],
            error_type="fatal" if number == 4 else "", error_message="It was asked to fail." if number == 4 else "",
            summary={"total_counts": 11413, "livetime": 3.2} if number == 3 else None,
        )  # fmt: skip
        made[phase] = Job.objects.get(pk=job.pk)
    for stream, text in (("stdout", "slept 3 s\n"), ("stderr", "a warning\n")):
        for phase in (Phase.EXECUTING, Phase.COMPLETED):
            JobLog.objects.create(job=made[phase], claim="", stream=stream, text=text)
    done = made[Phase.COMPLETED]
    JobResult.objects.create(
        job=done, name="result", title="Result", content_type="text/plain", size=20, sha256="0" * 64
    )
    return made


def pages(jobs: dict[str, Job]) -> list[str]:
    done = jobs[Phase.COMPLETED].pk
    return [
        "/jobs/", "/jobs/?sort=label&phase=ERROR", "/jobs/new/", "/jobs/new/counts_map?ra=83.63&dec=22.01&width=3",
        "/jobs/new/sleep", "/jobs/types/", "/jobs/types/counts_map/", "/jobs/types/sleep/1.0/", "/jobs/types/new/",
        f"/jobs/{jobs[Phase.PENDING].pk}/edit",
        *(f"/jobs/{jobs[phase].pk}/" for phase in jobs if phase != Phase.EXECUTING),
        *(f"/jobs/{done}/?tab={tab}" for tab in ("files", "parameters", "log", "history")),
    ]  # fmt: skip


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (360, "dark")])
def test_pages_fit_and_are_open_to_everyone(as_alice, jobs, axe, width: int, theme: str) -> None:
    page = as_alice(width, theme)
    found: dict[str, object] = {}
    for path in pages(jobs):
        page.goto(path)
        page.wait_for_load_state()
        faults = axe(page)
        if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
            faults.append("wider than the window")
        if faults:
            found[path] = faults
    assert found == {}


def test_headers_sort_and_many_are_chosen_at_once(as_alice, jobs) -> None:
    page = as_alice()
    page.goto("/jobs/")
    labels = lambda: page.locator("tbody td:nth-child(3)").all_inner_texts()  # noqa: E731
    assert labels() == [f"run {number}" for number in (4, 3, 2, 1, 0)]
    page.click("thead >> text=Label")
    assert labels() == [f"run {number}" for number in range(5)]
    page.click("thead >> text=Label")
    assert labels() == [f"run {number}" for number in (4, 3, 2, 1, 0)]
    assert "sort=-label" in page.url
    page.check("[data-choose-all]")
    assert page.locator("tbody .d-tick:checked").count() == 5
    page.uncheck("[data-choose-all]")
    page.check("tr[data-phase=PENDING] .d-tick")
    page.click("text=Run chosen")
    page.wait_for_selector("text=1 job done.")
    assert "sort=-label" in page.url
    assert Job.objects.filter(phase=Phase.QUEUED).count() == 2


def test_nothing_is_deleted_without_a_second_word(as_alice, jobs) -> None:
    page = as_alice()
    page.goto("/jobs/")
    page.check("tr[data-phase=ERROR] .d-tick")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click("text=Delete chosen")
    assert Job.objects.count() == 5
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("text=Delete chosen")
    page.wait_for_selector("text=1 job done.")
    assert Job.objects.count() == 4


def test_the_list_is_refreshed_without_a_reload(as_alice, jobs) -> None:
    page = as_alice()
    page.goto("/jobs/")
    page.evaluate("window.same = true")
    Job.objects.filter(phase=Phase.EXECUTING).update(phase=Phase.COMPLETED, ended=timezone.now())
    page.wait_for_selector("tr[data-phase=EXECUTING]", state="detached")
    assert page.evaluate("window.same") is True


def test_a_test_job_in_one_click_and_its_end_seen_on_its_page(as_alice, cast, work) -> None:  # noqa: F811
    page = as_alice()
    page.goto("/jobs/types/sleep/")
    page.click("text=Create test job")
    page.wait_for_url("**/jobs/*-*/")
    assert "test job" in page.inner_text("h1")
    Job.objects.update(parameters={"seconds": ["0"]})
    work()
    page.wait_for_selector("#job-phase >> text=Completed")
    assert "slept 0 s" in page.inner_text("main")
    page.click("text=Edit and run")
    page.wait_for_url("**/jobs/new/sleep?job=*")
    page.fill("#p-seconds", "3")
    page.locator("summary", has_text="More").click()
    page.fill("#c-run", "edited")
    page.click("button >> text=Save as draft")
    page.wait_for_url("**/jobs/*-*/")
    draft = Job.objects.get(run_id="edited")
    assert (draft.phase, draft.parameters["seconds"]) == (Phase.PENDING, ["3"])
    page.get_by_role("link", name="Edit", exact=True).click()
    page.wait_for_url("**/edit")
    assert page.input_value("#p-seconds") == "3"
    page.fill("#p-seconds", "9999")
    page.click("button >> text=Save as draft")
    page.wait_for_selector("text=Must be at most 3600 s.")
    page.fill("#p-seconds", "4")
    page.click("button >> text=Save as draft")
    page.wait_for_url(f"**/jobs/{draft.pk}/")
    draft.refresh_from_db()
    assert draft.parameters["seconds"] == ["4"]
    page.faults[:] = [one for one in page.faults if "status of 400" not in one]


def test_the_log_grows_while_the_job_runs(as_alice, jobs) -> None:
    page = as_alice()
    running = jobs[Phase.EXECUTING]
    page.goto(f"/jobs/{running.pk}/")
    assert "62 %" in page.inner_text("#job-live")
    page.evaluate("window.same = true")
    JobLog.objects.create(job=running, claim="", stream="stdout", text="and slept on\n")
    Job.objects.filter(pk=running.pk).update(progress=0.8)
    page.wait_for_selector("#job-log >> text=and slept on")
    page.wait_for_selector("#job-live >> text=80 %")
    assert page.evaluate("window.same") is True
    assert page.locator("#job-log .j-stderr").inner_text() == "a warning\n"


def test_a_network_that_goes_is_told_until_it_is_back(as_alice, jobs) -> None:
    page = as_alice()
    page.goto(f"/jobs/{jobs[Phase.EXECUTING].pk}/")
    page.evaluate("window.same = true")
    page.context.set_offline(True)
    page.wait_for_selector("[role=alert] >> text=does not answer")
    page.context.set_offline(False)
    page.click("[role=alert] button")
    Job.objects.filter(pk=jobs[Phase.EXECUTING].pk).update(progress=0.8)
    page.wait_for_selector("#job-live >> text=80 %")
    page.wait_for_selector("[role=alert]", state="detached")
    assert page.evaluate("window.same") is True
    page.goto("/jobs/")
    page.context.set_offline(True)
    page.wait_for_selector("[role=alert] >> text=goes on trying")
    page.context.set_offline(False)
    Job.objects.filter(phase=Phase.EXECUTING).update(phase=Phase.COMPLETED, ended=timezone.now())
    page.click("[role=alert] button")
    page.wait_for_selector("tr[data-phase=EXECUTING]", state="detached")
    assert page.locator("[role=alert]").count() == 0
    page.faults[:] = [one for one in page.faults if "ERR_INTERNET_DISCONNECTED" not in one]


def test_a_plot_that_does_not_come_is_asked_for_again(as_alice, jobs) -> None:
    done = jobs[Phase.COMPLETED]
    plot = {"name": "plot.json", "title": "Plot", "content_type": "application/vnd.plotly.v1+json"}
    JobResult.objects.create(job=done, size=20, sha256="1" * 64, **plot)
    figure = {"data": [{"x": [1, 2], "y": [1, 4], "type": "scatter"}], "layout": {}}
    page = as_alice()
    page.route("**/results/plot.json", lambda route: route.abort())
    page.goto(f"/jobs/{done.pk}/")
    page.wait_for_selector("[role=alert] >> text=does not answer")
    page.unroute("**/results/plot.json")
    page.route("**/results/plot.json", lambda route: route.fulfill(json=figure))
    page.click("[role=alert] button")
    page.wait_for_selector("[data-plot] .main-svg")
    page.faults[:] = [one for one in page.faults if "ERR_FAILED" not in one]


def test_files_go_with_a_bar_and_one_that_is_too_large_does_not_go(as_alice, cast, tmp_path, work) -> None:  # noqa: F811
    page = as_alice()
    file = tmp_path / "mine.txt"
    file.write_bytes(b"mine " * 100_000)
    page.goto("/jobs/new/sleep")
    page.set_input_files("#f-attachment", file)
    page.evaluate("document.querySelector('#f-attachment').dataset.limit = 10")
    page.click("button >> text=Run")
    page.wait_for_selector("text=A file is larger than this gateway takes.")
    assert Job.objects.count() == 0
    page.evaluate("document.querySelector('#f-attachment').dataset.limit = 1e9")
    page.fill("#p-seconds", "x")
    page.click("button >> text=Run")
    page.wait_for_selector("text=Must be a finite number.")
    page.fill("#p-seconds", "0")
    page.set_input_files("#f-attachment", file)
    page.click("button >> text=Run")
    page.wait_for_url("**/jobs/*-*/")
    work()
    page.wait_for_selector("#job-phase >> text=Completed")
    assert Job.objects.get().results.get(name="attachment").size == 500_000
    page.faults[:] = [one for one in page.faults if "status of 400" not in one]


def test_commands_are_copied(as_alice, jobs) -> None:
    page = as_alice()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/jobs/new/sleep?seconds=7")
    page.click("[data-copy-from='#code-curl']")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "--data-urlencode seconds=7" in copied
    page.locator("summary", has_text="pyvo").click()
    page.click("[data-copy-from='#code-pyvo']")
    assert "AsyncTAPJob" in page.evaluate("navigator.clipboard.readText()")


def test_a_result_is_made_to_last_longer(as_alice, jobs) -> None:
    page = as_alice()
    Job.objects.update(destruction=timezone.now() + timedelta(days=1))
    page.goto(f"/jobs/{jobs[Phase.COMPLETED].pk}/")
    page.click("text=30 days longer")
    page.wait_for_load_state()
    assert Job.objects.get(phase=Phase.COMPLETED).destruction > timezone.now() + timedelta(days=29)


def test_the_version_of_an_old_job_is_a_page(as_alice, cast) -> None:
    descriptions.keep(registry.get("counts_map"))
    page = as_alice()
    page.goto("/jobs/types/counts_map/1.0/")
    assert "Built in" in page.inner_text("main")
    assert page.locator("text=Publish").count() == 0
