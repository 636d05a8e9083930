"""Who may do what with a job: each member of the cast at each address."""

import pytest

from jobs.models import Job

READ = ("", "/phase", "/executionduration", "/destruction", "/quote", "/owner", "/parameters", "/parameters/seconds",
        "/results", "/results/result", "/results/stdout")  # fmt: skip
PAGES = ("/", "/live", "/log")
WRITE = (("", {"note": "x"}), ("", {"ACTION": "DELETE"}), ("/phase", {"PHASE": "ABORT"}), ("/phase", {"PHASE": "RUN"}),
         ("/executionduration", {"EXECUTIONDURATION": "9"}), ("/destruction", {"DESTRUCTION": "2027-01-01"}),
         ("/parameters", {"note": "x"}))  # fmt: skip
REFUSED = {"anonymous": 401, "charlie": 403, "bob": 403}


@pytest.fixture
def finished(uws, work) -> str:
    path = uws.create(seconds=0, PHASE="RUN")
    work()
    return path


@pytest.mark.parametrize("name", ["anonymous", "charlie", "bob", "alice", "dana"])
def test_reading_a_finished_job(uws_of, finished, name):
    client = uws_of(name).client
    expected = REFUSED.get(name, 200)
    for child in READ:
        assert client.get(finished + child).status_code == expected, child


@pytest.mark.parametrize("name", ["anonymous", "charlie", "bob", "alice", "dana"])
def test_pages_of_a_finished_job(client_of, finished, name):
    client = client_of(name)
    job_id = finished.rsplit("/", 1)[1]
    for child in PAGES:
        assert client.get(f"/jobs/{job_id}{child}").status_code == REFUSED.get(name, 200), child
    for action in ("delete", "abort", "extend", "keep", "publish", "share"):
        if name in REFUSED:
            assert client.post(f"/jobs/{job_id}/{action}").status_code == REFUSED[name], action
    assert Job.objects.count() == 1


@pytest.mark.parametrize("name", ["anonymous", "charlie", "bob"])
def test_nobody_else_changes_a_job(uws, uws_of, name):
    path = uws.create(seconds=1)
    before = Job.objects.values().get()
    client = uws_of(name).client
    for child, values in WRITE:
        assert client.post(path + child, values).status_code == REFUSED[name], (child, values)
    assert client.delete(path).status_code == REFUSED[name]
    assert client.put(f"{path}/parameters/seconds", "3", content_type="text/plain").status_code == REFUSED[name]
    assert Job.objects.values().get() == before


@pytest.mark.parametrize("name", ["alice", "dana"])
def test_owner_and_staff_change_it(uws, uws_of, name):
    client = uws_of(name).client
    for child, values in WRITE:
        path = uws.create(seconds=1)
        assert client.post(path + child, values).status_code == 303, (child, values)


@pytest.mark.parametrize(("name", "count"), [("anonymous", 0), ("charlie", 0), ("bob", 0), ("alice", 1), ("dana", 1)])
def test_the_list_holds_what_one_may_see(uws, uws_of, name, count):
    uws.create(seconds=1)
    response = uws_of(name).get("/uws/sleep")
    assert response.status_code == 200
    assert b"".join(response.streaming_content).count(b"<uws:jobref") == count


@pytest.mark.parametrize("name", ["anonymous", "charlie", "bob", "alice", "dana"])
def test_creating(uws_of, name):
    response = uws_of(name).client.post("/uws/sleep", {"seconds": 1})
    assert response.status_code == (401 if name == "anonymous" else 303)


def test_a_visitor_is_challenged_and_a_browser_is_not(uws_of):
    client = uws_of("anonymous").client
    assert client.post("/uws/sleep", {"seconds": 1})["WWW-Authenticate"].startswith("Basic")
    browser = client.post("/uws/sleep", {"seconds": 1}, headers={"accept": "text/html"})
    assert "WWW-Authenticate" not in browser


def test_visitors_run_jobs_where_the_operator_allows(uws_of, settings, work):
    settings.ANONYMOUS_JOBS = True
    uws = uws_of("anonymous")
    path = uws.create(seconds=0, PHASE="RUN")
    work()
    assert uws.phase(path) == "COMPLETED"
    assert uws.get(f"{path}/owner").content == b""
    # Open to whoever holds the address, and in no list.
    assert uws_of("charlie").get(f"{path}/results/result").status_code == 200
    for name in ("anonymous", "alice", "dana"):
        assert b"jobref" not in b"".join(uws_of(name).get("/uws/sleep").streaming_content)


def test_a_cookie_alone_changes_nothing(cast):
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.alice, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.post("/uws/sleep", {"seconds": 1}).status_code == 403
    browser.get("/jobs/new/sleep")
    token = browser.cookies["csrftoken"].value
    assert browser.post("/uws/sleep", {"seconds": 1}, headers={"x-csrftoken": token}).status_code == 303
    assert Job.objects.count() == 1


def test_shared_with_a_group_its_members_read_and_change_nothing(client_of, uws_of, cast, finished):
    from django.contrib.auth.models import Group

    group = Group.objects.create(name="crab-team")
    cast.alice.groups.add(group)
    cast.bob.groups.add(group)
    job_id = finished.rsplit("/", 1)[1]
    alice = client_of("alice")
    assert alice.post(f"/jobs/{job_id}/share", {"group": "other"}).status_code == 403
    assert alice.post(f"/jobs/{job_id}/share", {"group": "crab-team"}).status_code == 302
    assert uws_of("bob").get(f"{finished}/results/result").status_code == 200
    assert uws_of("bob").client.delete(finished).status_code == 403
    assert uws_of("charlie").get(finished).status_code == 403


def test_published_by_staff_everybody_reads_and_it_is_kept(client_of, uws_of, finished):
    job_id = finished.rsplit("/", 1)[1]
    assert client_of("alice").post(f"/jobs/{job_id}/publish").status_code == 403
    assert client_of("dana").post(f"/jobs/{job_id}/publish").status_code == 302
    assert uws_of("anonymous").get(f"{finished}/results/result").status_code == 200
    assert uws_of("anonymous").client.delete(finished).status_code == 401
    assert Job.objects.get().destruction is None
