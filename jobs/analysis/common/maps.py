"""What the two significance maps share: reduction, numbers, products, pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import astropy.units as u
import numpy as np
from astropy.convolution import Tophat2DKernel
from gammapy.data import Observation, Observations
from gammapy.datasets import MapDataset, MapDatasetOnOff
from gammapy.estimators import ExcessMapEstimator, FluxMaps
from gammapy.makers import MapDatasetMaker, SafeMaskMaker
from gammapy.maps import WcsGeom, WcsNDMap

from jobs.activity import InputError, Out
from jobs.analysis.common import exclusion, geometry, plots
from jobs.analysis.common.obscore import merge, of_map
from jobs.analysis.common.work import Work

TRUE_BINS_PER_DECADE = 10
AEFF_PERCENT = 10
MAX_OFFSET = 2.5 * u.deg
MAPS = {
    "sqrt_ts": ("Significance", None, "stat.snr"),
    "npred_excess": ("Excess", "ct", "phot.count"),
    "npred_background": ("Background", "ct", "phot.count"),
    "counts": ("Counts", "ct", "phot.count"),
}
"""name in gammapy: (title, unit, UCD); counts are summed over the correlation radius"""


@dataclass
class Field:
    """The sky of a significance map."""

    empty: MapDataset
    mask: WcsNDMap
    """True where background may be taken"""


def field(params: Any) -> Field:
    axis = geometry.reco_axis(params, getattr(params, "energy_bins_per_decade", 10))
    true = geometry.true_axis(params.energy_min, params.energy_max, TRUE_BINS_PER_DECADE)
    geom = geometry.sky_map(params, [axis])
    return Field(
        MapDataset.create(geom, energy_axis_true=true, name="empty"),
        exclusion.mask(geom, exclusion.circles(params)),
    )


def makers() -> tuple[MapDatasetMaker, SafeMaskMaker]:
    """Without point spread function and dispersion: significances do not need them, memory does."""
    return (
        MapDatasetMaker(selection=["counts", "exposure", "background"]),
        SafeMaskMaker(methods=["aeff-max", "offset-max"], aeff_percent=AEFF_PERCENT, offset_max=MAX_OFFSET),
    )


def in_view(runs: Observations, params: Any, out: Out) -> list[Observation]:
    """Runs whose field of view (2.5 deg) meets the map."""
    kept = []
    reach = MAX_OFFSET.to_value("deg") + params.width / 2**0.5
    for observation in runs:
        distance = float(observation.get_pointing_icrs(observation.tmid).separation(geometry.target(params)).deg)
        if distance < reach:
            kept.append(observation)
        else:
            out.warn(f"Run {observation.obs_id} points {distance:.1f} deg away and does not meet the map: left out.")
    if not kept:
        raise InputError("None of the observations points near enough to the map's centre.")
    return kept


def estimate(dataset: MapDataset | MapDatasetOnOff, on_radius: float) -> FluxMaps:
    estimator = ExcessMapEstimator(correlation_radius=on_radius * u.deg, correlate_off=True)
    return estimator.run(dataset)


def images(maps: FluxMaps) -> dict[str, WcsNDMap]:
    """The four maps of ``MAPS`` as flat images; background is what is predicted without excess."""
    result = {name: _flat(getattr(maps, name)) for name in ("sqrt_ts", "npred_excess", "counts")}
    result["npred_background"] = result["counts"] - result["npred_excess"]
    return result


def _flat(image: WcsNDMap) -> WcsNDMap:
    return WcsNDMap(image.geom.to_image(), image.data.reshape(image.data.shape[-2:]).astype("float32"))


def numbers(found: Mapping[str, WcsNDMap], mask: WcsNDMap, params: Any) -> dict[str, Any]:
    """Names and meaning as in the reference results."""
    significance, target = found["sqrt_ts"], geometry.target(params)
    values = significance.data
    if not np.isfinite(values).any():
        raise InputError("The map holds no significance: too few events or background in this energy range.")
    peak = np.unravel_index(np.nanargmax(values), values.shape)
    position = significance.geom.get_coord().skycoord[peak]
    outside = values[mask.data.reshape(values.shape) & np.isfinite(values)]
    here = {name: _finite(image.get_by_coord(target)) for name, image in found.items()}
    return {
        "peak_sqrt_ts": float(values[peak]),
        "peak_radec": geometry.sky_position(position),
        "peak_sep_from_target_deg": float(position.separation(target).deg),
        "sqrt_ts_at_target": here["sqrt_ts"],
        "off_region_sqrt_ts_mean_std": [_finite(outside.mean()), _finite(outside.std())] if outside.size else None,
        "corr_npred_excess_at_target": here["npred_excess"],
        "corr_counts_at_target": here["counts"],
        "corr_npred_background_at_target": here["npred_background"],
    }


def _finite(value: Any) -> float | None:
    number = float(np.squeeze(value))
    return number if np.isfinite(number) else None


def write(work: Work, found: Mapping[str, WcsNDMap], mask: WcsNDMap, method: str) -> None:
    """The significance map is the main product; the others stand beside it."""
    place = of_map(work.params)
    for name, (title, unit, ucd) in MAPS.items():
        main = name == "sqrt_ts"
        file = "significance_map.fits" if main else f"{name.removeprefix('npred_')}_map.fits"
        image = found[name]
        image.write(work.out.path(file), overwrite=True)
        row = {"dataproduct_subtype": f"{title.lower()}-map", "o_ucd": ucd, "o_unit": unit}
        work.product(file, title=f"{title} map{work.label} ({method})", level="DL5", content="GADF-map",
                     obscore=merge(place, row), main=main)  # fmt: skip
    mask.write(work.out.path("exclusion_mask.fits"), overwrite=True)
    work.out.file("exclusion_mask.fits", content_type="application/fits", title="Exclusion mask (1: background)")


def draw(work: Work, found: Mapping[str, WcsNDMap], mask: WcsNDMap, method: str) -> None:
    title = f"Significance{work.label} ({method})"
    center, excluded = geometry.target(work.params), exclusion.circles(work.params)
    picture = plots.map_picture(
        found["sqrt_ts"], title, "significance (σ)", target=center, limits=(-5, None),
        circles=[(circle.center.icrs, circle.radius) for circle in excluded],
    )  # fmt: skip
    work.picture(picture, title)
    work.plot(*plots.map_plot(found["sqrt_ts"], "significance (σ)", total=False, center=center), title=title)
    distribution(work, found["sqrt_ts"].data, mask.data.reshape(found["sqrt_ts"].data.shape))


def distribution(work: Work, values: Any, outside: Any) -> None:
    """Histogram of significances, all and outside the exclusions, beside what noise would give."""
    fig = plots.figure()
    ax = plots.axes_of(fig, "Significances of all pixels", "significance (σ)", "pixels", yscale="log")
    bins = np.linspace(-6, 10, 81)
    good = np.isfinite(values)
    ax.hist(values[good], bins, histtype="step", color=plots.SECOND, label="all")
    quiet = values[good & outside]
    ax.hist(quiet, bins, histtype="stepfilled", alpha=0.3, color=plots.PRIMARY, label="outside the exclusions")
    x = np.linspace(-6, 6, 200)
    height = len(quiet) * (bins[1] - bins[0]) / np.sqrt(2 * np.pi)
    ax.plot(x, height * np.exp(-(x**2) / 2), color=plots.TEXT, lw=1, label="normal distribution")
    ax.set_ylim(bottom=0.5)
    ax.legend()
    work.picture(fig, "Distribution of significances", name="significances.png", preview=False)


def disk(geom: WcsGeom, radius: float) -> Any:
    """Kernel of ones within ``radius`` (deg)."""
    return Tophat2DKernel(radius / float(geom.pixel_scales[0].deg)).array.astype(bool).astype(float)


def runs_used(runs: Sequence[Observation]) -> list[str]:
    return [str(observation.obs_id) for observation in runs]
