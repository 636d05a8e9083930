"""Work done elsewhere comes in whole or not at all, once, and joins up with what is here."""

import contextlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.access.models import Policy
from gateway.access.rights import ANONYMOUS, Viewer, viewer_of
from provenance import capture
from provenance.documents import formats
from provenance.documents.source import Source
from provenance.errors import Conflict, Refused, Unknown
from provenance.graph import Walk, walk
from provenance.importers import ivoa_reader
from provenance.importers.batch import Sender
from provenance.importers.reading import import_document, read
from provenance.lookup import find
from provenance.models import Activity, Agent, Alternate, Entity, Parameter, Used, WasGeneratedBy
from provenance.records_view import own_policy
from provenance.statements import Contents, statements
from tests.conftest import real_data
from tests.provenance.builders import chain, entity, run
from tests.provenance.test_capture import everything

pytestmark = pytest.mark.django_db
VOPROV_EXAMPLE = Path(__file__).with_name("voprov_example.json")
"""Written by voprov 0.0.4 with prov 2.5.3 (``make_voprov_example.py``): every class of the model once."""


@pytest.fixture
def operator() -> Sender:
    return Sender(Viewer(is_staff=True), capture.public_policy(), trusted=True)


def exported(name: str, form: str, model: str = "IVOA", depth: int = 50) -> bytes:
    graph = walk([find(name, ANONYMOUS)], ANONYMOUS, Walk(depth=depth))
    return formats.find(form).write(Source(graph, Contents(descriptions=2)), model)


# --- ctapipe ---------------------------------------------------------------------------------------------------------


def log_of(uuid: str, start: str, inputs: list, outputs: list, **more) -> dict:
    def file(url):
        return url if isinstance(url, dict) else {"url": url, "role": "dl1.event", "reference_meta": None}

    return {
        "activity_name": "ctapipe-process",
        "activity_uuid": uuid,
        "status": "ctapipe-process",
        "start": {"time_utc": f"2026-01-01T{start}:00"},
        "stop": {"time_utc": f"2026-01-01T{start}:30"},
        "system": {
            "ctapipe_version": "0.28.0",
            "environment": {"HOME": "/home/me", "TOKEN": "hunter2"},
            "platform": {"system": "Linux", "node": "secret-host", "machine": "x86_64"},
            "python": {"version": ["3", "11"], "packages": [{"name": "numpy", "version": "2.4"}]},
        },
        "input": [file(url) for url in inputs],
        "output": [file(url) for url in outputs],
        "exit_code": 0,
        "config": {"Tool": {"reconstruction_method": "ImPACT", "n": 3, "contact_email": "me@x.example"}},
        **more,
    }


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


# --- documents -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PROV-JSON", "PROV-XML", "PROV-N"])
def test_the_ivoa_forms_read_back_equal(form):
    evil = 'a "quoted", [bracketed] \\ text\nof <two> lines = 1'
    chain()
    capture.record(run("odd", ["sky"], [entity("end", name=evil, comment=evil)], warnings=(evil,)))
    graph = walk([("entity", "end")], ANONYMOUS, Walk(depth=50))
    wanted = statements(graph, Contents(descriptions=2))
    text = formats.find(form).write(Source(graph, Contents(descriptions=2)), "IVOA")
    reader = {
        "PROV-JSON": ivoa_reader.read_json,
        "PROV-XML": ivoa_reader.read_xml,
        "PROV-N": lambda t: ivoa_reader.read_provn(t.decode()),
    }[form]

    def plain(found):
        return sorted(
            (
                s.cls,
                s.id,
                s.refs,
                sorted((n, v.isoformat() if hasattr(v, "isoformat") else str(v)) for n, v in s.attributes),
            )
            for s in found
        )

    assert plain(reader(text)) == plain(wanted)


@pytest.mark.parametrize("model", ["IVOA", "W3C"])
@pytest.mark.parametrize("form", ["PROV-JSON", "PROV-XML", "PROV-N", "PROV-TURTLE", "PROV-JSONLD"])
def test_what_goes_out_comes_in_again_the_same(operator, form, model):
    chain()
    before = everything()
    content = exported("sky", form, model)
    report = import_document(content, operator)
    assert everything() == before
    assert report.activities == 2
    other = (
        content.replace(b"distiller.example", b"elsewhere.example").replace(b"arc:", b"far:").replace(b"arc=", b"far=")
    )
    if b"prefix arc" in other or b'"arc"' in other or b"xmlns:arc" in other:
        other = (
            other.replace(b"prefix arc", b"prefix far").replace(b'"arc"', b'"far"').replace(b"xmlns:arc", b"xmlns:far")
        )
    import_document(other, operator)
    there = find("ivo://elsewhere.example/arc?sky", ANONYMOUS)
    assert there is not None
    assert there[1].startswith("x-")
    copied = walk([there], ANONYMOUS, Walk(depth=50, agents=False))
    assert len(copied.nodes) == 6
    step = Activity.objects.get(pk=find("ivo://elsewhere.example/arc?analyse", ANONYMOUS)[1])
    assert [(p.name, p.value) for p in step.parameters.all()] == [("width", "2.0"), ("binsz", "0.02")]
    assert str(step.description) == "counts_map 1.2"


def test_ivoa_prov_json_as_voprov_writes_it(operator):
    report = import_document(VOPROV_EXAMPLE.read_bytes(), operator)
    assert report.format == "IVOA PROV-JSON"
    job = Activity.objects.get(pk="job")
    assert str(job.description) == "map 1"
    assert {p.name: p.value for p in job.parameters.all()} == {"width": "0.3"}
    assert job.parameters.get().description.default == "0.5"
    assert job.config_files.get().location == "/loc"
    assert job.was_associated_with.get().role == "Operator"
    assert job.was_informed_by.get().informant_id == "b"
    made = Entity.objects.get(pk="e")
    assert (made.was_generated_by.role, made.kind, made.was_derived_from.get().used_entity_id) == (
        "out",
        "dataset",
        "i",
    )
    assert made.generated_at_time == datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    assert Entity.objects.get(pk="v").value == "5"
    assert Entity.objects.get(pk="c").had_member.get().entity_id == "i"
    before = everything()
    import_document(VOPROV_EXAMPLE.read_bytes(), operator)
    assert everything() == before


def test_identifiers_with_blanks_and_quotes_become_legal_and_stay_findable(operator):
    name = 'http://x.example/my "run" 1 <b>'
    document = {
        "prefix": {"x": "http://x.example/"},
        "activity": {'x:my "run" 1 <b>': {}},
        "entity": {"x:e 1": {"prov:label": "javascript:alert(1)"}},
        "used": {"_:u": {"prov:activity": 'x:my "run" 1 <b>', "prov:entity": "x:e 1"}},
    }
    import_document(json.dumps(document).encode(), operator)
    found = find(name, ANONYMOUS) or find("http://x.example/my%20%22run%22%201%20%3Cb%3E", ANONYMOUS)
    assert found is not None
    assert found[1].startswith("x-")


# --- refusals --------------------------------------------------------------------------------------------------------

LOOP = {
    "activity": {"x:a": {}, "x:b": {}},
    "entity": {"x:1": {}, "x:2": {}},
    "used": {"_:1": {"prov:activity": "x:a", "prov:entity": "x:1"}, "_:2": {"prov:activity": "x:b", "prov:entity": "x:2"}},
    "wasGeneratedBy": {
        "_:3": {"prov:entity": "x:2", "prov:activity": "x:a"},
        "_:4": {"prov:entity": "x:1", "prov:activity": "x:b"},
    },
}  # fmt: skip
HOSTILE = {
    "a cycle": LOOP,
    "two generators": {
        "activity": {"x:a": {}, "x:b": {}},
        "entity": {"x:1": {}},
        "wasGeneratedBy": {
            "_:3": {"prov:entity": "x:1", "prov:activity": "x:a"},
            "_:4": {"prov:entity": "x:1", "prov:activity": "x:b"},
        },
    },
    "end before start": {
        "activity": {"x:a": {"prov:startTime": "2026-01-02T00:00:00", "prov:endTime": "2026-01-01T00:00:00"}}
    },
    "an unknown activity": {"entity": {"x:1": {}}, "used": {"_:1": {"prov:activity": "x:no", "prov:entity": "x:1"}}},
    "a time that is none": {"activity": {"x:a": {"prov:name": "a", "prov:startTime": "yesterday"}}},
    "derived from itself": {
        "entity": {"x:1": {}},
        "wasDerivedFrom": {"_:1": {"prov:generatedEntity": "x:1", "prov:usedEntity": "x:1"}},
    },
}


@pytest.mark.parametrize("document", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_cannot_be_true_is_refused_and_nothing_is_kept(operator, document):
    before = everything()
    content = json.dumps({"prefix": {"x": "http://x.example/"}, **document}).encode()
    with pytest.raises(Refused):
        import_document(content, operator)
    assert everything() == before


BOMB = b"""<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<prov:document xmlns:prov="http://www.w3.org/ns/prov#">&b;</prov:document>"""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"[1, 2]",
        b'[{"activity_uuid": 1}]',
        b'[{"activity_uuid": "u", "activity_name": "n", "input": [{"url": 3}]}]',
        b'[{"activity_uuid": "u", "activity_name": "n", "start": {"time_utc": "never"}}]',
        b"[" * 100_000,
        b'{"activity_uuid":' * 50_000,
        b'{"entity": 3, "parameter": {}}',
        b'{"parameter": {"a": 3}}',
        b'{"wasConfiguredBy": {"_:1": {}}}',
        b"document\n parameter(\nendDocument",
        b"document\n garbage\nendDocument",
        b"<a",
        b"<a/>" * 2,
        BOMB,
        BOMB.replace(b"prov:document", b"voprov:document"),
        b"@prefix",
        b"SIMPLE  =                    T",
        b"\x1f\x8b.fits",
        b"\xff\xfe\x00garbage",
        b"x" * (20 * 2**20 + 1),
    ],
    ids=lambda c: repr(c[:30]),
)
def test_a_hostile_document_is_refused_with_words(operator, content):
    before = everything()
    with pytest.raises(Refused) as refusal:
        import_document(content, operator, "x.fits" if content.startswith(b"\x1f") else "")
    assert str(refusal.value)
    assert everything() == before


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"{", b"<", b"document\n", b"@prefix ", b'[{"activity_uuid": "', b"SIMPLE  ="]),
)
def test_random_bytes_never_give_anything_but_words(noise, start):
    with contextlib.suppress(Refused):
        read(start + noise)


def test_a_document_that_redefines_an_entity_is_refused(operator):
    chain()
    content = exported("sky", "PROV-JSON").replace(b'"SKY"', b'"OTHER"')
    before = everything()
    with pytest.raises(Conflict, match="name"):
        import_document(content, operator)
    assert everything() == before


# --- rights of senders -----------------------------------------------------------------------------------------------


@pytest.fixture
def sender(cast):
    def make(name: str) -> Sender:
        viewer = viewer_of(cast[name] or AnonymousUser())
        return Sender(viewer, own_policy(viewer))

    return make


def document(**parts) -> bytes:
    return json.dumps({"prefix": {"x": "http://x.example/"}, **parts}).encode()


def test_nobody_tells_the_origin_of_what_is_not_theirs(sender):
    capture.record_entity(entity("product"))
    before = everything()
    with pytest.raises(Conflict, match="not yours"):
        import_document(
            document(
                activity={"x:fake": {}},
                entity={"arc:product": {}},
                wasGeneratedBy={"_:1": {"prov:entity": "arc:product", "prov:activity": "x:fake"}},
            ).replace(b'"prefix": {', b'"prefix": {"arc": "ivo://distiller.example/arc?", '),
            sender("charlie"),
        )
    assert {**everything()} == before


def test_a_stranger_uses_what_is_open_and_names_nothing_of_the_archive(sender):
    capture.record_entity(entity("product"))
    prefix = {"prefix": {"x": "http://x.example/", "arc": "ivo://distiller.example/arc?"}}
    content = {
        **prefix,
        "activity": {"x:mine": {}},
        "entity": {"x:out": {}},
        "used": {"_:1": {"prov:activity": "x:mine", "prov:entity": "arc:product"}},
        "wasGeneratedBy": {"_:2": {"prov:entity": "x:out", "prov:activity": "x:mine"}},
    }
    report = import_document(json.dumps(content).encode(), sender("charlie"))
    assert report.activities == 1
    assert find("http://x.example/out", ANONYMOUS) is None
    assert find("http://x.example/out", sender("charlie").viewer) is not None
    with pytest.raises(Unknown):
        import_document(json.dumps({**prefix, "entity": {"arc:job-123": {}}}).encode(), sender("charlie"))


def test_a_hidden_name_answers_a_sender_as_an_unknown_one(sender, cast):
    capture.record_entity(entity("secret", policy_id=sender("alice").policy.pk))
    told = []
    for name in ("secret", "never-was"):
        content = {
            "prefix": {"x": "http://x.example/", "arc": "ivo://distiller.example/arc?"},
            "activity": {"x:a": {}},
            "used": {"_:1": {"prov:activity": "x:a", "prov:entity": f"arc:{name}"}},
        }
        with pytest.raises(Unknown) as refusal:
            import_document(json.dumps(content).encode(), sender("charlie"))
        told.append(str(refusal.value).replace(name, "…"))
    assert told[0] == told[1]


# --- POST ------------------------------------------------------------------------------------------------------------

DESCRIPTION = {
    "name": "train", "version": "1", "description": "Trains a model", "type": "Reconstruction",
    "parameters": [{"name": "trees", "datatype": "int", "default": 100}],
    "contacts": [{"name": "Carol", "role": "Coordinator"}],
}  # fmt: skip
RUN = {
    "id": "http://dirac.example/jobs/7", "activity": "train", "version": "1",
    "start": "2026-01-01T10:00:00Z", "end": "2026-01-01T11:00:00Z", "parameters": {"trees": 200},
    "used": [{"location": "/grid/in.h5", "role": "events"}],
    "generated": [{"location": "/grid/model.pkl", "role": "model", "sha256": "ab" * 32, "size": 5}],
    "agents": [{"name": "Dave"}], "software": {"ctapipe": "0.28"}, "succeeded": True, "values": {"score": 0.9},
}  # fmt: skip


def post(client, body, **headers):
    return client.post("/provenance/records", json.dumps(body), content_type="application/json", headers=headers)


@pytest.fixture
def token_of(cast):
    from gateway.accounts import tokens

    def make(name: str, *scopes: str) -> dict[str, str]:
        _token, text = tokens.create(cast[name], "test", list(scopes))
        return {"authorization": f"Bearer {text}"}

    return make


def test_descriptions_once_then_runs(client, token_of):
    headers = token_of("alice", "write:provenance")
    assert post(client, {"runs": [RUN]}, **headers).status_code == 404
    for _ in range(2):
        assert post(client, {"descriptions": [DESCRIPTION]}, **headers).status_code == 201
        answer = post(client, {"runs": [RUN]}, **headers)
        assert answer.status_code == 201, answer.content
    identifier = answer.json()["names"][RUN["id"]]
    made = Activity.objects.get(pk=identifier)
    assert Activity.objects.count() == 1
    assert made.parameters.get().description.default == "100"
    assert {a.role for a in made.was_associated_with.all()} == {"Operator", "Coordinator"}
    assert {g.role for g in made.generated.all()} == {"model", "score"}
    changed = {**DESCRIPTION, "description": "Something else"}
    assert post(client, {"descriptions": [changed]}, **headers).status_code == 409


@pytest.mark.parametrize(
    ("scopes", "status"), [(("write:provenance",), 201), (("read:tap",), 403), (("write:jobs",), 403)]
)
def test_the_token_must_have_the_scope(client, token_of, scopes, status):
    body = {"descriptions": [DESCRIPTION]}
    assert post(client, body, **token_of("alice", *scopes)).status_code == status


def test_anonymous_and_wrong_methods(client):
    assert post(client, {}).status_code == 401
    assert client.get("/provenance/records").status_code == 405


@pytest.mark.parametrize(
    "body", [{"runs": 3}, {"runs": [{}]}, {"runs": [{"activity": "train", "id": "x", "used": [{}]}]}, [], {"x": 1}, "{"]
)
def test_a_broken_body_is_refused_in_words(client, token_of, body):
    answer = post(client, body, **token_of("alice", "write:provenance"))
    assert answer.status_code in (400, 404)
    assert "Traceback" not in answer.content.decode()


# --- FITS ------------------------------------------------------------------------------------------------------------


def fits_file(tmp_path, **header) -> Path:
    from astropy.io import fits

    path = tmp_path / "map.fits"
    hdu = fits.PrimaryHDU()
    for key, value in header.items():
        hdu.header[key.replace("_", " ") if key.startswith("CTA") else key] = value
    hdu.header.add_history("made from run 1")
    hdu.writeto(path, overwrite=True)
    return path


def test_the_header_and_the_log_meet_in_one_activity(tmp_path, operator):
    path = fits_file(
        tmp_path, CTA_PRODUCT_ID="p1", CTA_ACTIVITY_ID="u1", CTA_ACTIVITY_NAME="ctapipe-process", ORIGIN="CTAO",
        CTA_ACTIVITY_SOFTWARE_NAME="ctapipe", CTA_ACTIVITY_SOFTWARE_VERSION="0.28.0",
    )  # fmt: skip
    output = {
        "url": "/d/map.fits",
        "role": "dl4.map",
        "reference_meta": {"CTA PRODUCT ID": "p1", "CTA ACTIVITY ID": "u1", "CTA ACTIVITY SOFTWARE NAME": "ctapipe"},
    }
    import_document(json.dumps([log_of("u1", "10:00", [], [output])]).encode(), operator)
    assert WasGeneratedBy.objects.count() == 1
    made = WasGeneratedBy.objects.get()
    assert find("urn:uuid:u1", ANONYMOUS) == ("activity", made.activity_id)
    assert read(path.read_bytes(), path.name)[1].activities[0].id == "urn:uuid:u1"


def with_history(path: Path, text: bytes, form: str) -> None:
    """As the gateway's analyses write it (a table), and as an image of bytes."""
    import numpy as np
    from astropy.io import fits

    if form == "table":
        column = fits.Column(name="PROV_JSON", format=f"{len(text)}A", array=np.array([text], dtype="S"))
        hdu = fits.BinTableHDU.from_columns([column], name="PROVENANCE")
    else:
        hdu = fits.ImageHDU(np.frombuffer(text, dtype=np.uint8), name="PROVENANCE")
    with fits.open(path, mode="update") as hdus:
        hdus.append(hdu)


@pytest.mark.parametrize("form", ["table", "image"])
def test_a_file_that_carries_its_history_comes_in_with_all_of_it(tmp_path, operator, form):
    chain()
    path = fits_file(tmp_path, CREATOR="counts_map 1.2")
    with_history(path, exported("sky", "PROV-JSON"), form)
    before = everything()
    assert import_document(path.read_bytes(), operator, path.name).activities == 2
    assert everything() == before


def test_the_command_says_what_it_refused_and_why(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(document(activity={"x:a": {}}))
    bad.write_text("{")
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="1 of 2"):
        call_command("import_provenance", str(good), str(bad), stdout=out, stderr=err)
    assert "good.json" in out.getvalue()
    assert "bad.json: refused" in err.getvalue()
    assert Activity.objects.count() == 1


def long_log(number: int, tag: str = "") -> bytes:
    """Runs that each read what the one before wrote."""
    return json.dumps(
        [
            {
                "activity_name": "ctapipe-process",
                "activity_uuid": f"00000000-0000-0000-0000-{n:012d}",
                "exit_code": 0,
                "start": {"time_utc": f"2026-01-01T{n // 60:02d}:{n % 60:02d}:00"},
                "stop": {"time_utc": f"2026-01-01T{n // 60:02d}:{n % 60:02d}:30"},
                "config": {"Tool": {"n": n, "method": "ImPACT"}},
                "system": {"ctapipe_version": "0.28.0"},
                "input": [{"url": f"/d/{n - 1}{tag}.h5", "role": "dl1", "reference_meta": None}],
                "output": [{"url": f"/d/{n}{tag}.h5", "role": "dl2", "reference_meta": None}],
            }
            for n in range(number)
        ]
    ).encode()


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


class Endless:
    """A body that never ends; ``taken`` is how much of it was read."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        size = min(size, 2**16) if size > 0 else 2**16
        self.taken += size
        return b" " * size

    readline = read


@pytest.mark.parametrize("said", [100 * 2**20, 10**30, 20 * 2**20 + 1])
def test_a_body_of_a_hundred_megabytes_is_refused_without_being_read(client, token_of, said):
    body = Endless()
    headers = {"HTTP_AUTHORIZATION": token_of("alice", "write:provenance")["authorization"]}
    environment = {**client._base_environ(), **headers, "REQUEST_METHOD": "POST", "PATH_INFO": "/provenance/records",
                   "CONTENT_LENGTH": str(said), "CONTENT_TYPE": "application/json", "wsgi.input": body}  # fmt: skip
    answer = client.request(**environment)
    assert answer.status_code == 413
    assert "20,971,520" in answer.content.decode()
    assert body.taken <= 20 * 2**20 + 2**17
    assert Entity.objects.count() == 0


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(operator):
    import gzip

    from astropy.io import fits

    header = fits.PrimaryHDU().header
    header["NAXIS"], header["NAXIS1"] = 1, 2**40
    bomb = gzip.compress(header.tostring().encode() + bytes(250 * 2**20), compresslevel=1)
    with pytest.raises(Refused, match="when unpacked"):
        import_document(bomb, operator, "x.fits.gz")


@pytest.mark.parametrize(
    "content",
    [
        b'{"@context": "http://evil.example/context", "@graph": [{"@type": "Entity", "@id": "x:1"}]}',
        b"@prefix prov: <http://www.w3.org/ns/prov#> . <http://evil.example/a> a prov:Entity .",
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://evil.example/a.dtd"><a/>',
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>',
    ],
    ids=["context", "turtle", "dtd", "file"],
)
def test_a_document_makes_nobody_fetch_anything(operator, monkeypatch, content):
    calls: list[object] = []
    monkeypatch.setattr("socket.socket.connect", lambda *given: calls.append(given))
    with contextlib.suppress(Refused):
        import_document(content, operator)
    assert not calls
    assert "root:" not in repr(everything())


def test_all_that_was_done_anywhere_stands_in_one_graph_walked_both_ways(operator):
    """A ctapipe log, a document of ``prov``, one of OPUS's library, and a run of the gateway itself."""
    from prov.model import ProvDocument

    import_document(long_log(3), operator)
    raw, reduced = (Entity.objects.get(location=f"/d/{n}.h5") for n in (-1, 2))
    merging = ProvDocument()
    merging.add_namespace("arc", "ivo://distiller.example/arc?")
    merging.add_namespace("x", "http://elsewhere.example/")
    merging.used(merging.activity("x:merge"), merging.entity(f"arc:{reduced.pk}"))
    merging.wasGeneratedBy(merging.entity("arc:i"), "x:merge")
    import_document(merging.serialize(format="json").encode(), operator)
    import_document(VOPROV_EXAMPLE.read_bytes(), operator)
    capture.record(run("job-9", ["e"], ["final"]))

    everything_before = walk([("entity", "final")], ANONYMOUS, Walk(depth=50, agents=False))
    everything_after = walk([("entity", raw.pk)], ANONYMOUS, Walk(depth=50, direction="FORTH", agents=False))
    way = [("entity", name) for name in (raw.pk, reduced.pk, "i", "e", "final")]
    for graph in (everything_before, everything_after):
        assert set(way) <= set(graph.nodes)
        assert {node.row.name for node in graph.of("activity")} >= {"ctapipe-process", "job", "job-9"}
    assert Entity.objects.get(pk="final").history.steps.count("ctapipe-process") >= 1
