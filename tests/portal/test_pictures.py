"""Instrument responses are drawn, each in the way that fits it, in a dataset, in a ZIP of OGIP files, and HDU by HDU."""

import io

import numpy as np
import pytest
from astropy.io import fits
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from search.archive.models import Product
from search.portal import ecsv, pictures
from tests.portal.test_ogip import files, zipped
from tests.support.archive import archive as dataset  # noqa: F401 - a fixture

ENERGY = np.geomspace(0.1, 100, 13)
THETA = np.array([0.0, 1.0, 2.0, 3.0])


def response(name: str, values: np.ndarray, unit: str, kind: str, **axes: np.ndarray) -> fits.BinTableHDU:
    """A GADF response of one row; ``values`` as numpy sees them, the last axis is energy."""
    units = {"ENERG": "TeV", "THETA": "deg", "RAD": "deg"}
    columns = [
        fits.Column(f"{axis}_{end}", f"{len(edges) - 1}D", unit=units.get(axis), array=[part])
        for axis, edges in {"ENERG": ENERGY, "THETA": THETA, **axes}.items()
        for end, part in (("LO", edges[:-1]), ("HI", edges[1:]))
    ]
    dim = str(tuple(reversed(values.shape))).replace(" ", "")
    columns.append(fits.Column(name, f"{values.size}D", unit=unit, dim=dim, array=[values]))
    return fits.BinTableHDU.from_columns(columns, name=kind.partition("_")[0], header=fits.Header({"HDUCLAS4": kind}))


def flat(*shape: int) -> np.ndarray:
    return np.ones((*shape, len(ENERGY) - 1))


MIGRA, RAD = np.linspace(0.2, 1.8, 9), np.linspace(0, 1, 11)
RESPONSES = {
    "area": (response("EFFAREA", 1e5 * flat(3), "m2", "AEFF_2D"), "Effective area", 3),
    "blur": (response("RPSF", np.where(np.arange(10)[:, None, None] < 3, 1.0, 0.0) * flat(10, 3), "sr-1", "PSF_TABLE",
                      RAD=RAD), "Point spread function", 3),
    "dispersion": (response("MATRIX", np.exp(-(((np.arange(8) - 3.5) ** 2)[None, :, None])) * flat(3, 8), "",
                            "EDISP_2D", MIGRA=MIGRA), "Energy dispersion", 0),
    "background": (response("BKG", flat(3), "s-1 MeV-1 sr-1", "BKG_2D"), "Background", 3),
    "background, the other way": (response("BKG", flat(3).T, "s-1 MeV-1 sr-1", "BKG_2D"), "Background", 3),
    "background in three": (response("BKG", np.ones((12, 5, 5)), "s-1 MeV-1 sr-1", "BKG_3D"), "Background", 1),
    "cut radius": (response("RAD_MAX", 0.1 * flat(3), "deg", "RAD_MAX_2D"), "Cut radius", 3),
}  # fmt: skip


@pytest.mark.parametrize(("hdu", "title", "curves"), RESPONSES.values(), ids=list(RESPONSES))
def test_each_response_has_its_picture_and_its_numbers(hdu, title: str, curves: int) -> None:
    found = pictures.of_hdu(hdu, fits.HDUList([fits.PrimaryHDU(), hdu]))
    assert found.title == title
    assert len(found.curves) == curves
    assert bool(found.image) == (curves == 0)
    assert len(found.rows) == 12
    assert found.x_ticks
    assert all(path.startswith("M") and "nan" not in path for _label, path in found.curves)


def test_the_median_of_a_symmetric_dispersion_is_one() -> None:
    found = pictures.of_hdu(RESPONSES["dispersion"][0], fits.HDUList())
    assert {0.85 < float(row[1]) < 1.0 for row in found.rows} == {True}


def rmf(**header: object) -> fits.HDUList:
    """True energies of three bins, each into two of four channels, one of them in two groups."""
    edges = np.array([1e9, 1e10, 1e11, 1e12, 1e13])
    groups = [[1, 0], [2, 0], [1, 4]]
    matrix = fits.BinTableHDU.from_columns(
        [
            fits.Column("ENERG_LO", "D", unit="keV", array=edges[:3]),
            fits.Column("ENERG_HI", "D", unit="keV", array=edges[1:4]),
            fits.Column("N_GRP", "I", array=[1, 1, 2]),
            fits.Column("F_CHAN", "2I", array=groups),
            fits.Column("N_CHAN", "2I", array=[[2, 0], [2, 0], [1, 1]]),
            fits.Column("MATRIX", "PD()", array=np.array([[0.5, 0.5], [0.2, 0.8], [0.1, 0.9]], dtype=object)),
        ],
        name="MATRIX",
    )
    matrix.header["TLMIN4"] = 1
    matrix.header.update(header)
    bounds = fits.BinTableHDU.from_columns(
        [
            fits.Column("CHANNEL", "I", array=[1, 2, 3, 4]),
            fits.Column("E_MIN", "D", unit="keV", array=edges[:4]),
            fits.Column("E_MAX", "D", unit="keV", array=edges[1:]),
        ],
        name="EBOUNDS",
    )
    return fits.HDUList([fits.PrimaryHDU(), matrix, bounds])


def test_a_redistribution_matrix_is_unpacked_group_by_group() -> None:
    opened = rmf()
    assert pictures._unpacked(opened["MATRIX"], 4).tolist() == [[0.5, 0.5, 0, 0], [0, 0.2, 0.8, 0], [0.1, 0, 0, 0.9]]
    (found,) = pictures.of_file(opened)
    assert found.image.startswith("data:image/png;base64,")
    assert found.y.label == "Measured energy (TeV)"
    assert 1 < found.x.low < 10


@pytest.mark.parametrize(
    "hdu",
    [
        response("EFFAREA", np.nan * flat(3), "m2", "AEFF_2D"),
        response("EFFAREA", 0 * flat(3), "m2", "AEFF_2D"),
        response("EFFAREA", flat(3), "furlong", "AEFF_2D"),
        response("MATRIX", flat(3), "", "EDISP_2D", MIGRA=MIGRA),
        response("RPSF", flat(2), "sr-1", "PSF_TABLE", RAD=RAD),
        response("BKG", np.ones(7), "", "BKG_2D"),
        rmf(TLMIN4=-30_000)["MATRIX"],
        rmf(DETCHANS=10**9)["MATRIX"],
        fits.BinTableHDU.from_columns([fits.Column("ENERG_LO", "D", array=[]), fits.Column("EFFAREA", "D", array=[])]),
        fits.ImageHDU(np.ones((2, 2))),
    ],
    ids=["nan", "zero", "unit", "shape", "radii", "short", "first-channel", "channels", "empty", "image"],
)
def test_an_odd_response_has_no_picture_and_breaks_nothing(hdu) -> None:
    found = pictures.of_hdu(hdu, fits.HDUList([fits.PrimaryHDU(), hdu]))
    assert found is None or found.image


def test_a_dataset_shows_its_responses_to_those_who_may_open_it(client_of, dataset) -> None:  # noqa: F811
    for name, key, may in (
        ("anonymous", dataset.public.key, True),
        ("charlie", dataset.proprietary.key, False),
        ("bob", dataset.proprietary.key, True),
    ):
        client = client_of(name)
        assert ("d-picture" in client.get(f"/products/{key}/?tab=files").content.decode()) == may
    page = client_of("anonymous").get(f"/products/{dataset.public.key}/?tab=fits&hdu=PSF").content.decode()
    assert "68 % of the events of a point lie within" in page
    assert "Header" in page


def stored(product: Product, name: str, content: bytes, **values: object) -> Product:
    product.storage_key = default_storage.save(f"tests/{name}", ContentFile(content))
    product.file_name, product.size = name, len(content)
    for field, value in values.items():
        setattr(product, field, value)
    product.save()
    return product


def test_a_spectrum_shows_area_and_matrix_of_its_zip(client_of, archive) -> None:
    stream = io.BytesIO()
    rmf().writeto(stream)
    content = zipped({**files(), "spectrum_rmf.fits": stream.getvalue()})
    product = stored(archive.crab[0], "spectrum.zip", content, dataproduct_type="spectrum")
    page = client_of("anonymous").get(f"/products/{product.key}/").content.decode()
    assert "Redistribution matrix" in page
    assert "Effective area" in page


FIT = """# %ECSV 1.0
# ---
# datatype:
# - {name: parameter, datatype: string}
# - {name: value, unit: TeV, datatype: float64}
# - {name: error, datatype: float64}
parameter value error
index 2.5605214 0.0519
"e cut" 1e-11 nan
"""


def test_the_parameters_of_a_fit_are_on_its_page(client_of, archive) -> None:
    product = stored(archive.crab[0], "fit.ecsv", FIT.encode(), dataproduct_type="measurements")
    page = client_of("anonymous").get(f"/products/{product.key}/").content.decode()
    assert "Fitted parameters" in page
    assert "2.561" in page
    assert "0.052" in page
    assert "There is no picture" not in page
    assert ecsv.read(FIT).head == [("parameter", ""), ("value", "TeV"), ("error", "")]


@pytest.mark.parametrize("text", ["", "a b\n1 2\n", "# %ECSV 1.0\na b\n1\n", "# %ECSV 1.0\n", "\x00\xff"])
def test_what_is_no_such_table_breaks_nothing(archive, text: str) -> None:
    assert ecsv.of(stored(archive.crab[0], "odd.ecsv", text.encode(), dataproduct_type="measurements")) is None


def test_the_sources_of_a_catalogue_are_on_its_page(client_of, archive) -> None:
    columns = [
        fits.Column("SOURCE_NAME", "20A", array=["J0534+220", ""]),
        fits.Column("RAJ2000", "D", unit="deg", array=[83.6394857, np.nan]),
        fits.Column("SPECTRUM", "3D", array=np.ones((2, 3))),
    ]
    stream = io.BytesIO()
    history = fits.BinTableHDU.from_columns([fits.Column("FILENAME", "9A", array=["run.fits"])], name="PROGENITORS")
    table = fits.BinTableHDU.from_columns(columns, name="CATALOG")
    fits.HDUList([fits.PrimaryHDU(), history, table]).writeto(stream)
    product = stored(archive.crab[0], "catalog.fits", stream.getvalue(), dataproduct_type="measurements")
    page = client_of("anonymous").get(f"/products/{product.key}/").content.decode()
    assert "Sources" in page
    assert "J0534+220" in page
    assert "83.63949" in page
    assert "<td>nan" not in page
    assert "SPECTRUM" not in page, "a cell of many values has its place in the FITS browser"
    product = stored(archive.crab[0], "broken.fits", b"SIMPLE", dataproduct_type="measurements")
    assert client_of("anonymous").get(f"/products/{product.key}/").status_code == 200
