"""A cut-out is again a valid event list, with only the events asked for, from which an analysis can start."""

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.time import Time
from gammapy.data import Observation

from jobs.activity import InputError
from tests.analysis.running import run, staged

pytestmark = [pytest.mark.slow, pytest.mark.realdata]


@pytest.fixture(scope="module")
def cut(case):
    return case("crab").run("event_cutout", radius=0.5, energy_min=1.0, energy_max=10.0)


def test_only_events_in_cone_and_energy_range_are_left_and_all_of_them(case, cut):
    expected = 0
    for item in case("crab").inputs:
        with fits.open(item.path) as hdus:
            rows = hdus["EVENTS"].data
            near = (
                SkyCoord(rows["RA"], rows["DEC"], unit="deg").separation(SkyCoord(83.63, 22.01, unit="deg")).deg <= 0.5
            )
            expected += int(np.sum(near & (rows["ENERGY"] >= 1) & (rows["ENERGY"] < 10)))
    assert cut.summary["n_events"] == expected > 0
    assert cut.summary["n_events_in_files"] == 30129


def test_the_file_is_valid_gadf_with_its_responses(cut):
    for name in cut.products:
        with fits.open(cut.folder / name, checksum=True) as hdus:
            hdus.verify("exception")
            assert {"EVENTS", "GTI", "AEFF", "EDISP", "PSF", "BKG", "PROGENITORS"} <= {hdu.name for hdu in hdus}
        observation = Observation.read(cut.folder / name)
        assert observation.aeff is not None
        assert observation.bkg is not None
        assert observation.events.energy.max().value < 10


def test_a_polygon_keeps_the_events_in_it(case, tmp_path):
    item = case("crab").inputs[0]
    square = "POLYGON 83.4 21.8 83.8 21.8 83.8 22.2 83.4 22.2"
    ran = run(tmp_path, "event_cutout", [item], ra=83.6, dec=22.0, radius=0.5, region=square)
    with fits.open(item.path) as hdus, fits.open(tmp_path / "events.fits") as kept:
        rows, left = hdus["EVENTS"].data, kept["EVENTS"].data
        # The edges are arcs of great circles, which bulge by less than 0.0002 degrees here.
        inner = (abs(rows["RA"] - 83.6) < 0.199) & (abs(rows["DEC"] - 22.0) < 0.199)
        outer = (abs(left["RA"] - 83.6) < 0.201) & (abs(left["DEC"] - 22.0) < 0.201)
        assert outer.all()
        assert len(left) >= int((inner & (rows["ENERGY"] < 1000)).sum()) > 0
        assert kept["EVENTS"].header["DSVAL2"] == square
    assert ran.summary["n_events"] == len(left)


def test_a_time_range_cuts_good_times_livetime_and_events(case, tmp_path):
    item = case("crab").inputs[0]
    begin = item.obscore["t_min"]
    ran = run(
        tmp_path,
        "event_cutout",
        [item],
        ra=83.63,
        dec=22.01,
        radius=5.0,
        t_min=begin + 300 / 86400,
        t_max=begin + 900 / 86400,
    )
    observation = Observation.read(tmp_path / "events.fits")
    assert observation.gti.time_sum.to_value("s") == pytest.approx(600, abs=1e-3)
    assert observation.observation_live_time_duration.to_value("s") == pytest.approx(600 * 0.9376, rel=1e-3)
    times = observation.events.time.utc.mjd
    assert begin + 300 / 86400 <= times.min() <= times.max() <= begin + 900 / 86400
    row = ran.products["events.fits"]["obscore"]
    assert (row["t_min"], row["t_max"]) == pytest.approx((begin + 300 / 86400, begin + 900 / 86400), abs=1e-8)
    with fits.open(tmp_path / "events.fits") as hdus:
        header = hdus["EVENTS"].header
    start = Time(f"{header['DATE-OBS']}T{header['TIME-OBS']}", scale="tt")
    assert start.utc.mjd == pytest.approx(begin + 300 / 86400, abs=1e-7)


def test_a_cut_out_can_be_analysed(cut, tmp_path):
    inputs = [staged(cut.folder / name, key=f"cut.{i}") for i, name in enumerate(cut.products)]
    ran = run(tmp_path, "counts_map", inputs, ra=83.63, dec=22.01)
    assert ran.summary["total_counts"] == cut.summary["n_events"]


def test_each_file_is_a_product_of_the_level_and_type_of_an_event_list(cut):
    rows = [product["obscore"] for product in cut.products.values()]
    assert {row["dataproduct_type"] for row in rows} == {"event"}
    assert {row["calib_level"] for row in rows} == {2}
    assert [row["obs_id"] for row in rows] == ["23523", "23526", "23559", "23592"]
    assert sum(row["ev_xel"] for row in rows) == cut.summary["n_events"]
    assert rows[0]["s_region"] == "CIRCLE ICRS 83.630000 22.010000 0.500000"


def test_nothing_left_is_said_in_words(case, tmp_path):
    with pytest.raises(InputError, match="No event lies in this cone"):
        run(tmp_path, "event_cutout", case("crab").inputs[:1], ra=10.0, dec=-50.0)
