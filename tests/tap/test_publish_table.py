"""An operator publishes a source catalogue by one command, and it is a table like the archive's own."""

import pytest
from astropy.io import fits
from astropy.table import Table
from django.core.management import CommandError, call_command
from django.test import Client

from gateway.access.rights import ANONYMOUS
from search.tap import engine, published
from tests.vo.schemas import check

pytestmark = pytest.mark.django_db


@pytest.fixture
def sources() -> Table:
    table = Table({"name": ["Crab", "M 87", "none"], "ra": [83.633, 187.706, float("nan")], "dec": [22.014, 12.391, 0.0],
                   "n": [1, 2, 3]})  # fmt: skip
    table["ra"].unit = table["dec"].unit = "deg"
    table["ra"].description = "right ascension"
    table["ra"].info.meta = {"ucd": "pos.eq.ra;meta.main"}
    table["dec"].info.meta = {"ucd": "pos.eq.dec;meta.main"}
    return table


def rows(query: str) -> list[tuple]:
    return list(map(tuple, engine.run(query, ANONYMOUS)))


@pytest.mark.parametrize("form", ["votable", "fits", "ascii.csv", "ascii.ecsv", "parquet"])
def test_a_catalogue_of_each_format_becomes_a_table_with_a_sky_index(sources, tmp_path, form):
    ending = {"votable": "vot", "fits": "fits", "ascii.csv": "csv", "ascii.ecsv": "ecsv", "parquet": "parquet"}[form]
    path = tmp_path / f"my-sources.{ending}"
    sources.write(path, format=form)
    call_command("publish_table", str(path), "--ra=ra", "--dec=dec", "--description=bright ones", verbosity=0)
    query = "SELECT name, n FROM catalogs.my_sources WHERE DISTANCE(ra, dec, 83.6, 22.0) < 1"
    assert rows(query) == [("Crab", 1)]
    assert rows("SELECT COUNT(*) AS n FROM catalogs.my_sources WHERE ra IS NULL") == [(1,)]
    described = "SELECT description FROM tap_schema.tables WHERE table_name = 'catalogs.my_sources'"
    assert rows(described) == [("bright ones",)]


@pytest.mark.parametrize("form", ["votable", "fits", "ascii.ecsv", "parquet"])
def test_units_ucds_and_descriptions_of_the_file_are_those_of_the_table(sources, tmp_path, form):
    """And the UCDs alone make the sky index."""
    path = tmp_path / f"s.{ {'votable': 'vot', 'ascii.ecsv': 'ecsv'}.get(form, form) }"
    sources.write(path, format=form)
    if form == "fits":  # as TOPCAT writes them; astropy does not
        with fits.open(path, mode="update") as hdus:
            for number, ucd in ((2, "pos.eq.ra;meta.main"), (3, "pos.eq.dec;meta.main")):
                hdus[1].header[f"TUCD{number}"] = ucd
            hdus[1].header["TCOMM2"] = "right ascension"
    call_command("publish_table", str(path), verbosity=0)
    found = engine.run("SELECT ra FROM catalogs.s WHERE DISTANCE(ra, dec, 83.6, 22.0) < 1", ANONYMOUS)
    assert len(list(found)) == 1
    (ra,) = found.columns
    assert (ra.unit, ra.ucd, ra.description) == ("deg", "pos.eq.ra;meta.main", "right ascension")
    assert published.find("catalogs.s").positions


def test_publishing_again_replaces_and_withdrawing_takes_back(sources, tmp_path):
    path = tmp_path / "s.fits"
    sources.write(path)
    call_command("publish_table", str(path))
    sources[:1].write(path, overwrite=True)
    call_command("publish_table", str(path))
    assert rows("SELECT COUNT(*) AS n FROM catalogs.s") == [(1,)]
    check(Client().get("/tap/tables").content)
    call_command("publish_table", str(path), "--withdraw")
    assert Client().get("/tap/tables/catalogs.s").status_code == 404
    with pytest.raises(CommandError, match="no table"):
        call_command("publish_table", str(path), "--withdraw")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.fits", b"not fits", "cannot be read"),
        ("a.vot", b"<!DOCTYPE x><VOTABLE/>", "DOCTYPE"),
        ("a.xlsx", b"PK", "formats"),
        ("a.csv", b"x,x\n1,2\n", ""),
    ],
)
def test_a_file_that_is_no_table_is_refused_by_name(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    if words:
        with pytest.raises(CommandError, match=words):
            call_command("publish_table", str(path))
    with pytest.raises(CommandError, match="no file"):
        call_command("publish_table", str(tmp_path / "missing.fits"))
