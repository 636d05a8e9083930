"""Ring background, run by run, stacked into one ON-OFF image."""

import astropy.units as u
from gammapy.data import Observation
from gammapy.datasets import MapDatasetOnOff
from gammapy.makers import RingBackgroundMaker

from jobs.activity import InputError, Out
from jobs.analysis.common.maps import Field, makers

RING_RADIUS, RING_WIDTH = 0.5 * u.deg, 0.3 * u.deg


def stack(runs: list[Observation], field: Field, out: Out, span: tuple[float, float]) -> MapDatasetOnOff:
    """No cut-outs: a ring may reach over any edge. The stack takes the geometry of the first image."""
    maker, safe = makers()
    ring = RingBackgroundMaker(r_in=RING_RADIUS, width=RING_WIDTH, exclusion_mask=field.mask)
    stacked: MapDatasetOnOff | None = None
    for number, observation in enumerate(runs):
        out.progress(span[0] + (span[1] - span[0]) * number / len(runs), f"Run {observation.obs_id}")
        dataset = maker.run(field.empty.copy(name=f"run-{number}"), observation)
        dataset = safe.run(dataset, observation)
        if not dataset.mask_safe.data.any():
            out.warn(f"Run {observation.obs_id} has nothing above its threshold in the map: it is left out.")
            continue
        image = ring.run(dataset.to_image())
        if stacked is None:
            stacked = MapDatasetOnOff.create(
                geom=image.counts.geom, energy_axis_true=image.exposure.geom.axes["energy_true"], name="stacked"
            )
        stacked.stack(image)
    if stacked is None:
        raise InputError("No run has events above its threshold in this map and energy range.")
    return stacked
