"""What users are told and offered around a job: mails, earlier results, quotas, kept results, buttons elsewhere."""

from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.utils import timezone

from gateway.access.rights import viewer_of
from jobs import actions, health, keeper, mail, registry, reuse, service
from jobs.errors import Refused
from jobs.models import Job


@pytest.fixture
def viewer(cast):
    return viewer_of(cast.alice)


def test_a_mail_when_it_is_done_once_and_only_if_asked_for(viewer, work):
    service.create("sleep", viewer, {"seconds": ["0"]}, run=True, notify=True, run_id="two\nlines".replace("\n", " "))
    service.create("sleep", viewer, {"seconds": ["0"]}, run=True)
    assert mail.send_due() == 0
    work()
    assert (mail.send_due(), mail.send_due()) == (1, 0)
    message = outbox.outbox[0]
    assert (message.to, message.subject) == (["alice@demo.example"], "Sleep, two lines: completed")
    assert "/jobs/" in message.body


def test_a_warning_before_destruction_once_and_not_for_kept_results(viewer, work):
    for _ in range(2):
        service.create("sleep", viewer, {"seconds": ["0"]}, run=True)
    work()
    kept = Job.objects.first()
    Job.objects.update(destruction=timezone.now() + timedelta(days=2), created=timezone.now() - timedelta(days=20))
    Job.objects.filter(pk=kept.pk).update(kept=True)
    assert (mail.send_due(), mail.send_due()) == (1, 0)
    assert "will be destroyed on" in outbox.outbox[0].subject


def test_the_same_again_is_offered_to_who_may_see_it(viewer, cast, client_of, work):
    values = {"seconds": ["0"], "note": ["same"]}
    sleep = registry.get("sleep")
    assert reuse.earlier(sleep, values, viewer) is None
    job = service.create("sleep", viewer, values, run=True)
    work()
    # 0 and 0.0 are one value; another note is another job.
    assert reuse.earlier(sleep, {"seconds": ["0.0"], "note": ["same"]}, viewer) == job
    assert reuse.earlier(sleep, {"seconds": ["0"], "note": ["other"]}, viewer) is None
    assert reuse.earlier(sleep, values, viewer_of(cast.charlie)) is None
    assert "gave a result" in client_of("alice").get("/jobs/new/sleep?seconds=0&note=same").content.decode()
    assert "gave a result" not in client_of("charlie").get("/jobs/new/sleep?seconds=0&note=same").content.decode()


def test_a_full_allowance_is_told(viewer, work, limit):
    limit(disk=5)
    service.create("sleep", viewer, {"seconds": ["0"]}, run=True)
    work()
    with pytest.raises(Refused, match="delete some jobs first") as caught:
        service.create("sleep", viewer, {"seconds": ["0"]}, run=True)
    assert caught.value.status == 403


def test_a_kept_result_outlives_destruction(viewer, work):
    from jobs import fate

    job = service.create("sleep", viewer, {"seconds": ["0"]}, run=True)
    work()
    job.refresh_from_db()
    fate.keep(job, viewer)
    Job.objects.update(destruction=timezone.now() - timedelta(days=1))
    keeper.destroy()
    assert job.results.filter(name="result").exists()


def test_provenance_pages_offer_the_job_and_its_repetition(viewer, cast, work):
    job = service.create("sleep", viewer, {"seconds": ["0"]}, run=True)
    work()
    for button, address in (
        (actions.Open(), f"/jobs/{job.id}/"),
        (actions.Repeat(), f"/jobs/{job.id}/again"),
        (actions.EditAndRepeat(), f"/jobs/new/sleep?job={job.id}"),
    ):
        assert button("activity", job.activity_id, viewer).url == address
        assert button("activity", job.activity_id, viewer_of(cast.charlie)) is None
        assert button("entity", "sleep-1", viewer) is None
        assert button("activity", "job-nonsense", viewer) is None


def test_health_tells_which_class_has_no_worker(db):
    from django.core.management import call_command

    call_command("createcachetable")
    assert health.workers() == (False, "no worker for: short, long, io")
    for name in ("short", "long", "io"):
        health.say_alive(name, "runs in namespaces of their own")
    assert health.workers() == (True, "runs in namespaces of their own")
    assert health.keeper() == (False, "not running")


def test_pages_of_the_admin(client_of, viewer, work):
    service.create("sleep", viewer, {"seconds": ["0"]}, run=True)
    work()
    dana = client_of("dana")
    from gateway.accounts.models import User

    User.objects.filter(username="dana").update(is_superuser=True)
    for name in ("job", "jobevent", "jobresult", "joblog"):
        assert dana.get(f"/admin/jobs/{name}/").status_code == 200
    assert dana.get(f"/admin/jobs/job/{Job.objects.get().pk}/change/").status_code == 200


def test_the_sweep_leaves_what_is_running(scratch, db, cast):
    import os

    old, held = scratch / ("a" * 32), scratch / ("b" * 32)
    for folder in (old, held):
        folder.mkdir(parents=True)
        os.utime(folder, (0, 0))
    Job.objects.create(type="sleep", version="1", phase="EXECUTING", claim="b" * 32, execution_duration=1)
    assert keeper.sweep_scratch() == 1
    assert (old.exists(), held.exists()) == (False, True)
