"""/tap/sync answers as TAP 1.1 says, for everybody what they may see, and never with a traceback."""

import gzip
import io

import pytest
from astropy.io.votable import parse
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from gateway.vo import votable
from gateway.vo.tables import Column
from tests.tap.conftest import SEEN
from tests.vo.schemas import check

pytestmark = pytest.mark.django_db
COUNT = "SELECT COUNT(*) AS n FROM ivoa.obscore"


def ask(client: Client, query: str, method: str = "get", **parameters):
    return getattr(client, method)("/tap/sync", {"LANG": "ADQL", "QUERY": query, **parameters})


def content(response) -> bytes:
    return response.getvalue() if response.streaming else response.content


def table(response):
    assert response.status_code == 200, content(response)
    body = content(response)
    check(body)
    return parse(io.BytesIO(body)).get_first_table()


def column(response, name: str) -> list:
    return [value if value is not None else None for value in table(response).array[name].tolist()]


def status(response) -> str:
    """The last QUERY_STATUS, as pyvo reads it."""
    document = parse(io.BytesIO(content(response)))
    infos = [info for info in document.resources[0].infos if info.name == "QUERY_STATUS"]
    return infos[-1].value


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_query_by_get_and_by_post_gives_a_valid_votable(client, archive, method):
    found = ask(client, "SELECT obs_id, s_ra, t_min FROM ivoa.obscore ORDER BY obs_id", method)
    assert found["Content-Type"] == "application/x-votable+xml"
    assert column(found, "obs_id") == ["embargoed", "over", "public"]


@pytest.mark.parametrize("base", ["/tap/", "/tap-auth/"])
def test_the_base_may_be_given_with_a_slash_at_its_end(client_of, archive, base):
    """pyvo and STILTS put ``/sync`` behind what they are given."""
    client = client_of("alice")
    data = {"LANG": "ADQL", "QUERY": "SELECT obs_id FROM ivoa.obscore"}
    assert client.post(f"{base}/sync", data).status_code == 200
    assert client.get(f"{base}/capabilities").status_code == client.get(base).status_code == 200
    made = client.post(f"{base}/async", data)
    assert (made.status_code, f"{base.rstrip('/')}/async/" in made["Location"]) == (303, True)
    assert client.get(f"{base}x/sync").status_code == 404


def test_names_of_parameters_are_read_in_any_case_and_unknown_ones_ignored(client, archive):
    found = client.get("/tap/sync", {"lang": "ADQL", "Query": COUNT, "request": "doQuery", "nonsense": "1"})
    assert column(found, "n") == [3]


def test_the_answer_echoes_the_text_as_it_was_sent(client, archive):
    text = "SELECT  s_ra -- a comment\nFROM ivoa.obscore"
    document = parse(io.BytesIO(content(ask(client, text))))
    assert next(info.value for info in document.resources[0].infos if info.name == "QUERY") == text


def test_columns_carry_their_metadata_through_the_query(client, archive):
    fields = table(ask(client, "SELECT s_ra AS ra, AVG(t_min) AS t FROM ivoa.obscore GROUP BY s_ra")).fields
    assert (fields[0].name, str(fields[0].unit), fields[0].ucd) == ("ra", "deg", "pos.eq.ra")
    assert str(fields[1].unit) == "d"


def test_maxrec_cuts_and_says_so(client, archive):
    query = "SELECT obs_id FROM ivoa.obscore ORDER BY obs_id"
    cut = ask(client, query, MAXREC="2")
    assert status(cut) == "OVERFLOW"
    assert status(ask(client, query, MAXREC="3")) == "OK"
    assert len(table(ask(client, query, MAXREC="2")).array) == 2
    assert status(ask(client, "SELECT TOP 1 obs_id FROM ivoa.obscore", MAXREC="2")) == "OK"
    assert status(ask(client, query, MAXREC="0")) == "OVERFLOW"
    nothing = table(ask(client, query, MAXREC="0"))
    assert [field.name for field in nothing.fields] == ["obs_id"]
    assert len(nothing.array) == 0


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "LANG"),
        ({"LANG": "ADQL"}, "QUERY"),
        ({"LANG": "SQL", "QUERY": COUNT}, "query languages"),
        ({"LANG": "ADQL", "QUERY": COUNT, "MAXREC": "-1"}, "MAXREC"),
        ({"LANG": "ADQL", "QUERY": COUNT, "MAXREC": "many"}, "MAXREC"),
        ({"LANG": "ADQL", "QUERY": COUNT, "MAXREC": "9" * 400}, "MAXREC"),
        ({"LANG": "ADQL", "QUERY": COUNT, "MAXREC": "٣"}, "MAXREC"),
        ({"LANG": ["ADQL", "ADQL"], "QUERY": COUNT}, "more than once"),
        ({"LANG": "ADQL", "QUERY": COUNT, "RESPONSEFORMAT": "nonsense"}, "RESPONSEFORMAT"),
        ({"LANG": "ADQL", "QUERY": "SELEC s_ra FROM ivoa.obscore"}, "line 1"),
        ({"LANG": "ADQL", "QUERY": "SELECT no_such FROM ivoa.obscore"}, "no_such"),
        ({"LANG": "ADQL", "QUERY": "SELECT * FROM auth_user"}, "auth_user"),
        ({"LANG": "ADQL", "QUERY": "SELECT * FROM archive_product"}, "archive_product"),
        ({"LANG": "ADQL", "QUERY": "DROP TABLE ivoa.obscore"}, "DROP"),
        ({"LANG": "ADQL", "QUERY": COUNT + "; DELETE FROM ivoa.obscore"}, "line 1"),
        ({"LANG": "ADQL", "QUERY": COUNT, "UPLOAD": "nonsense"}, "UPLOAD"),
        ({"LANG": "ADQL", "QUERY": COUNT, "UPLOAD": "t,param:missing"}, "missing"),
        ({"LANG": "ADQL", "QUERY": COUNT, "UPLOAD": "1t,param:missing"}, "missing"),
        ({"LANG": "ADQL", "QUERY": COUNT, "UPLOAD": "t,file:///etc/passwd"}, "could not be fetched"),
        ({"LANG": "ADQL", "QUERY": COUNT, "UPLOAD": "t,http://169.254.169.254/x"}, "could not be fetched"),
        ({"LANG": "ADQL", "QUERY": COUNT, "UPLOAD": "t,gopher://x/"}, "could not be fetched"),
    ],
)
def test_a_bad_request_is_400_with_a_votable_that_says_why(client, archive, parameters, words):
    for method in ("get", "post"):
        found = getattr(client, method)("/tap/sync", parameters)
        assert found.status_code == 400, content(found)
        check(found.content)
        assert status(found) == "ERROR"
        assert words in found.content.decode()
        assert "Traceback" not in found.content.decode()


def test_head_gives_the_head_without_running_the_query(client, archive):
    found = client.head("/tap/sync", {"LANG": "ADQL", "QUERY": COUNT})
    assert found.status_code == 200
    assert found["Content-Type"] == "application/x-votable+xml"
    assert content(found) == b""


def test_pages_of_other_sites_may_ask(client, archive):
    assert ask(client, COUNT)["Access-Control-Allow-Origin"] == "*"
    preflight = client.options("/tap/sync")
    assert preflight.status_code == 204
    assert "Authorization" in preflight["Access-Control-Allow-Headers"]


def test_an_answer_is_packed_for_who_can_unpack(archive):
    found = ask(Client(headers={"accept-encoding": "gzip, deflate"}), COUNT)
    assert found["Content-Encoding"] == "gzip"
    assert b"<TD>3</TD>" in gzip.decompress(content(found))
    assert not ask(Client(headers={"accept-encoding": "gzip;q=0"}), COUNT).has_header("Content-Encoding")


def test_a_row_with_a_publisher_identifier_leads_to_its_links(client, archive):
    body = content(ask(client, "SELECT TOP 1 obs_publisher_did FROM ivoa.obscore")).decode()
    assert 'utype="adhoc:service"' in body
    assert 'ref="obs_publisher_did"' in body
    assert "adhoc:service" not in content(ask(client, COUNT)).decode()


# --- rights ----------------------------------------------------------------------------------------------------------

SHAPES = {
    "plain": "SELECT obs_id FROM ivoa.obscore",
    "star": "SELECT * FROM ivoa.obscore",
    "condition that is always true": "SELECT obs_id FROM ivoa.obscore WHERE 1 = 1 OR calib_level IS NULL",
    "negation": "SELECT obs_id FROM ivoa.obscore WHERE NOT (calib_level = 77)",
    "derived table": "SELECT a.obs_id FROM (SELECT * FROM ivoa.obscore) AS a",
    "common table": "WITH a AS (SELECT obs_id FROM ivoa.obscore) SELECT obs_id FROM a",
    "self join": "SELECT b.obs_id FROM ivoa.obscore AS a RIGHT JOIN ivoa.obscore AS b ON a.obs_id = b.obs_id",
    "outer join": "SELECT b.obs_id FROM ivoa.obscore AS b LEFT OUTER JOIN ivoa.obscore_hea AS a USING (obs_publisher_did)",
    "natural join": "SELECT obs_id FROM ivoa.obscore NATURAL JOIN arc.obsconfig",
    "union": "SELECT obs_id FROM ivoa.obscore UNION SELECT obs_id FROM ivoa.obscore",
    "except": "SELECT obs_id FROM ivoa.obscore EXCEPT SELECT 'x' AS obs_id FROM ivoa.obscore",
    "intersect": "SELECT obs_id FROM ivoa.obscore INTERSECT SELECT obs_id FROM ivoa.obscore",
    "in": "SELECT obs_id FROM ivoa.obscore WHERE obs_id IN (SELECT obs_id FROM ivoa.obscore)",
    "exists": "SELECT obs_id FROM ivoa.obscore AS a WHERE EXISTS (SELECT 1 AS x FROM ivoa.obscore AS b WHERE a.obs_id = b.obs_id)",
    "distinct": "SELECT DISTINCT obs_id FROM ivoa.obscore",
    "group": "SELECT obs_id, COUNT(*) AS n FROM ivoa.obscore GROUP BY obs_id",
    "cone": "SELECT obs_id FROM ivoa.obscore WHERE DISTANCE(s_ra, s_dec, 83.633, 22.014) < 1",
    "contains": "SELECT obs_id FROM ivoa.obscore WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(83.633, 22.014, 1))",
    "footprint": "SELECT obs_id FROM ivoa.obscore WHERE 1 = INTERSECTS(s_region, CIRCLE(83.633, 22.014, 0.1))",
    "alias table": "SELECT obs_id FROM cta.vo_obscore",
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", SEEN)
def test_every_shape_of_query_gives_each_viewer_what_the_viewer_may_see(client_of, archive, shape, name):
    assert set(column(ask(client_of(name), SHAPES[shape]), "obs_id")) == SEEN[name]


@pytest.mark.parametrize("name", SEEN)
@pytest.mark.parametrize("published", ["ivoa.obscore_hea", "arc.obsconfig"])
def test_the_other_tables_of_a_product_keep_its_rights(client_of, archive, name, published):
    found = column(ask(client_of(name), f"SELECT obs_publisher_did AS d FROM {published}"), "d")
    assert {did.rsplit(".", 1)[1] for did in found} == SEEN[name]


@pytest.mark.parametrize("name", SEEN)
def test_proposals_keep_theirs(client_of, archive, name):
    found = column(ask(client_of(name), "SELECT proposal_id FROM arc.proposal"), "proposal_id")
    assert set(found) == ({"P-1", "P-2"} if "hidden" in SEEN[name] else {"P-1"})


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT(*) AS n FROM ivoa.obscore WHERE obs_id = 'hidden'",
        "SELECT COUNT(*) AS n FROM ivoa.obscore AS a JOIN arc.proposal AS p ON p.proposal_id = 'P-2'",
        "SELECT COUNT(*) AS n FROM arc.proposal WHERE title LIKE 'Sec%'",
    ],
)
def test_hidden_rows_do_not_show_in_counts(client_of, archive, query):
    assert column(ask(client_of("charlie"), query), "n") == [0]
    assert column(ask(client_of("alice"), query), "n") != [0]


def test_the_policy_and_other_inner_columns_cannot_be_named(client, archive):
    for name in ("policy_id", "id", "x", "storage_key", "region_radius", "key", "sha256"):
        assert ask(client, f'SELECT "{name}" FROM ivoa.obscore').status_code == 400


def test_data_rights_are_those_of_today(client, archive):
    archive["over"].obs_release_date = "2020-01-01T00:00:00"
    archive["over"].save()
    found = ask(client, "SELECT data_rights FROM ivoa.obscore WHERE obs_id = 'over'")
    assert column(found, "data_rights") == ["public"]


# --- uploads ---------------------------------------------------------------------------------------------------------

UPLOADED = (
    Column(name="my name", datatype="char", arraysize="*", ucd="meta.id"),
    Column(name="ra", datatype="double", unit="deg", ucd="pos.eq.ra;meta.main"),
    Column(name="dec", datatype="double", unit="deg", ucd="pos.eq.dec;meta.main"),
    Column(name="date", datatype="char", arraysize="*", xtype="timestamp"),
)
MINE = [("near", 83.7, 22.0, "2026-11-21T00:00:00"), ("far", 10.0, -40.0, None)]


def upload(client, query: str, content_of: bytes, name: str = "mine", **extra):
    part = SimpleUploadedFile("t.xml", content_of, "application/x-votable+xml")
    data = {"LANG": "ADQL", "QUERY": query, "UPLOAD": f"{name},param:t1", "t1": part, **extra}
    return client.post("/tap/sync", data)


def as_votable(rows=MINE, columns=UPLOADED, **options) -> bytes:
    return b"".join(votable.write(columns, rows, **options))


@pytest.mark.parametrize("serialization", ["TABLEDATA", "BINARY2"])
def test_an_uploaded_table_comes_back_with_its_metadata(client, archive, serialization):
    found = table(upload(client, "SELECT * FROM TAP_UPLOAD.mine", as_votable(serialization=serialization)))
    assert [field.name for field in found.fields] == ["my name", "ra", "dec", "date"]
    assert str(found.fields[1].unit) == "deg"
    assert found.fields[3].xtype == "timestamp"
    assert found.array["ra"].tolist() == [83.7, 10.0]


def test_an_uploaded_table_joins_the_archive(client, archive):
    query = (
        'SELECT m."my name" AS who, o.obs_id FROM TAP_UPLOAD.mine AS m JOIN ivoa.obscore AS o'
        " ON DISTANCE(m.ra, m.dec, o.s_ra, o.s_dec) < 1"
    )
    found = table(upload(client, query, as_votable())).array
    assert {row["who"] for row in found} == {"near"}
    assert len(found) == 3


def test_several_uploads_and_packed_ones(client, archive):
    parts = {name: SimpleUploadedFile(name, gzip.compress(as_votable())) for name in ("a", "b")}
    query = "SELECT COUNT(*) AS n FROM TAP_UPLOAD.x AS x CROSS JOIN TAP_UPLOAD.y AS y".replace("CROSS JOIN", ",")
    data = {"LANG": "ADQL", "QUERY": query, "UPLOAD": ["x,param:a", "y,param:b"], **parts}
    assert column(client.post("/tap/sync", data), "n") == [4]


@pytest.mark.parametrize("names", ["x,param:a;y,param:a", " x,param:a ; y,param:a;", "x,param:a;;y,param:a"])
def test_one_part_may_be_two_tables(client, archive, names):
    part = SimpleUploadedFile("a", as_votable())
    query = "SELECT x.ra AS ra FROM TAP_UPLOAD.x AS x JOIN TAP_UPLOAD.y AS y ON x.dec = y.dec ORDER BY x.ra"
    found = client.post("/tap/sync", {"LANG": "ADQL", "QUERY": query, "UPLOAD": names, "a": part})
    assert column(found, "ra") == [10.0, 83.7]


def test_an_address_keeps_its_semicolons(client, archive):
    uploaded = "mine,http://127.0.0.1/a;b=1?c;d=2"
    found = client.post("/tap/sync", {"LANG": "ADQL", "QUERY": "SELECT * FROM TAP_UPLOAD.mine", "UPLOAD": uploaded})
    assert b"http://127.0.0.1/a;b=1?c;d=2 could not be fetched" in found.content


def test_an_upload_lives_for_its_query_only_and_is_in_no_list(client, archive):
    assert upload(client, "SELECT * FROM TAP_UPLOAD.mine", as_votable()).status_code == 200
    assert ask(client, "SELECT * FROM TAP_UPLOAD.mine").status_code == 400
    listed = column(ask(client, "SELECT table_name FROM tap_schema.tables"), "table_name")
    assert not [name for name in listed if "upload" in name]


@pytest.mark.parametrize(
    "hostile",
    [
        b'<VOTABLE><RESOURCE><TABLE><FIELD name="x" datatype="char" arraysize="*"/><DATA><BINARY>'
        b'<STREAM href="file:///etc/passwd"/></BINARY></DATA></TABLE></RESOURCE></VOTABLE>',
        b'<VOTABLE><RESOURCE><TABLE><FIELD name="x" datatype="double"/><DATA><BINARY2>'
        b'<STREAM href="http://169.254.169.254/latest"/></BINARY2></DATA></TABLE></RESOURCE></VOTABLE>',
        b"<VOTABLE><RESOURCE><TABLE>" + b'<FIELD name="x" datatype="double"/>' * 1_000_000,
        b'<VOTABLE><RESOURCE><TABLE><FIELD name="x" datatype="decimal"/></TABLE></RESOURCE></VOTABLE>',
        b'<VOTABLE><RESOURCE><TABLE><FIELD name="x" datatype="int"/><DATA><TABLEDATA><TR><TD>1.5e400</TD></TR>'
        b"</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>",
        b'<!DOCTYPE x [<!ENTITY e "boom">]><VOTABLE/>',
        gzip.compress(b"<VOTABLE>" + b" " * 60_000_000),
        b"not a table",
        b"",
    ],
)
def test_a_hostile_upload_is_400_with_words(client, archive, hostile):
    found = upload(client, "SELECT * FROM TAP_UPLOAD.mine", hostile or b" ")
    assert found.status_code == 400
    assert status(found) == "ERROR"
    assert b"uploaded table mine" in found.content


# --- TAP_SCHEMA ------------------------------------------------------------------------------------------------------


def test_tap_schema_describes_every_table_and_itself(client, archive):
    names = column(ask(client, "SELECT table_name FROM tap_schema.tables"), "table_name")
    for expected in ("ivoa.obscore", "ivoa.obscore_hea", "arc.obsconfig", "arc.proposal", "tap_schema.columns"):
        assert expected in names
    standard = "SELECT COUNT(*) AS n FROM TAP_SCHEMA.columns WHERE table_name = 'ivoa.obscore' AND std = 1"
    assert column(ask(client, standard), "n") == [60]


def test_fields_of_a_star_equal_tap_schema(client, archive):
    columns = table(
        ask(client, "SELECT * FROM TAP_SCHEMA.columns WHERE table_name = 'ivoa.obscore' ORDER BY column_index")
    ).array
    fields = table(ask(client, "SELECT TOP 1 * FROM ivoa.obscore")).fields
    assert [field.name for field in fields] == columns["column_name"].tolist()
    assert [field.datatype for field in fields] == columns["datatype"].tolist()
    assert [field.ucd or "" for field in fields] == [value or "" for value in columns["ucd"].tolist()]
    assert [field.utype or "" for field in fields] == [value or "" for value in columns["utype"].tolist()]


def test_size_is_reserved_and_works_in_quotes(client, archive):
    assert ask(client, 'SELECT "size" FROM TAP_SCHEMA.columns').status_code == 200
    refused = ask(client, "SELECT size FROM TAP_SCHEMA.columns")
    assert refused.status_code == 400
    assert b"reserved" in refused.content
