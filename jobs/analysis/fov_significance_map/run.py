"""Significance map with the background model of the data, scaled to each field (gammapy)."""

from collections.abc import Mapping, Sequence

import astropy.units as u
import numpy as np
from gammapy.data import Observation
from gammapy.datasets import MapDataset
from gammapy.makers import FoVBackgroundMaker

from jobs.activity import InputError, Out, StagedInput
from jobs.analysis.common import geometry, maps, observations, spectra
from jobs.analysis.common.maps import Field
from jobs.analysis.common.work import Work
from jobs.analysis.fov_significance_map.description import FovSignificanceMap

METHOD = "field-of-view background"
CUTOUT = 2 * maps.MAX_OFFSET


def run(params: FovSignificanceMap, inputs: Mapping[str, Sequence[StagedInput]], out: Out) -> None:
    work = Work(params, inputs, out)
    field = maps.field(params)
    read = observations.read_all(inputs["observations"], out, ("aeff", "bkg"), until=0.1)
    spectra.refuse_point_like(read, "a significance map")
    runs = maps.in_view(read, params, out)
    with out.step("reduce", used=work.keys, made="reduced datasets", runs=len(runs)):
        stacked, norms, used = stack(runs, field, out)
    out.progress(0.75, "Significance")
    image = stacked.to_image()
    found = maps.images(maps.estimate(image, params.on_radius))
    at_target = {"skycoord": geometry.target(params), "energy_true": 1 * u.TeV}
    exposure = float(np.squeeze(stacked.exposure.get_by_coord(at_target)))
    summary = {
        **maps.numbers(found, field.mask, params),
        "fov_norm_per_run": norms,
        "exposure_at_target_1TeV_m2s": exposure * stacked.exposure.unit.to("m2 s"),
        "stack_counts": float(stacked.counts.data.sum(dtype=float)),
        "stack_bkg": float(stacked.background.data.sum(dtype=float)),
        "runs": used,
    }
    out.progress(0.85, "Writing")
    maps.write(work, found, field.mask, METHOD)
    maps.draw(work, found, field.mask, METHOD)
    work.summary(summary)


def stack(runs: list[Observation], field: Field, out: Out) -> tuple[MapDataset, list[list[float]], list[str]]:
    """The sum of all runs, [norm, error] of each run's background, and the runs that went in."""
    maker, safe = maps.makers()
    background = FoVBackgroundMaker(method="scale", exclusion_mask=field.mask)
    stacked = field.empty.copy(name="stacked")
    norms, used = [], []
    for number, observation in enumerate(runs):
        out.progress(0.1 + 0.65 * number / len(runs), f"Run {observation.obs_id}")
        cutout = field.empty.cutout(observation.get_pointing_icrs(observation.tmid), width=CUTOUT, name=f"run-{number}")
        dataset = safe.run(maker.run(cutout, observation), observation)
        if not dataset.mask_safe.data.any():
            out.warn(f"Run {observation.obs_id} has nothing above its threshold in the map: it is left out.")
            continue
        dataset = background.run(dataset)
        if dataset.background_model is None or not dataset.mask_safe.data.any():
            out.warn(f"The background of run {observation.obs_id} cannot be scaled (too few events): it is left out.")
            continue
        norm = dataset.background_model.spectral_model.norm
        norms.append([float(norm.value), float(norm.error)])
        used.append(str(observation.obs_id))
        stacked.stack(dataset)
    if not used:
        raise InputError("No run has events above its threshold in this map and energy range.")
    return stacked, norms, used
