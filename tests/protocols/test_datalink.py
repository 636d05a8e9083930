"""From an identifier to everything that belongs to it (DataLink 1.1)."""

import io
import re
import subprocess

import pytest
from astropy.io.votable import parse
from django.utils import timezone
from lxml import etree

from search.archive.models import Product
from tests.support.parts import program
from tests.vo.schemas import check

pytestmark = pytest.mark.django_db
PROBLEMS = ("E-", "W-", "ERROR", "WARN")
VOCABULARY = (
    "#this #progenitor #derivation #auxiliary #weight #error #noise #calibration #bias #dark #flat #preview"
    " #preview-image #preview-plot #thumbnail #proc #cutout #documentation #detached-header #coderived #counterpart"
    " #package"
)
"""http://www.ivoa.net/rdf/datalink/core of 2022-01-27"""
# STILTS 3.4.7 has the terms of DataLink 1.0 in its class and asks nobody for the newer ones, of which we write two.
TOO_NEW = re.compile(r"E-SMCO-\d+ Unknown predicate '(documentation|package)' from core DataLink vocabulary at row \d+")
NAMES = ("anonymous", "charlie", "bob", "alice", "dana")


def fetch(client, *identifiers, **more):
    response = client.get("/datalink/links", {"ID": list(identifiers), **more})
    content = b"".join(response.streaming_content) if response.streaming else response.content
    check(content)
    return response, content


def rows_of(content):
    table = parse(io.BytesIO(content)).get_first_table()
    return [dict(zip(table.array.dtype.names, map(str, row), strict=True)) for row in table.array.data], table


def links(client, *identifiers):
    return rows_of(fetch(client, *identifiers)[1])[0]


def test_what_belongs_to_an_event_list(archive, client):
    response, content = fetch(client, archive.public.obs_publisher_did)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/x-votable+xml;content=datalink"
    assert b'name="standardID" value="ivo://ivoa.net/std/DataLink#links-1.1"' in content
    rows, table = rows_of(content)
    by_semantics = {}
    for row in rows:
        by_semantics.setdefault(row["semantics"], []).append(row)
        assert sum(bool(row[name]) for name in ("access_url", "service_def", "error_message")) == 1
        assert row["ID"] == archive.public.obs_publisher_did
    this = by_semantics["#this"][0]
    assert this["access_url"] == f"http://127.0.0.1:8000/data/{archive.public.key}"
    assert (this["content_type"], this["content_length"]) == ("application/fits", str(archive.public.size))
    assert this["content_qualifier"] == "#event-list"
    assert by_semantics["#preview-image"][0]["content_type"] == "image/png"
    responses = {row["content_qualifier"].rpartition("#")[2] for row in by_semantics["#calibration"]}
    assert responses == {"aeff", "edisp", "psf", "bkgrate"}
    kinds = {row["content_type"] for row in by_semantics["#documentation"]}
    assert {"text/provenance-notation", "application/json", "application/xml", "image/svg+xml"} <= kinds
    forms = [row["access_url"] for row in by_semantics["#proc"]]
    assert any("/jobs/new/counts_map?ID=ivo%3A" in url for url in forms)
    assert {row["service_def"] for row in by_semantics["#cutout"]} == {"soda_sync_0", "soda_async_0"}
    assert table.get_field_by_id_or_name("content_length").unit == "byte"


def test_the_cut_out_that_answers_at_once_comes_first_also_where_rows_are_sorted(archive, client):
    """pyvo sorts what it reads for many identifiers, and takes the first service."""
    table = parse(io.BytesIO(fetch(client, archive.public.obs_publisher_did)[1])).get_first_table()
    rows = [tuple(map(str, row)) for row in table.array]
    place = table.array.dtype.names.index("service_def")
    for ordered in (rows, sorted(rows)):
        assert next(row[place] for row in ordered if row[place]) == "soda_sync_0"


def test_every_service_has_its_descriptor_with_the_data_sets_limits(archive, client):
    _, content = fetch(client, archive.public.obs_publisher_did)
    document = parse(io.BytesIO(content))
    services = {resource.ID: resource for resource in document.resources if resource.ID}
    assert set(services) == {"soda_sync_0", "soda_async_0"}
    params = {param.name: param for group in services["soda_sync_0"].groups for param in group.entries}
    assert params["ID"].value == archive.public.obs_publisher_did
    assert (params["CIRCLE"].ucd, str(params["CIRCLE"].unit)) == ("pos.outline;obs", "deg")
    assert (params["BAND"].ucd, str(params["BAND"].unit)) == ("em.wl;stat.interval", "m")
    assert (params["TIME"].ucd, str(params["TIME"].unit)) == ("time.interval;obs.exposure", "d")
    assert f'MIN value="{archive.public.em_min!r}"'.encode() in content
    assert f'MAX value="{archive.public.t_max!r}"'.encode() in content


@pytest.mark.parametrize("name", NAMES)
def test_rights_stand_in_the_rows_and_agree_with_the_links(archive, client_of, name):
    client = client_of(name)
    entitled = name in ("bob", "alice", "dana")
    public = links(client, archive.public.obs_publisher_did)[0]
    assert (public["link_auth"], public["link_authorized"]) == ("optional", "True")
    closed = links(client, archive.proprietary.obs_publisher_did)[0]
    assert (closed["link_auth"], closed["link_authorized"]) == ("true", str(entitled))
    assert (client.head(f"/data/{archive.proprietary.key}").status_code == 200) is entitled
    hidden = links(client, archive.hidden.obs_publisher_did)
    if entitled:
        assert hidden[0]["access_url"].endswith(archive.hidden.key)
    else:
        absent = links(client, "ivo://distiller.example/arc?secret.run-9")
        assert len(hidden) == len(absent) == 1
        assert {**hidden[0], "ID": ""} == {**absent[0], "ID": ""}


def test_many_identifiers_each_with_its_own_answer(archive, client):
    wanted = [archive.public.obs_publisher_did, "ivo://nobody/none", archive.proprietary.key]
    rows = links(client, *wanted)
    order = list(dict.fromkeys(row["ID"] for row in rows))
    assert order == wanted
    wrong = [row for row in rows if row["ID"] == "ivo://nobody/none"]
    assert len(wrong) == 1
    assert wrong[0]["error_message"].startswith("NotFoundFault")
    assert wrong[0]["semantics"] == "#this"
    posted = client.post("/datalink/links", {"ID": wanted})
    assert b"".join(posted.streaming_content).count(b"<TR>") == len(rows)


def test_no_identifier_gives_an_empty_table_that_describes_itself(client, db):
    response, content = fetch(client)
    assert response.status_code == 200
    assert rows_of(content)[0] == []
    assert b'utype="adhoc:this"' in content


def test_too_many_identifiers_end_with_overflow(client, db):
    _, content = fetch(client, *[f"ivo://x/{number}" for number in range(505)])
    assert content.count(b"<TR>") == 500
    assert b'value="OVERFLOW"' in content
    assert fetch(client, *[f"ivo://x/{number}" for number in range(1005)])[0].status_code == 413


def test_members_are_known(archive, client):
    rows = links(client, f"{archive.public.obs_publisher_did}.aeff")
    assert [row["semantics"] for row in rows] == ["#this", "#progenitor", "#package"]
    assert client.head(rows[0]["access_url"].removeprefix("http://127.0.0.1:8000")).status_code == 200


def test_a_removed_file_is_said_to_be_removed(archive, client):
    Product.objects.filter(pk=archive.public.pk).update(removed_at=timezone.now(), storage_key="")
    rows = links(client, archive.public.obs_publisher_did)
    assert rows[0]["error_message"].startswith("NotFoundFault")
    assert any(row["semantics"] == "#documentation" for row in rows)


@pytest.mark.parametrize(
    ("wanted", "status"), [("votable", 200), ("application/x-votable+xml;content=datalink", 200), ("png", 415)]
)
def test_response_format(archive, client, wanted, status):
    response, content = fetch(client, archive.public.key, RESPONSEFORMAT=wanted)
    assert response.status_code == status
    assert b"<VOTABLE" in content


@pytest.mark.parametrize(
    "text", ["", "<script>", "a" * 5000, "ivo://x/\x00", "%", "'; DROP TABLE archive_product; --", "é🙂"]
)
def test_strange_identifiers_get_an_error_row(client, db, text):
    response, content = fetch(client, text)
    assert response.status_code == 200
    assert content.count(b"<TR>") == 1
    rows_of(content)


def test_other_methods_are_refused(client, db):
    assert client.delete("/datalink/links").status_code == 405
    assert client.options("/datalink/links")["Access-Control-Allow-Origin"] == "*"


def test_service_documents(client, db):
    for path in ("/datalink/capabilities", "/scs/capabilities", "/soda/capabilities"):
        assert b"standardID" in etree.tostring(check(client.get(path).content))
    for path in ("/datalink/availability", "/scs/availability", "/soda/availability"):
        assert b"true" in etree.tostring(check(client.get(path).content))


def problems_of(*command):
    """What one of STILTS's validators says, by the vocabulary of DataLink 1.1."""
    run = subprocess.run([program("stilts", "stilts"), *command], capture_output=True, text=True, check=True)
    lines = (run.stdout + run.stderr).splitlines()
    return [line for line in lines if line.startswith(PROBLEMS) and not TOO_NEW.fullmatch(line)]


@pytest.mark.slow
def test_the_validators_find_nothing(archive, client, tmp_path):
    path = tmp_path / "links.xml"
    path.write_bytes(fetch(client, archive.public.obs_publisher_did, archive.proprietary.key, "ivo://nobody/none")[1])
    assert {row["semantics"] for row in rows_of(path.read_bytes())[0]} <= set(VOCABULARY.split())
    assert problems_of("datalinklint", f"votable={path}", "maxrepeat=999") == []
    assert problems_of("votlint", str(path)) == []
    path.write_bytes(path.read_bytes().replace(b"#package", b"#packages"))
    assert "'packages'" in problems_of("datalinklint", f"votable={path}", "maxrepeat=999")[0]
