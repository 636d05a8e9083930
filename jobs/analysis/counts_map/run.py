"""Counts map with gammapy."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gammapy.maps import Map, WcsNDMap

from jobs.activity import InputError, Out, StagedInput
from jobs.analysis.common import geometry, observations, plots
from jobs.analysis.common.obscore import merge, of_map
from jobs.analysis.common.work import Work
from jobs.analysis.counts_map.description import CountsMap

ON_RADIUS = 0.11
"""deg; radius of the counts in the summary"""

SMOOTHING = 0.1
"""deg; radius of the disk with which the peak is looked for"""


def run(params: CountsMap, inputs: Mapping[str, Sequence[StagedInput]], out: Out) -> None:
    work = Work(params, inputs, out)
    axis = geometry.reco_axis(params, params.energy_bins, per_decade=False)
    cube = Map.from_geom(geometry.sky_map(params, [axis]), dtype="float32")
    in_files = fill(cube, inputs["observations"], out)
    image = cube.sum_over_axes(keepdims=False)
    if not image.data.any():
        raise InputError(
            "No event of these observations falls into the map and the energy range:"
            " choose a wider range, or a centre near the pointings."
        )
    out.progress(0.7, "Writing the maps")
    write(work, cube, image)
    out.progress(0.85, "Drawing")
    draw(work, image)
    work.summary(numbers(params, image, in_files))


def fill(cube: WcsNDMap, staged: Sequence[StagedInput], out: Out) -> int:
    """Counts all events; returns how many the files hold."""
    in_files = 0
    for item, events in observations.each(staged, out, until=0.6):
        before = cube.data.sum(dtype=float)
        cube.fill_events(events)
        in_files += len(events.table)
        if cube.data.sum(dtype=float) == before:
            out.warn(f"{item.identifier} has no event in the map and energy range.")
    return in_files


def numbers(params: CountsMap, image: WcsNDMap, in_files: int) -> dict[str, Any]:
    smooth = image.smooth(f"{SMOOTHING} deg", kernel="disk")
    peak = np.unravel_index(smooth.data.argmax(), smooth.data.shape)
    on_region = geometry.in_circle(image.geom, geometry.target(params), ON_RADIUS)
    return {
        "total_counts": float(image.data.sum(dtype=float)),
        "n_events_in_files": in_files,
        "max_pixel": float(image.data.max()),
        "smoothed_peak_radec": geometry.sky_position(image.geom.get_coord().skycoord[peak]),
        "counts_in_on_region": float(image.data[on_region].sum(dtype=float)),
    }


def write(work: Work, cube: WcsNDMap, image: WcsNDMap) -> None:
    named = work.label
    image.write(work.out.path("counts_map.fits"), overwrite=True)
    work.product(
        "counts_map.fits", title=f"Counts map{named}", level="DL4", content="GADF-map", main=True,
        obscore=merge(of_map(work.params), {"dataproduct_subtype": "counts-map", "o_ucd": "phot.count"}),
    )  # fmt: skip
    cube.write(work.out.path("counts_cube.fits"), overwrite=True)
    work.product(
        "counts_cube.fits", title=f"Counts cube{named}", level="DL4", content="GADF-map",
        obscore=merge(
            of_map(work.params),
            {"dataproduct_type": "cube", "dataproduct_subtype": "counts-cube", "o_ucd": "phot.count"},
            {"em_xel": work.params.energy_bins},
        ),
    )  # fmt: skip


def draw(work: Work, image: WcsNDMap) -> None:
    title = f"Counts{work.label}, {work.params.energy_min:g}–{work.params.energy_max:g} TeV"
    center = geometry.target(work.params)
    work.picture(plots.map_picture(image, title, "counts per pixel", target=center), title)
    work.plot(*plots.map_plot(image, "counts per pixel", total=True, center=center), title=title)
