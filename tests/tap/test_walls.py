"""What a query may cost, and what happens when it costs more: limits, pools, the second wall, clients that leave."""

import sqlite3
import threading
import time
import tracemalloc
from itertools import islice

import pytest
from django.db import connection
from django.test import Client

from gateway.access.models import Policy
from gateway.access.rights import ANONYMOUS, Viewer
from gateway.vo import votable
from gateway.vo.dali import DaliError
from search.archive.models import Product
from search.tap import engine, translation
from search.tap.database import engines, sqlite
from search.tap.pools import Pools, pools
from search.tap.stopping import Stop, Stopped
from tests.tap.conftest import make_product

RUNAWAY = "SELECT COUNT(*) AS n FROM tap_schema.columns AS a, tap_schema.columns AS b, tap_schema.columns AS c, tap_schema.columns AS d"


@pytest.fixture
def many(transactional_db) -> int:
    policy = Policy.objects.create(name="many")
    first = make_product(policy, "first")
    values = {f.attname: getattr(first, f.attname) for f in Product._meta.concrete_fields if f.attname != "id"}
    copies = [
        Product(**(values | {"key": f"test.n{i}", "obs_publisher_did": f"ivo://x/arc?n{i}", "obs_id": f"n{i}"}))
        for i in range(2999)
    ]
    Product.objects.bulk_create(copies)
    yield 3000
    engines.clear()


@pytest.mark.django_db
def test_a_query_without_end_is_stopped_at_its_limit_and_the_next_one_works(client: Client, settings):
    settings.TAP_SYNC_SECONDS = 1
    found = client.get("/tap/sync", {"LANG": "ADQL", "QUERY": RUNAWAY})
    assert found.status_code == 408
    assert b"time limit of 1 s" in found.content
    assert client.get("/tap/sync", {"LANG": "ADQL", "QUERY": "SELECT 1 AS x FROM tap_schema.keys"}).status_code == 200


def test_a_stopped_query_outside_a_transaction_gives_its_connection_back(transactional_db):
    for _ in range(3):
        with pytest.raises(Stopped):
            engine.run(RUNAWAY, ANONYMOUS, seconds=0.3)
    assert list(map(tuple, engine.run("SELECT COUNT(*) AS n FROM tap_schema.schemas", ANONYMOUS)))
    assert pools.running(None) == 0
    engines.clear()


def test_a_client_that_went_away_stops_the_query(transactional_db):
    with pytest.raises(Stopped) as caught:
        engine.run(RUNAWAY, ANONYMOUS, seconds=60, wanted=lambda: False)
    assert caught.value.status == 499
    engines.clear()


def test_closing_a_result_ends_its_query_and_frees_its_place(many):
    result = engine.run("SELECT obs_id FROM ivoa.obscore", ANONYMOUS)
    assert pools.running(None) == 1
    next(iter(result))
    result.close()
    assert pools.running(None) == 0


def test_an_answer_streams_in_constant_memory(many):
    result = engine.run("SELECT * FROM ivoa.obscore AS a, tap_schema.keys AS k", ANONYMOUS, maxrec=20_000)
    pieces = votable.write(result.columns, iter(result))
    tracemalloc.start()
    size = sum(map(len, pieces))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 12_000_000
    assert peak < 8_000_000


def test_an_error_on_the_way_is_told_after_the_rows(many, monkeypatch):
    real = sqlite.blocks

    def breaking(*arguments):
        yield from islice(real(*arguments), 2)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sqlite, "blocks", breaking)
    if connection.vendor != "sqlite":
        monkeypatch.setattr("search.tap.database.postgresql.blocks", breaking)
    found = Client().get("/tap/sync", {"LANG": "ADQL", "QUERY": "SELECT obs_id FROM ivoa.obscore"})
    text = found.getvalue().decode()
    assert found.status_code == 200
    assert text.rindex('name="QUERY_STATUS" value="ERROR"') > text.index("</TABLE>")
    assert "Traceback" not in text
    assert "disk" not in text


def test_a_database_that_is_gone_is_503_with_words(transactional_db, monkeypatch):
    def gone(*arguments):
        raise sqlite3.OperationalError("unable to open database file")
        yield

    monkeypatch.setattr(sqlite, "blocks", gone)
    monkeypatch.setattr("search.tap.database.postgresql.blocks", gone)
    found = Client().get("/tap/sync", {"LANG": "ADQL", "QUERY": "SELECT obs_id FROM ivoa.obscore"})
    assert found.status_code == 503
    assert found["Retry-After"]
    assert b"does not answer" in found.content


PAST_THE_FIRST = [
    "SELECT password FROM accounts_user",
    "SELECT name FROM sqlite_master",
    "DELETE FROM archive_product",
    "UPDATE archive_product SET policy_id = 1",
    "INSERT INTO tap_schema_keys (key_id) VALUES ('x')",
    "ATTACH DATABASE ':memory:' AS other",
    "PRAGMA table_info(archive_product)",
    "SELECT load_extension('x')",
    "SELECT randomblob(1000000000)",
    "SELECT * FROM pragma_table_info('archive_product')",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    "CREATE TABLE x (y)",
    "SELECT session_data FROM django_session",
    "SELECT readfile('/etc/passwd')",
    "SELECT fts3_tokenizer('x')",
]


def test_the_second_wall_stands_even_if_a_statement_got_past_the_first(transactional_db):
    if connection.vendor == "sqlite":
        readable = translation._known.get()[2]
        for statement in PAST_THE_FIRST:
            with pytest.raises((sqlite3.Error, DaliError)):
                list(sqlite.blocks(statement, readable, (), Stop(2)))
    engines.clear()


def test_anonymous_queries_share_a_pool_that_leaves_signed_in_users_alone(settings, monkeypatch):
    settings.TAP_ANONYMOUS_RUNNING = 2
    monkeypatch.setattr("search.tap.pools.WAIT", 0.05)
    own = Pools()
    own.enter(ANONYMOUS)
    own.enter(ANONYMOUS)
    with pytest.raises(DaliError) as caught:
        own.enter(ANONYMOUS)
    assert caught.value.status == 503
    assert caught.value.headers["Retry-After"]
    import uuid

    own.enter(Viewer(user_id=uuid.uuid4()))
    own.leave(None)
    own.enter(ANONYMOUS)


def test_a_query_waits_for_a_place_that_gets_free(settings):
    settings.TAP_ANONYMOUS_RUNNING = 1
    own = Pools()
    place = own.enter(ANONYMOUS)
    threading.Timer(0.1, own.leave, [place]).start()
    begun = time.monotonic()
    own.enter(ANONYMOUS)
    assert time.monotonic() >= begun


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        "(" * 10_000,
        "SELECT " + "1+" * 100_000 + "1 FROM ivoa.obscore",
        "SELECT '" + "x" * 4_000_000,
        "\x00",
        "SELECT \ud800",
    ],
)
def test_monstrous_queries_are_refused_at_once(client: Client, query):
    found = client.post("/tap/sync", {"LANG": "ADQL", "QUERY": query.encode("utf-8", "replace").decode()})
    assert found.status_code in (400, 413)
    assert b"Traceback" not in found.content


FORM = "application/x-www-form-urlencoded"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        pytest.param("LANG=ADQL&QUERY=SELECT+1+" + "+" * 6_000_000, FORM, 413, id="six megabytes"),
        pytest.param("LANG=ADQL" + "&x=1" * 5_000, FORM, 413, id="thousands of parameters"),
        pytest.param("no parts at all", "multipart/form-data; boundary=", 400, id="parts without a border"),
        pytest.param("--x\r\nfoo", "multipart/form-data; boundary=x", 400, id="broken parts"),
    ],
)
def test_a_request_that_cannot_be_read_is_an_error_document_that_says_so(client: Client, content, kind, status):
    found = client.post("/tap/sync", content, content_type=kind)
    assert found.status_code == status
    assert b'value="ERROR"' in found.content
    assert b"failed" not in found.content
