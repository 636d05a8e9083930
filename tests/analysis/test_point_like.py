"""Point-like responses (RAD_MAX): spectra and light curves work, what needs more is refused in words."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from jobs.activity import InputError, StagedInput
from search.archive.demo.instrument import psf_sigma
from tests.analysis.running import run, staged

pytestmark = pytest.mark.slow
RAD_MAX = 0.12


def point_like(item: StagedInput, folder: Path) -> StagedInput:
    """The same run with responses for one circle: its area holds only the events within RAD_MAX."""
    path = folder / item.path.name
    with fits.open(item.path) as hdus:
        for name in ("AEFF", "EDISP"):
            hdus[name].header["HDUCLAS3"] = "POINT-LIKE"
            hdus[name].header["RAD_MAX"] = (RAD_MAX, "deg")
        row = hdus["AEFF"].data
        energy = np.sqrt(row["ENERG_LO"][0] * row["ENERG_HI"][0])
        row["EFFAREA"][0] *= 1 - np.exp(-0.5 * (RAD_MAX / psf_sigma(energy)) ** 2)
        del hdus["PSF"]
        hdus.writeto(path)
    return staged(path, key=f"{item.key}.point", simulated=1)


@pytest.fixture(scope="module")
def runs(simulated, tmp_path_factory) -> list[StagedInput]:
    folder = tmp_path_factory.mktemp("point-like")
    return [point_like(item, folder) for item in simulated.inputs("Crab Nebula")]


PLACE = {"ra": 83.6287, "dec": 22.0147}


def test_the_spectrum_comes_back(simulated, runs, tmp_path):
    ran = run(tmp_path, "spectrum", runs, **PLACE, model="log_parabola", energy_min=0.05)
    truth, found = simulated.of("Crab Nebula")[0]["truth"], ran.summary["logpar_stacked"]
    for name, value in (("amplitude", truth["amplitude"]), ("alpha", truth["index"]), ("beta", truth["beta"])):
        assert abs(found[name][0] - value) < 3.5 * found[name][1]


def test_a_light_curve_and_a_counts_map_work(runs, tmp_path):
    assert len(run(tmp_path / "curve", "light_curve", runs, **PLACE).summary["per_run"]) >= 3
    assert run(tmp_path / "map", "counts_map", runs, **PLACE).summary["total_counts"] > 0
    assert run(tmp_path / "theta", "theta_squared", runs, **PLACE).summary["counts"][0] > 100


def test_a_cut_out_keeps_the_responses_and_their_radius(runs, tmp_path):
    cut = run(tmp_path, "event_cutout", runs[:1], **PLACE, radius=0.5)
    with fits.open(tmp_path / next(iter(cut.products))) as hdus:
        assert [hdu.header["RAD_MAX"] for hdu in hdus if "RAD_MAX" in hdu.header].count(RAD_MAX) >= 1


@pytest.mark.parametrize("activity", ["ring_significance_map", "fov_significance_map", "source_catalog"])
def test_maps_with_background_are_refused_in_words(runs, tmp_path, activity):
    with pytest.raises(InputError, match=r"point-like responses \(RAD_MAX\).*Use “Spectrum”"):
        run(tmp_path, activity, runs, **PLACE)


def test_a_mixture_is_refused_in_words(simulated, runs, tmp_path):
    with pytest.raises(InputError, match="analyse the two kinds in separate jobs"):
        run(tmp_path, "spectrum", [*runs[:1], *simulated.inputs("Crab Nebula")[1:2]], **PLACE)


def test_a_3d_fit_without_point_spread_function_is_refused_in_words(runs, tmp_path):
    with pytest.raises(InputError, match="point spread function"):
        run(tmp_path, "fit_3d", runs, **PLACE)
