"""Job pages as an astronomer meets them."""

import pytest

from jobs.models import Job
from jobs.pages.columns import in_order


@pytest.fixture
def browser(client_of):
    return client_of("alice")


@pytest.fixture
def finished(uws, work) -> Job:
    uws.create(seconds=0, note="hello", RUNID="first try", PHASE="RUN")
    work()
    return Job.objects.get()


def test_the_form_comes_from_the_description(browser):
    page = browser.get("/jobs/new/counts_map").content.decode()
    for words in ("Right ascension of the target", "0 to 360", "default 5.0", "deg", "TeV", "counts_map"):
        assert words in page


def test_a_selection_too_long_for_an_address_fills_the_form_too(browser):
    runs = [f"a.run-{number}" for number in range(1, 301)]
    answer = browser.post("/jobs/new/counts_map", {"fill": "1", "ID": runs, "ra": "83.63"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "a.run-1\na.run-2" in page
    assert "a.run-300" in page
    assert 'name="ra" value="83.63"' in page
    assert 'name="fill"' not in page, "the form makes the job"
    assert not Job.objects.exists()


def test_the_address_fills_the_form(browser):
    page = browser.get("/jobs/new/counts_map?ID=a.run-1&ID=a.run-2&RA=83.63&dec=22.01&WIDTH=3").content.decode()
    assert 'name="ra" value="83.63"' in page
    assert 'name="width" value="3"' in page
    assert "a.run-1\na.run-2" in page
    assert "changed" in page


def test_wrong_values_are_marked_and_what_was_typed_stays(browser):
    response = browser.post("/jobs/new/sleep", {"seconds": "9999", "note": "kept", "PHASE": "RUN"})
    assert response.status_code == 400
    page = response.content.decode()
    assert "Must be at most 3600 s." in page
    assert 'value="9999"' in page
    assert "kept" in page
    assert Job.objects.count() == 0


def test_run_leads_to_the_page_of_the_job(browser):
    response = browser.post("/jobs/new/sleep", {"seconds": "1", "PHASE": "RUN"})
    job = Job.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/jobs/{job.id}/")
    assert (job.phase, job.origin) == ("QUEUED", "browser")


def test_the_one_file_of_a_run_is_its_download(browser, finished):
    page = browser.get(f"/jobs/{finished.id}/").content.decode()
    assert f'<a class="btn btn-primary" href="/uws/sleep/{finished.id}/results/result">' in page


def test_a_map_is_drawn_where_it_is_shown_and_nowhere_else(browser, finished, monkeypatch):
    monkeypatch.setattr("jobs.pages.shown._product_type", lambda *_given: "image")
    finished.results.filter(name="result").update(main=True)
    assert "portal/map.js" in browser.get(f"/jobs/{finished.id}/").content.decode()
    for tab in ("files", "parameters", "log", "history"):
        assert "portal/map.js" not in browser.get(f"/jobs/{finished.id}/?tab={tab}").content.decode()


@pytest.mark.parametrize("way", ["its page", "the list"])
def test_the_job_opened_last_is_one_click_away_until_it_is_deleted(browser, finished, way: str):
    assert "Selected job" not in browser.get("/").content.decode()
    browser.get(f"/jobs/{finished.id}/")
    for path in ("/search/", "/jobs/", "/provenance/"):
        page = browser.get(path).content.decode()
        assert f'<a href="/jobs/{finished.id}/" title="Sleep {finished.id.hex[:8]}">Selected job</a>' in page
    here = browser.get(f"/jobs/{finished.id}/").content.decode()
    assert 'aria-current="page">Selected job</a>' in here
    assert '<a href="/jobs/">Jobs</a>' in here
    if way == "its page":
        browser.post(f"/jobs/{finished.id}/delete")
    else:
        browser.post("/jobs/bulk", {"action": "delete", "job": str(finished.id)})
    assert "Selected job" not in browser.get("/jobs/").content.decode()


def test_a_draft_waits_and_can_be_edited(browser):
    browser.post("/jobs/new/sleep", {"seconds": "1", "PHASE": ""})
    job = Job.objects.get()
    assert job.phase == "PENDING"
    assert 'value="1"' in browser.get(f"/jobs/{job.id}/edit").content.decode()
    browser.post(f"/jobs/{job.id}/edit", {"seconds": "2", "note": "x", "PHASE": "RUN"})
    job.refresh_from_db()
    assert (job.phase, job.parameters) == ("QUEUED", {"seconds": ["2"], "note": ["x"]})
    assert browser.get(f"/jobs/{job.id}/edit").status_code == 403


def test_a_visitor_is_led_to_the_sign_in(client_of):
    visitor = client_of("anonymous")
    assert "Sign in to run it" in visitor.get("/jobs/new/sleep").content.decode()
    response = visitor.post("/jobs/new/sleep", {"seconds": "1", "PHASE": "RUN"})
    assert response.status_code == 401
    assert "/accounts/login/?next=/jobs/new/sleep" in response.content.decode()


def test_the_page_of_a_finished_job(browser, finished):
    page = browser.get(f"/jobs/{finished.id}/").content.decode()
    for words in ("first try", "Completed", "slept 0 s", "result", "provenance.json", "Run again", "hello", "Keep"):
        assert words in page, words


@pytest.mark.parametrize("tab", ["result", "files", "parameters", "log", "history", "nonsense"])
def test_every_tab_has_an_address(browser, finished, tab):
    assert browser.get(f"/jobs/{finished.id}/?tab={tab}").status_code == 200


def test_a_failed_job_says_why(browser, uws, work):
    uws.create(seconds=0, fail="true", PHASE="RUN")
    work()
    page = browser.get(f"/jobs/{Job.objects.get().id}/").content.decode()
    assert "The job was asked to fail, and did." in page
    assert "Traceback" not in page


def test_run_again_and_edit_and_run(browser, finished):
    response = browser.post(f"/jobs/{finished.id}/again")
    again = Job.objects.exclude(pk=finished.pk).get()
    assert response["Location"] == f"/jobs/{again.id}/"
    assert (again.phase, again.parameters) == ("QUEUED", finished.parameters)
    assert "hello" in browser.get(f"/jobs/new/sleep?job={finished.id}").content.decode()


def test_the_live_part_says_where_it_stands(browser, uws):
    uws.create(seconds=1, PHASE="RUN")
    job = Job.objects.get()
    response = browser.get(f"/jobs/{job.id}/live")
    assert response["X-Phase"] == "QUEUED"
    assert "0 before it" in response.content.decode()
    Job.objects.update(phase="EXECUTING", progress=0.62, step="Background, run 3 of 4")
    page = browser.get(f"/jobs/{job.id}/live").content.decode()
    assert "62 %" in page
    assert "Background, run 3 of 4" in page


def test_the_log_is_followed_by_pieces(browser, finished):
    pieces = browser.get(f"/jobs/{finished.id}/log").json()["pieces"]
    assert pieces[0]["text"].startswith("slept")
    assert browser.get(f"/jobs/{finished.id}/log?after={pieces[-1]['id']}").json()["pieces"] == []


def test_the_page_of_an_aborted_job_says_why(browser, uws):
    uws.create(seconds=1, note="x", PHASE="RUN")
    job = Job.objects.get()
    assert browser.post(f"/uws/sleep/{job.id}/phase", {"PHASE": "ABORT"}).status_code in (200, 303)
    response = browser.get(f"/jobs/{job.id}/")
    assert response.status_code == 200
    assert "It was aborted." in response.content.decode()


@pytest.mark.django_db
def test_the_page_of_an_anonymous_query_that_was_aborted_opens(client):
    """A nil owner: whoever holds the address sees the page."""
    data = {"LANG": "ADQL", "QUERY": "SELECT TOP 1 obs_id FROM ivoa.obscore"}
    address = client.post("/tap/async", data).headers["Location"]
    client.post(f"{address}/phase", {"PHASE": "ABORT"})
    response = client.get(f"/jobs/{address.rsplit('/', 1)[1]}/")
    assert response.status_code == 200
    assert "aborted" in response.content.decode()


def test_the_list_filters_searches_and_pages(browser, uws):
    for number in range(30):
        uws.create(seconds=1, RUNID=f"label-{number:02}")
    Job.objects.filter(run_id="label-07").update(phase="ERROR")
    assert browser.get("/jobs/").content.decode().count("data-job=") == 25
    assert browser.get("/jobs/?page=2").content.decode().count("data-job=") == 5
    assert browser.get("/jobs/?phase=ERROR").content.decode().count("data-job=") == 1
    assert browser.get("/jobs/?q=label-1").content.decode().count("data-job=") == 10
    assert browser.get("/jobs/?type=counts_map").content.decode().count("data-job=") == 0


def test_the_list_costs_the_same_for_few_and_many(browser, uws, django_assert_max_num_queries):
    for _ in range(25):
        uws.create(seconds=1)
    with django_assert_max_num_queries(12):
        browser.get("/jobs/")


@pytest.mark.parametrize("sort", ["-created", "destruction"])
def test_a_page_of_a_long_list_is_read_from_an_index_alone(cast, rf, sort):
    listed = Job.objects.filter(owner=cast["alice"]).exclude(phase="ARCHIVED")
    page = in_order(listed, rf.get("/jobs/", {"sort": sort})).values_list("pk")[1000:1025]
    plan = page.explain()
    assert "USING COVERING INDEX" in plan
    assert "TEMP B-TREE" not in plan


def test_chosen_jobs_are_started_and_deleted_together(browser, uws, uws_of):
    mine = [uws.create(seconds=1).rsplit("/", 1)[1] for _ in range(3)]
    foreign = uws_of("bob").create(seconds=1).rsplit("/", 1)[1]
    response = browser.post("/jobs/bulk", {"action": "run", "job": [*mine, foreign]}, follow=True)
    assert set(Job.objects.filter(phase="QUEUED").values_list("owner__username", flat=True)) == {"alice"}
    assert "1 refused" in response.content.decode()
    browser.post("/jobs/bulk", {"action": "delete", "job": [*mine, foreign]})
    assert Job.objects.get().owner.username == "bob"


def test_staff_see_everybody_on_request(client_of, uws):
    uws.create(seconds=1)
    dana = client_of("dana")
    assert dana.get("/jobs/").content.decode().count("data-job=") == 0
    assert dana.get("/jobs/?owner=all").content.decode().count("data-job=") == 1
    assert dana.get("/jobs/?owner=alice").content.decode().count("data-job=") == 1


def test_types_and_one_type(browser):
    assert "Counts map" in browser.get("/jobs/types/").content.decode()
    page = browser.get("/jobs/types/counts_map/").content.decode()
    assert "observations" in page
    assert browser.get("/jobs/types/nothing/").status_code == 404


def test_kept_until_and_extended(browser, finished):
    browser.post(f"/jobs/{finished.id}/extend", {"DESTRUCTION": "2027-06-30"})
    finished.refresh_from_db()
    assert f"{finished.destruction:%Y-%m-%d}" == "2027-06-30"
    browser.post(f"/jobs/{finished.id}/keep")
    finished.refresh_from_db()
    assert (finished.kept, finished.destruction) == (True, None)


def test_commands_are_complete(browser):
    page = browser.get("/jobs/new/sleep?seconds=2&note=a%20'b'").content.decode()
    assert "--data-urlencode seconds=2" in page
    assert "$TOKEN" in page
    assert "http://testserver/uws/sleep" in page


def test_the_list_is_sorted_by_its_headers(browser, uws):
    for label in ("b", "c", "a"):
        uws.create(seconds=1, RUNID=label)
    page = browser.get("/jobs/").content.decode()
    assert 'aria-sort="descending"><a class="j-sort" href="?sort=created"' in page
    assert 'href="?sort=label"' in page
    page = browser.get("/jobs/?sort=label").content.decode()
    assert [page.index(f"<td>{label}</td>") for label in "abc"] == sorted(page.index(f"<td>{x}</td>") for x in "abc")
    assert 'aria-sort="ascending"><a class="j-sort" href="?sort=-label"' in page
    assert browser.get("/jobs/?sort=nonsense").status_code == 200


def test_chosen_jobs_last_longer_and_the_list_stays_as_it_was(browser, uws):
    from datetime import timedelta

    from django.utils import timezone

    path = uws.create(seconds=1)
    Job.objects.update(destruction=timezone.now() + timedelta(days=2))
    chosen = {"action": "extend", "job": [path.rsplit("/", 1)[1]], "back": "type=sleep&sort=-phase"}
    response = browser.post("/jobs/bulk", chosen)
    assert response["Location"] == "/jobs/?type=sleep&sort=-phase"
    assert Job.objects.get().destruction > timezone.now() + timedelta(days=29)
    assert browser.post("/jobs/bulk", {"action": "run", "back": "//evil.example"})["Location"].startswith("/jobs/?")


def test_a_test_job_is_one_click(browser, client_of):
    assert "Create test job" in browser.get("/jobs/types/sleep/").content.decode()
    response = browser.post("/jobs/test/sleep")
    job = Job.objects.get()
    assert response["Location"] == f"/jobs/{job.id}/"
    assert (job.phase, job.parameters, job.run_id) == ("QUEUED", {"seconds": ["2"]}, "test job")
    assert browser.get("/jobs/test/sleep").status_code == 405
    assert browser.post("/jobs/test/nothing").status_code == 404
    assert client_of("anonymous").post("/jobs/test/sleep").status_code == 401


def test_test_values_that_are_not_here_are_refused_in_words(browser):
    """The declared test runs are those of the demo archive; this archive has none."""
    response = browser.post("/jobs/test/counts_map")
    assert response.status_code == 400
    assert "there is no such product" in response.content.decode()
    assert Job.objects.count() == 0


def test_label_limit_and_destruction_of_a_draft_are_edited(browser):
    browser.post("/jobs/new/sleep", {"seconds": "1", "RUNID": "old", "PHASE": ""})
    job = Job.objects.get()
    page = browser.get(f"/jobs/{job.id}/edit").content.decode()
    assert 'name="RUNID" maxlength="255" value="old"' in page
    assert f'value="{job.destruction:%Y-%m-%d}"' in page
    sent = {"seconds": "1", "RUNID": "new", "EXECUTIONDURATION": "9", "DESTRUCTION": "2026-12-24", "PHASE": ""}
    assert browser.post(f"/jobs/{job.id}/edit", sent).status_code == 302
    job.refresh_from_db()
    assert (job.run_id, job.execution_duration, f"{job.destruction:%Y-%m-%d}") == ("new", 9, "2026-12-24")
    response = browser.post(f"/jobs/{job.id}/edit", {**sent, "EXECUTIONDURATION": "soon"})
    assert response.status_code == 400
    assert "whole number of seconds" in response.content.decode()


def test_files_are_sent_with_the_form(browser, work):
    from django.core.files.uploadedfile import SimpleUploadedFile

    page = browser.get("/jobs/new/sleep").content.decode()
    assert 'type="file" id="f-attachment"' in page
    file = SimpleUploadedFile("mine.txt", b"mine", "text/plain")
    response = browser.post("/jobs/new/sleep", {"seconds": "0", "attachment": ["", file], "PHASE": "RUN"})
    assert response.status_code == 302
    work()
    job = Job.objects.get()
    assert b"".join(browser.get(f"/uws/sleep/{job.id}/results/attachment").streaming_content) == b"mine"
    link = f'<a href="/uws/sleep/{job.id}/parameters/attachment">mine.txt</a>'
    assert link in browser.get(f"/jobs/{job.id}/").content.decode()
    assert b"".join(browser.get(f"/uws/sleep/{job.id}/parameters/attachment").streaming_content) == b"mine"


@pytest.mark.parametrize("checks", [False, True], ids=["view", "csrf"])
def test_a_file_that_is_too_large_is_refused_while_it_comes(browser, limit, checks):
    """Wherever the body is read first; without JavaScript the answer is a page."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    limit(upload_size=1000)
    browser.handler.enforce_csrf_checks = checks
    if checks:
        browser.get("/jobs/new/sleep")
    response = browser.post("/jobs/new/sleep", {"attachment": SimpleUploadedFile("x", b"x" * 200_000)})
    assert response.status_code == 413
    page = response.content.decode()
    assert response["Content-Type"].startswith("text/html")
    for words in ("<main", "That is too large", "A file may have at most 0 MB.", "Go back and send less"):
        assert words in page
    assert Job.objects.count() == 0


def test_what_to_expect_is_told_before_it_runs(browser, finished, uws):
    from jobs import past

    past._known.clear()
    waiting = uws.create(seconds=1, PHASE="RUN")
    draft = uws.create(seconds=1).rsplit("/", 1)[1]
    page = browser.get(f"/jobs/{draft}/").content.decode()
    assert "(median of 1)" in page
    assert "1 jobs wait before it" in page
    assert "done at about" in browser.get(f"/jobs/{waiting.rsplit('/', 1)[1]}/").content.decode()
    assert "until it starts" in browser.get("/jobs/new/sleep").content.decode()
