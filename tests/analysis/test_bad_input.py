"""Whatever cannot give a result is refused in words that say what to do; what can be left out is left out and named."""

import gzip
import random

import pytest
from astropy.io import fits

from jobs.activity import InputError
from tests.analysis.running import run, staged

pytestmark = pytest.mark.slow

CRAB = {"ra": 83.6287, "dec": 22.0147}
BACKGROUND = ("ring_significance_map", "fov_significance_map", "spectrum", "light_curve", "source_catalog", "fit_3d")
ALL = ("counts_map", "theta_squared", "event_cutout", *BACKGROUND)


@pytest.mark.parametrize("activity", ALL)
def test_an_energy_range_upside_down_is_refused(simulated, tmp_path, activity):
    with pytest.raises(ValueError, match=r"energy_min \(10 TeV\) must be smaller than energy_max \(1 TeV\)"):
        run(tmp_path, activity, simulated.inputs("Crab Nebula"), **CRAB, energy_min=10.0, energy_max=1.0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("galactic 183.604 -8.708", "not of the form"),
        ("fk4 1 2 3", "frame must be icrs or galactic"),
        ("icrs 10 95 1", "latitude"),
        ("icrs 10 20 -1", "radius"),
        ("icrs nan 20 1", "latitude|radius"),
        ("icrs 10 20 inf", "radius"),
        ("", "not of the form"),
        ("$(id) 1 2 3", "frame"),
    ],
)
@pytest.mark.parametrize("activity", ["spectrum", "ring_significance_map"])
def test_an_exclusion_that_is_none_is_refused(simulated, tmp_path, activity, text, reason):
    with pytest.raises(ValueError, match=reason):
        run(tmp_path, activity, simulated.inputs("Crab Nebula"), **CRAB, exclusion=(text,))


def test_a_map_of_too_many_pixels_is_refused(simulated, tmp_path):
    with pytest.raises(ValueError, match="more than 1000 pixels"):
        run(tmp_path, "counts_map", simulated.inputs("Crab Nebula"), **CRAB, width=20.0, binsz=0.005)


@pytest.mark.parametrize("activity", ALL)
def test_no_observation_is_refused(tmp_path, activity):
    with pytest.raises(InputError, match="No observation was given"):
        run(tmp_path, activity, [], **CRAB)


@pytest.mark.parametrize("activity", ALL)
def test_a_target_far_from_all_pointings_is_refused(simulated, tmp_path, activity):
    with pytest.raises(InputError):
        run(tmp_path, activity, simulated.inputs("Crab Nebula")[:2], ra=260.0, dec=-40.0)


@pytest.mark.parametrize("activity", ["counts_map", "spectrum", "event_cutout"])
@pytest.mark.parametrize("damage", ["text", "truncated", "noise", "empty"])
def test_a_file_that_is_no_event_list_is_named(simulated, tmp_path, activity, damage):
    good = simulated.inputs("Crab Nebula")[0]
    content = {
        "text": b"hello",
        "truncated": gzip.decompress(good.path.read_bytes())[:20000],
        "noise": random.Random(1).randbytes(5000),
        "empty": b"",
    }[damage]
    path = tmp_path / "file.fits"
    path.write_bytes(content)
    broken = type(good)(**{**good.__dict__, "path": path})
    with pytest.raises(InputError, match=r"run-900001 cannot be read as an event list"):
        run(tmp_path / "job", activity, [broken], **CRAB)


@pytest.mark.parametrize("activity", ["spectrum", "ring_significance_map"])
def test_a_run_without_responses_is_left_out_and_named(simulated, tmp_path, activity):
    good = simulated.inputs("Crab Nebula")[:2]
    path = tmp_path / "bare.fits"
    with fits.open(good[1].path) as hdus:
        fits.HDUList([hdu for hdu in hdus if hdu.name in ("PRIMARY", "EVENTS", "GTI")]).writeto(path)
    ran = run(tmp_path / "job", activity, [good[0], staged(path, key="demo.bare")], **CRAB)
    assert any("demo.bare has no effective area" in text for text in ran.warnings)
    with pytest.raises(InputError, match="None of the observations carries"):
        run(tmp_path / "none", activity, [staged(path, key="demo.bare")], **CRAB)


def test_no_events_in_the_energy_range_is_refused(simulated, tmp_path):
    with pytest.raises(InputError, match="No event of these observations"):
        run(tmp_path, "counts_map", simulated.inputs("Crab Nebula"), **CRAB, energy_min=900.0, energy_max=1000.0)


def test_an_observation_given_twice_counts_once(simulated, tmp_path):
    item = simulated.inputs("Crab Nebula")[0]
    once = run(tmp_path / "1", "counts_map", [item], **CRAB)
    twice = run(tmp_path / "2", "counts_map", [item, item], **CRAB)
    assert twice.summary == once.summary
    assert any("more than once" in text for text in twice.warnings)


def test_runs_pointed_at_the_target_alone_give_no_spectrum(simulated, tmp_path):
    pointed = simulated.inputs("Crab Nebula")[4:]
    with pytest.raises(InputError, match="room for an OFF region"):
        run(tmp_path / "1", "spectrum", pointed, **CRAB)
    with pytest.raises(InputError, match="too near to the target"):
        run(tmp_path / "2", "theta_squared", pointed, **CRAB)


def test_too_many_time_steps_are_refused(simulated, tmp_path):
    with pytest.raises(InputError, match="choose a longer step"):
        run(tmp_path, "light_curve", simulated.inputs("Crab Nebula"), **CRAB, time_bins="fixed", time_step=10.0)


@pytest.mark.parametrize("activity", ["spectrum", "ring_significance_map"])
def test_an_empty_energy_range_is_said_in_words(simulated, tmp_path, activity):
    with pytest.raises(InputError):
        run(
            tmp_path,
            activity,
            simulated.inputs("M 87")[:2],
            ra=187.7059,
            dec=12.3911,
            energy_min=200.0,
            energy_max=400.0,
        )
