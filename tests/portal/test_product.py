"""The product page: for everyone who may know of it, as much as each may see."""

import pytest

TABS = ("overview", "metadata", "files", "fits", "related", "cite", "nonsense")


@pytest.mark.parametrize(
    ("name", "hidden", "embargoed"),
    [("anonymous", 404, False), ("charlie", 404, False), ("bob", 200, True), ("alice", 200, True), ("dana", 200, True)],
)
def test_who_sees_what(client_of, archive, name: str, hidden: int, embargoed: bool) -> None:
    client = client_of(name)
    assert client.get("/products/test.run-1/").status_code == 200
    assert client.get("/products/test.run-4/").status_code == hidden
    page = client.get("/products/test.run-6/").content.decode()
    assert ("not open its data yet" not in page) == embargoed
    assert "until 2999-01-01" in page


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_answers(client_of, archive, tab: str) -> None:
    answer = client_of("charlie").get(f"/products/test.run-6/?tab={tab}")
    assert answer.status_code == 200
    assert "ivo://distiller.example/arc?test.run-6" in answer.content.decode()


def test_identifier_leads_to_the_page(client_of, archive) -> None:
    client = client_of("anonymous")
    assert client.get("/products/", {"id": "ivo://distiller.example/arc?test.run-1"}).url == "/products/test.run-1/"
    assert client.get("/products/", {"ID": "arc:test.run-1"}).url == "/products/test.run-1/"
    assert client.get("/products/", {"id": "ivo://distiller.example/arc?test.run-4"}).status_code == 404
    assert client.get("/products/nobody/").status_code == 404


def test_machine_readable_description(client_of, archive) -> None:
    import json
    import re

    archive.crab[0].obs_title = "</script><script>alert(1)</script>"
    archive.crab[0].save()
    answer = client_of("anonymous").get("/products/test.run-1/")
    page = answer.content.decode()
    assert "<script>alert(1)" not in page
    found = json.loads(re.search(r'application/ld\+json">(.*?)</script>', page, re.DOTALL)[1])
    assert found["@type"] == "Dataset"
    assert found["identifier"] == "ivo://distiller.example/arc?test.run-1"
    assert 'rel="cite-as"' in answer["Link"]


TERMS = {
    "CC BY 4.0, cite the paper.": "https://creativecommons.org/licenses/by/4.0/",
    "See https://creativecommons.org/licenses/by-nc/3.0/.": "https://creativecommons.org/licenses/by-nc/3.0/",
    "Given to the public domain by CC0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "Ask us first": "http://testserver/products/test.run-1/?tab=cite",
    "": "",
}


@pytest.mark.parametrize(("terms", "licence"), TERMS.items(), ids=["named", "linked", "cc0", "own", "none"])
def test_machines_find_licence_item_and_description(client_of, archive, settings, terms: str, licence: str) -> None:
    import json
    import re

    settings.PUBLIC_URL = "http://testserver"
    archive.crab[0].terms, archive.crab[0].storage_key = terms, "test/1.fits"
    archive.crab[0].save()
    answer = client_of("anonymous").get("/products/test.run-1/")
    signposts = dict(re.findall(r'<([^>]+)>; rel="([^"]+)"', answer["Link"]))
    assert set(signposts.values()) >= {"cite-as", "type", "describedby", "item"}
    assert signposts.get(licence) == ("license" if licence else None)
    found = json.loads(re.search(r'application/ld\+json">(.*?)</script>', answer.content.decode(), re.DOTALL)[1])
    assert found.get("license", "") == licence
    assert len(found["description"]) >= 50
    assert found["distribution"]["contentUrl"].endswith("/data/test.run-1")


@pytest.mark.parametrize(("name", "named"), [("anonymous", False), ("charlie", False), ("bob", True), ("alice", True)])
def test_authors_are_named_to_those_who_may_know_them(client_of, archive, name: str, named: bool) -> None:
    from provenance.models import Agent, Entity, WasAttributedTo

    policy = archive.embargo
    policy.metadata = "hidden"
    policy.save()
    entity = Entity.objects.create(identifier="test.run-1", policy=archive.public)
    agent = Agent.objects.create(identifier="agent-x", name="A. Author", policy=policy)
    WasAttributedTo.objects.create(entity=entity, agent=agent, role="creator", policy=policy)
    link = client_of(name).get("/products/test.run-1/")["Link"]
    assert ('/provenance/agent/agent-x/>; rel="author"' in link) == named


def test_types_described_on_the_site_are_offered_too(client_of, archive) -> None:
    import json

    archive.crab[0].access_url = "https://elsewhere.example/1.fits"
    archive.crab[0].save()
    described = {
        "name": "our_map",
        "title": "Our map",
        "version": "1.0",
        "text": "Makes a map of our own.",
        "parameters": [
            {"name": "events", "kind": "input", "required": True, "text": "Event list", "product_types": ["event"]},
            {"name": "target", "datatype": "char", "default": "map.txt", "text": "Name of the file"},
        ],
        "outputs": [{"name": "target", "text": "The map", "content_type": "text/plain"}],
        "command": {"argv": ["/bin/cp", "{events}", "{target}"]},
        "test_values": {},
    }
    staff = client_of("dana")
    staff.post("/jobs/types/new/", {"document": json.dumps(described)})
    staff.post("/jobs/types/our_map/1.0/publish")
    client = client_of("anonymous")
    assert "/jobs/new/our_map?ID=" in client.get("/products/test.run-1/").content.decode()
    links = client.get("/datalink/links?ID=test.run-1").getvalue().decode()
    assert "/jobs/new/our_map?ID=" in links
    client.post("/cart/", {"ID": "test.run-1"})
    assert "/jobs/new/our_map" in client.get("/cart/").content.decode()


def test_simulated_data_say_so(client_of, archive) -> None:
    assert "come from a simulation" in client_of("anonymous").get("/products/test.run-3/").content.decode()


def test_related_products_are_those_one_may_see(client_of, archive) -> None:
    page = client_of("anonymous").get("/products/test.run-1/?tab=related").content.decode()
    assert "test.run-2" in page
    assert "test.run-4" not in page


def test_what_belongs_to_the_same_observation_comes_first_among_the_related(client_of, archive) -> None:
    late = archive.crab[2]
    late.obs_id, late.t_min = "1", 59000.0
    late.save()
    page = client_of("anonymous").get("/products/test.run-1/?tab=related").content.decode()
    assert page.index("/products/test.run-3/") < page.index("/products/test.run-2/")
    assert page.index("same observation") < page.index("same target")


def test_the_link_of_a_page_can_be_copied(client_of, archive, settings) -> None:
    settings.PUBLIC_URL = "https://gateway.example"
    page = client_of("anonymous").get("/products/test.run-1/?tab=cite").content.decode()
    assert 'data-copy="https://gateway.example/products/test.run-1/"' in page


def test_who_made_a_product_is_cited_by_name_not_by_user_name(client_of, cast, archive) -> None:
    from jobs.models import Job

    cast.alice.first_name, cast.alice.last_name = "Alice", "Moreau"
    cast.alice.save()
    made = archive.crab[0]
    made.job_id = Job.objects.create(type="spectrum", version="1", owner=cast.alice, execution_duration=60).pk
    made.obs_creator_name = "alice"
    made.save()
    page = client_of("anonymous").get("/products/test.run-1/?tab=cite").content.decode()
    assert "Alice Moreau (" in page
    assert "author = {{Alice Moreau}}" in page
    assert '"@type": "Person", "name": "Alice Moreau"' in page
    alice = client_of("alice")
    alice.post("/cart/", {"ID": made.obs_publisher_did})
    assert "Alice Moreau (" in alice.get("/cart/").content.decode()
    cast.alice.delete()
    assert "alice (" in client_of("anonymous").get("/products/test.run-1/?tab=cite").content.decode()
