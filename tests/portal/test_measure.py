"""A circle on a map: the same numbers as one gets from the pixels by hand."""

import io

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from search.archive import planes
from search.portal import measure

RA, DEC = 83.6331, 22.0145


def a_map(*, planes: int = 1, galactic: bool = False) -> fits.HDUList:
    """41 × 41 pixels of 0.1 deg; every pixel 1, the middle 10, one corner NaN."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["GLON-CAR", "GLAT-CAR"] if galactic else ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [184.5575, -5.7844] if galactic else [RA, DEC]
    if galactic:
        wcs.wcs.crval = [184.5575, 0.0]
    wcs.wcs.crpix = [21, 21 + 57.844 if galactic else 21]
    wcs.wcs.cdelt = [-0.1, 0.1]
    wcs.wcs.cunit = ["deg", "deg"]
    data = np.ones((41, 41), dtype=np.float32)
    data[20, 20], data[0, 0] = 10, np.nan
    cube = np.repeat(data[None], planes, axis=0) if planes > 1 else data
    return fits.HDUList([fits.PrimaryHDU(cube, wcs.to_header())])


@pytest.mark.parametrize("galactic", [False, True])
def test_sum_mean_and_ends_of_a_circle(galactic: bool) -> None:
    found = measure.statistics(a_map(galactic=galactic), measure.Circle(RA, DEC, 0.12))
    assert (found.pixels, found.sum, found.minimum, found.maximum) == (5, 14.0, 1.0, 10.0)
    assert found.mean == pytest.approx(2.8)
    assert found.area == pytest.approx(0.05)


def test_planes_are_summed_and_nan_is_left_out() -> None:
    assert measure.statistics(a_map(planes=3), measure.Circle(RA, DEC, 0.01)).sum == 30
    assert measure.statistics(a_map(), measure.Circle(RA, DEC, 20)).pixels == 41 * 41 - 1


@pytest.mark.parametrize(("ra", "dec"), [(263.6, -22.0), (90.0, 22.0), (0.0, 90.0)])
def test_a_circle_off_the_map_is_said_so(ra: float, dec: float) -> None:
    with pytest.raises(measure.Unmeasurable, match="No pixel"):
        measure.statistics(a_map(), measure.Circle(ra, dec, 0.1))


@pytest.mark.parametrize("given", ["", "abc", "nan", "1e999", "-91", "'; DROP", "٣" * 3, "9" * 5000])
def test_nonsense_is_refused_in_words(given: str) -> None:
    with pytest.raises(measure.Unmeasurable):
        measure.circle({"ra": "83", "dec": given, "radius": "0.1"})
    assert measure.circle({}) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "status"), [("anonymous", 401), ("charlie", 403), ("bob", 200), ("alice", 200), ("dana", 200)]
)
def test_only_those_who_may_open_the_map_measure_it(client_of, archive, name: str, status: int) -> None:
    stream = io.BytesIO()
    a_map().writeto(stream)
    row = archive.pks[1]
    row.dataproduct_type, row.file_name = "image", "map.fits"
    row.storage_key = default_storage.save("test/map.fits", ContentFile(stream.getvalue()))
    row.save()
    client, circle = client_of(name), {"ra": RA, "dec": DEC, "radius": 0.12}
    answer = client.get("/products/test.run-6/region", circle)
    assert answer.status_code == status
    page = client.get("/products/test.run-6/", circle).content.decode()
    assert ("<dt>Sum</dt><dd>14</dd>" in page) == (status == 200), "the form works without a script too"
    if status == 200:
        assert answer.json()["statistics"]["sum"] == 14
        assert client.get("/products/test.run-6/region", {"ra": "x"}).status_code == 400
        assert "as numbers in degrees" in client.get("/products/test.run-6/?ra=x").content.decode()


@pytest.mark.django_db
def test_a_hidden_map_is_as_if_it_were_not_there(client_of, archive) -> None:
    assert client_of("charlie").get("/products/test.run-4/region?ra=1&dec=1&radius=1").status_code == 404


ENERGIES = fits.BinTableHDU.from_columns(
    [
        fits.Column("CHANNEL", "K", array=[0, 1, 2]),
        fits.Column("E_MIN", "D", unit="TeV", array=[0.1, 1.2, 2.1]),
        fits.Column("E_MAX", "D", unit="TeV", array=[1.2, 2.1, 50]),
    ],
    name="PRIMARY_BANDS",
)


def a_cube(**header: object) -> fits.HDUList:
    """Three planes of ``a_map``, the second ten times, the third a hundred times as bright."""
    made = a_map(planes=3)
    made[0].data *= np.array([1, 10, 100], dtype=np.float32)[:, None, None]
    made[0].header.update(header)
    return made


def in_gev(name: str, *columns: str) -> fits.BinTableHDU:
    return fits.BinTableHDU.from_columns(
        [fits.Column(one, "D", unit="GeV", array=[100 + 1e3 * place, 1e3, 1e5]) for place, one in enumerate(columns)],
        name=name,
    )


NAMED = {
    "bands": (a_cube(BANDSHDU="PRIMARY_BANDS", AXCOLS1="E_MIN,E_MAX"), [ENERGIES], "1.20 – 2.10 TeV"),
    "bands without a word of their columns": (a_cube(BANDSHDU="PRIMARY_BANDS"), [ENERGIES], "1.20 – 2.10 TeV"),
    "ctools": (a_cube(), [in_gev("EBOUNDS", "E_MIN", "E_MAX")], "1.00 – 1.00 TeV"),
    "Fermi": (a_cube(), [in_gev("ENERGIES", "Energy")], "1 TeV"),
    "axis": (a_cube(CTYPE3="ENERGY", CRVAL3=1.0, CDELT3=0.5, CUNIT3="TeV", CRPIX3=1), [], "1.5 TeV"),
    "axis that is no energy": (a_cube(CTYPE3="TIME", CRVAL3=0, CDELT3=60, CUNIT3="s"), [], "TIME 60 s"),
    "a table that is not there": (a_cube(BANDSHDU="GONE"), [], ""),
    "a table without energies": (a_cube(BANDSHDU="PRIMARY_BANDS"), [in_gev("PRIMARY_BANDS", "X", "Y", "Z")], ""),
    "nothing": (a_cube(), [], ""),
}


@pytest.mark.parametrize(("opened", "more", "second"), NAMED.values(), ids=list(NAMED))
def test_a_plane_is_named_by_what_the_file_says(opened: fits.HDUList, more: list, second: str) -> None:
    opened = fits.HDUList([*opened, *more])
    found = planes.names(opened[0], opened)
    assert len(found) == 3
    assert found[1] == second
    assert planes.spoken(found, 1) == ", ".join(part for part in ("plane 2 of 3", second) if part)
    assert planes.names(a_map()[0], opened) == [], "a plain image has no planes"


def test_a_plane_is_read_alone_and_a_sum_leaves_out_what_is_missing() -> None:
    stream = io.BytesIO()
    cube = a_cube(BUNIT="s")
    cube[0].data[1, 5, 5] = np.nan
    cube.writeto(stream)
    with fits.open(io.BytesIO(stream.getvalue()), memmap=False) as opened:
        assert planes.values(opened[0], 2)[20, 20] == 1000
        summed = planes.values(opened[0], None)
        assert (summed[20, 20], summed[5, 5]) == (1110, 101)
        assert np.isnan(summed[0, 0])
        with fits.open(io.BytesIO(planes.alone(opened[0], 1))) as alone:
            assert alone[0].shape == (41, 41)
            assert (alone[0].data[20, 20], alone[0].header["BUNIT"]) == (100, "s")
            assert alone[0].header["CTYPE1"] == "RA---TAN"


@pytest.mark.parametrize("plane", ["0", "4", "-1", "x", "٣", "9" * 400])
def test_a_plane_that_is_not_there_is_told(plane: str) -> None:
    with pytest.raises(planes.NoImage, match="planes 1 to 3"):
        planes.wanted(planes.count(a_cube()[0]), plane)
    with pytest.raises(measure.Unmeasurable, match="planes 1 to 3"):
        measure.statistics(a_cube(), measure.Circle(RA, DEC, 0.1), plane)


def test_what_is_too_large_is_told_and_not_read(monkeypatch) -> None:
    monkeypatch.setattr(planes, "MAX_PIXELS", 1000)
    with pytest.raises(planes.NoImage, match="41 × 41 × 3 pixels"):
        planes.values(a_cube()[0], 1)


@pytest.fixture
def cube(archive):
    """A cube of alice, bob and the staff, with an image of one row, one that is all NaN and one that holds nothing."""
    opened = a_cube(BANDSHDU="PRIMARY_BANDS", AXCOLS1="E_MIN,E_MAX")
    void = fits.ImageHDU(np.full((3, 3), np.nan), name="VOID")
    stream = io.BytesIO()
    fits.HDUList([*opened, ENERGIES, fits.ImageHDU(np.ones(4), name="ROW"), void]).writeto(stream)
    row = archive.pks[1]
    row.dataproduct_type, row.file_name = "cube", "cube.fits"
    row.storage_key = default_storage.save("test/cube.fits", ContentFile(stream.getvalue()))
    row.save()
    return row


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "status"), [("anonymous", 401), ("charlie", 403), ("bob", 200), ("alice", 200), ("dana", 200)]
)
def test_the_planes_of_a_cube_are_named_and_chosen_by_those_who_may_open_it(
    client_of, cube, name: str, status: int
) -> None:
    client, may = client_of(name), status == 200
    page = client.get("/products/test.run-6/").content.decode()
    assert ("sum of 3 planes, 0.10 – 50.0 TeV" in page) == may
    page = client.get("/products/test.run-6/", {"plane": 2, "ra": RA, "dec": DEC, "radius": 0.01}).content.decode()
    assert ('<option value="2" selected>plane 2 of 3, 1.20 – 2.10 TeV' in page) == may
    assert ("<dt>Sum</dt><dd>100</dd>" in page) == may, "the plane that is shown is measured"
    for form in ("fits", "png"):
        assert client.get(f"/products/test.run-6/image.{form}?plane=2").status_code == status
        hidden = client.get(f"/products/test.run-4/image.{form}").status_code
        assert hidden == (400 if may else 404), "it has no file; those who may not know of it hear nothing"
    if may:
        answer = client.get("/products/test.run-6/image.fits?plane=3")
        assert fits.open(io.BytesIO(answer.content))[0].data[20, 20] == 1000
        assert client.get("/products/test.run-6/image.fits?plane=7").status_code == 400
        assert "planes 1 to 3" in client.get("/products/test.run-6/?plane=7").content.decode()


@pytest.mark.django_db
def test_the_browser_of_a_file_shows_its_images_with_their_statistics(client_of, cube) -> None:
    client = client_of("bob")

    def page(hdu: str) -> str:
        return client.get(f"/products/test.run-6/?tab=fits&{hdu}").content.decode()

    assert "/products/test.run-6/image.png?hdu=0&amp;plane=sum" in page(""), "the first HDU that holds something"
    assert "<dt>Maximum</dt><dd>100</dd>" in page("hdu=PRIMARY&plane=2")
    assert "NaN)</dt><dd>1</dd>" in page("hdu=PRIMARY&plane=2")
    assert "one dimension only" in page("hdu=ROW")
    assert "NaN)</dt><dd>9</dd>" in page("hdu=VOID")
    assert "<dt>Mean</dt><dd>–</dd>" in page("hdu=VOID")
    for asked, status in (
        ("hdu=VOID", 200),
        ("hdu=ROW", 400),
        ("hdu=PRIMARY_BANDS", 400),
        ("hdu=99", 400),
        ("hdu=x", 400),
    ):
        answer = client.get(f"/products/test.run-6/image.png?{asked}")
        assert answer.status_code == status
        assert answer["Content-Type"] == ("image/png" if status == 200 else "application/json")


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"", b"SIMPLE  =", b"<html>", b"SIMPLE  =                    T" + b" " * 2850])
def test_a_broken_map_has_a_page_that_says_so(client_of, cube, content: bytes) -> None:
    cube.storage_key = default_storage.save("test/broken.fits", ContentFile(content))
    cube.save()
    client = client_of("bob")
    assert client.get("/products/test.run-6/?plane=2").status_code == 200
    assert "cannot be shown here" in client.get("/products/test.run-6/?tab=fits").content.decode()
    answer = client.get("/products/test.run-6/image.fits")
    assert answer.status_code == 400
    assert "Download it" in answer.json()["problem"]
