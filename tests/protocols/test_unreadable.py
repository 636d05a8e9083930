"""What no service can read, sent to each of them: every answer says so in the form of its protocol, and none is a page."""

import pytest
from django.db import OperationalError, connection
from django.test import Client

from tests.vo.schemas import check

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"
FILES = "".join(f'--x\r\nContent-Disposition: form-data; name="f{n}"; filename="f"\r\n\r\n1\r\n' for n in range(200))
BODIES = {
    "six megabytes": ("QUERY=" + "x" * 6_000_000, FORM, 413),
    "thousands of parameters": ("x=1" + "&x=1" * 5_000, FORM, 413),
    "hundreds of files": (FILES + "--x--\r\n", PARTS, 413),
    "parts without a border": ("no parts at all", "multipart/form-data; boundary=", 400),
}
READERS = ("/tap/sync", "/scs", "/datalink/links", "/oai", "/soda/sync", "/soda/async", "/tap/async", "/uws/sleep")
VOTABLES = READERS[:4]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("place", READERS)
def test_a_request_that_cannot_be_read_is_told_why(client: Client, place, body):
    content, kind, status = BODIES[body]
    found = client.post(place, content, content_type=kind)
    assert found.status_code == status
    assert b"settings" not in found.content
    if place in VOTABLES:
        assert b'value="ERROR"' in found.content
        check(found.content)
    else:
        assert found["Content-Type"].startswith("text/plain")
        assert found.content.startswith(b"UsageError: ") == place.startswith("/soda")


@pytest.mark.parametrize("body", ["QUERY=%00&ID=%00&RA=%00", "QUERY=%ff&ID=%ff%fe&RA=%ff", "ID=a&ID=b&RA=1&RA=2"])
@pytest.mark.parametrize("place", [*READERS, "/provsap", "/data"])
def test_signs_that_are_none_and_repeated_values_break_nothing(client: Client, place, body):
    asked = client.get(f"{place}?{body}")
    sent = client.post(place, body, content_type=FORM)
    for found in (asked, sent):
        assert found.status_code < 500
        assert not found.get("Content-Type", "").startswith("text/html") or not found.content


def test_a_service_that_takes_no_post_says_so_to_a_program():
    client = Client(enforce_csrf_checks=True)
    for place in ("/provsap", "/data", "/data/some-key"):
        found = client.post(place, {"ID": "x"})
        assert (found.status_code, found["Allow"]) == (405, "GET, HEAD")


NOWHERE = (
    "/tap/nothing", "/tap/sync/x", "/tap/async/00000000-0000-0000-0000-000000000000/nothing", "/uws/sleep/x/phase/y",
    "/datalink", "/soda/nothing", "/provsap/x", "/data/none",
)  # fmt: skip


@pytest.mark.parametrize("place", NOWHERE)
def test_an_address_that_is_none_is_told_in_words_to_a_program_and_on_a_page_to_a_browser(client: Client, place):
    said = client.get(place, headers={"Accept": "*/*"})
    assert (said.status_code, said["Content-Type"]) == (404, "text/plain; charset=utf-8")
    shown = client.get(place, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (shown.status_code, shown["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_a_method_that_a_job_list_does_not_take_is_named(client: Client):
    found = client.put("/uws")
    assert (found.status_code, found["Allow"]) == (405, "GET, HEAD")
    assert "PUT" in found.content.decode()


def test_a_cut_out_says_that_the_database_is_gone(client: Client, monkeypatch):
    """As TAP does, in SODA's words."""

    def gone(*_args, **_kwargs):
        raise OperationalError("no connection")

    monkeypatch.setattr(connection, "cursor", gone)
    found = client.get("/soda/sync?ID=x")
    assert found.status_code == 503
    assert found.content.startswith(b"ServiceUnavailable: ")
