"""The light curve job follows a source run by run, night by night, or in fixed steps."""

import numpy as np
import pytest
from gammapy.estimators import FluxPoints

pytestmark = [pytest.mark.slow, pytest.mark.realdata]

CRAB = {"exclusion_radius": 0.0, "exclusion": ("galactic 183.604 -8.708 0.5",)}


def check(found, expected):
    assert len(found) == len(expected)
    for point, reference in zip(found, expected, strict=True):
        assert point["tmin"] == pytest.approx(reference["tmin"], abs=2e-6)
        assert point["tmax"] == pytest.approx(reference["tmax"], abs=2e-6)
        assert abs(point["flux"] - reference["flux"]) <= max(0.02 * reference["flux"], 0.1 * reference["err"])
        assert point["err"] == pytest.approx(reference["err"], rel=0.05)


@pytest.mark.parametrize(("name", "parameters"), [("crab", CRAB), ("pks2155_steady", {})])
@pytest.mark.parametrize(("bins", "result"), [("run", "per_run"), ("night", "per_night")])
def test_fluxes_equal_the_reference(case, name, parameters, bins, result):
    ran = case(name).run("light_curve", time_bins=bins, **parameters)
    check(ran.summary[result], case(name).reference["light_curve"][result])
    assert {"pl_joint", "pl_stacked"} <= ran.summary.keys()


def test_fixed_steps_cover_all_runs(case):
    ran = case("crab").run("light_curve", time_bins="fixed", time_step=900.0, **CRAB)
    points = ran.summary["per_bin"]
    # 28 min of a run hold two steps, or touch three
    assert 8 <= len(points) <= 12
    assert all(p["tmax"] - p["tmin"] == pytest.approx(900 / 86400) for p in points)
    mean = np.average([p["flux"] for p in points], weights=[p["err"] ** -2 for p in points])
    assert mean == pytest.approx(3.05e-11, rel=0.1)


def test_the_file_is_a_light_curve_that_gammapy_reads(case):
    ran = case("crab").run("light_curve", time_bins="run", **CRAB)
    curve = FluxPoints.read(ran.folder / "light_curve.fits", format="lightcurve")
    assert curve.flux.data.size == 4
    row = ran.products["light_curve.fits"]["obscore"]
    assert (row["dataproduct_type"], row["t_xel"], row["dataproduct_level"]) == ("timeseries", 4, "DL5")
