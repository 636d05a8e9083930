"""Who may run what, who may describe jobs, and what an old job shows after its analysis has changed."""

import dataclasses
import json

import pytest
from django.contrib.auth.models import Group

from gateway import environment
from gateway.access.rights import viewer_of
from jobs import descriptions, registry, service
from jobs.errors import Refused
from jobs.models import Job, JobDescription

JOIN = {
    "name": "join_words", "title": "Join words", "version": "1.0", "text": "Joins words.",
    "parameters": [{"name": "word", "datatype": "char", "text": "A word"}], "outputs": [],
}  # fmt: skip


@pytest.fixture
def experts(cast) -> Group:
    group = Group.objects.create(name="experts")
    cast.bob.groups.add(group)
    return group


# --- who may run ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "status"), [("anonymous", 401), ("charlie", 403), ("bob", 303), ("dana", 303)])
def test_a_type_for_some_groups_is_run_by_them_and_staff(uws_of, experts, settings, name, status):
    settings.JOB_GROUPS = {"sleep": ("experts", "others")}
    response = uws_of(name).client.post("/uws/sleep", {"seconds": 0})
    assert response.status_code == status
    assert Job.objects.count() == (status == 303)
    if status == 403:
        assert b"for the groups experts, others" in response.content


def test_a_job_that_was_made_before_is_not_started_after(uws_of, experts, settings):
    uws = uws_of("charlie")
    path = uws.create(seconds=0)
    settings.JOB_GROUPS = {"sleep": ("experts",)}
    assert uws.client.post(f"{path}/phase", {"PHASE": "RUN"}).status_code == 403
    assert uws.phase(path) == "PENDING"


def test_the_form_says_so_before_anything_is_filled_in(client_of, experts, settings):
    settings.JOB_GROUPS = {"sleep": ("experts",)}
    assert "for some groups only" in client_of("charlie").get("/jobs/new/sleep").content.decode()
    assert "for some groups only" not in client_of("bob").get("/jobs/new/sleep").content.decode()


def test_the_setting_is_read_and_a_wrong_one_named(monkeypatch):
    monkeypatch.setenv("DISTILLER_JOB_GROUPS", "fit_3d=cta|lst, ctbin=experts")
    assert environment.groups("DISTILLER_JOB_GROUPS") == {"fit_3d": ("cta", "lst"), "ctbin": ("experts",)}
    for wrong in ("fit_3d", "=cta", "fit_3d="):
        monkeypatch.setenv("DISTILLER_JOB_GROUPS", wrong)
        with pytest.raises(environment.SettingError):
            environment.groups("DISTILLER_JOB_GROUPS")


# --- limits of one user -----------------------------------------------------------------------------------------------


def test_the_limit_of_one_is_not_the_limit_of_another(cast, limit):
    limit(active=2)
    alice, bob = viewer_of(cast.alice), viewer_of(cast.bob)
    for _ in range(2):
        service.create("sleep", alice, {"seconds": ["0"]}, run=True)
    with pytest.raises(Refused, match="you have 2 active jobs, the limit"):
        service.create("sleep", alice, {"seconds": ["0"]}, run=True)
    assert service.create("sleep", alice, {"seconds": ["0"]}).phase == "PENDING", "a draft counts for nothing"
    assert service.create("sleep", bob, {"seconds": ["0"]}, run=True).phase == "QUEUED"


def test_an_ended_job_makes_room(cast, limit, work):
    limit(active=1)
    alice = viewer_of(cast.alice)
    service.create("sleep", alice, {"seconds": ["0"]}, run=True)
    work()
    assert service.create("sleep", alice, {"seconds": ["0"]}, run=True).phase == "QUEUED"


def test_visitors_share_one_allowance(uws_of, settings, limit):
    settings.ANONYMOUS_JOBS = True
    limit(active=1)
    assert uws_of("anonymous").client.post("/uws/sleep", {"seconds": 0, "PHASE": "RUN"}).status_code == 303
    assert uws_of("anonymous").client.post("/uws/sleep", {"seconds": 0, "PHASE": "RUN"}).status_code == 403
    assert uws_of("alice").client.post("/uws/sleep", {"seconds": 0, "PHASE": "RUN"}).status_code == 303


def test_jobs_of_three_users_take_turns(cast):
    """Alice queues ten before Bob and Charlie queue two each: neither waits for hers."""
    from jobs import queue

    for name, count in (("alice", 10), ("bob", 2), ("charlie", 2)):
        for _ in range(count):
            service.create("sleep", viewer_of(cast[name]), {"seconds": ["0"]}, run=True)
    first = [queue.claim(("short",), "test").owner.username for _ in range(6)]
    assert sorted(first) == ["alice", "alice", "bob", "bob", "charlie", "charlie"]
    urgent = service.create("sleep", viewer_of(cast.dana), {"seconds": ["0"]}, run=True)
    assert queue.claim(("short",), "test") == urgent


# --- who may describe -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proposers", "allowed"),
    [(["everyone"], {"bob", "charlie", "dana"}), (["experts"], {"bob", "dana"}), (["staff"], {"dana"})],
    ids=["everyone", "group", "staff"],
)
def test_the_operators_say_who_may_propose(client_of, experts, settings, proposers, allowed):
    settings.PROPOSERS = proposers
    for name in ("anonymous", "charlie", "bob", "dana"):
        client = client_of(name)
        described = {**JOIN, "name": f"join_{name}"}
        response = client.post("/jobs/types/new/", {"document": json.dumps(described)})
        expected = 302 if name in allowed else (401 if name == "anonymous" else 403)
        assert response.status_code == expected, name
        assert ("Describe a job" in client.get("/jobs/types/").content.decode()) is (name in allowed)
    assert {row.author.username for row in JobDescription.objects.all()} == allowed


def test_an_author_who_left_the_group_proposes_no_more(client_of, experts, settings, cast):
    settings.PROPOSERS = ["experts"]
    bob = client_of("bob")
    bob.post("/jobs/types/new/", {"document": json.dumps(JOIN)})
    cast.bob.groups.clear()
    assert bob.post("/jobs/types/join_words/1.0/propose").status_code == 403
    assert JobDescription.objects.get().state == "draft"


# --- versions of what is written in Python ----------------------------------------------------------------------------


@pytest.fixture
def newer(monkeypatch):
    """The next release of ``sleep``: another version, another title, a parameter less."""

    @dataclasses.dataclass(frozen=True)
    class Less:
        seconds: registry.get("sleep").description.parameters.__annotations__["seconds"] = 1.0

    def release() -> None:
        old = registry.types.get("sleep")
        description = dataclasses.replace(old.description, version="2.0", title="Sleep better", parameters=Less)
        monkeypatch.setitem(registry.types._members, "sleep", dataclasses.replace(old, description=description))

    return release


def test_an_old_job_shows_the_description_it_ran_with(uws, work, client_of, newer):
    uws.create(seconds=0, note="of old", PHASE="RUN")
    work()
    newer()
    job = Job.objects.get()
    page = client_of("alice").get(f"/jobs/{job.pk}/?tab=parameters").content.decode()
    assert "Sleep better" not in page.split("<main", 1)[1]
    assert "of old" in page
    assert f"/jobs/types/sleep/{job.version}/" in page
    kept = client_of("charlie").get("/jobs/types/sleep/1.0/").content.decode()
    assert "Words that come back in the result" in kept
    assert "Built in" in kept
    assert "Sleep better" in client_of("charlie").get("/jobs/types/sleep/").content.decode()


def test_a_draft_runs_with_the_version_of_today_and_says_so(uws, work, newer):
    path = uws.create(seconds=0)
    newer()
    uws.client.post(f"{path}/phase", {"PHASE": "RUN"})
    job = Job.objects.get()
    assert (job.phase, job.version) == ("QUEUED", "2.0")
    assert "runs with version 2.0" in job.history.order_by("id")[1].what


def test_one_row_a_version_whatever_the_number_of_jobs(uws):
    for _ in range(3):
        uws.create(seconds=0)
    assert [(row.name, row.version, row.state) for row in JobDescription.objects.all()] == [
        ("sleep", "1.0", descriptions.BUILT_IN)
    ]


def test_every_built_in_description_can_be_kept_and_shown(client_of, db):
    for job_type in registry.offered():
        descriptions.keep(job_type)
    client = client_of("alice")
    rows = JobDescription.objects.all()
    assert rows.count() >= 12
    for row in rows:
        assert client.get(f"/jobs/types/{row.name}/{row.version}/").status_code == 200, row
