"""Analyses of simulated observations give back what was put in, without any real data at hand."""

import json

import numpy as np
import pytest
from astropy.io import fits

pytestmark = pytest.mark.slow


def pull(found, truth) -> float:
    return (found[0] - truth) / found[1]


@pytest.fixture(scope="module")
def crab(simulated):
    return simulated.run("spectrum", "Crab Nebula", model="log_parabola", energy_min=0.05)


def test_the_spectrum_of_the_crab_comes_back(simulated, crab):
    truth, found = simulated.of("Crab Nebula")[0]["truth"], crab.summary["logpar_stacked"]
    assert abs(pull(found["amplitude"], truth["amplitude"])) < 3
    assert abs(pull(found["alpha"], truth["index"])) < 3
    assert abs(pull(found["beta"], truth["beta"])) < 3


def test_the_flux_points_follow_the_truth(simulated, crab):
    truth = simulated.of("Crab Nebula")[0]["truth"]
    points = [p for p in crab.summary["flux_points"] if p["sqrt_ts"] > 5]
    assert len(points) >= 5
    for p in points:
        expected = truth["amplitude"] * p["e_ref"] ** (-truth["index"] - truth["beta"] * np.log(p["e_ref"]))
        assert abs(p["dnde"] - expected) < 4 * p["dnde_err"]


def test_a_run_pointed_at_the_source_has_no_off_region_and_is_named(crab):
    (warning,) = crab.warnings
    assert "Run 900033 has no OFF region" in warning
    assert len(crab.summary["per_run"]) == 4


def test_the_flare_of_pks_2155_shows_in_the_light_curve(simulated):
    points = simulated.run("light_curve", "PKS 2155-304", energy_min=0.5).summary["per_run"]
    runs = simulated.of("PKS 2155-304")[:4]
    for point, record in zip(points, runs, strict=True):
        truth = record["truth"]
        slope = truth["index"] - 1
        flux = truth["amplitude"] * (0.5**-slope - 20**-slope) / slope
        assert abs(point["flux"] - flux) < 4 * point["err"]
    assert points[3]["flux"] > 8 * points[0]["flux"]


def test_a_source_too_faint_is_not_detected(simulated):
    ran = simulated.run("spectrum", "M 87")
    assert abs(ran.summary["stack_all_energy"]["significance"]) < 4
    assert all(point["is_ul"] for point in ran.summary["flux_points"])


@pytest.mark.parametrize("activity", ["ring_significance_map", "fov_significance_map"])
def test_maps_find_the_source_and_a_flat_background(simulated, activity):
    found = simulated.run(activity, "Crab Nebula", width=4.0, binsz=0.04).summary
    assert found["peak_sep_from_target_deg"] < 0.06
    assert found["sqrt_ts_at_target"] > 40
    mean, width = found["off_region_sqrt_ts_mean_std"]
    assert abs(mean) < 0.2
    assert width == pytest.approx(1, abs=0.12)


def test_theta_squared_drops_the_run_without_mirror(simulated):
    ran = simulated.run("theta_squared", "Crab Nebula")
    assert ran.summary["counts"][0] > 5 * ran.summary["counts_off"][0]
    assert any("too near for an OFF position" in text for text in ran.warnings)


def test_products_of_simulated_data_say_so(simulated, crab):
    for product in crab.products.values():
        assert product["obscore"]["simulated"] == 1
    with fits.open(crab.folder / "flux_points.fits") as hdus:
        rows = hdus["PROGENITORS"].data
        assert set(map(str, rows["PIPELINE"])) <= {"demopipe", "altpipe"}
        assert str(rows["CALIBVER"][0]) in {"2023b", "2024a"}
        assert hdus[0].header["CTA PRODUCT DATA LEVELS"] == "DL5"


def test_the_same_inputs_and_parameters_give_the_same_numbers(simulated, tmp_path):
    from tests.analysis.running import run

    first = simulated.run("counts_map", "M 87").summary
    record = simulated.of("M 87")[0]
    inputs = simulated.inputs("M 87")[::-1]
    again = run(tmp_path, "counts_map", inputs, ra=record["target_ra"], dec=record["target_dec"]).summary
    assert again == first


def test_every_result_is_strict_json(crab):
    def refuse(word):
        raise AssertionError(word)

    for line in (crab.folder / "events.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=refuse)
    json.loads((crab.folder / "plot.json").read_text(), parse_constant=refuse)
