"""Spectra laid over each other: archive and own table, whatever their format and units, in one plot."""

import io
import random

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import Table
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from search.portal import curves, sed

from .test_curves import SED, hdus_of

ERG = 4.80653e-11
"""3e-11 TeV-1 cm-2 s-1 at 1 TeV, as E² dN/dE in erg cm-2 s-1"""


def own_table() -> Table:
    table = Table({"e_ref": [1000.0] * u.GeV, "dnde": [3e-7] * u.Unit("TeV-1 m-2 s-1"), "is_ul": [False]})
    table["dnde_err"] = [3e-8] * u.Unit("TeV-1 m-2 s-1")
    return table


def written(kind: str) -> bytes:
    stream = io.BytesIO()
    if kind == "csv":
        return b"# mine\nname,E_ref [GeV],dnde [TeV-1 m-2 s-1],dnde_err [TeV-1 m-2 s-1]\nx,1000,3e-7,3e-8\n"
    if kind == "bare":
        return b"e_ref,dnde\n1,3e-11\n"
    if kind == "ecsv":
        text = io.StringIO()
        own_table().write(text, format="ascii.ecsv")
        return text.getvalue().encode()
    own_table().write(stream, format="votable" if kind == "votable" else "fits")
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["votable", "ecsv", "csv", "fits", "bare"])
def test_every_format_gives_the_same_point(kind: str) -> None:
    points = sed.of_upload("mine", written(kind))
    assert points.x == pytest.approx([1.0])
    assert points.y == pytest.approx([ERG], rel=1e-5)
    if kind != "bare":
        assert points.y_low == pytest.approx([ERG / 10], rel=1e-5)


@pytest.mark.parametrize("unit", ["ph TeV-1 cm-2 s-1", "photon / (TeV cm2 s)", "TeV-1 cm-2 s-1"])
def test_photons_are_counted_not_measured(unit: str) -> None:
    points = sed.of_upload("mine", f"e_ref [TeV],dnde [{unit}]\n1,3e-11\n".encode())
    assert points.y == pytest.approx([ERG], rel=1e-5)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x00" * 100, b"hello", b"e_ref,dnde\n", b"e_ref [furlong],dnde\n1,2\n", b"e_ref,dnde\nx,y\n",
        b"e_ref,dnde\nnan,inf\n", b"<html></html>", b'<!DOCTYPE x [<!ENTITY a "b">]><VOTABLE/>', b"SIMPLE  =",
        b"# %ECSV 1.0\n# ---\n# datatype: !!python/object/apply:os.system [id]\n", b"e_ref,dnde\n1\n", b"\xff\xfe",
        b"x" * (sed.MAX_UPLOAD + 1),
    ],
)  # fmt: skip
def test_what_is_no_spectrum_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(sed.NoSpectrum):
        sed.of_upload("odd", content)


def test_damaged_tables_are_refused_too() -> None:
    dice = random.Random(5)
    for kind in ("votable", "ecsv", "csv", "fits"):
        for _round in range(40):
            content = bytearray(written(kind))
            for _byte in range(6):
                content[dice.randrange(len(content))] = dice.randrange(256)
            try:
                sed.of_upload("odd", bytes(content))
            except sed.NoSpectrum:
                continue


@pytest.fixture
def spectra(archive):
    """A public spectrum, one under embargo and a hidden one."""
    for row in (archive.crab[0], archive.pks[1], archive.secret):
        stream = io.BytesIO()
        hdus_of(SED).writeto(stream)
        row.dataproduct_type, row.file_name, row.obs_title = "sed", "points.fits", f"Points {row.key}"
        row.storage_key = default_storage.save(f"test/{row.key}.fits", ContentFile(stream.getvalue()))
        row.save()
    return ["test.run-1", "test.run-6", "test.run-4"]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "drawn"), [("anonymous", 1), ("charlie", 1), ("bob", 3), ("alice", 3), ("dana", 3)])
def test_only_what_one_may_open_is_drawn(client_of, spectra, name: str, drawn: int) -> None:
    answer = client_of(name).get("/sed/", {"ID": spectra})
    assert answer.status_code == 200
    curve = answer.context["curve"]
    assert len({row[0] for row in curve.rows}) == drawn
    assert ("Points test.run-4" in answer.content.decode()) == (drawn == 3)
    assert ("are not open to you" in answer.content.decode()) == (drawn == 1)


@pytest.mark.django_db
def test_an_own_table_is_drawn_beside_and_not_kept(client_of, spectra) -> None:
    client = client_of("anonymous")
    own = SimpleUploadedFile("mine.ecsv", written("ecsv"))
    answer = client.post("/sed/", {"ID": spectra[0], "table": own})
    names = {row[0] for row in answer.context["curve"].rows}
    assert names == {"Points test.run-1", "mine.ecsv"}
    again = client.get("/sed/", {"ID": spectra[0]}).content.decode()
    assert "mine.ecsv" not in again
    assert f'href="/sed/?ID=ivo%3A%2F%2Fdistiller.example%2Farc%3F{spectra[0]}"' in again, (
        "the link to it holds no token of the form"
    )
    assert 'formmethod="get"' not in again
    bad = client.post("/sed/", {"table": SimpleUploadedFile("<b>.csv", b"nothing")})
    assert bad.status_code == 400
    assert "<b>" not in bad.content.decode()


@pytest.mark.django_db
def test_the_empty_page_offers_what_is_here(client_of, spectra) -> None:
    page = client_of("anonymous").get("/sed/").content.decode()
    assert "Points test.run-1" in page
    assert "test.run-4" not in page


def test_flux_points_of_any_kind_read_as_numbers() -> None:
    table = curves.Columns.of_hdu(hdus_of({"e_ref": ([1.0], "TeV"), "e2dnde": ([2e-12], "TeV cm-2 s-1")})[1])
    assert np.isclose(curves.sed_points(table).y[0], 2e-12 * 1.602177)
    with pytest.raises(sed.NoSpectrum):
        sed._first(fits.HDUList([fits.PrimaryHDU()]))
