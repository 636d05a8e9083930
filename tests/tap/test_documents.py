"""What the service says of itself: valid documents, in agreement with TAP_SCHEMA."""

import pytest
from django.test import Client

from search.tap import published
from tests.vo.schemas import check

pytestmark = pytest.mark.django_db
PLACES = ("/tap/capabilities", "/tap/availability", "/tap/tables", "/tap/tables?detail=min", "/tap/tables/ivoa.obscore")


@pytest.mark.parametrize("place", PLACES)
def test_documents_are_valid_against_the_official_schemas(client: Client, place):
    response = client.get(place)
    assert response.status_code == 200
    check(response.content)


@pytest.mark.parametrize("place", PLACES)
def test_documents_need_no_sign_in_answer_head_and_can_be_read_by_pages_of_other_sites(client: Client, place):
    response = client.head(place)
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == "*"
    assert client.options(place).status_code == 204
    assert client.post(place).status_code == 405


def test_an_unknown_table_is_404_with_words(client: Client):
    response = client.get("/tap/tables/no.such")
    assert response.status_code == 404
    assert b"no.such" in response.content


def test_detail_leaves_out_the_columns(client: Client):
    assert b"<column" not in client.get("/tap/tables?detail=min").content
    assert client.get("/tap/tables?DETAIL=nonsense").status_code == 400


def test_the_page_for_people_names_the_tables(client: Client):
    text = client.get("/tap").content.decode()
    for table in published.tables():
        assert table.name in text
