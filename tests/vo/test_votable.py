"""What we write is a VOTable that others read back, whatever the values."""

import io
import math

import pytest
from astropy.io.votable import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.vo import votable
from gateway.vo.tables import Column

COLUMNS = (
    Column(name="obs_id", datatype="char", arraysize="*", ucd="meta.id", description="an <id> & more"),
    Column(name="s_ra", datatype="double", unit="deg", ucd="pos.eq.ra"),
    Column(name="t_min", datatype="double", unit="d", ucd="time.start;obs.exposure"),
    Column(name="n", datatype="int"),
    Column(name="big", datatype="long"),
    Column(name="flag", datatype="boolean"),
    Column(name="c", datatype="char", arraysize="4"),
    Column(name="region", datatype="double", arraysize="*", xtype="polygon"),
    Column(name="title", datatype="unicodeChar", arraysize="*"),
)
ROWS = [
    ("run-1", 83.633, 53343.9, 4, 2**60 + 1, 1, "abcd", "10.0 10.0 10.2 10.0 10.2 10.2", "Crab ☉"),
    ("<&>\"'", 1e-300, None, -7, -1, 0, "ab", "1.5 2.5 3.5 4.5 5.5 6.5", "ü"),
    (None, None, None, None, None, None, None, None, None),
    ("", math.nan, math.inf, 0, 0, None, "", "0.5 0.5", ""),
]


def document(rows=ROWS, columns=COLUMNS, **options) -> bytes:
    return b"".join(votable.write(columns, iter(rows), **options))


def read(content: bytes):
    return parse(io.BytesIO(content), verify="exception").get_first_table()


@pytest.mark.parametrize("serialization", votable.SERIALIZATIONS)
def test_astropy_reads_back_what_was_written(serialization):
    table = read(document(serialization=serialization))
    assert [field.name for field in table.fields] == [column.name for column in COLUMNS]
    array = table.array
    assert list(array["s_ra"][:2]) == [83.633, 1e-300]
    assert array["t_min"][3] == math.inf
    assert array["big"][0] == 2**60 + 1
    assert array["n"].mask.tolist() == [False, False, True, False]
    assert list(array["region"][1]) == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
    assert array["obs_id"][1] == "<&>\"'"
    assert array["title"][0] == "Crab ☉"
    assert array["flag"].tolist()[:2] == [True, False]


@pytest.mark.parametrize("serialization", votable.SERIALIZATIONS)
@pytest.mark.parametrize("varying", [False, True], ids=["all rows alike", "one column differs"])
@pytest.mark.parametrize("row", [("100 %s & <b>\x01", 83.5, None, None, 7, 1, "%d%%", None, None), ROWS[0], ROWS[2]])
def test_columns_that_say_the_same_in_every_row_arrive_in_every_row(row, varying, serialization):
    rows = [(*row[:4], number if varying else row[4], *row[5:]) for number in range(700)]
    alone = [read(document([one], serialization=serialization)).array[0] for one in (rows[0], rows[-1])]
    array = read(document(rows, serialization=serialization)).array
    assert len(array) == 700
    assert [str(array[0]), str(array[650]), str(array[-1])] == [
        str(alone[0]), str(read(document([rows[650]], serialization=serialization)).array[0]), str(alone[1])
    ]  # fmt: skip


def test_the_head_declares_frame_and_time_scale_and_the_status():
    text = document().decode()
    assert '<COOSYS ID="system_icrs" system="ICRS"/>' in text
    assert 'timescale="UTC"' in text
    assert text.index('<INFO name="QUERY_STATUS" value="OK"/>') < text.index("<TABLE")


def test_what_happens_on_the_way_is_told_after_the_table():
    text = document(trailer=lambda: [votable.OVERFLOW]).decode()
    assert text.index('value="OVERFLOW"') > text.index("</TABLE>")


def test_an_error_document_has_no_table_and_escapes_what_was_sent():
    text = votable.error("no <column> & \x00 such").decode()
    assert "<TABLE" not in text
    assert "no &lt;column&gt; &amp;  such" in text
    parse(io.BytesIO(text.encode()), verify="exception")


def test_an_empty_result_is_a_table_with_fields_and_no_rows():
    for serialization in votable.SERIALIZATIONS:
        table = read(document(rows=[], serialization=serialization))
        assert len(table.array) == 0
        assert len(table.fields) == len(COLUMNS)


def test_duplicate_and_odd_names_do_not_make_invalid_ids():
    columns = [Column(name=name, datatype="int") for name in ("a", "a", "1 b<", 'q"', "system_icrs")]
    table = read(document(rows=[(1, 2, 3, 4, 5)], columns=columns))
    assert [field.name for field in table.fields] == ["a", "a", "1 b<", 'q"', "system_icrs"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | st.text(max_size=20),
            st.none() | st.floats(),
            st.none() | st.integers(-(2**31) + 1, 2**31 - 1),
        ),
        max_size=120,
    ),
    st.sampled_from(votable.SERIALIZATIONS),
)
def test_any_text_and_number_survives(rows, serialization):
    columns = (
        Column(name="t", datatype="unicodeChar", arraysize="*"),
        Column(name="x", datatype="double"),
        Column(name="n", datatype="int"),
    )
    table = read(document(rows=rows, columns=columns, serialization=serialization))
    assert len(table.array) == len(rows)
    for (_text, x, n), found in zip(rows, table.array, strict=True):
        if x is not None and not math.isnan(x):
            assert float(found["x"]) == x
        if n is not None:
            assert int(found["n"]) == n


def test_nothing_is_held_back_the_head_comes_before_the_first_row():
    def rows():
        raise AssertionError("asked too early")
        yield

    pieces = votable.write(COLUMNS, rows())
    assert b"<VOTABLE" in next(pieces)
