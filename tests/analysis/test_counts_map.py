"""A counts map shows every event of the observations in the field, and its files say where they came from."""

import json

import pytest
from astropy.io import fits

pytestmark = [pytest.mark.slow, pytest.mark.realdata]


@pytest.mark.parametrize("name", ["crab", "pks2155_steady"])
def test_counts_equal_the_reference(case, name):
    reference, summary = case(name).reference["map_counts"], case(name).run("counts_map").summary
    for number in ("total_counts", "n_events_in_files", "max_pixel", "counts_in_on_region"):
        assert summary[number] == reference[number]
    assert summary["smoothed_peak_radec"] == pytest.approx(reference["smoothed_peak_radec"], abs=0.02)


def test_the_image_stands_in_the_primary_hdu_and_the_cube_has_an_energy_axis(case):
    ran = case("crab").run("counts_map", energy_bins=4)
    with fits.open(ran.folder / "counts_map.fits", checksum=True) as image:
        assert image[0].data.shape == (250, 250)
        assert image[0].data.sum() == 23709
    with fits.open(ran.folder / "counts_cube.fits", checksum=True) as cube:
        assert cube[0].data.shape == (4, 250, 250)
        assert cube[0].data.sum() == 23709
    assert ran.products["counts_cube.fits"]["obscore"]["em_xel"] == 4


def test_headers_say_who_what_when_and_from_what(case):
    ran = case("crab").run("counts_map")
    with fits.open(ran.folder / "counts_map.fits") as hdus:
        header = hdus[0].header
        progenitors = hdus["PROGENITORS"].data
        assert all("CHECKSUM" in hdu.header and "DATASUM" in hdu.header for hdu in hdus)
    assert header["CREATOR"] == "Distiller counts_map 1.0"
    assert header["ORIGIN"] == "Example Observatory"
    assert header["CTA PRODUCT ID"] == "ivo://gateway.example/arc?counts-map-0e2f0a526f7c"
    assert header["CTA ACTIVITY ID"] == "0e2f0a52-6f7c-4f0e-9a57-0123456789ab"
    history = "".join(header["HISTORY"])
    assert "job https://gateway.example/jobs/0e2f0a52" in history
    assert "software gammapy 2.1" in history
    for item in case("crab").inputs:
        assert f"input {item.identifier}" in history
    assert [str(row["PUB_DID"]) for row in progenitors] == [item.identifier for item in case("crab").inputs]
    assert str(progenitors["SHA256"][0]) == case("crab").inputs[0].sha256


def test_the_picture_and_the_plot_are_there(case):
    ran = case("crab").run("counts_map")
    assert (ran.folder / "preview.png").read_bytes().startswith(b"\x89PNG")
    assert ran.files["preview.png"]["preview"]
    plot = json.loads((ran.folder / "plot.json").read_text())
    assert sum(map(sum, plot["data"][0]["z"])) == 23709


def test_the_main_product_has_the_columns_of_an_image(case):
    product = case("crab").run("counts_map").products["counts_map.fits"]
    row = product["obscore"]
    assert product["main"]
    assert (row["dataproduct_type"], row["calib_level"], row["dataproduct_level"]) == ("image", 3, "DL4")
    assert (row["s_ra"], row["s_dec"], row["s_xel1"]) == (83.63, 22.01, 250)
    assert row["t_min"] == pytest.approx(53343.921597, abs=1e-6)
    assert row["em_min"] < row["em_max"]
    assert row["s_region"].startswith("POLYGON ICRS ")
