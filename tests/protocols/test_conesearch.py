"""Simple Cone Search 1.03: a position and a radius give the runs that point there."""

import io
import subprocess

import pytest
from astropy.io.votable import parse

from tests.support.parts import program
from tests.vo.schemas import check

pytestmark = pytest.mark.django_db
CRAB = {"RA": "83.633", "DEC": "22.514", "SR": "0.1"}


def fetch(client, **parameters):
    response = client.get("/scs", parameters)
    content = b"".join(response.streaming_content) if response.streaming else response.content
    check(content)
    return response, content


def rows_of(content):
    return parse(io.BytesIO(content)).get_first_table().array


@pytest.mark.parametrize("name", ["anonymous", "charlie", "bob", "alice", "dana"])
def test_each_viewer_sees_what_they_may_know(archive, client_of, name):
    _, content = fetch(client_of(name), **CRAB)
    found = {str(value).rpartition("?")[2] for value in rows_of(content)["obs_publisher_did"]}
    expected = {archive.public.key, archive.proprietary.key}
    assert found == expected | ({archive.hidden.key} if name in ("bob", "alice", "dana") else set())


def test_the_answer_has_the_three_main_columns_once(archive, client):
    response, content = fetch(client, **CRAB)
    assert response["Content-Type"] == "text/xml;content=x-votable"
    fields = parse(io.BytesIO(content)).get_first_table().fields
    for ucd in ("meta.id;meta.main", "pos.eq.ra;meta.main", "pos.eq.dec;meta.main"):
        assert [field.ucd for field in fields].count(ucd) == 1
    assert all(field.description and field.ucd for field in fields)


def test_verbosity(archive, client):
    widths = [len(rows_of(fetch(client, **CRAB, VERB=verb)[1]).dtype) for verb in ("1", "2", "3")]
    assert widths[0] < widths[1] < widths[2]
    assert len(rows_of(fetch(client, **CRAB, VERB="nonsense")[1]).dtype) == widths[1]


@pytest.mark.parametrize("parameters", [{"SR": "0"}, {"MAXREC": "0"}])
def test_metadata_only(archive, client, parameters):
    _, content = fetch(client, **{**CRAB, **parameters})
    assert b"<FIELD" in content
    assert b"<TR>" not in content
    assert b'name="Error"' not in content


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"RA": "1"},
        {"RA": "1", "DEC": "1"},
        {"RA": "x", "DEC": "1", "SR": "1"},
        {"RA": "nan", "DEC": "1", "SR": "1"},
        {"RA": "1", "DEC": "inf", "SR": "1"},
        {"RA": "1", "DEC": "91", "SR": "1"},
        {"RA": "400", "DEC": "1", "SR": "1"},
        {"RA": "1", "DEC": "1", "SR": "-1"},
        {"RA": "1", "DEC": "1", "SR": "400"},
        {"RA": "1); DROP TABLE archive_product", "DEC": "1", "SR": "1"},
        {"RA": "1", "DEC": "1", "SR": "1", "MAXREC": "many"},
    ],
)
def test_errors_come_as_the_stub(client, db, parameters):
    _, content = fetch(client, **parameters)
    assert b'<INFO ID="Error" name="Error" value="' in content
    assert b'name="QUERY_STATUS" value="ERROR"' in content
    parse(io.BytesIO(content))


@pytest.mark.parametrize(
    "parameters",
    [
        {"RA": "360", "DEC": "90", "SR": "1"},
        {"RA": "-10", "DEC": "-90", "SR": "1"},
        {"ra": "0", "Dec": "0", "sr": "180", "FORMAT": "whatever"},
    ],
)
def test_poles_wrap_and_case(archive, client, parameters):
    _, content = fetch(client, **parameters)
    assert b'name="Error"' not in content
    expected = 2 if "sr" in parameters else 0
    assert content.count(b"<TR>") == expected


def test_more_rows_than_asked_for_are_said(archive, client):
    _, content = fetch(client, **CRAB, MAXREC="1")
    assert content.count(b"<TR>") == 1
    assert b'value="OVERFLOW"' in content


@pytest.mark.slow
def test_the_validator_finds_nothing(archive, client, tmp_path):
    path = tmp_path / "cone.xml"
    path.write_bytes(fetch(client, **CRAB, VERB="3")[1])
    run = subprocess.run(
        [program("stilts", "stilts"), "votlint", str(path)], capture_output=True, text=True, check=True
    )
    assert "ERROR" not in run.stdout + run.stderr
    assert "WARNING" not in run.stdout + run.stderr
