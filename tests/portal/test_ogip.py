"""A spectrum of counts on the product page: what gammapy and other programs write in OGIP's form."""

import io
import zipfile

import numpy as np
import pytest
from astropy.io import fits
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from search.portal import curves, ogip

ON, OFF = [10, 5, 2, 0], [20, 10, 8, 4]
EDGES = np.array([1e8, 1e9, 1e10, 1e11, 1e12])


def hdu(name: str, **columns: tuple[str, str, list[float]]) -> fits.BinTableHDU:
    made = [
        fits.Column(key, form, unit or None, array=np.array(values)) for key, (form, unit, values) in columns.items()
    ]
    table = fits.BinTableHDU.from_columns(made)
    table.name = name
    return table


def packed(one: fits.BinTableHDU) -> bytes:
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), one]).writeto(stream)
    return stream.getvalue()


def pha(counts: list[int], backscal: float, **header: object) -> bytes:
    table = hdu("SPECTRUM", CHANNEL=("J", "", [0, 1, 2, 3]), COUNTS=("J", "", counts))
    table.header.update({"BACKSCAL": backscal, "EXPOSURE": 1800.0} | header)
    return packed(table)


def files() -> dict[str, bytes]:
    area = hdu("SPECRESP", ENERG_LO=("D", "keV", list(EDGES[:-1])), ENERG_HI=("D", "keV", list(EDGES[1:])),
               SPECRESP=("D", "cm2", [1e8, 1e9, 2e9, 3e9]))  # fmt: skip
    bounds = hdu("EBOUNDS", E_MIN=("D", "keV", list(EDGES[:-1])), E_MAX=("D", "keV", list(EDGES[1:])))
    return {
        "spectrum.fits": pha(ON, 1.0, BACKFILE="spectrum_bkg.fits", ANCRFILE="spectrum_arf.fits"),
        "spectrum_bkg.fits": pha(OFF, 4.0),
        "spectrum_arf.fits": packed(area),
        "spectrum_rmf.fits": packed(bounds),
    }


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_on_off_area_and_energies_are_drawn_with_their_units() -> None:
    found = ogip.read(ogip.members(zipped(files())))
    assert found is not None
    curve = ogip.draw(found)
    on, background, area = curve.figure["data"]
    assert on["x"][:2] == pytest.approx([0.1, 1.0]), "keV are drawn as TeV"
    assert on["y"][::2] == ON
    assert background["y"][::2] == pytest.approx([5, 2.5, 2, 1])
    assert area["y"] == pytest.approx([1e4, 1e5, 2e5, 3e5]), "cm2 are drawn as m2"
    assert curve.rows[0] == ["0.1 – 1", "10", "20", "5.0"]
    assert dict(curve.facts) | {} == {
        "Exposure": "30.0 min", "ON": "17", "OFF": "42", "Expected background": "10.5", "Excess": "6.5",
    }  # fmt: skip


def test_a_lone_pha_is_drawn_by_channel() -> None:
    found = ogip.read({"": pha(ON, 1.0, BACKFILE="none")})
    assert found is not None
    curve = ogip.draw(found)
    assert curve.head[0][0] == "Channel"
    assert curve.rows[0] == ["0", "10", "–", "–"]


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04nonsense", b"SIMPLE  = nonsense", zipped({}), zipped({"a.fits": b"x"}), zipped({"../../etc.fits": b""}),
     zipped({f"{n}.fits": b"" for n in range(30)}), zipped({"big.fits": b"0" * (70 * 2**20)})],
    ids=["empty", "no zip", "no fits", "empty zip", "no member", "path", "many", "bomb"],
)  # fmt: skip
def test_odd_files_leave_the_page_whole(client_of, archive, content: bytes) -> None:
    row = archive.crab[0]
    row.dataproduct_type, row.file_name, row.size = "spectrum", "spectrum.zip", len(content)
    row.storage_key = default_storage.save("odd/spectrum.zip", ContentFile(content))
    row.save()
    answer = client_of("anonymous").get("/products/test.run-1/")
    assert answer.status_code == 200
    assert "Spectrum of counts</h2>" not in answer.content.decode()


def test_the_page_of_a_spectrum_shows_it_to_those_who_may_open_it(client_of, archive) -> None:
    for row in (archive.crab[0], archive.pks[1]):
        row.dataproduct_type, row.file_name = "spectrum", "spectrum.zip"
        row.storage_key = default_storage.save(f"{row.key}.zip", ContentFile(zipped(files())))
        row.save()
    page = client_of("charlie").get("/products/test.run-1/").content.decode()
    assert "Spectrum of counts</h2>" in page
    assert "Excess" in page
    assert "XSPEC, Sherpa and gammapy" in page
    assert "Spectrum of counts</h2>" not in client_of("charlie").get("/products/test.run-6/").content.decode()
    assert "Spectrum of counts</h2>" in client_of("alice").get("/products/test.run-6/").content.decode()


def test_the_fitted_model_lies_under_the_flux_points() -> None:
    points = hdu(
        "SED", e_ref=("D", "TeV", [1.0, 2.0]), dnde=("D", "TeV-1 s-1 cm-2", [3e-11, 1e-11]), sqrt_ts=("D", "", [9, 9])
    )
    model = hdu("MODEL", energy=("D", "TeV", [0.5, 5.0]), e2dnde=("D", "erg s-1 cm-2", [5e-11, 2e-11]),
                e2dnde_min=("D", "erg s-1 cm-2", [4e-11, 1e-11]), e2dnde_max=("D", "erg s-1 cm-2", [6e-11, 3e-11]))  # fmt: skip
    model.header["SPECMOD"] = "power_law"
    found = curves.read(fits.HDUList([fits.PrimaryHDU(), points, model]))
    assert found is not None
    low, high, line, drawn = found.figure["data"]
    assert (low["y"], high["y"], line["y"]) == ([4e-11, 1e-11], [6e-11, 3e-11], [5e-11, 2e-11])
    assert high["fill"] == "tonexty"
    assert line["name"] == "fitted model: power law"
    assert drawn["mode"] == "markers"


def test_an_odd_model_is_left_out() -> None:
    points = hdu("SED", e_ref=("D", "TeV", [1.0]), dnde=("D", "TeV-1 s-1 cm-2", [3e-11]), sqrt_ts=("D", "", [9]))
    model = hdu("MODEL", energy=("D", "TeV", [0.5, 5.0]))
    found = curves.read(fits.HDUList([fits.PrimaryHDU(), points, model]))
    assert found is not None
    assert len(found.figure["data"]) == 1
