"""The spectrum job gives the published spectra of the Crab Nebula and of PKS 2155-304 from the same data."""

import io
import zipfile

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

pytestmark = [pytest.mark.slow, pytest.mark.realdata]

CRAB = {"exclusion_radius": 0.0, "exclusion": ("galactic 183.604 -8.708 0.5",)}
CRAB_POINTS = {"flux_points_min": 0.7, "flux_points_max": 30.0, "flux_points": 10}
SETTINGS = {"crab": {**CRAB, **CRAB_POINTS}, "pks2155_steady": {}}


@pytest.fixture(params=["crab", "pks2155_steady"])
def spectrum(request, case):
    chosen = case(request.param)
    return chosen.reference["spectrum"], chosen.run("spectrum", **SETTINGS[request.param])


def close(found, expected) -> bool:
    """2 % of the value or a tenth of its error; the error within 5 %."""
    value, error = expected
    return abs(found[0] - value) <= max(0.02 * abs(value), 0.1 * error) and abs(found[1] - error) <= 0.05 * error


def test_counts_and_significance_equal_the_reference(spectrum):
    reference, ran = spectrum
    found = ran.summary["stack_all_energy"]
    for name in ("n_on", "n_off"):
        assert found[name] == reference["stack_all_energy"][name]
    assert found["alpha"] == pytest.approx(reference["stack_all_energy"]["alpha"], rel=1e-4)
    for name in ("excess", "significance"):
        assert found[name] == pytest.approx(reference["stack_all_energy"][name], rel=0.005)
    for name, expected in reference["stack_safe_energy"].items():
        assert ran.summary["stack_safe_energy"][name] == pytest.approx(expected, rel=0.005)


def test_every_run_equals_the_reference(spectrum):
    reference, ran = spectrum
    assert [row["name"] for row in ran.summary["per_run"]] == [row["name"] for row in reference["per_run"]]
    for found, expected in zip(ran.summary["per_run"], reference["per_run"], strict=True):
        assert (found["counts"], found["counts_off"]) == (expected["counts"], expected["counts_off"])
        assert found["alpha"] == pytest.approx(expected["alpha"], rel=1e-4)
        assert found["sqrt_ts"] == pytest.approx(expected["sqrt_ts"], rel=0.005)


@pytest.mark.parametrize("fit", ["pl_joint", "pl_stacked"])
def test_fitted_values_lie_within_the_tolerances(spectrum, fit):
    reference, ran = spectrum
    for name in ("index", "amplitude", "flux_1_10TeV", "flux_1_100TeV"):
        assert close(ran.summary[fit][name], reference[fit][name]), name
    assert ran.summary[fit]["stat"] == pytest.approx(reference[fit]["stat"], rel=0.005)


def test_flux_points_equal_the_reference_where_they_are_significant(spectrum):
    reference, ran = spectrum
    points = ran.summary["flux_points"]
    assert [p["e_ref"] for p in points] == pytest.approx([p["e_ref"] for p in reference["flux_points"]], rel=1e-3)
    for found, expected in zip(points, reference["flux_points"], strict=True):
        if expected["sqrt_ts"] > 3:
            assert found["dnde"] == pytest.approx(expected["dnde"], rel=0.02)
            assert found["sqrt_ts"] == pytest.approx(expected["sqrt_ts"], rel=0.02)


def test_insignificant_points_are_upper_limits(spectrum):
    _, ran = spectrum
    for point in ran.summary["flux_points"]:
        assert point["is_ul"] == (point["sqrt_ts"] <= 2)
        assert point["dnde_ul"] > 0


LOG_PARABOLA = {"crab": CRAB, "pks2155_steady": {}}


@pytest.mark.parametrize("name", LOG_PARABOLA)
def test_the_log_parabola_bends_as_in_the_reference(case, name):
    chosen = case(name)
    found = chosen.run("spectrum", **LOG_PARABOLA[name], model="log_parabola").summary["logpar_stacked"]
    expected = chosen.reference["spectrum"]["logpar_stacked"]
    for parameter in ("amplitude", "alpha", "beta"):
        assert close(found[parameter], expected[parameter]), parameter
    assert found["stat"] == pytest.approx(expected["stat"], rel=0.005)
    # The reference's flux error suffers from rounding in gammapy's draws; the value does not.
    assert found["flux_1_10TeV"][0] == pytest.approx(expected["flux_1_10TeV"][0], rel=0.02)


@pytest.mark.parametrize("name", LOG_PARABOLA)
def test_the_flux_error_of_a_log_parabola_follows_from_its_covariance(case, name):
    """Propagated to first order from amplitude, alpha and beta; no number of gammapy's draws is taken on trust."""
    summary = case(name).run("spectrum", **LOG_PARABOLA[name], model="log_parabola").summary
    fitted, covariance = summary["logpar_stacked"], summary["covariance"]["logpar_stacked"]
    values = np.array([fitted[parameter][0] for parameter in covariance["parameters"]])
    energy = np.geomspace(1, 10, 4001)

    def flux(at) -> float:
        given = dict(zip(covariance["parameters"], at, strict=True))
        dnde = given["amplitude"] * energy ** (-given["alpha"] - given["beta"] * np.log(energy))
        return float(np.sum((dnde[1:] + dnde[:-1]) / 2 * np.diff(energy)))

    steps = np.diag(values * 1e-4)
    gradient = [(flux(values + step) - flux(values - step)) / (2 * step.sum()) for step in steps]
    error = np.sqrt(gradient @ np.array(covariance["matrix"]) @ gradient)
    assert fitted["flux_1_10TeV"][0] == pytest.approx(flux(values), rel=0.001)
    assert fitted["flux_1_10TeV"][1] == pytest.approx(error, rel=0.1)


def test_the_covariance_belongs_to_the_errors(spectrum):
    _, ran = spectrum
    covariance = ran.summary["covariance"]["pl_stacked"]
    errors = np.sqrt(np.diag(covariance["matrix"]))
    assert errors == pytest.approx([ran.summary["pl_stacked"][name][1] for name in covariance["parameters"]])


def test_flux_points_are_gadf_and_carry_what_a_reader_needs(spectrum):
    _, ran = spectrum
    with fits.open(ran.folder / "flux_points.fits", checksum=True) as hdus:
        header = hdus[1].header
        assert header["SED_TYPE"] == "dnde"
        assert {"e_ref", "e_min", "e_max", "dnde", "dnde_errn", "dnde_errp", "dnde_ul"} <= set(hdus[1].columns.names)
        assert header["BKGMODEL"] == "reflected regions"
        assert header["LIVETIME"] == pytest.approx(ran.summary["stack_safe_energy"]["livetime"])
        assert (header["DOF"], header["STATTYPE"], header["SPECMOD"]) == (
            ran.summary["pl_stacked"]["dof"],
            "W",
            "power_law",
        )
        assert 0.2 < header["ETHRESH"] < 1
        assert 10 < header["ZENITH"] < 60


def test_flux_points_carry_the_fitted_model_with_its_band(spectrum):
    _, ran = spectrum
    with fits.open(ran.folder / "flux_points.fits", checksum=True) as hdus:
        points, model = hdus[1].data, hdus["MODEL"]
        assert model.header["SPECMOD"] == "power_law"
        assert [column.unit for column in model.columns] == ["TeV", *["erg s-1 cm-2"] * 3]
        energy, value, low, high = (model.data[name] for name in ("energy", "e2dnde", "e2dnde_min", "e2dnde_max"))
        assert energy[[0, -1]] == pytest.approx([points["e_min"].min(), points["e_max"].max()])
        assert ((low < value) & (value < high)).all()
        index = np.gradient(np.log(value), np.log(energy))
        assert index == pytest.approx(2 - ran.summary["pl_stacked"]["index"][0], abs=1e-6)


def test_the_ogip_files_name_each_other(spectrum):
    _, ran = spectrum
    with zipfile.ZipFile(ran.folder / "spectrum.zip") as archive:
        names = set(archive.namelist())
        with fits.open(io.BytesIO(archive.read("spectrum.fits"))) as hdus:
            header = hdus["SPECTRUM"].header
            assert {header["ANCRFILE"], header["RESPFILE"], header["BACKFILE"]} <= names
            assert hdus[0].header["CREATOR"] == "Distiller spectrum 1.0"


def test_the_fit_table_says_where_it_comes_from(spectrum):
    _, ran = spectrum
    table = Table.read(ran.folder / "fit.ecsv", format="ascii.ecsv")
    assert set(table["fit"]) == {"pl_joint", "pl_stacked"}
    assert table.meta["provenance"]["CREATOR"] == "Distiller spectrum 1.0"
    assert table.meta["provenance"]["PROGENITORS"][0]["PUB_DID"].startswith("ivo://")


def test_a_run_without_off_region_is_dropped_with_a_warning(case):
    everything = ("icrs 82.0133 22.0144 1.3", "icrs 85.2533 22.0144 1.3", "icrs 82.0133 22.0144 1.7")
    ran = case("crab").run("spectrum", exclusion_radius=0.3, exclusion=everything)
    assert any("has no OFF region" in text for text in ran.warnings)
    assert 0 < len(ran.summary["per_run"]) < 4
    assert ran.summary["stack_all_energy"]["n_on"] < 700
