"""Every output format is read back by the program that astronomers use for it."""

import csv
import io
import json
import math

import pyarrow.parquet
import pytest
from astropy.io import fits
from astropy.io.votable import parse
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.vo import votable
from gateway.vo.dali import DaliError, Parameters
from gateway.vo.tables import Column
from search.tap.formats import registry
from search.tap.formats.base import Answer, RowsFailed

COLUMNS = (
    Column(name="obs_id", datatype="char", arraysize="*", description="it's an observation"),
    Column(name="s_ra", datatype="double", unit="deg", ucd="pos.eq.ra"),
    Column(name="n", datatype="int"),
    Column(name="big", datatype="long"),
    Column(name="flag", datatype="boolean"),
    Column(name="edges", datatype="double", arraysize="*"),
)
ROWS = [
    ("run\t1", 83.633, 4, 2**60, 1, "1.0 2.5"),
    (None, None, None, None, None, None),
    ('a "quoted", text', 1e-18, -4, -1, 0, "3.0"),
]


def written(name: str, rows=ROWS, trailer=()) -> bytes:
    form, _type = registry.chosen(Parameters([("RESPONSEFORMAT", name)]))
    answer = Answer(columns=COLUMNS, rows=iter(rows), infos=[votable.OK], trailer=lambda: trailer)
    return b"".join(form.write(answer))


def test_the_type_of_an_answer_is_as_the_standard_writes_it():
    name = "application/x-votable+xml; serialization=BINARY2"
    assert registry.chosen(Parameters([("RESPONSEFORMAT", name)]))[1] == name.replace(" ", "")


def test_csv_has_a_header_and_quotes_what_needs_it():
    rows = list(csv.reader(io.StringIO(written("csv").decode())))
    assert rows[0] == [column.name for column in COLUMNS]
    assert rows[1] == ["run\t1", "83.633", "4", str(2**60), "1", "1.0 2.5"]
    assert rows[2] == [""] * 6
    assert rows[3][0] == 'a "quoted", text'


NUMBERS = [1e22, -0.0, 5e-324, 0.1, None, 123456789.123, math.nan, math.inf, -math.inf, 2**63 - 1, 7]


@pytest.mark.parametrize("count", range(len(NUMBERS)))
@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_numbers_read_back_whatever_stands_beside_them(name, count):
    wanted = NUMBERS[: count + 1]
    lines = written(name, [("x", value, 1, 1, 1, None) for value in wanted]).decode().splitlines()[1:]
    found = [line.replace("\t", ",").split(",")[1] for line in lines]
    assert [None if text == "" else repr(float(text)) for text in found] == [
        None if value is None else repr(float(value)) for value in wanted
    ]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.none() | st.text(alphabet="a,\"; \t\r\n'é"), st.none() | st.floats()), min_size=1))
def test_any_csv_is_read_back_by_the_csv_module(cells):
    columns = COLUMNS[:2]
    answer = Answer(columns=columns, rows=iter(cells), infos=[votable.OK], trailer=tuple)
    rows = list(csv.reader(io.StringIO(b"".join(registry.CSV.write(answer)).decode(), newline="")))
    assert [row[0] for row in rows[1:]] == [text or "" for text, _number in cells]
    alone = Answer(columns=columns[:1], rows=((text,) for text, _ in cells), infos=[votable.OK], trailer=tuple)
    rows = list(csv.reader(io.StringIO(b"".join(registry.CSV.write(alone)).decode(), newline="")))
    assert rows[1:] == [[text or ""] for text, _number in cells]


def test_tsv_has_no_tab_in_a_cell():
    lines = written("text/tab-separated-values").decode().splitlines()
    assert [len(line.split("\t")) for line in lines] == [6] * 4


@pytest.mark.parametrize("text", ["#crab nebula#m 1#", '"quoted"', 'half "', '"', "#", "plain"])
def test_tsv_is_read_by_astropy_whatever_a_cell_begins_with(text):
    answer = Answer(columns=COLUMNS[:2], rows=iter([(text, 1.0), ("x", 2.0)]), infos=[votable.OK], trailer=tuple)
    found = Table.read(b"".join(registry.TSV.write(answer)).decode(), format="ascii.tab")
    assert found.columns[0].tolist() == [text, "x"]


def test_json_carries_metadata_rows_and_status():
    found = json.loads(written("json", [*ROWS, ("x", math.nan, 1, 1, 1, None)], [votable.OVERFLOW]))
    assert found["metadata"][1] == {"name": "s_ra", "datatype": "double", "unit": "deg", "ucd": "pos.eq.ra"}
    assert found["data"][0][1] == 83.633
    assert found["data"][3][1] is None
    assert found["status"] == "OVERFLOW"


def test_json_has_a_text_for_what_it_has_no_word_for():
    found = json.loads(written("json", [(b"caf\xc3\xa9", math.inf, 1, 2**70, 1, "\ud800")]))
    assert found["data"] == [["café", None, 1, str(2**70), 1, "?"]]


def test_fits_is_read_by_astropy_with_units_and_nulls():
    content = written("fits")
    assert len(content) % 2880 == 0
    with fits.open(io.BytesIO(content)) as hdus:
        hdus.verify("exception")
        assert hdus[1].header["TUNIT2"] == "deg"
    table = Table.read(io.BytesIO(content), format="fits")
    assert len(table) == 3
    assert table["s_ra"][0] == 83.633
    assert table["big"][0] == 2**60
    assert table["n"].mask.tolist() == [False, True, False]
    assert str(table["obs_id"][2]) == 'a "quoted", text'
    assert list(table["edges"][0]) == [1.0, 2.5]


def test_parquet_keeps_types_nulls_and_the_votable_header():
    table = pyarrow.parquet.read_table(io.BytesIO(written("parquet")))
    assert table.column("big").to_pylist() == [2**60, None, -1]
    assert table.column("flag").to_pylist() == [True, None, False]
    assert table.schema.field("s_ra").metadata == {b"unit": b"deg", b"ucd": b"pos.eq.ra"}
    header = table.schema.metadata[b"IVOA.VOTable-Parquet.content"]
    assert len(parse(io.BytesIO(header)).get_first_table().fields) == 6


@pytest.mark.parametrize("name", ["votable", "votable/b2", "votable/binary", "csv", "tsv", "json", "fits", "parquet"])
def test_an_empty_result_is_a_valid_file(name):
    assert written(name, [])


@pytest.mark.parametrize("name", ["csv", "tsv", "fits", "parquet"])
def test_a_format_without_a_place_for_errors_breaks_off(name):
    with pytest.raises(RowsFailed, match="the disk"):
        written(name, trailer=[votable.error_info("the disk is full")])


def test_a_media_type_is_answered_in_the_clients_own_words():
    form, content_type = registry.chosen(Parameters([("responseformat", "text/xml")]))
    assert content_type == "text/xml"
    assert form.extension == "vot"
    assert registry.chosen(Parameters([("FORMAT", "csv")]))[1] == "text/csv;header=present"


@pytest.mark.parametrize("name", ["xlsx", "application/x-nonsense", "votable/xyz", "🙂", "../../etc"])
def test_an_unknown_format_is_refused_and_the_known_ones_are_named(name):
    with pytest.raises(DaliError, match="votable") as caught:
        registry.chosen(Parameters([("RESPONSEFORMAT", name)]))
    assert caught.value.status == 400
