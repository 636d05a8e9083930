"""What can I do with this? Answered for each type of product, for what each viewer may do."""

import re

import pytest

from search.portal import uses


@pytest.mark.parametrize("kind", [*uses.ABOUT, "visibility", None])
def test_every_type_has_a_way_on(client_of, archive, kind: str | None) -> None:
    archive.crab[0].dataproduct_type, archive.crab[0].access_url = kind, "https://elsewhere.example/1.fits"
    archive.crab[0].save()
    page = client_of("anonymous").get("/products/test.run-1/").content.decode()
    part = page[page.index('id="h-uses"') :]
    links = re.findall(r'<a href="([^"]+)">', part[: part.index("</section>")])
    assert "/provenance/entity/test.run-1/" in links
    assert ("/jobs/new/spectrum?ID=" in part) == (kind == "event")
    assert ("/sed/?ID=" in part) == (kind == "sed")


@pytest.mark.parametrize(("name", "may"), [("anonymous", False), ("charlie", False), ("bob", True), ("alice", True)])
def test_analyses_are_offered_to_those_who_may_open_the_data(client_of, archive, name: str, may: bool) -> None:
    archive.pks[1].access_url = "https://elsewhere.example/6.fits"
    archive.pks[1].save()
    page = client_of(name).get("/products/test.run-6/").content.decode()
    part = page[page.index('id="h-uses"') :]
    assert ("/jobs/new/spectrum?ID=" in part[: part.index("</section>")]) == may


def test_words_of_the_field_lead_to_the_glossary(client_of, archive) -> None:
    archive.crab[0].access_url = "https://elsewhere.example/1.fits"
    archive.crab[0].save()
    client = client_of("anonymous")
    page = client.get("/products/test.run-1/").content.decode()
    glossary = client.get("/help/glossary/").content.decode()
    terms = set(re.findall(r'/help/glossary/#([^"]+)"', page))
    assert {"livetime", "pointing-mode", "sub-array", "cuts", "significance"} <= terms
    assert {term for term in terms if f'id="{term}"' not in glossary} == set()


def test_a_record_without_a_file_says_so_and_offers_no_analysis(client_of, archive) -> None:
    page = client_of("alice").get("/products/test.run-1/").content.decode()
    assert "a record of this product, but no file" in page
    assert "/jobs/new/" not in page
    assert 'data-samp="product"' not in page
