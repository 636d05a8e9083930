"""Significance maps, θ², catalogue and 3D fit find the reference sources where and as strong as they are."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from gammapy.maps import Map
from gammapy.modeling.models import Models

pytestmark = [pytest.mark.slow, pytest.mark.realdata]

MAPS = {
    "crab": {"exclusion_radius": 0.35, "exclusion": ("galactic 183.604 -8.708 0.5",)},
    "pks2155_steady": {},
}
PIXEL = 0.021


@pytest.fixture(
    params=[("ring", "crab"), ("ring", "pks2155_steady"), ("fov", "crab"), ("fov", "pks2155_steady")], ids="-".join
)
def significance(request, case):
    method, name = request.param
    ran = case(name).run(f"{method}_significance_map", **MAPS[name])
    return case(name).reference[f"map_{method}"], ran


def test_significance_at_target_and_peak_equal_the_reference(significance):
    reference, ran = significance
    found = ran.summary
    for name in ("sqrt_ts_at_target", "peak_sqrt_ts"):
        assert found[name] == pytest.approx(reference[name], rel=0.01)
    assert found["peak_radec"] == pytest.approx(reference["peak_radec"], abs=PIXEL)
    for name in ("corr_npred_excess_at_target", "corr_counts_at_target", "corr_npred_background_at_target"):
        assert found[name] == pytest.approx(reference[name], rel=0.01)


def test_the_background_is_flat_outside_the_exclusions(significance):
    reference, ran = significance
    mean, width = ran.summary["off_region_sqrt_ts_mean_std"]
    assert [mean, width] == pytest.approx(reference["off_region_sqrt_ts_mean_std"], abs=0.01)


def test_the_map_file_shows_the_peak_of_the_summary(significance):
    _, ran = significance
    image = Map.read(ran.folder / "significance_map.fits")
    assert np.nanmax(image.data) == pytest.approx(ran.summary["peak_sqrt_ts"])
    assert {"excess_map.fits", "background_map.fits", "counts_map.fits"} <= ran.products.keys()
    with fits.open(ran.folder / "excess_map.fits", checksum=True) as hdus:
        assert hdus[0].header["CTA PRODUCT DATA LEVELS"] == "DL5"


@pytest.mark.parametrize("name", ["crab", "pks2155_steady"])
def test_the_fov_map_gives_the_norm_of_every_run(case, name):
    reference, ran = case(name).reference["map_fov"], case(name).run("fov_significance_map", **MAPS[name])
    assert np.array(ran.summary["fov_norm_per_run"]) == pytest.approx(np.array(reference["fov_norm_per_run"]), rel=0.01)
    for quantity in ("exposure_at_target_1TeV_m2s", "stack_counts", "stack_bkg"):
        assert ran.summary[quantity] == pytest.approx(reference[quantity], rel=0.005)


@pytest.mark.parametrize("name", ["crab", "pks2155_steady"])
def test_theta_squared_equals_the_reference(case, name):
    reference, found = case(name).reference["theta2"], case(name).run("theta_squared").summary
    for column in ("counts", "counts_off", "excess"):
        assert found[column] == reference[column]
    assert found["sqrt_ts"] == pytest.approx(reference["sqrt_ts"], rel=0.005, abs=1e-4)


def test_theta_squared_makes_fewer_bins_where_circles_would_meet(case):
    found = case("crab").run("theta_squared", on_radius=0.2).summary
    assert len(found["counts"]) == 6


def test_the_catalogue_holds_the_source_and_can_be_published(case):
    ran = case("crab").run("source_catalog", width=3.0, threshold=8.0)
    (source,) = ran.summary["sources"]
    assert source["source_name"] == "J0534+220"
    assert [source["raj2000"], source["dej2000"]] == pytest.approx([83.63, 22.01], abs=PIXEL)
    table = Table.read(ran.folder / "source_catalog.fits", hdu=1)
    assert table["SQRT_TS"][0] == pytest.approx(source["sqrt_ts"])
    with fits.open(ran.folder / "source_catalog.fits") as hdus:
        assert hdus[1].header["TUCD2"] == "pos.eq.ra;meta.main"


def test_an_empty_catalogue_is_a_result_with_a_warning(case):
    ran = case("crab").run("source_catalog", width=3.0, threshold=90.0)
    assert ran.summary["n_sources"] == 0
    assert any("catalogue is empty" in text for text in ran.warnings)
    assert len(Table.read(ran.folder / "source_catalog.fits", hdu=1)) == 0


def test_the_3d_fit_agrees_with_the_spectrum(case):
    ran = case("crab").run("fit_3d", width=3.0, energy_min=0.5, energy_max=30.0)
    reference = case("crab").reference["spectrum"]["pl_stacked"]
    found = ran.summary
    assert found["success"]
    assert found["sep_from_target_deg"] < 0.03
    assert found["sqrt_ts"] > 40
    assert abs(found["index"][0] - reference["index"][0]) < 3 * reference["index"][1]
    assert found["flux_1_10TeV"][0] == pytest.approx(reference["flux_1_10TeV"][0], rel=0.15)
    model = Models.read(ran.folder / "model.yaml")
    assert model["source"].spectral_model.index.value == pytest.approx(found["index"][0])
