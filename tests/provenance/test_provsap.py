"""ProvSAP: every parameter of the draft and of OPUS, in both spellings, and the rights in every format."""

import json
import re

import pytest

from gateway.access.models import Policy
from provenance import capture
from provenance.documents.formats import FORMATS
from tests.provenance.builders import chain, entity, run

pytestmark = pytest.mark.django_db


def document(client, query: str) -> dict:
    answer = client.get(f"/provsap?{query}")
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def test_names_have_no_case_and_the_default_is_one_step_back(client):
    chain()
    found = document(client, "id=arc:sky")
    assert set(found["datasetEntity"]) == {"arc:sky"}
    assert set(found["activity"]) == {"arc:analyse"}
    assert "arc:analyse.parameter-0" in found["parameter"]
    assert "activityDescription" in found


@pytest.mark.parametrize(
    ("query", "entities"),
    [
        ("ID=sky&DEPTH=0", {"arc:sky"}),
        ("ID=sky&DEPTH=ALL", {"arc:sky", "arc:cal", "arc:raw", "arc:table"}),
        ("ID=cal&DEPTH=ALL&DIRECTION=FORTH", {"arc:cal", "arc:sky", "arc:plot"}),
        ("ID=cal&DEPTH=ALL&DIRECTION=FORWARD", {"arc:cal", "arc:sky", "arc:plot"}),
        ("ID=sky&ID=raw&DEPTH=0", {"arc:sky", "arc:raw"}),
        ("ID=ivo://distiller.example/arc?sky&DEPTH=0", {"arc:sky"}),
        ("ID=sky&DEPTH=ALL&VIEW=dataflow", {"arc:sky", "arc:cal", "arc:raw", "arc:table"}),
    ],
)
def test_what_is_asked_is_answered(client, query, entities):
    chain()
    assert set(document(client, query)["datasetEntity"]) == entities


def test_agents_configuration_and_descriptions_can_be_left_out(client):
    chain()
    bare = document(client, "ID=sky&DEPTH=2&AGENTS=0&CONFIGURATION=0&DESCRIPTIONS=0")
    assert set(bare) == {"prefix", "datasetEntity", "activity", "wasGeneratedBy", "used"}
    full = document(client, "ID=sky&DEPTH=2&DESCRIPTIONS=2")
    assert {"usageDescription", "generationDescription", "datasetDescription", "parameterDescription"} <= set(full)
    assert "agent" in full


def test_agent_goes_on_beyond_agents(client):
    chain()
    capture.record(run("elsewhere", [], ["other"]))
    assert "arc:elsewhere" not in document(client, "ID=sky&DEPTH=9")["activity"]
    assert "arc:elsewhere" in document(client, "ID=sky&DEPTH=9&AGENT=1")["activity"]


def test_views(client):
    chain()
    assert "datasetEntity" not in document(client, "ID=analyse&DEPTH=9&VIEW=workflow")
    flow = document(client, "ID=analyse&DEPTH=9&VIEW=workflow")["wasInformedBy"]
    assert next(iter(flow.values())) == {"prov:informed": "arc:analyse", "prov:informant": "arc:calibrate"}
    assert "used" not in document(client, "ID=sky&DEPTH=9&VIEW=responsibility")


@pytest.mark.parametrize("item", FORMATS, ids=lambda item: item.name)
@pytest.mark.parametrize(
    ("view", "shown", "left_out"),
    [
        ("workflow", {"analyse", "calibrate"}, {"RAW", "SKY", "CAL"}),
        ("dataflow", {"RAW", "SKY", "CAL"}, {"Operator"}),
        ("responsibility", {"Alice"}, {"RAW"}),
    ],
)
def test_each_view_in_each_format(client, item, view, shown, left_out):
    chain()
    start = "analyse" if view == "workflow" else "sky"
    answer = client.get(
        f"/provsap?ID={start}&DEPTH=9&CONFIGURATION=0&DESCRIPTIONS=0&VIEW={view}&RESPONSEFORMAT={item.name}"
    )
    assert answer.status_code == 200
    if item.name != "PROV-PNG":
        words = set(re.findall(r"[A-Za-z]+", re.sub(r"ivo://[^\s\"<>]+", " ", answer.content.decode())))
        assert shown <= words
        assert not left_out & words


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("ID=", 404),
        ("ID=nothing", 404),
        ("ID=sky&DEPTH=-1", 400),
        ("ID=sky&DEPTH=two", 400),
        ("ID=sky&DEPTH=99999999999999", 400),
        ("ID=sky&DIRECTION=UP", 400),
        ("ID=sky&MODEL=OPM", 400),
        ("ID=sky&RESPONSEFORMAT=PDF", 400),
        ("ID=sky&STEPS=1", 400),
        ("ID=sky&AGENTS=maybe", 400),
        ("ID=sky&DEPTH=1&depth=2", 400),
        ("ID=%00<script>", 404),
        ("&".join(f"ID=x{n}" for n in range(101)), 400),
    ],
)
def test_what_cannot_be_answered_says_why(client, query, status):
    chain()
    answer = client.get(f"/provsap?{query}")
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("item", FORMATS, ids=lambda f: f.name)
def test_a_format_is_chosen_by_parameter_or_by_accept_header(client, item):
    chain()
    for name in (item.name, item.media_type.split(";")[0], item.name.lower()):
        answer = client.get("/provsap", {"ID": "sky", "RESPONSEFORMAT": name})
        assert answer["Content-Type"] == item.media_type
    answer = client.get("/provsap?ID=sky", headers={"accept": item.media_type.split(";")[0]})
    assert answer["Content-Type"] == item.media_type
    if item.picture:
        assert "sandbox" in answer["Content-Security-Policy"]


def test_a_hub_is_drawn_shortened_and_a_larger_answer_is_refused_with_its_number(client, monkeypatch):
    capture.record(run("hub", [], [f"p{n:03d}" for n in range(90)]))
    answer = client.get("/provsap?ID=hub&DIRECTION=FORTH&RESPONSEFORMAT=PROV-SVG")
    assert answer.status_code == 200
    assert "shortened" in answer.content.decode()
    assert answer["X-Provenance-Shortened"]
    for name in ("provenance.provsap.MAX_RECORDS", "provenance.statements.MAX_RECORDS"):
        monkeypatch.setattr(name, 50)
    refusal = client.get("/provsap?ID=hub&DIRECTION=FORTH&DEPTH=1")
    assert refusal.status_code == 413
    assert "183 records" in refusal.content.decode()
    assert "/jobs/new/provenance_document" in refusal.content.decode()


@pytest.mark.parametrize("model", ["IVOA", "W3C"])
@pytest.mark.parametrize("item", FORMATS, ids=lambda f: f.name)
@pytest.mark.parametrize(
    ("who", "sees"), [("anonymous", False), ("charlie", False), ("bob", True), ("alice", True), ("dana", True)]
)
def test_the_matrix_of_rights_holds_in_every_format(cast, client_of, item, model, who, sees):
    policy = Policy.objects.create(name="embargo", rights="proprietary", metadata="hidden", owner=cast.alice)
    policy.members.create(user=cast.bob)
    capture.record_entity(entity("secret-target", name="SECRET NAME", policy_id=policy.pk, location="secret-place"))
    capture.record(run("analyse", ["secret-target"], ["sky"]))
    client = client_of(who)
    answer = client.get("/provsap", {"ID": "sky", "DEPTH": 9, "MODEL": model, "RESPONSEFORMAT": item.name})
    assert answer.status_code == 200
    if item.name != "PROV-PNG":
        assert (b"secret" in answer.content.lower()) is sees
        assert (b"restricted" in answer.content) is not sees
    hidden = client.get("/provsap?ID=secret-target")
    unknown = client.get("/provsap?ID=never-was")
    assert hidden.status_code == (200 if sees else 404)
    if not sees:
        assert hidden.content.replace(b"secret-target", b"never-was") == unknown.content


def test_the_service_describes_itself_as_prov_aq_says(client, settings):
    """A client that follows ``has_query_service`` learns how to ask about any identifier."""
    from rdflib import Graph, Namespace, URIRef
    from rdflib.namespace import RDF

    chain()
    prov = Namespace("http://www.w3.org/ns/prov#")
    answer = client.get("/provenance/service")
    assert answer["Content-Type"].startswith("text/turtle")
    found = Graph().parse(data=answer.content.decode(), format="turtle")
    described = found.value(URIRef(f"{settings.PUBLIC_URL}/provenance/service"), prov.describesService)
    assert (described, RDF.type, prov.DirectQueryService) in found
    template = str(found.value(described, prov.provenanceUriTemplate))
    address = template.replace("{uri}", "ivo%3A%2F%2Fdistiller.example%2Farc%3Fsky").removeprefix(settings.PUBLIC_URL)
    assert "arc:sky" in client.get(address).json()["datasetEntity"]
