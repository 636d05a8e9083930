"""The demo archive is made on the spot: always the same, small, varied, and never mistaken for real data."""

import gzip
import hashlib
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from astropy.io import fits
from astropy.time import Time

from search.archive.demo.plan import plan, sun_altitude
from search.archive.demo.simulate import simulate


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    simulate(folder)
    return folder


@pytest.fixture(scope="module")
def runs(store) -> list[dict]:
    return json.loads((store / "runs.json").read_text())


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    simulate(tmp_path / "one", seed=7, runs=3)
    simulate(tmp_path / "two", seed=7, runs=3)
    simulate(tmp_path / "other", seed=8, runs=3)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    assert digest(tmp_path / "one").keys() == digest(tmp_path / "other").keys()
    assert digest(tmp_path / "one") != digest(tmp_path / "other")


def test_a_run_does_not_change_when_more_runs_are_made(tmp_path, store):
    simulate(tmp_path, runs=2)
    name = "data/demo_dl3_900002.fits.gz"
    assert (tmp_path / name).read_bytes() == (store / name).read_bytes()


def test_forty_runs_on_eight_sources_at_two_sites_stay_under_20_mb(store, runs):
    assert Counter(run["target_name"] for run in runs).most_common()[-1][1] == 5
    assert len({run["target_name"] for run in runs}) == 8
    assert sum(path.stat().st_size for path in store.rglob("*") if path.is_file()) < 20e6


@pytest.mark.parametrize(
    ("column", "least"),
    [
        ("sub_array_name", 7),
        ("pointing_mode", 3),
        ("obs_mode", 2),
        ("quality", 3),
        ("weather_flag", 3),
        ("nsb", 30),
        ("zenith", 30),
        ("pipeline_name", 2),
        ("pipeline_version", 3),
        ("reconstruction_method", 2),
        ("cut_set", 2),
        ("calib_version", 2),
        ("n_lst", 3),
        ("n_sst", 2),
    ],
)
def test_every_filter_has_something_to_tell_apart(runs, column, least):
    assert len({run["obsconfig"][column] for run in runs}) >= least


def test_some_runs_are_closed_until_a_far_date_and_have_a_named_pi(runs):
    closed = [run for run in runs if run["data_rights"] == "proprietary"]
    assert 10 <= len(closed) <= 20
    assert all(run["release_date"] >= "2031" and run["pi_name"] for run in closed)
    assert {run["proposal"]["username"] for run in closed} >= {"alice"}
    assert {run["metadata"] for run in closed} == {"public", "hidden"}


def test_every_run_is_taken_in_the_dark_and_above_the_horizon():
    for run in plan(1, 40):
        assert sun_altitude(run.site, run.start) < -17
        assert sun_altitude(run.site, run.stop) < -17
        assert 0 < run.zenith < 60


def test_files_say_that_they_are_simulated_and_give_times_in_tt(store, runs):
    with fits.open(store / runs[0]["file"], checksum=True) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "EVENTS", "GTI", "AEFF", "EDISP", "PSF", "BKG"]
        header, times = hdus["EVENTS"].header, hdus["EVENTS"].data["TIME"]
    assert header["ORIGIN"] == "Simulation by Distiller"
    assert header["SIMULATD"] is True
    start = Time(header["MJDREFI"], header["MJDREFF"] + header["TSTART"] / 86400, format="mjd", scale="tt")
    assert abs((start - Time(f"{header['DATE-OBS']}T{header['TIME-OBS']}", scale="tt")).sec) < 1e-3
    assert abs((start.utc - Time(runs[0]["t_start"], scale="utc")).sec) < 1e-3
    assert header["TSTART"] <= times.min() <= times.max() <= header["TSTOP"]


def test_no_clock_is_left_in_the_gzip_header(store, runs):
    packed = (store / runs[0]["file"]).read_bytes()
    assert packed[4:8] == b"\0\0\0\0"
    assert gzip.decompress(packed).startswith(b"SIMPLE")


def test_the_history_leads_from_raw_files_to_the_event_list(runs):
    for run in runs:
        steps = run["history"]["activities"]
        assert [step["level"] for step in steps] == ["DL0", "DL1", "DL2", "DL3"]
        assert steps[-1]["generated"] == [Path(run["file"]).name]
        for earlier, later in pairwise(steps):
            assert set(earlier["generated"]) <= set(later["used"])
            assert earlier["stop"] < later["start"]


def test_the_index_files_name_every_hdu(store, runs):
    with fits.open(store / "obs-index.fits.gz") as hdus:
        assert [str(i) for i in hdus[1].data["OBS_ID"]] == [run["obs_id"] for run in runs]
        assert list(hdus[1].data["EVENT_COUNT"]) == [run["n_events"] for run in runs]
    with fits.open(store / "hdu-index.fits.gz") as hdus:
        assert len(hdus[1].data) == 6 * len(runs)
