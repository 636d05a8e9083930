"""A circle on a map: the same numbers as one gets from the pixels by hand."""

import io

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

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
