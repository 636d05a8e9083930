"""How much a job costs above the same steps in a bare script: ``python benchmarks/analysis.py [HESS_FOLDER]``.

Counts map and spectrum of the four Crab runs of H.E.S.S. DL3 DR1, in a warm process, in turns: as the activity
(reading, checks, stamps, pictures, plots) and as plain gammapy. Medians of processor times, which a busy machine changes
least. Targets: counts map under 3 s; the spectrum within 1.2 times of the script.
"""

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from gammapy.data import DataStore
from gammapy.datasets import Datasets, SpectrumDataset
from gammapy.estimators import FluxPointsEstimator
from gammapy.makers import ReflectedRegionsBackgroundMaker, SafeMaskMaker, SpectrumDatasetMaker
from gammapy.maps import Map, MapAxis, RegionGeom, WcsGeom
from gammapy.modeling import Fit
from gammapy.modeling.models import PowerLawSpectralModel, SkyModel
from regions import CircleSkyRegion

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.analysis.running import run, staged

TIMES = 5
RUNS = (23523, 23526, 23559, 23592)
CRAB = SkyCoord(83.63, 22.01, unit="deg")
NEIGHBOUR = CircleSkyRegion(SkyCoord(183.604, -8.708, unit="deg", frame="galactic"), 0.5 * u.deg)


def bare_counts_map(store: DataStore, folder: Path) -> None:
    axis = MapAxis.from_energy_bounds("0.1 TeV", "100 TeV", nbin=1)
    counts = Map.from_geom(WcsGeom.create(skydir=CRAB, width=5, binsz=0.02, proj="TAN", frame="icrs", axes=[axis]))
    for observation in store.get_observations(RUNS):
        counts.fill_events(observation.events)
    counts.write(folder / "counts.fits", overwrite=True)


def bare_spectrum(store: DataStore, folder: Path) -> None:
    reco = MapAxis.from_energy_bounds("0.1 TeV", "40 TeV", nbin=10, per_decade=True)
    true = MapAxis.from_energy_bounds("0.05 TeV", "100 TeV", nbin=20, per_decade=True, name="energy_true")
    geom = RegionGeom.create(CircleSkyRegion(CRAB, 0.11 * u.deg), axes=[reco])
    mask = WcsGeom.create(skydir=CRAB, width=6, binsz=0.02, proj="TAN", frame="icrs").region_mask(
        [NEIGHBOUR], inside=False
    )
    maker = SpectrumDatasetMaker(
        selection=["counts", "exposure", "edisp"], use_region_center=True, containment_correction=True
    )
    background = ReflectedRegionsBackgroundMaker(exclusion_mask=mask)
    safe = SafeMaskMaker(methods=["aeff-max"], aeff_percent=10)
    datasets = Datasets()
    for observation in store.get_observations(RUNS):
        dataset = maker.run(
            SpectrumDataset.create(geom, energy_axis_true=true, name=str(observation.obs_id)), observation
        )
        datasets.append(safe.run(background.run(dataset, observation), observation))
    fit(datasets)
    stacked = datasets.stack_reduce(name="stacked")
    model = fit(Datasets([stacked]))
    points = FluxPointsEstimator(
        energy_edges=np.geomspace(0.7, 30, 11) * u.TeV, source=model.name, selection_optional=["errn-errp", "ul"]
    ).run([stacked])
    points.write(folder / "points.fits", sed_type="dnde", overwrite=True)


def fit(datasets: Datasets) -> SkyModel:
    spectral = PowerLawSpectralModel(index=2.5, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    model = SkyModel(spectral_model=spectral)
    datasets.models = [model]
    Fit().run(datasets)
    return model


def seconds(work: Callable[[Path], object]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        work(Path(folder))
        return time.process_time() - start


def main(hess: Path) -> None:
    warnings.simplefilter("ignore")
    store = DataStore.from_dir(hess)
    inputs = [staged(hess / "data" / f"hess_dl3_dr1_obs_id_{number:06d}.fits.gz") for number in RUNS]
    spectrum = {
        "exclusion_radius": 0.0, "exclusion": ("galactic 183.604 -8.708 0.5",),
        "flux_points_min": 0.7, "flux_points_max": 30.0, "flux_points": 10,
    }  # fmt: skip
    for name, bare, parameters in (
        ("counts_map", bare_counts_map, {}),
        ("spectrum", bare_spectrum, spectrum),
    ):

        def activity(folder: Path, name: str = name, parameters: dict[str, object] = parameters) -> None:
            run(folder / "job", name, inputs, ra=83.63, dec=22.01, **parameters)

        script_of = partial(bare, store)
        pairs = [(seconds(script_of), seconds(activity)) for _ in range(TIMES + 1)][1:]
        script, job = (statistics.median(one) for one in zip(*pairs, strict=True))
        print(f"{name:12} bare script {script:5.2f} s, activity {job:5.2f} s, ratio {job / script:4.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/hess-dl3-dr1"))
