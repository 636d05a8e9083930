"""Every format says the same, is valid where a schema exists, and reads back equal."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import prov
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from prov.model import ProvDocument

from gateway.access.rights import ANONYMOUS
from provenance import capture
from provenance.documents import formats, w3c_json
from provenance.documents.source import Source
from provenance.graph import Walk, walk
from provenance.lookup import find
from provenance.statements import ENDS, Contents, Statement, TooLarge
from provenance.w3c import to_prov
from tests.provenance.builders import chain, entity, run, setting

pytestmark = pytest.mark.django_db
SCHEMAS = Path(prov.__file__).parent / "tests" / "schemas"
READERS = {"PROV-JSON": "json", "PROV-N": "provn", "PROV-XML": "xml", "PROV-TURTLE": "rdf", "PROV-JSONLD": "jsonld"}


FULL = Contents(descriptions=2)
THINGS = (
    "entity",
    "datasetEntity",
    "valueEntity",
    "collection",
    "parameter",
    "activityDescription",
    "usageDescription",
)


def source_of(name: str, contents: Contents = FULL, **how) -> Source:
    return Source(walk([find(name, ANONYMOUS)], ANONYMOUS, Walk(**{"depth": 50, **how})), contents)


def read(name: str, text: bytes) -> ProvDocument:
    extra = {"rdf_format": "turtle"} if READERS[name] == "rdf" else {}
    return ProvDocument.deserialize(io.BytesIO(text), format=READERS[name], **extra)


@pytest.fixture(scope="module")
def xml_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SCHEMAS / "prov.xsd")))


@pytest.fixture(scope="module")
def json_schemas() -> dict[str, jsonschema.protocols.Validator]:
    found = {}
    for name, file in (("PROV-JSON", "prov-json.schema.json"), ("PROV-JSONLD", "prov-jsonld.schema.json")):
        schema = json.loads((SCHEMAS / file).read_text())
        found[name] = jsonschema.validators.validator_for(schema)(schema)
    return found


def check_w3c(source: Source, xml_schema, json_schemas) -> None:
    wanted = to_prov(source.statements)
    for name in READERS:
        text = formats.find(name).write(source, "W3C")
        assert read(name, text) == wanted, name
        if name == "PROV-XML":
            xml_schema.assertValid(etree.fromstring(text))
        if name in json_schemas:
            json_schemas[name].validate(json.loads(text))


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=25)
KEYS = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}[a-z0-9_-]", fullmatch=True)
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@st.composite
def histories(draw):
    """Layers of activities, each using what is there already."""
    made: list[str] = []
    records = []
    names = draw(st.lists(KEYS, min_size=2, max_size=9, unique=True))
    for n, name in enumerate(names):
        inputs = draw(st.lists(st.sampled_from(made), max_size=3, unique=True)) if made else []
        facts = {
            "name": draw(TEXTS),
            "comment": draw(TEXTS),
            "location": draw(TEXTS),
            "generated_at": draw(st.none() | TIMES),
            "sha256": draw(st.sampled_from(["", "ab" * 32])),
            "size": draw(st.none() | st.integers(0, 2**50)),
            "kind": draw(st.sampled_from(["", "dataset", "value", "collection"])),
            "value": draw(TEXTS),
            "alternates": (f"ivo://elsewhere/{n}?{draw(TEXTS)}",),
        }
        start, end = sorted([draw(TIMES), draw(TIMES)])
        out = entity(f"e-{name}", **facts)
        records.append(
            run(
                f"a-{name}",
                inputs,
                [out],
                start=start,
                end=end,
                comment=draw(TEXTS),
                parameters=(setting("width", draw(TEXTS), draw(TEXTS)),),
                config_files=(("settings", "settings.yml", "application/yaml"),),
                software=(("gammapy", "2.1"),),
                warnings=(draw(TEXTS),),
                description=None if draw(st.booleans()) else run("x").description,
            )
        )
        made.append(out.id)
    return records, made[-1]


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(histories())
def test_a_hundred_random_histories_are_valid_and_read_back_equal(xml_schema, json_schemas, history):
    from django.db import transaction

    records, last = history
    with transaction.atomic():
        for record in records:
            capture.record(record)
        check_w3c(source_of(last), xml_schema, json_schemas)
        transaction.set_rollback(True)


def test_a_collection_with_members_is_valid(xml_schema, json_schemas):
    for name in ("m1", "m2"):
        capture.record_entity(entity(name))
    capture.record_entity(entity("box", kind="collection", members=("m1", "m2")))
    capture.record_entity(entity("dataset", members=("m1",)))
    check_w3c(source_of("m1"), xml_schema, json_schemas)


@pytest.mark.parametrize("model", ["IVOA", "W3C"])
@pytest.mark.parametrize("item", formats.FORMATS, ids=lambda f: f.name)
def test_every_format_in_both_models(item, model):
    chain()
    text = item.write(source_of("sky"), model)
    assert len(text) > 100
    if item.name != "PROV-PNG":
        assert b"analyse" in text or b"counts_map" in text


@pytest.mark.parametrize("item", [f for f in formats.FORMATS if f.name != "PROV-PNG"], ids=lambda f: f.name)
def test_no_text_becomes_markup(item):
    evil = "<script>alert(1)</script>\" onload='x' ]]> --> &lt;img src=x onerror=1&gt; \\n\\\\ javascript:alert(1)"
    capture.record(run("evil", [], [entity("out", name=evil, comment=evil, location="javascript:alert(1)")], name=evil))
    source = source_of("out")
    for model in ("IVOA", "W3C"):
        text = item.write(source, model).decode()
        if item.extension in ("svg", "provx", "vot"):
            tree = etree.fromstring(text.encode())
            assert not [e for e in tree.iter() if str(e.tag).endswith(("script", "img"))]
            assert not [
                v for e in tree.iter() for k, v in e.items() if v.startswith("javascript:") or k.startswith("on")
            ]
    if item.name in READERS:
        assert read(item.name, item.write(source, "W3C")) == to_prov(source.statements)


def test_more_records_than_one_answer_may_hold_are_refused_with_their_number():
    capture.record(run("hub", [], [f"p{n:03d}" for n in range(60)]))
    with pytest.raises(TooLarge) as refusal:
        _ = source_of("hub", Contents(limit=50), direction="FORTH").statements
    assert refusal.value.count > 120


def test_a_person_is_named_but_not_given_away():
    chain()
    for item in formats.FORMATS:
        text = item.write(source_of("sky"), "IVOA")
        assert b"alice@demo.example" not in text


def test_the_picture_of_a_shared_agent_has_no_hub():
    for n in range(40):
        capture.record(run(f"a{n}", [f"e{n - 1}"] if n else [], [f"e{n}"]))
    svg = formats.find("SVG").write(source_of("e39", depth=100), "IVOA").decode()
    assert svg.count("Alice") == 40
    assert svg.count("<polygon") < 200


# --- PROV-JSON of the W3C model, written without the library ---------------------------------------------------------


def by_prov(statements) -> dict:
    stream = io.StringIO()
    to_prov(statements).serialize(stream, format="json")
    return json.loads(stream.getvalue())


def plain(document: dict) -> dict:
    """Blank names and the order of several values of an attribute mean nothing."""

    def content(record: dict) -> str:
        ordered = {k: sorted(v, key=json.dumps) if isinstance(v, list) else v for k, v in record.items()}
        return json.dumps(ordered, sort_keys=True)

    return {
        section: sorted(("" if key.startswith("_:") else key, content(record)) for key, record in records.items())
        for section, records in document.items()
        if section != "prefix"
    } | {"prefix": document["prefix"]}


words = st.text(max_size=8)
local_names = st.sampled_from(["a", "b-1", "c.d", "x-0f"])
attributes = st.lists(
    st.tuples(
        st.sampled_from(
            ["prov:name", "voprov:location", "voprov:comment", "voprov:value", "gw:alternate", "voprov:type", "gw:type"]
        ),
        words | st.sampled_from(["Person", "Analysis"]),
    )
    | st.tuples(st.just("voprov:generatedAtTime"), st.datetimes(timezones=st.just(UTC)))
    | st.just(("gw:isCollection", True)),
    max_size=5,
)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_direct_writer_says_what_prov_says(data):
    things = [
        Statement(data.draw(st.sampled_from([*THINGS, "activity", "agent"])), name, (), tuple(data.draw(attributes)))
        for name in data.draw(st.lists(local_names, unique=True))
    ]
    role = st.lists(st.tuples(st.just("prov:role"), words), max_size=1)
    links = [
        Statement(cls, "", (data.draw(local_names), data.draw(local_names)), tuple(data.draw(role)))
        for cls in data.draw(st.lists(st.sampled_from(sorted(ENDS)), max_size=8))
    ]
    statements = [*things, *{(link.cls, link.refs): link for link in links}.values()]
    ours = json.loads(json.dumps(w3c_json.document(statements)))
    assert plain(ours) == plain(by_prov(statements))
    assert read("PROV-JSON", json.dumps(ours).encode()) == to_prov(statements)


def test_a_whole_history_is_written_as_prov_writes_it():
    chain()
    statements = source_of("sky").statements
    assert plain(json.loads(json.dumps(w3c_json.document(statements)))) == plain(by_prov(statements))
