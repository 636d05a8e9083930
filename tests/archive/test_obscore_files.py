"""An archive whose files lie elsewhere brings its ObsCore table."""

import csv
import io

import numpy as np
import pytest
from astropy.table import Table
from django.core.management import CommandError, call_command
from django.db import connection

from search.archive.models import Product

pytestmark = pytest.mark.django_db


def rows(count=3, **changes):
    return [
        {
            "obs_publisher_did": f"ivo://far.example/archive?{number}",
            "obs_id": str(number),
            "obs_collection": "FAR",
            "calib_level": 2,
            "dataproduct_type": "event",
            "s_ra": 10.0 + number,
            "s_dec": -20.0,
            "s_region": f"Circle ICRS {10 + number} -20 2.5",
            "t_min": 55000.0,
            "t_max": 55000.1,
            "access_url": f"https://far.example/{number}.fits",
            "target_name": "PKS 2155-304",
            **changes,
        }
        for number in range(count)
    ]


def written(path, content):
    table = Table(rows=content)
    if path.suffix == ".csv":
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, content[0])
            writer.writeheader()
            writer.writerows(content)
    elif path.suffix == ".parquet":
        from pyarrow import Table as Arrow
        from pyarrow import parquet

        parquet.write_table(Arrow.from_pylist(content), path)
    else:
        table.write(path, format="fits" if path.suffix == ".fits" else "votable")
    return path


def ingest(path, **options):
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("ingest_obscore", str(path), stdout=out, stderr=err, **options)
    except CommandError as error:
        return out.getvalue(), err.getvalue(), str(error)
    return out.getvalue(), err.getvalue(), None


@pytest.mark.parametrize("name", ["t.csv", "t.fits", "t.vot", "t.parquet"])
def test_every_format_gives_the_same_rows(tmp_path, name):
    out, err, problem = ingest(written(tmp_path / name, rows()))
    assert problem is None, err
    assert "3 rows taken in" in out
    product = Product.objects.get(obs_publisher_did="ivo://far.example/archive?1")
    assert (product.s_ra, product.calib_level, product.t_max) == (11.0, 2, 55000.1)
    assert product.access_url == "https://far.example/1.fits"
    assert product.key.startswith("x-")
    assert product.policy.name == "FAR"
    assert product.region_radius == pytest.approx(2.5)
    assert ingest(tmp_path / name)[2] is None
    assert Product.objects.count() == 3


def test_rows_keep_their_own_rights(tmp_path, client):
    path = written(tmp_path / "t.csv", rows(1, data_rights="proprietary", obs_release_date="2099-01-01T00:00:00"))
    ingest(path)
    product = Product.objects.get()
    assert product.policy.rights == "proprietary"
    assert client.get(f"/data/{product.key}").status_code == 401


def test_a_row_known_already_is_brought_up_to_date(tmp_path):
    ingest(written(tmp_path / "a.csv", rows(1)))
    ingest(written(tmp_path / "b.csv", rows(1, target_name="Mrk 421")), collection="FAR")
    assert Product.objects.get().target_name == "Mrk 421"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"obs_id": ""}, "obs_id missing"),
        ({"calib_level": 7}, "calib_level"),
        ({"dataproduct_type": "nonsense"}, "nonsense"),
        ({"s_dec": 95.0}, "position"),
        ({"s_ra": "east"}, "east"),
        ({"s_region": "Blob 1 2"}, "s_region"),
        ({"t_min": 60000.0}, "t_min"),
        ({"data_rights": "mine"}, "data_rights"),
        ({"obs_release_date": "soon"}, "obs_release_date"),
    ],
)
def test_a_wrong_row_is_named_and_the_rest_goes_in(tmp_path, changes, reason):
    content = [*rows(2), *[{**rows(3)[2], **changes}]]
    if "data_rights" in changes or "obs_release_date" in changes:
        content = [{**row, **dict.fromkeys(changes, "")} for row in rows(2)] + content[2:]
    out, err, problem = ingest(written(tmp_path / "t.csv", content))
    assert "2 rows taken in, 1 refused" in out
    assert reason in err
    assert "row 3" in err
    assert problem is not None


def test_eventlist_is_taken_for_event(tmp_path):
    ingest(written(tmp_path / "t.csv", rows(1, dataproduct_type="eventlist")))
    assert Product.objects.get().dataproduct_type == "event"


@pytest.mark.parametrize("name", ["t.csv", "t.fits", "t.vot", "t.parquet"])
def test_a_broken_file_leaves_nothing(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"obs_id,obs_collection\n1,2\n3\n" if name == "t.csv" else np.random.default_rng(1).bytes(5000))
    _, _, problem = ingest(path)
    assert "Nothing was taken in" in problem
    assert not Product.objects.exists()
    assert "no file" in ingest(tmp_path / "absent.csv")[2]


def test_a_large_table_rebuilds_the_index(tmp_path, monkeypatch):
    monkeypatch.setattr("search.archive.bulk.BLOCK", 10)
    monkeypatch.setattr("search.archive.bulk.DEFER_ABOVE", 20)
    before = indexes()
    ingest(written(tmp_path / "t.csv", rows(45)))
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM archive_product_pos")
            assert cursor.fetchone() == (45,)
            cursor.execute("SELECT count(*) FROM sqlite_master WHERE type='trigger' AND name LIKE 'archive_product%'")
            assert cursor.fetchone() == (6,)
        assert indexes() == before


def indexes():
    with connection.cursor() as cursor:
        return sorted(connection.introspection.get_constraints(cursor, "archive_product"))
