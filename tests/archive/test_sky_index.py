"""The sky index follows the rows, on both engines."""

import os

import pytest
from django.db import connection

from search.archive import sky, sky_index
from search.archive.models import Product
from tests.support.commands import manage
from tests.support.gadf import Run, make_store
from tests.support.postgresql import Cluster, binaries


def indexed(table):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, x0, x1 FROM {table} ORDER BY id")
        return cursor.fetchall()


@pytest.mark.django_db
def test_rows_that_come_move_and_go(archive):
    if connection.vendor != "sqlite":
        return
    assert len(indexed("archive_product_pos")) == len(indexed("archive_product_region")) == 3
    product = Product.objects.get(pk=archive.public.pk)
    product.s_ra, product.s_dec, product.s_region = 0.0, 0.0, "Circle ICRS 0 0 1"
    product.save()
    assert product.x == pytest.approx(1)
    _, low, high = next(row for row in indexed("archive_product_region") if row[0] == product.pk)
    assert low <= 1 - 0.0174 < 1 + 0.0174 <= high + 1e-3
    product.s_ra = product.s_region = None
    product.save()
    assert product.pk not in {row[0] for row in indexed("archive_product_pos")}
    Product.objects.filter(pk=archive.hidden.pk).delete()
    assert len(indexed("archive_product_region")) == 1


@pytest.mark.django_db
def test_lost_triggers_come_back(archive):
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER archive_product_pos_insert")
    sky_index.ensure(connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'archive_product_%'")
        assert cursor.fetchone() == (6,)
    assert len(indexed("archive_product_pos")) == 3


def test_a_region_that_cannot_be_read_is_refused():
    with pytest.raises(sky.InvalidRegion):
        Product(key="a", s_region="somewhere").place()


@pytest.mark.slow
def test_ingest_on_postgresql(tmp_path):
    if binaries() is None:
        pytest.fail("PostgreSQL's server is missing: apt-get install postgresql")
    store = make_store(tmp_path / "s", [Run(1), Run(2)])
    with Cluster() as cluster:
        cluster.create("archive")
        env = {**os.environ, "DATABASE_URL": cluster.url("archive"), "DISTILLER_DATA": str(tmp_path / "data")}

        # More rows than are indexed one by one, one of them twice: the last counts.
        lines = [
            f"ivo://far.example/a?{n},{n},FAR,2,event,{n % 360},10,Circle ICRS {n % 360} 10 1" for n in range(2500)
        ]
        lines.append("ivo://far.example/a?7,seven,FAR,2,event,7,10,Polygon ICRS 6 9 8 9 8 11 6 11")
        names = "obs_publisher_did,obs_id,obs_collection,calib_level,dataproduct_type,s_ra,s_dec,s_region"
        (tmp_path / "far.csv").write_text("\n".join([names, *lines]))
        indexes = (
            "from django.db import connection; c = connection.cursor();"
            "c.execute(\"SELECT indexname FROM pg_indexes WHERE indexname LIKE 'archive_product_%' AND indexdef LIKE '%gist%'\");"
            "print(len(c.fetchall()))"
        )
        count = (
            "from search.archive.models import Product as P;"
            "print(P.objects.count(), P.objects.get(obs_publisher_did='ivo://far.example/a?7').obs_id)"
        )
        _migrated, first, again, before, *taken, after, counted = manage(
            env,
            ["migrate", "-v0"],
            *[["ingest_dl3", str(store)]] * 2,
            ["shell", "-v0", "-c", indexes],
            *[["ingest_obscore", str(tmp_path / "far.csv")]] * 2,
            ["shell", "-v0", "-c", indexes],
            ["shell", "-v0", "-c", count],
        )
        assert "2 new" in first
        assert "2 known already" in again
        assert before.strip() == after.strip() == "2"
        assert ["0 refused" in said for said in taken] == [True, True]
        assert counted.split() == ["2502", "seven"]
