"""Lists of targets, pasted or uploaded, as people have them."""

from contextlib import suppress

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from search.portal import targets

VOTABLE = """<?xml version="1.0"?><VOTABLE version="1.4"><RESOURCE><TABLE>
<FIELD name="Main" datatype="char" arraysize="*" ucd="meta.id;meta.main"/>
<FIELD name="a" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main"/>
<FIELD name="b" datatype="double" unit="deg" ucd="pos.eq.dec;meta.main"/>
<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""
ROW = "<TR><TD>Crab</TD><TD>83.63</TD><TD>22.01</TD></TR>"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Crab Nebula\n\n# mine\nMrk 421", ["Crab Nebula", "Mrk 421"]),
        ("name\nCrab Nebula", ["Crab Nebula"]),
        ("83.63, 22.01\n166.1, 38.2", ["83.63, 22.01", "166.1, 38.2"]),
        ("83,63; 22,01", ["83,63; 22,01"]),
        ("Name,RA (deg),Dec (deg)\nCrab,83.63,22.01\nMrk 421,,\n,,", ["83.63 22.01", "Mrk 421"]),
        ("RAJ2000\tDEJ2000\n05 34 31.9\t+22 00 52", ["05 34 31.9 +22 00 52"]),
        ("Crab, 83.63, 22.01, 5\nMrk 421, first", ["83.63 22.01", "Mrk 421"]),
        (
            "\u87f9\u72b6\u661f\u4e91\n\u041a\u0440\u0430\u0431",
            ["\u87f9\u72b6\u661f\u4e91", "\u041a\u0440\u0430\u0431"],
        ),
    ],
)
def test_lines_and_tables_are_read(text: str, lines: list[str]) -> None:
    assert targets.of_text(text) == lines
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert targets.of_file(text.encode(encoding)) == lines


def test_a_votable_gives_its_positions() -> None:
    assert targets.of_file(VOTABLE.format(rows=ROW * 2).encode()) == ["83.63 22.01"] * 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "lists no target"),
        (b"\x00\x01\x02" * 100, "no text"),
        (b"SIMPLE  =                    T", "FITS"),
        (b"\n".join([b"Crab"] * 10_000), "10000 lines are too many"),
        (VOTABLE.format(rows=ROW * 10_000).encode(), "more rows"),
        (b"<VOTABLE><RESOURCE>", ""),
        (VOTABLE.replace("<VOTABLE", "<!DOCTYPE x><VOTABLE").format(rows=ROW).encode(), ""),
        (b"x" * (targets.MAX_BYTES + 1), "too large"),
    ],
)
def test_what_is_no_list_is_refused_in_words(client, db, content: bytes, words: str) -> None:
    answer = client.post("/search/targets", {"file": SimpleUploadedFile("list", content)})
    assert answer.status_code == 400
    assert words in answer.json()["error"].replace(",", "")


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    with suppress(targets.ListError):
        assert all(targets.of_file(content))


def test_an_uploaded_list_is_searched(client_of, archive) -> None:
    client = client_of("anonymous")
    file = SimpleUploadedFile("list.csv", b"name,ra,dec\nCrab,83.63,22.01\n")
    lines = client.post("/search/targets", {"file": file}).json()["lines"]
    assert "3</strong>" in client.get("/search/preview", {"targets": "\n".join(lines)}).content.decode()
