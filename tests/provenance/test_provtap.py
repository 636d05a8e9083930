"""ProvTAP: the model as tables, the founding questions as one query each, and no row for whom it is not."""

import re

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from gateway.access.models import Policy
from gateway.access.rights import ANONYMOUS, viewer_of
from jobs import declared, registry, service
from jobs.worker import work_once
from provenance import capture
from provenance.models import Entity, History, Parameter, Used
from provenance.published import TABLES
from provenance.records import ActivityDescriptionRecord, ActivityRecord, GeneratedRecord, UsedRecord
from tests.provenance.builders import chain, entity, run, setting
from tests.tap.conftest import make_product

pytestmark = pytest.mark.django_db


def ask(adql: str, viewer=ANONYMOUS) -> list[tuple]:
    from search.tap import engine

    return [tuple(row) for row in engine.run(adql, viewer)]


def processed(name: str, version: str, method: str, cuts: str) -> None:
    """DL0 → DL3, with what a pipeline says of itself."""
    capture.record_entity(entity(f"{name}-dl0", level="DL0"))
    capture.record(
        run(
            f"{name}-reco",
            [f"{name}-dl0"],
            [entity(f"{name}-dl2", level="DL2")],
            description=ActivityDescriptionRecord(name="reconstruct", version=version, type="Reconstruction"),
            software=(("ctapipe", version),),
            parameters=(setting("reconstruction_method", method), setting("calib_version", "c1")),
        )
    )
    capture.record(
        run(
            f"{name}-select",
            [f"{name}-dl2"],
            [entity(name, level="DL3")],
            description=ActivityDescriptionRecord(name="select", version="3", type="Selection"),
            parameters=(setting("cut_set", cuts),),
            software=(("ctapipe", version),),
        )
    )


def test_every_table_answers_and_every_column_exists():
    chain()
    for table in TABLES:
        names = ", ".join(f'"{c.name}"' for c in table.columns)
        ask(f"SELECT TOP 3 {names} FROM {table.name}")


def test_every_class_of_the_model_is_published():
    published = {table.physical for table in TABLES}
    beyond = {"Alternate", "Doubt", "DescriptionContact", "Selection"}
    for model in apps.get_app_config("provenance").get_models():
        assert model._meta.db_table in published or model.__name__ in beyond, model


def test_keys_lead_to_columns_that_exist():
    known = {table.name: {c.name for c in table.columns} for table in TABLES}
    for table in TABLES:
        for key in table.keys:
            for here, there in key.columns:
                assert here in known[table.name]
                assert key.target == "ivoa.obscore" or there in known[key.target]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("pipeline_version = '0.27'", {"run-1", "run-1-dl2"}),
        ("reconstruction_method = 'ImPACT'", {"run-2", "run-2-dl2"}),
        ("cut_set = 'loose'", {"run-1"}),
        ("steps LIKE '%reconstruct 0.28%'", {"run-2", "run-2-dl2"}),
    ],
)
def test_the_founding_questions_need_no_join(condition, found):
    processed("run-1", "0.27", "Hillas", "loose")
    processed("run-2", "0.28", "ImPACT", "standard")
    rows = ask(f"SELECT entity_id FROM provenance.product_history WHERE {condition}")
    assert {row[0] for row in rows} == found


def test_the_founding_questions_in_the_words_of_the_model():
    processed("run-1", "0.27", "Hillas", "loose")
    processed("run-2", "0.28", "ImPACT", "standard")
    rows = ask(
        "SELECT e.id, d.version FROM provenance.entity AS e"
        " JOIN provenance.wasgeneratedby AS g ON g.entity_id = e.id"
        " JOIN provenance.activity AS a ON a.id = g.activity_id"
        " JOIN provenance.activitydescription AS d ON d.id = a.description_id"
        " JOIN provenance.parameter AS p ON p.activity_id = a.id"
        " WHERE p.name = 'cut_set' AND p.p_value = 'loose'"
    )
    assert rows == [("run-1", "3")]


def test_what_is_learnt_later_of_an_ancestor_reaches_its_products():
    capture.record_entity(entity("dl2"))
    capture.record(run("select", ["dl2"], ["dl3"]))
    assert History.objects.get(pk="dl3").pipeline_version == ""
    capture.record(
        run(
            "reco",
            [],
            [entity("dl2")],
            description=ActivityDescriptionRecord(name="reco", version="1", type="Reconstruction"),
            software=(("ctapipe", "0.28"),),
        )
    )
    assert History.objects.get(pk="dl3").pipeline_version == "0.28"


@pytest.mark.parametrize(
    ("who", "sees"), [("anonymous", False), ("charlie", False), ("bob", True), ("alice", True), ("dana", True)]
)
def test_hidden_rows_are_left_out_of_every_table(cast, who, sees):
    policy = Policy.objects.create(name="embargo", rights="proprietary", metadata="hidden", owner=cast.alice)
    policy.members.create(user=cast.bob)
    chain({"cal": policy.pk, "calibrate": policy.pk}.get)
    viewer = viewer_of(cast[who] or AnonymousUser())
    for table in TABLES:
        text = repr(ask(f"SELECT * FROM {table.name}", viewer))
        if not sees:
            assert "'cal'" not in text, table.name
            assert "'calibrate'" not in text, table.name
    assert bool(ask("SELECT entity_id FROM provenance.used WHERE entity_id = 'cal'", viewer)) is sees


def test_a_row_between_two_hidden_things_of_different_policies_is_for_the_staff(cast):
    one = Policy.objects.create(name="one", rights="proprietary", metadata="hidden", owner=cast.alice)
    two = Policy.objects.create(name="two", rights="proprietary", metadata="hidden", owner=cast.bob)
    capture.record_entity(entity("in", policy_id=one.pk))
    capture.record(run("step", ["in"], [], policy_id=two.pk))
    for who, number in (("alice", 0), ("bob", 0), ("dana", 1)):
        assert len(ask("SELECT * FROM provenance.used", viewer_of(cast[who]))) == number
    one.metadata = "public"
    one.save()
    assert Used.objects.get().policy_id == two.pk
    assert len(ask("SELECT * FROM provenance.used", viewer_of(cast["bob"]))) == 1


def test_publishing_a_product_opens_its_rows(cast):
    mine = Policy.objects.create(name="mine", rights="proprietary", metadata="hidden", owner=cast.alice)
    chain({"sky": mine.pk, "analyse": mine.pk}.get)
    assert ask("SELECT * FROM provenance.parameter WHERE activity_id = 'analyse'") == []
    capture.set_policy("sky", capture.public_policy().pk)
    assert len(ask("SELECT * FROM provenance.parameter WHERE activity_id = 'analyse'")) == 2
    assert len(ask("SELECT * FROM provenance.used WHERE activity_id = 'analyse'")) == 1


def test_no_address_of_a_person_is_published():
    chain()
    assert "demo.example" not in repr(ask("SELECT * FROM provenance.agent"))
    assert connection.vendor in ("sqlite", "postgresql")


# --- descriptions ----------------------------------------------------------------------------------------------------


KINDS = ("activity", "entity", "usage", "generation", "parameter", "configfile")


@pytest.fixture
def hidden(cast) -> Policy:
    return Policy.objects.create(name="mine", rights="proprietary", metadata="hidden", owner=cast.alice)


def made_so(name: str, policy: Policy | None = None, words: str = "how it is done") -> None:
    """A run of the kind ``work`` that uses, makes and is configured by things called ``poppy``."""
    pk = policy.pk if policy else None
    capture.record(
        ActivityRecord(
            id=name,
            name=name,
            policy_id=pk,
            description=ActivityDescriptionRecord(name="poppy work", version="1", description=words),
            parameters=(setting("poppy", "1", "0"),),
            config_files=(("poppy.yaml", "/conf/poppy.yaml", "text/x-poppy"),),
            used=(UsedRecord(entity=entity(f"{name}-in", policy_id=pk, type="poppy"), role="poppy"),),
            generated=(GeneratedRecord(entity=entity(f"{name}-out", policy_id=pk, type="poppy"), role="poppy"),),
        )
    )


def told(viewer=ANONYMOUS) -> dict[str, int]:
    return {kind: len(ask(f"SELECT id FROM provenance.{kind}description", viewer)) for kind in KINDS}


NOTHING, ALL = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, 1)


@pytest.mark.parametrize(
    ("who", "sees"), [("anonymous", NOTHING), ("charlie", NOTHING), ("bob", NOTHING), ("alice", ALL), ("dana", ALL)]
)
def test_how_hidden_work_is_done_is_seen_by_whoever_may_see_the_work(cast, hidden, who, sees):
    made_so("run", hidden)
    viewer = viewer_of(getattr(cast, who)) if who != "anonymous" else ANONYMOUS
    assert told(viewer) == sees


@pytest.mark.slow
def test_each_of_two_who_run_the_same_in_private_may_ask_how_it_was_done(cast, settings):
    """The description of a type on offer is everyone's; the runs, and the words that are theirs alone, are not."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    assert declared.publish_new() == len([t for t in registry.offered() if not t.lenient])
    assert declared.publish_new() == 0
    before = {kind: ask(f"SELECT * FROM provenance.{kind}description ORDER BY id") for kind in KINDS}
    assert before["activity"] != []
    people = [viewer_of(cast.alice), viewer_of(cast.bob)]
    for person in people:
        service.create("sleep", person, {"seconds": ["0"]}, run=True)
        assert work_once(("short", "long", "io"), lambda: False)
    joined = (
        "SELECT d.name, p.name, q.role FROM provenance.activity AS a"
        " JOIN provenance.activitydescription AS d ON d.id = a.description_id"
        " JOIN provenance.parameterdescription AS p ON p.activitydescription_id = d.id"
        " JOIN provenance.generationdescription AS q ON q.activitydescription_id = d.id"
        " WHERE p.name = 'seconds' AND q.role = 'result'"
    )
    for person in people:
        assert ask(joined, person) == [("sleep", "seconds", "result")]
    # That it stands there tells nobody that it was ever done.
    assert {kind: ask(f"SELECT * FROM provenance.{kind}description ORDER BY id") for kind in KINDS} == before
    # A shared result that is taken back leaves them open.
    key = Entity.objects.filter(was_generated_by__role="result").first().pk
    capture.set_policy(key, capture.public_policy().pk)
    capture.set_policy(key, Policy.objects.get(owner=cast.alice).pk)
    assert {kind: ask(f"SELECT * FROM provenance.{kind}description ORDER BY id") for kind in KINDS} == before


def test_what_public_work_needs_is_public_and_says_what_the_public_work_says(cast, hidden):
    made_so("run", hidden, "a secret way")
    made_so("other")
    assert told() == ALL
    assert ask("SELECT description FROM provenance.activitydescription") == [("how it is done",)]
    made_so("third", hidden, "another secret")
    assert told() == ALL


def test_publishing_a_product_opens_how_it_was_made_and_withdrawing_closes_it(cast, hidden):
    made_so("run", hidden)
    everyone = capture.public_policy()
    for key in ("run-out", "run-in"):
        capture.set_policy(key, everyone.pk)
    assert told() == ALL
    for key in ("run-out", "run-in"):
        capture.set_policy(key, hidden.pk)
    assert told() == NOTHING
    made_so("other")
    for key in ("run-out", "run-in"):
        capture.set_policy(key, everyone.pk)
        capture.set_policy(key, hidden.pk)
    assert told() == ALL


def test_a_policy_that_is_opened_opens_what_it_governs(cast, hidden):
    other = Policy.objects.create(name="other", rights="proprietary", metadata="hidden", owner=cast.bob)
    made_so("run", hidden)
    made_so("second", other)
    assert told() == NOTHING
    other.metadata = "public"
    other.save()
    assert told() == ALL
    other.metadata = "hidden"
    other.save()
    assert told() == NOTHING


def test_registering_a_description_tells_nobody_of_it_before_a_public_run(cast, client_of, hidden):
    from provenance.importers import runs
    from provenance.importers.batch import Sender

    document = {
        "descriptions": [
            {
                "name": "poppy work",
                "parameters": [{"name": "poppy", "default": "seed"}],
                "contacts": [{"name": "Poppy", "email": "poppy@demo.example"}],
            }
        ]
    }
    runs.write(document, Sender(viewer_of(cast.alice), hidden))
    assert told()["parameter"] == 0
    assert ask("SELECT id FROM provenance.agent") == []
    capture.record(run("open", [], [], description=ActivityDescriptionRecord(name="poppy work"), agents=()))
    assert ask("SELECT agent_id FROM provenance.wasassociatedwith") == []
    guessed = {"runs": [{"id": "urn:run:1", "activity": "poppy work", "parameters": {"poppy": "1"}}]}
    bobs = Policy.objects.create(name="bobs", rights="proprietary", metadata="hidden", owner=cast.bob)
    runs.write(guessed, Sender(viewer_of(cast.bob), bobs))
    assert Parameter.objects.get(name="poppy").description.default is None


# --- the three questions by which provenance began -------------------------------------------------------------------

QUESTIONS = {
    "a version of the pipeline, for a target": (
        "SELECT o.obs_publisher_did FROM ivoa.obscore AS o JOIN provenance.product_history AS h"
        " ON o.obs_publisher_did = h.obs_publisher_did"
        " WHERE h.pipeline_version = '0.27' AND o.target_name = 'Crab'",
        {"version": "0.27", "level": "DL3"},
        {"test.run-1", "test.run-3"},
        {"test.run-1"},
    ),
    "a reconstruction method": (
        "SELECT o.obs_publisher_did FROM ivoa.obscore AS o JOIN provenance.product_history AS h"
        " ON o.obs_publisher_did = h.obs_publisher_did WHERE h.reconstruction_method = 'ImPACT'",
        {"method": "ImPACT", "level": "DL3"},
        {"test.run-2"},
        {"test.run-2"},
    ),
    "loose cuts": (
        "SELECT o.obs_publisher_did FROM ivoa.obscore AS o JOIN provenance.product_history AS h"
        " ON o.obs_publisher_did = h.obs_publisher_did WHERE h.cut_set = 'loose'",
        {"cuts": "loose", "level": "DL3"},
        {"test.run-1", "test.run-3"},
        {"test.run-1", "test.run-3"},
    ),
}


@pytest.mark.parametrize(("adql", "form", "products", "answers"), QUESTIONS.values(), ids=QUESTIONS)
def test_the_founding_questions_through_tap_and_through_the_form(client, adql, form, products, answers):
    """The form finds what a history says; TAP joins it with what was observed."""
    policy = capture.public_policy()
    for number, version, method, cuts, target in (
        (1, "0.27", "Hillas", "loose", "Crab"), (2, "0.28", "ImPACT", "hard", "Crab"), (3, "0.27", "Hillas", "loose", "M 87")
    ):  # fmt: skip
        make_product(policy, f"run-{number}", target_name=target)
        processed(f"test.run-{number}", version, method, cuts)
    answer = client.get("/tap/sync", {"REQUEST": "doQuery", "LANG": "ADQL", "FORMAT": "csv", "QUERY": adql})
    assert answer.status_code == 200
    rows = b"".join(answer.streaming_content).decode().split()[1:]
    assert {row.rpartition("?")[2] for row in rows} == answers
    page = client.get("/provenance/", form).content.decode()
    assert set(re.findall(r'<th scope="row"><a href="/provenance/entity/([^/]+)/"', page)) == products
