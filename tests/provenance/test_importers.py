"""Work done elsewhere comes in whole or not at all, once, and joins up with what is here."""

import contextlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.access.rights import ANONYMOUS
from provenance import capture
from provenance.documents import formats
from provenance.documents.source import Source
from provenance.errors import Conflict, Refused
from provenance.graph import Walk, walk
from provenance.importers import ivoa_reader
from provenance.importers.reading import import_document, read
from provenance.lookup import find
from provenance.models import Activity, Entity, WasGeneratedBy
from provenance.statements import Contents, statements
from tests.provenance.builders import chain, entity, run
from tests.provenance.logs import document, log_of, long_log
from tests.provenance.test_capture import everything

pytestmark = pytest.mark.django_db
VOPROV_EXAMPLE = Path(__file__).with_name("voprov_example.json")
"""Written by voprov 0.0.4 with prov 2.5.3 (``make_voprov_example.py``): every class of the model once."""


def exported(name: str, form: str, model: str = "IVOA", depth: int = 50) -> bytes:
    graph = walk([find(name, ANONYMOUS)], ANONYMOUS, Walk(depth=depth))
    return formats.find(form).write(Source(graph, Contents(descriptions=2)), model)


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
