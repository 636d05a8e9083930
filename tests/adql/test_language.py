"""The language round its corpus: words, names, metadata of results, limits, floods of tokens."""

import contextlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.vo.tables import Column, PublishedTable
from search.adql.errors import AdqlError
from search.adql.translate import Schema, Translation, translate
from search.adql.words import RESERVED, SQL92
from tests.adql import world
from tests.adql.corpus.corpus import VALID


def made(query: str, **options: Any) -> Translation:
    return translate(query, world.SCHEMA, "sqlite", **{**world.OPTIONS, **options})


def test_all_words_of_the_standard_are_reserved() -> None:
    assert len(SQL92.split()) == 226
    assert {"SIZE", "LEVEL", "CATALOG", "HOUR", "VALUE", "POINT", "TOP"} <= RESERVED


@pytest.mark.parametrize("word", sorted(RESERVED - {"END-EXEC"}))
def test_a_reserved_word_is_no_column_and_is_told_so(word: str) -> None:
    table = PublishedTable(name="t.t", physical="t", columns=(Column(name=word.lower(), datatype="int"),))
    with pytest.raises(AdqlError) as caught:
        translate(f"SELECT a, {word} FROM t.t", Schema([table]), "sqlite")
    assert caught.value.line == 1
    quoted = translate(f'SELECT "{word.lower()}" FROM t.t', Schema([table]), "sqlite")
    assert quoted.columns[0].name == word.lower()


@pytest.mark.parametrize("word", ["date", "time", "level", "size", "order", "user", "value", "position", "region"])
def test_the_hint_says_how_to_quote(word: str) -> None:
    with pytest.raises(AdqlError, match=rf'{word.upper()} is a reserved word: write "{word}"'):
        made(f"SELECT obs_id AS {word} FROM ivoa.obscore")


def columns(query: str) -> list[tuple[str, str, str, str, str]]:
    return [(c.name, c.datatype, c.unit, c.ucd, c.xtype) for c in made(query).columns]


def test_metadata_of_columns_reaches_the_result() -> None:
    (column,) = made("SELECT s_ra FROM ivoa.obscore").columns
    assert (column.unit, column.ucd, column.utype, column.description) == (
        "deg",
        "pos.eq.ra",
        "char.ra",
        "right ascension",
    )


def test_an_aggregate_says_of_what_it_is() -> None:
    asked = made("SELECT MAX(s_ra) AS a, MIN(s_ra) AS b, AVG(s_ra) AS c, SUM(s_ra) AS d FROM ivoa.obscore").columns
    words = ("largest", "smallest", "mean", "sum")
    assert [column.description for column in asked] == [f"{word} of: right ascension" for word in words]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("s_ra AS x", ("x", "double", "deg", "pos.eq.ra", "")),
        ("MAX(t_min)", ("max_t_min", "double", "d", "stat.max;time.start", "")),
        ("COUNT(*)", ("count_all", "long", "", "meta.number", "")),
        ("AVG(calib_level)", ("avg_calib_level", "double", "", "stat.mean;meta.code", "")),
        ("SUM(calib_level)", ("sum_calib_level", "long", "", "", "")),
        ("t_max - t_min AS span", ("span", "double", "d", "", "")),
        ("t_min + 1 AS later", ("later", "double", "d", "time.start", "")),
        ("s_ra * s_dec", ("col_1", "double", "", "", "")),
        ("IN_UNIT(s_ra, 'rad') AS r", ("r", "double", "rad", "pos.eq.ra", "")),
        ("POINT(s_ra, s_dec)", ("point_s_ra", "double", "deg", "pos", "point")),
        ("CIRCLE(1, 2, 3)", ("circle_1", "double", "deg", "pos", "circle")),
        ("s_region", ("s_region", "char", "", "pos.outline", "adql:REGION")),
        ("CENTROID(s_region) AS c", ("c", "double", "deg", "pos", "point")),
        ("AREA(s_region) AS a", ("a", "double", "deg**2", "phys.angArea", "")),
        ("DISTANCE(s_ra, s_dec, 1, 2) AS d", ("d", "double", "deg", "pos.angDistance", "")),
        ("COALESCE(s_ra, 0) AS c", ("c", "double", "deg", "pos.eq.ra", "")),
        ("ivo_to_mjd(obs_release_date) AS m", ("m", "double", "d", "time.epoch", "")),
        ("CAST(obs_release_date AS VARCHAR) AS t", ("t", "char", "", "", "")),
        ("CAST('2026-01-01' AS TIMESTAMP) AS t", ("t", "char", "", "", "timestamp")),
        ("ATAN2(s_ra, s_dec) AS a", ("a", "double", "rad", "", "")),
        ("ROUND(s_ra, 1) AS a", ("a", "double", "deg", "", "")),
    ],
)
def test_metadata_is_carried_through_expressions(expression: str, expected: tuple[str, ...]) -> None:
    assert columns(f"SELECT {expression} FROM ivoa.obscore") == [expected]


def test_metadata_passes_through_subqueries_with_and_union() -> None:
    for query in (
        "SELECT q.s_ra FROM (SELECT s_ra FROM ivoa.obscore) AS q",
        "WITH q AS (SELECT s_ra FROM ivoa.obscore) SELECT s_ra FROM q",
        "SELECT s_ra FROM ivoa.obscore UNION SELECT s_ra FROM ivoa.obscore",
    ):
        assert columns(query) == [("s_ra", "double", "deg", "pos.eq.ra", "")]
    assert columns("SELECT s_ra FROM ivoa.obscore UNION SELECT s_fov FROM ivoa.obscore") == [
        ("s_ra", "double", "deg", "", "")
    ]


def test_output_names_are_unique() -> None:
    query = "SELECT a.s_ra, b.s_ra, a.obs_id AS S_RA, 1, 1 FROM ivoa.obscore a, ivoa.obscore b"
    names = [column.name for column in made(query).columns]
    assert names == ["s_ra", "s_ra_2", "S_RA_3", "col_4", "col_5"]


def test_natural_join_shows_the_common_column_once() -> None:
    names = [column.name for column in made("SELECT * FROM ivoa.obscore NATURAL JOIN arc.obsconfig").columns]
    assert names.count("obs_id") == 1
    assert names[0] == "obs_id"
    assert {"s_ra", "zenith"} <= set(names)


@pytest.mark.parametrize(
    ("top", "limit", "rows"), [("", 7, 7), ("TOP 5", 7, 5), ("TOP 9", 7, 7), ("TOP 0", 7, 0), ("TOP 3", None, 3)]
)
def test_the_limit_comes_after_top_and_offset(
    behind_wall: sqlite3.Connection, top: str, limit: int | None, rows: int
) -> None:
    for tail in ("", " OFFSET 4"):
        sql = made(f"SELECT {top} id FROM cat.sources ORDER BY id{tail}", limit=limit).sql
        found = behind_wall.execute(sql).fetchall()
        assert [row[0] for row in found] == list(range(4 if tail else 0, (4 if tail else 0) + rows))


def test_the_limit_holds_for_set_operators_distinct_and_with(behind_wall: sqlite3.Connection) -> None:
    for query in (
        "SELECT id FROM cat.sources UNION SELECT id FROM cat.sources ORDER BY id",
        "SELECT DISTINCT id FROM cat.sources",
        "WITH a AS (SELECT id FROM cat.sources) SELECT id FROM a",
        "(SELECT id FROM cat.sources)",
    ):
        assert len(behind_wall.execute(made(query, limit=6).sql).fetchall()) == 6


def test_no_text_of_the_query_reaches_the_sql_but_literals() -> None:
    sql = made('SELECT obs_id AS "evil"" name" FROM ivoa.obscore AS "x; DROP" WHERE "x; DROP".obs_id = \'a\'\'b\'').sql
    assert "evil" not in sql
    assert "DROP" not in sql
    assert "'a''b'" in sql


def test_backslashes_are_themselves_whatever_the_server_thinks() -> None:
    options = {**world.OPTIONS}
    sql = translate("SELECT obs_id FROM ivoa.obscore WHERE obs_id = 'a\\'", world.SCHEMA, "postgresql", **options).sql
    assert "E'a\\\\'" in sql


def test_without_rights_on_any_policy_there_is_no_row(behind_wall: sqlite3.Connection) -> None:
    nothing = {"product": (world.Right("policy_id", "in", ()),)}
    for query in ("SELECT obs_id FROM ivoa.obscore", "SELECT zenith FROM arc.obsconfig WHERE 1 = 1 OR zenith > 0"):
        assert behind_wall.execute(made(query, conditions=nothing).sql).fetchall() == []


def test_rights_hold_in_every_place_a_table_can_stand(behind_wall: sqlite3.Connection) -> None:
    hidden = {row["size"] for row in world.products()} - {row["size"] for row in world.VISIBLE}
    for query in (
        'SELECT "size" FROM ivoa.obscore WHERE 1 = 1 OR "size" > 0',
        'SELECT b."size" FROM cat.sources a FULL JOIN ivoa.obscore b ON a.id = b."size"',
        'SELECT q."size" FROM (SELECT "size" FROM ivoa.obscore) q',
        'WITH q AS (SELECT "size" FROM ivoa.obscore) SELECT "size" FROM q',
        'SELECT id FROM cat.sources WHERE 1 = 0 UNION SELECT "size" FROM ivoa.obscore',
        'SELECT "size" FROM ivoa.obscore WHERE 1 = CONTAINS(POINT(s_ra, s_dec), CIRCLE(0, 0, 100))',
        'SELECT "size" FROM ivoa.obscore WHERE 1 = INTERSECTS(s_region, CIRCLE(0, 0, 100))',
    ):
        seen = {row[0] for row in behind_wall.execute(made(query).sql)}
        assert seen
        assert not seen & hidden


def test_a_condition_that_is_no_list_is_refused() -> None:
    with pytest.raises(ValueError, match="no such operator"):
        made("SELECT obs_id FROM ivoa.obscore", conditions={"product": (world.Right("policy_id", "or", (1,)),)})


def test_long_lists_are_answered(behind_wall: sqlite3.Connection) -> None:
    numbers = ", ".join(map(str, range(5_000)))
    assert len(behind_wall.execute(made(f"SELECT id FROM cat.sources WHERE id IN ({numbers})").sql).fetchall()) == 40
    terms = " OR ".join(f"id = {number}" for number in range(3_000))
    assert len(behind_wall.execute(made(f"SELECT id FROM cat.sources WHERE {terms}").sql).fetchall()) == 40
    deep = "(" * 5_000 + "id" + ")" * 5_000
    assert len(behind_wall.execute(made(f"SELECT {deep} FROM cat.sources").sql).fetchall()) == 40


def test_threads_translate_side_by_side() -> None:
    queries = [query for query, _ in VALID[:40]]
    alone = [made(query).sql for query in queries]
    with ThreadPoolExecutor(8) as pool:
        for answers in pool.map(lambda _: [made(query).sql for query in queries], range(8)):
            assert answers == alone


def test_texts_of_subqueries_are_compared_as_the_columns_they_are() -> None:
    """On PostgreSQL a COLLATE would keep an index from being used."""
    query = "SELECT o.obs_id FROM (SELECT name FROM cat.sources) s JOIN ivoa.obscore o ON o.target_name = s.name"
    assert "COLLATE" not in translate(query, world.SCHEMA, "postgresql", **world.OPTIONS).sql


WORDS = st.sampled_from(
    """SELECT FROM WHERE GROUP BY ORDER HAVING TOP DISTINCT ALL AS AND OR NOT IN LIKE ILIKE BETWEEN IS NULL EXISTS JOIN
    LEFT RIGHT FULL NATURAL USING ON UNION EXCEPT INTERSECT WITH OFFSET ( ) ( ) , , . * + - / || = < > <> ; -- ' " 1 0 2.5
    1e3 'a' '%' "x" ivoa.obscore cat.sources tap_upload.mine obs_id s_ra s_dec s_region id name COUNT MAX CONTAINS POINT
    CIRCLE DISTANCE POLYGON CAST INTEGER VARCHAR COALESCE LOWER ivo_hasword pg_sleep sqlite_master auth_user product key
    policy_id $ % ? : \\ \x00 é""".split()  # noqa: SIM905 - a list of words
)
SOUP = st.lists(WORDS, max_size=40).map(" ".join)
MUTATED = st.tuples(st.sampled_from([query for query, _ in VALID]), st.integers(0, 400), st.integers(0, 30), SOUP).map(
    lambda parts: parts[0][: parts[1]] + parts[3][:80] + parts[0][parts[1] + parts[2] :]
)
LOOSE = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check_soup(query: str, connection: sqlite3.Connection) -> None:
    """Refused by the translator, or harmless and understood by the database behind its wall."""
    with contextlib.suppress(AdqlError):
        sql = made(query, limit=3).sql
        translate(query, world.SCHEMA, "postgresql", **world.OPTIONS)
        connection.execute(sql).fetchmany(3)


@LOOSE
@given(SOUP.map(lambda soup: f"SELECT {soup}"))
def test_soups_of_tokens_are_refused_or_harmless(behind_wall: sqlite3.Connection, query: str) -> None:
    check_soup(query, behind_wall)


@LOOSE
@given(MUTATED)
def test_broken_queries_are_refused_or_harmless(behind_wall: sqlite3.Connection, query: str) -> None:
    check_soup(query, behind_wall)


@LOOSE
@given(st.text(max_size=200))
def test_any_text_is_understood_or_refused(text: str) -> None:
    with contextlib.suppress(AdqlError):
        made(text)
