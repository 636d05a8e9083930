"""The pages: a sentence, a graph and its equal list, details, downloads; with one, fifty and five thousand neighbours."""

import json
import re

import pytest

from gateway.access.models import Policy
from gateway.access.rights import ANONYMOUS
from provenance import capture
from provenance.models import Activity, Entity, Used, WasGeneratedBy
from tests.provenance.builders import chain, entity, run, setting
from tests.tap.conftest import make_product

pytestmark = pytest.mark.django_db


def elements(page: str) -> dict:
    return json.loads(re.search(r'id="prov-elements"[^>]*>(.*?)</script>', page, re.DOTALL)[1])


def test_the_page_of_a_product_tells_its_story(client):
    chain()
    page = client.get("/provenance/entity/sky/").content.decode()
    sentence = re.sub(r"<[^>]+>", "", page.split('id="sentence">')[1].split("</p>")[0])
    assert sentence == (
        "SKY was made by counts_map 1.2 (gammapy 2.1) on 2026-11-20 18:00 UTC, run by Alice, from CAL."
        " The input was made by counts_map 1.2."
    )
    assert {node["label"] for node in elements(page)["nodes"]} == {"SKY", "analyse", "CAL", "Alice"}
    for name in ("PROV-N", "PROV-JSON", "PROV-XML", "SVG"):
        address = re.search(rf'href="([^"]+)" download>{name}<', page)[1].replace("&amp;", "&")
        assert client.get(address).status_code == 200


def test_the_list_is_equal_to_the_graph(client):
    chain()
    for view in ("all", "workflow", "dataflow", "responsibility"):
        query = f"?depth=9&direction=both&view={view}"
        graph = {n["label"] for n in elements(client.get(f"/provenance/entity/sky/{query}").content.decode())["nodes"]}
        listing = client.get(f"/provenance/entity/sky/{query}&show=list").content.decode()
        rows = set(re.findall(r'<th scope="row"><a href="/provenance/\w+/[^"]+">([^<]+)</a>', listing))
        assert rows == graph


def test_changed_values_come_first_and_bold(client):
    chain()
    page = client.get("/provenance/activity/analyse/").content.decode()
    table = page.split("<tbody>")[1]
    assert table.index("<strong>width</strong>") < table.index("binsz")
    assert table.count('class="d-changed"') == 1


@pytest.mark.parametrize("tab", ["configuration", "agents", "environment", "files", "messages"])
@pytest.mark.parametrize("address", ["entity/sky", "entity/raw", "activity/analyse", "agent/user-1"])
def test_every_tab_of_every_page_answers(client, address, tab):
    chain()
    assert client.get(f"/provenance/{address}/?tab={tab}").status_code == 200
    assert client.get(f"/provenance/{address}/card").status_code == 200


@pytest.mark.parametrize("query", ["depth=-1", "depth=x", "direction=up", "view=none", "show=3d", "tab=x"])
def test_what_the_address_cannot_mean_is_said(client, query):
    chain()
    answer = client.get(f"/provenance/entity/sky/?{query}")
    assert answer.status_code == 400
    assert "Traceback" not in answer.content.decode()


def hub(number: int) -> None:
    capture.record(run("hub", [], ["first"]))
    one = Entity.objects.get(pk="first")
    activity = Activity.objects.get(pk="hub")
    rows = [
        Entity(identifier=f"p{n:05d}", name=f"P{n}", kind="dataset", policy=one.policy, description=one.description)
        for n in range(number - 1)
    ]
    Entity.objects.bulk_create(rows)
    WasGeneratedBy.objects.bulk_create([WasGeneratedBy(entity=row, activity=activity, role="map") for row in rows])


@pytest.mark.parametrize("number", [1, 50, 5000])
def test_pages_with_one_fifty_and_five_thousand_neighbours(client, django_assert_max_num_queries, number):
    hub(number)
    with django_assert_max_num_queries(80):
        page = client.get("/provenance/activity/hub/?direction=forth&depth=1").content.decode()
    nodes = elements(page)["nodes"]
    assert len(nodes) <= 4
    if number > 1:
        assert f"{number:,} × map" in {node["label"] for node in nodes}
    listing = client.get("/provenance/activity/hub/?direction=forth&depth=1&show=list").content.decode()
    assert listing.count("<tr") < 80
    assert ("and 4,940 more" in listing) is (number == 5000)
    opened = client.get("/provenance/activity/hub/?direction=forth&depth=1&open=bundle-first").content.decode()
    assert len(elements(opened)["nodes"]) <= 200


def test_no_text_becomes_markup(client):
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    capture.record(
        run("evil", [], [entity("out", name=evil, comment=evil, location=evil)], name=evil, error=evil, warnings=(evil,),
            parameters=(setting("width", evil, evil),), software=((evil, evil),))
    )  # fmt: skip
    for address in ("entity/out/", "activity/evil/", "entity/out/?show=list", "entity/out/card"):
        for tab in ("configuration", "environment", "files", "messages"):
            join = "&" if "?" in address else "?"
            page = client.get(f"/provenance/{address}{join}tab={tab}").content.decode()
            assert "<script>alert" not in page
            assert "<img src=x" not in page


def test_a_link_that_is_a_script_is_no_link(client):
    from provenance.records import ActivityDescriptionRecord, AgentRecord

    capture.record(
        run(
            "linked",
            description=ActivityDescriptionRecord(name="x", docurl="javascript:alert(1)"),
            agents=(
                (AgentRecord(id="org-1", name="Org", type="Organization", url="javascript:alert(2)"), "Publisher"),
            ),
        )
    )
    for address in ("activity/linked/", "agent/org-1/"):
        assert "javascript:" not in client.get(f"/provenance/{address}").content.decode()


@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 404), ("charlie", 404), ("bob", 404), ("alice", 200), ("dana", 200)]
)
def test_a_hidden_page_answers_as_if_it_were_not_there(cast, client_of, who, status):
    policy = Policy.objects.create(name="alice only", rights="proprietary", metadata="hidden", owner=cast.alice)
    chain({"cal": policy.pk, "calibrate": policy.pk}.get)
    client = client_of(who)
    for address in ("entity/cal/", "entity/cal/card", "activity/calibrate/"):
        assert client.get(f"/provenance/{address}").status_code == status
    assert client.get("/provenance/entity/nothing/").status_code == 404
    page = client.get("/provenance/entity/sky/?depth=9").content.decode()
    assert ("CAL" in page) is (status == 200)
    assert ("data that are restricted" in page) is (status == 404)


def test_verify_now_reads_the_bytes_again(client, monkeypatch):
    import hashlib

    from provenance import verification
    from provenance.hooks import read_bytes

    monkeypatch.setattr(read_bytes, "_function", lambda _key: iter([b"ab", b"c"]))
    assert verification.read_bytes is read_bytes
    capture.record_entity(entity("good", sha256=hashlib.sha256(b"abc").hexdigest()))
    capture.record_entity(entity("bad", sha256=hashlib.sha256(b"xyz").hexdigest()))
    for name, words in (("good", "matches"), ("bad", "differs")):
        page = client.post(f"/provenance/entity/{name}/verify", follow=True).content.decode()
        assert words in page


def test_an_identifier_leads_to_the_page_of_its_key(client):
    capture.record_entity(entity("raw", alternates=("old name",)))
    assert client.get("/provenance/entity/old name/?depth=1").url == "/provenance/entity/raw/?depth=1"
    assert Used.objects.count() == 0


def test_where_a_file_of_this_site_lies_follows_the_site(client, settings):
    """A record outlives the address under which the gateway was served when it was made."""
    capture.record_entity(entity("map-1", location=f"{settings.PUBLIC_URL}/data/map-1"))
    capture.record_entity(entity("map-2", location="https://elsewhere.example/data/map-2"))
    capture.record_entity(entity("map-1", location=f"{settings.PUBLIC_URL}/data/map-1"), strict=True)
    settings.PUBLIC_URL = "https://new.example"
    assert "https://new.example/data/map-1" in client.get("/provenance/entity/map-1/card").content.decode()
    for form in ("PROV-JSON", "PROV-N", "PROV-XML", "VOTABLE"):
        answer = client.get(f"/provsap?ID=map-1&ID=map-2&RESPONSEFORMAT={form}").content.decode()
        assert "https://new.example/data/map-1" in answer
        assert "https://elsewhere.example/data/map-2" in answer
        assert "site:" not in answer
    from search.tap import engine

    rows = engine.run("SELECT id, location FROM provenance.entity ORDER BY id", ANONYMOUS)
    assert [tuple(row) for row in rows] == [
        ("map-1", "https://new.example/data/map-1"),
        ("map-2", "https://elsewhere.example/data/map-2"),
    ]


def test_only_what_is_a_product_leads_to_a_product_page(client, settings):
    policy = capture.public_policy()
    make_product(policy, "map-1")
    base = settings.PUBLIC_URL
    capture.record(
        run("job-1", [], [
            entity("test.map-1", location=f"{base}/data/test.map-1"),
            entity("map-1.stdout", location=f"{base}/uws/counts_map/1/results/stdout", sha256="0" * 64),
            entity("map-9", location=f"{base}/data/map-9"),
        ])
    )  # fmt: skip
    for key, is_product in (("test.map-1", True), ("map-1.stdout", False), ("map-9", False)):
        for page in (f"/provenance/entity/{key}/", f"/provenance/entity/{key}/card"):
            assert (f'href="/products/{key}/"' in client.get(page).content.decode()) is is_product, page


def test_the_product_page_offers_what_one_does_with_a_history(client):
    make_product(capture.public_policy(), "map-1")
    assert "What depends on this" not in client.get("/products/test.map-1/").content.decode()
    capture.record(run("job-1", [], [entity("test.map-1")]))
    page = client.get("/products/test.map-1/").content.decode()
    assert 'href="/provenance/compare?a=test.map-1"' in page
    assert 'href="/provenance/entity/test.map-1/dependents/"' in page


def test_a_history_that_is_wide_opens_as_deep_as_the_eye_takes_in(client):
    """A run over the products of twelve others: 26 nodes at two steps, and one bundle of twelve at one."""
    for n in range(12):
        capture.record_entity(entity(f"raw{n}"))
        capture.record(run(f"reduce{n}", [f"raw{n}"], [entity(f"events{n}")]))
    capture.record(run("stack", [f"events{n}" for n in range(12)], ["map"]))
    page = client.get("/provenance/activity/stack/").content.decode()
    assert "Depth 1" in page
    assert {node["label"] for node in elements(page)["nodes"]} == {"stack", "12 × map", "Alice"}
    deeper = re.search(r'<a href="([^"]+)" aria-label="Deeper"', page)[1].replace("&amp;", "&")
    page = client.get("/provenance/activity/stack/" + deeper).content.decode()
    assert "Depth 2" in page
    assert len(elements(page)["nodes"]) == 26
    assert "Depth 2" in client.get("/provenance/activity/reduce1/").content.decode()
