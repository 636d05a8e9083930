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


def test_simulated_data_say_so(client_of, archive) -> None:
    assert "come from a simulation" in client_of("anonymous").get("/products/test.run-3/").content.decode()


def test_related_products_are_those_one_may_see(client_of, archive) -> None:
    page = client_of("anonymous").get("/products/test.run-1/?tab=related").content.decode()
    assert "test.run-2" in page
    assert "test.run-4" not in page
