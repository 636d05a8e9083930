"""Tables from outside: what is well is read whole, what is hostile is refused with words."""

import contextlib
import gzip
import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.vo import votable, votable_reader
from gateway.vo.tables import Column
from gateway.vo.votable_reader import BadVOTable

COLUMNS = tuple(
    Column(name=name, datatype=datatype, arraysize=arraysize, xtype=xtype, unit=unit, ucd=ucd)
    for name, datatype, arraysize, xtype, unit, ucd in (
        ("my col", "char", "*", "", "", "meta.id"),
        ("c4", "char", "4", "", "", ""),
        ("u", "unicodeChar", "*", "", "", ""),
        ("b", "boolean", "", "", "", ""),
        ("bit", "bit", "", "", "", ""),
        ("by", "unsignedByte", "", "", "", ""),
        ("s", "short", "", "", "", ""),
        ("i", "int", "", "", "", ""),
        ("l", "long", "", "", "", ""),
        ("f", "float", "", "", "m", ""),
        ("d", "double", "", "", "deg", "pos.eq.ra"),
        ("z", "doubleComplex", "", "", "", ""),
        ("da", "double", "*", "polygon", "deg", ""),
        ("ia", "int", "2", "interval", "", ""),
        ("t", "char", "*", "timestamp", "", "time"),
    )
)
FULL = (
    "x & y", "abcd", "é☉", 1, 1, 255, -5, 2**31 - 1, 2**63 - 1, 0.5, 1e-300,
    "1.0 -2.5", "1.0 2.0 3.5 4.5 5.5 6.5", "3 4", "2026-11-21T10:00:00",
)  # fmt: skip
EMPTY = (None,) * len(COLUMNS)


def read(content: bytes, **limits):
    options = {"max_bytes": 10**7, "max_rows": 1000} | limits
    return votable_reader.read(io.BytesIO(content), **options)


def document(rows, columns=COLUMNS, serialization="TABLEDATA") -> bytes:
    return b"".join(votable.write(columns, rows, serialization=serialization))


@pytest.mark.parametrize("serialization", ["TABLEDATA", "BINARY2"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_type_survives_with_its_metadata(serialization, packed):
    content = document([FULL, EMPTY], serialization=serialization)
    table = read(gzip.compress(content) if packed else content)
    assert table.columns == COLUMNS
    assert table.rows == [FULL, EMPTY]


def test_binary_keeps_numbers_and_null_integers():
    columns = [column for column in COLUMNS if column.datatype in ("short", "int", "long", "double")]
    rows = [(1, 2, 3, 4.5, "1.5 2.5", "3 4"), (None, None, None, None, None, "0 0")]
    assert read(document(rows, columns, "BINARY")).rows == rows


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1),
            st.none() | st.floats(allow_nan=False),
            st.none() | st.integers(-(2**63), 2**63 - 1),
        ),
        max_size=60,
    ),
    st.sampled_from(["TABLEDATA", "BINARY2"]),
)
def test_any_table_comes_back(rows, serialization):
    columns = (
        Column(name="t", datatype="char", arraysize="*"),
        Column(name="x", datatype="double"),
        Column(name="n", datatype="long"),
    )
    assert read(document(rows, columns, serialization)).rows == rows


def table(fields: str, data: str = "<DATA><TABLEDATA/></DATA>", before: str = "") -> bytes:
    return (
        f"<?xml version='1.0'?>{before}<VOTABLE><RESOURCE><TABLE>{fields}{data}</TABLE></RESOURCE></VOTABLE>".encode()
    )


DOUBLE = '<FIELD name="x" datatype="double"/>'
HOSTILE = {
    "stream of a local file": (
        table(DOUBLE, '<DATA><BINARY><STREAM href="file:///etc/passwd"/></BINARY></DATA>'),
        "points to another file",
    ),
    "stream over http": (
        table(DOUBLE, '<DATA><BINARY><STREAM href="http://127.0.0.1/"/></BINARY></DATA>'),
        "points to another file",
    ),
    "doctype": (table(DOUBLE, before='<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), "DOCTYPE"),
    "fits inside": (table(DOUBLE, "<DATA><FITS/></DATA>"), "FITS"),
    "a million columns": (table(DOUBLE * 10_000), "columns"),
    "an enormous arraysize": (table('<FIELD name="x" datatype="double" arraysize="999999999"/>'), "too many"),
    "an arraysize of words": (table('<FIELD name="x" datatype="double" arraysize="lots"/>'), "arraysize"),
    "an unknown datatype": (table('<FIELD name="x" datatype="int64"/>'), "int64"),
    "a word for a number": (table(DOUBLE, "<DATA><TABLEDATA><TR><TD>abc</TD></TR></TABLEDATA></DATA>"), "abc"),
    "a row too short": (table(DOUBLE, "<DATA><TABLEDATA><TR/></TABLEDATA></DATA>"), "cells"),
    "a number out of range": (
        table('<FIELD name="x" datatype="short"/>', "<DATA><TABLEDATA><TR><TD>99999</TD></TR></TABLEDATA></DATA>"),
        "99999",
    ),
    "binary cut short": (
        table(DOUBLE, '<DATA><BINARY><STREAM encoding="base64">AAAA</STREAM></BINARY></DATA>'),
        "middle of a row",
    ),
    "binary of a huge array": (
        table(
            '<FIELD name="x" datatype="double" arraysize="*"/>',
            '<DATA><BINARY><STREAM encoding="base64">/////w==</STREAM></BINARY></DATA>',
        ),
        "middle of a row",
    ),
    "binary rows of no bytes": (
        table(
            '<FIELD name="x" datatype="char" arraysize="0"/>',
            '<DATA><BINARY><STREAM encoding="base64">AAAA</STREAM></BINARY></DATA>',
        ),
        "no bytes",
    ),
    "deep nesting": (b"<VOTABLE>" + b"<RESOURCE>" * 100_000, "deep"),
    "not closed": (b"<VOTABLE><RESOURCE>", "well-formed"),
    "no XML": (b"ra,dec\n1,2\n", "no table"),
    "nothing": (b"", "no table"),
    "damaged gzip": (b"\x1f\x8b" + b"\x00" * 50, "damaged"),
    "gzip in gzip": (gzip.compress(gzip.compress(b"x")), "second time"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_table_is_refused_with_words(name):
    content, words = HOSTILE[name]
    with pytest.raises(BadVOTable, match=words):
        read(content)


def test_a_gzip_bomb_is_not_unpacked_beyond_the_limit():
    bomb = gzip.compress(b"<VOTABLE>" + b" " * 50_000_000)
    with pytest.raises(BadVOTable, match="larger than"):
        read(bomb, max_bytes=1_000_000)


def test_too_many_rows_are_refused():
    for serialization in ("TABLEDATA", "BINARY2"):
        with pytest.raises(BadVOTable, match="rows"):
            read(document([(1.0,)] * 11, [Column(name="x", datatype="double")], serialization), max_rows=10)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_damage_never_gives_anything_but_words(noise, place):
    content = document([FULL, EMPTY], serialization="BINARY2")
    with contextlib.suppress(BadVOTable):
        read(content[:place] + noise + content[place + len(noise) :])


# --- in pieces ---


@pytest.mark.parametrize("serialization", votable.SERIALIZATIONS)
@pytest.mark.parametrize("size", [1, 7, 2**16])
def test_rows_come_out_whole_however_the_bytes_come_in(serialization, size):
    rows = [FULL] * 40 if serialization == "BINARY" else [FULL, EMPTY] * 20
    content = document(rows, serialization=serialization)
    blocks = (content[start : start + size] for start in range(0, len(content), size))
    found = list(votable_reader.pieces(blocks, max_bytes=10**7, max_rows=1000))
    assert all(len(columns) == len(COLUMNS) for columns, _rows in found)
    assert [row for _columns, some in found for row in some] == read(content).rows
    assert len(read(content).rows) == 40


@pytest.mark.parametrize("serialization", votable.SERIALIZATIONS)
def test_a_long_table_is_read_in_constant_memory(serialization):
    columns = [Column(name="n", datatype="int"), Column(name="word", datatype="char", arraysize="*")]

    def peak(count: int) -> int:
        rows = ((number, f"a word of its own for row {number}") for number in range(count))
        blocks = votable.write(columns, rows, serialization=serialization)
        tracemalloc.start()
        read_rows = sum(len(some) for _, some in votable_reader.pieces(blocks, max_bytes=10**9, max_rows=10**6))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert read_rows == count
        return used

    assert peak(30_000) < 1.5 * peak(3_000)


def test_a_wrong_cell_far_down_is_named_by_its_row_after_the_good_ones():
    rows = [f"<TR><TD>{number}.5</TD></TR>" for number in range(9_000)]
    rows[8_123] = "<TR><TD>8123,5</TD></TR>"
    content = table(DOUBLE, f"<DATA><TABLEDATA>{''.join(rows)}</TABLEDATA></DATA>")
    found = votable_reader.pieces(content, max_bytes=10**7, max_rows=10**5)
    _columns, some = next(found)
    assert 0 < len(some) < 8_124
    with pytest.raises(BadVOTable, match=r"Row 8124 of the column x holds '8123,5'"):
        list(found)


def test_a_field_after_the_data_is_refused():
    content = table(DOUBLE, f"<DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA></DATA>{DOUBLE}")
    with pytest.raises(BadVOTable, match="after the data"):
        read(content)
