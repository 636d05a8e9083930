"""ctapipe's own logs come in, join up with one another, and keep no secret."""

import io
import json

import pytest
from django.core.management import call_command

from gateway.access.models import Policy
from gateway.access.rights import ANONYMOUS, Viewer, viewer_of
from provenance.graph import Walk, walk
from provenance.importers.batch import Sender
from provenance.importers.reading import import_document
from provenance.lookup import find
from provenance.models import Activity, Agent, Alternate, Entity, Parameter, Used, WasGeneratedBy
from tests.conftest import real_data
from tests.provenance.logs import log_of, long_log
from tests.provenance.test_capture import everything

pytestmark = pytest.mark.django_db


def test_a_chain_of_logs_joins_up_in_any_order(operator):
    logs = [
        json.dumps([log_of("u1", "10:00", ["/d/dl0.fits"], ["/d/dl1.h5"])]).encode(),
        json.dumps([log_of("u2", "11:00", ["/d/dl1.h5"], ["/d/dl2.h5"])]).encode(),
        json.dumps([log_of("u3", "12:00", ["/d/dl2.h5"], ["/d/dl3.fits"])]).encode(),
    ]
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        from django.db import transaction

        with transaction.atomic():
            for number in order:
                import_document(logs[number], operator)
            before = everything()
            for number in order:
                import_document(logs[number], operator)
            assert everything() == before
            last = WasGeneratedBy.objects.get(activity=find("urn:uuid:u3", ANONYMOUS)[1]).entity_id
            graph = walk([("entity", last)], ANONYMOUS, Walk(depth=20, agents=False))
            assert sorted(n.row.name for n in graph.of("entity")) == ["dl0.fits", "dl1.h5", "dl2.h5", "dl3.fits"]
            assert Entity.objects.get(pk=last).history.reconstruction_method == "ImPACT"
            transaction.set_rollback(True)


def test_a_log_keeps_no_secret_and_takes_success_from_the_exit_code(operator):
    content = json.dumps(
        [log_of("u1", "10:00", ["/home/me/in.fits"], [], exit_code=1), log_of("u2", "11:00", [], [], status="error")]
    )
    import_document(content.encode(), operator)
    failed, fine = (Activity.objects.get(pk=find(f"urn:uuid:{u}", ANONYMOUS)[1]) for u in ("u1", "u2"))
    assert (failed.outcome.succeeded, fine.outcome.succeeded) == (False, True)
    assert failed.outcome.environment == {"system": "Linux", "machine": "x86_64", "python": "3.11"}
    assert failed.outcome.software[0] == ["ctapipe", "0.28.0"]
    assert failed.start_time.isoformat() == "2026-01-01T10:00:00+00:00"
    kept = repr([list(m.objects.values()) for m in (Entity, Activity, Parameter, Alternate, Agent)])
    for secret in ("hunter2", "secret-host", "me@x.example"):
        assert secret not in kept
    assert "/home/me" not in repr(list(Entity.objects.values("location")))


def test_a_made_up_product_identifier_is_no_identity(operator):
    def seen(number):
        meta = {"CTA PRODUCT ID": f"made-up-{number}", "CTA ACTIVITY ID": "", "CTA ACTIVITY SOFTWARE NAME": "unknown"}
        return {"url": "/d/in.fits", "role": "dl3.event-list", "reference_meta": meta}

    for number in (1, 2):
        import_document(json.dumps([log_of(f"u{number}", "10:00", [seen(number)], [])]).encode(), operator)
    assert Entity.objects.count() == 1
    assert not Alternate.objects.filter(name__contains="made-up")


def test_a_file_written_twice_is_two_entities(operator):
    content = [
        log_of("u1", "10:00", [], ["/d/x.h5"]),
        log_of("u2", "11:00", ["/d/x.h5"], ["/d/x.h5"]),
        log_of("u3", "12:00", ["/d/x.h5"], []),
    ]
    import_document(json.dumps(content).encode(), operator)
    third = Activity.objects.get(pk=find("urn:uuid:u3", ANONYMOUS)[1])
    second = third.used.get().entity.was_generated_by.activity
    assert second.pk == find("urn:uuid:u2", ANONYMOUS)[1]
    assert second.used.get().entity.was_generated_by.activity_id == find("urn:uuid:u1", ANONYMOUS)[1]


@pytest.mark.realdata
def test_the_real_logs(operator):
    folder = real_data("ctapipe-provenance")
    files = sorted(folder.glob("*activit*.json")) + sorted(folder.glob("*.provenance.json"))
    call_command("import_provenance", *map(str, files), stdout=io.StringIO())
    assert Activity.objects.count() == 5
    before = everything()
    call_command("import_provenance", *map(str, files), stdout=io.StringIO())
    assert everything() == before
    fit = Activity.objects.get(name="fit")
    assert fit.outcome.succeeded is False
    assert Activity.objects.get(name="reduce").outcome.succeeded is True
    assert fit.used.get().entity.was_generated_by.activity.name == "reduce"
    graph = walk([("activity", fit.pk)], ANONYMOUS, Walk(depth=9, agents=False))
    assert {n.row.name for n in graph.of("entity")} == {"onoff.txt", "hess_dl3_dr1_obs_id_023523.fits.gz"}
    example = Activity.objects.get(name="gateway-countsmap")
    product = example.generated.get().entity
    assert find("urn:uuid:83d63227-cac9-44da-b4fa-d126997742e3", ANONYMOUS) == ("entity", product.pk)
    assert product.level == "DL4"


def test_a_long_log_comes_in_with_few_statements_a_run(operator, django_assert_max_num_queries):
    """Rows go in many at a time; the number of statements does not follow the number of rows."""
    with django_assert_max_num_queries(600):
        import_document(long_log(200), operator)
    assert Activity.objects.count() == 200
    last = Entity.objects.get(location="/d/199.h5")
    assert last.history.reconstruction_method == "ImPACT"
    with django_assert_max_num_queries(2500):
        import_document(long_log(200), operator)
    assert (Activity.objects.count(), Entity.objects.count()) == (200, 201)


def test_two_who_know_nothing_of_each_other_send_the_same_log(cast):
    """Neither learns of the other, neither changes what the other has, and sending again changes nothing."""
    policies = {
        name: Policy.objects.create(name=name, rights="proprietary", metadata="hidden", owner=cast[name])
        for name in ("alice", "bob")
    }
    for name in ("alice", "bob", "bob", "alice"):
        import_document(long_log(3), Sender(viewer_of(cast[name]), policies[name]))
    for policy in policies.values():
        assert Activity.objects.filter(policy=policy).count() == 3
        assert Entity.objects.filter(policy=policy).count() == 4
        assert Used.objects.filter(activity__policy=policy, entity__policy=policy).count() == 3
    assert Used.objects.count() == 6


def test_a_log_is_not_joined_to_files_that_its_sender_may_not_see(operator, cast):
    """Else the refusal would tell that there is such a file."""
    closed = Policy.objects.create(name="closed", rights="proprietary", metadata="hidden", owner=cast.alice)
    import_document(long_log(3), Sender(Viewer(is_staff=True), closed, trusted=True))
    mine = Policy.objects.create(name="bobs", rights="proprietary", metadata="hidden", owner=cast.bob)
    later = long_log(4).replace(b"00000000-0000", b"11111111-0000").replace(b"2026-01", b"2026-02")
    import_document(later, Sender(viewer_of(cast.bob), mine))
    bobs = Entity.objects.filter(policy=mine)
    assert bobs.count() == 5
    assert not Used.objects.filter(activity__policy=mine).exclude(entity__policy=mine).exists()
