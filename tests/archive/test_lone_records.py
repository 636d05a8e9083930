"""Products whose files are elsewhere come in as records, under the rules of those with files."""

import io

import pytest
from astropy.table import Table
from django.core.management import CommandError, call_command
from django.test import Client

from provenance.models import Entity, Used
from search.archive.models import Product

pytestmark = pytest.mark.django_db
RAW = {
    "name": ["run-1.raw", "run-1.dl1"],
    "obs_id": ["1", "1"],
    "dataproduct_type": ["event", "event"],
    "dataproduct_level": ["DL0", "DL1"],
    "s_ra": [83.6, 83.6],
    "s_dec": [22.0, 22.0],
    "t_min": [59000.0, 59000.0],
    "t_max": [59000.1, 59000.1],
    "pipeline_name": ["", "ctapipe"],
    "pipeline_version": ["", "0.28"],
    "size": ["4000000000", ""],
    "sha256": ["ab" * 32, ""],
    "progenitors": ["", "raw.run-1.raw"],
}


def ingest(path, **options):
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("ingest_products", records=path, stdout=out, stderr=err, **options)
    except CommandError as error:
        return out.getvalue() + err.getvalue(), str(error)
    return out.getvalue() + err.getvalue(), None


@pytest.fixture
def table(tmp_path):
    def write(file="raw.csv", form="ascii.csv", **changes):
        path = tmp_path / file
        Table(RAW | changes).write(path, format=form, overwrite=True)
        return path

    return write


@pytest.mark.parametrize(
    ("name", "form"),
    [("raw.csv", "ascii.csv"), ("raw.fits", "fits"), ("raw.vot", "votable"), ("raw.parquet", "parquet")],
)
def test_records_of_any_level_come_in_without_files(table, name, form):
    said, problem = ingest(table(name, form), proposal="P-7", pi="alice", bib_reference="2020A&A...1")
    assert problem is None, said
    assert "2 new" in said
    raw, low = Product.objects.get(key="raw.run-1.raw"), Product.objects.get(key="raw.run-1.dl1")
    assert (raw.dataproduct_level, raw.calib_level, raw.storage_key, raw.size) == ("DL0", 0, "", 4_000_000_000)
    assert (raw.proposal_id, raw.pi_name, raw.bib_reference) == ("P-7", "alice", "2020A&A...1")
    assert (low.dataproduct_level, low.calib_level, low.pipeline_version) == ("DL1", 1, "0.28")
    assert raw.x is not None
    assert Entity.objects.get(pk=raw.key).sha256 == "ab" * 32
    assert Used.objects.get(entity_id=raw.key).activity_id == f"{low.key}.production"
    assert "2 known already" in ingest(table(name, form))[0]


def test_a_record_says_everywhere_that_there_is_no_file(table):
    ingest(table())
    product = Product.objects.get(key="raw.run-1.raw")
    links = b"".join(Client().get("/datalink/links", {"ID": product.obs_publisher_did}).streaming_content)
    assert b"no file" in links
    assert b"#documentation" in links
    assert Client().get(f"/data/{product.key}").status_code == 404
    assert Client().get(f"/packages/{product.key}").status_code == 404
    assert Client().get(f"/products/{product.key}/").status_code == 200


def test_a_changed_record_is_a_new_version(table):
    ingest(table())
    assert "1 new" not in ingest(table(s_ra=[83.7, 83.6]))[0]
    assert Product.objects.get(key="raw.run-1.raw").superseded_by.key == "raw.run-1.raw-v2"
    assert "2 known already" in ingest(table(s_ra=[83.7, 83.6]))[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ["same", "same"]}, "name of its own"),
        ({"name": ["", ""], "obs_id": ["", ""]}, "name of its own"),
        ({"dataproduct_level": ["DL9", "DL1"]}, "DL9"),
        ({"dataproduct_type": ["movie", "event"]}, "movie"),
        ({"s_ra": [500.0, 1.0]}, "no position"),
        ({"s_region": ["Blob 1 2", ""]}, "s_region"),
        ({"t_max": [1.0, 60000.0]}, "t_min is above t_max"),
        ({"data_rights": ["proprietary", ""]}, "--rights"),
        ({"obs_publisher_did": ["ivo://x/y", ""]}, "ingest_obscore"),
        ({"sha256": ["zz", ""]}, "SHA-256"),
        ({"size": ["big", "1"]}, "number of bytes"),
    ],
)
def test_a_wrong_record_is_named_with_its_reason(table, changes, words):
    said, problem = ingest(table(**changes))
    assert problem is not None
    assert words in said


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"a,b\n1\n", b"name\n"])
def test_what_is_no_table_takes_nothing_in(tmp_path, content):
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    assert ingest(path)[1]
    assert not Product.objects.exists()
    assert ingest(tmp_path / "absent.csv")[1]


def test_files_or_records_but_not_both(table, tmp_path):
    with pytest.raises(CommandError, match="one of the two"):
        call_command("ingest_products", str(tmp_path), records=table())
    with pytest.raises(CommandError, match="one of the two"):
        call_command("ingest_products")


def test_the_rights_of_records_are_those_of_the_options(table, client_of):
    ingest(table(), rights="proprietary", release_date="2099-01-01", metadata="hidden", pi="alice", proposal="P-1")
    for name, status in (("anonymous", 404), ("charlie", 404), ("alice", 200), ("dana", 200)):
        assert client_of(name).get("/products/raw.run-1.raw/").status_code == status
