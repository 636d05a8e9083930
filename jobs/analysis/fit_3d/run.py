"""3D fit with gammapy: point source with a spectral model on a field-of-view background."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from astropy.table import Table
from gammapy.data import Observation
from gammapy.datasets import Datasets, MapDataset
from gammapy.makers import FoVBackgroundMaker, MapDatasetMaker
from gammapy.modeling import Fit
from gammapy.modeling.models import FoVBackgroundModel, Models, PointSpatialModel, SkyModel
from gammapy.stats import CashCountsStatistic

from jobs.activity import InputError, Out, StagedInput
from jobs.analysis.common import geometry, maps, observations, plots, spectra
from jobs.analysis.common.maps import Field
from jobs.analysis.common.obscore import merge, of_map
from jobs.analysis.common.parameters import ECSV
from jobs.analysis.common.work import Work
from jobs.analysis.fit_3d.description import Fit3D

NEEDS = ("aeff", "edisp", "psf", "bkg")
SEARCH = 0.3
"""deg; how far the source may move from the target"""
SMOOTHING = 0.1
"""deg; radius of the residual map's disk"""


def run(params: Fit3D, inputs: Mapping[str, Sequence[StagedInput]], out: Out) -> None:
    work = Work(params, inputs, out)
    field = maps.field(params)
    read = observations.read_all(inputs["observations"], out, NEEDS, until=0.1)
    spectra.refuse_point_like(read, "a 3D fit")
    runs = maps.in_view(read, params, out)
    with out.step("reduce", used=work.keys, made="reduced datasets", runs=len(runs)):
        stacked, used = stack(runs, field, out)
    out.progress(0.6, "Fitting")
    with out.step("fit", used=["reduced datasets"], made="fitted models", model=params.model):
        models, result, null = fit(stacked, params)
    if not result.success:
        out.warn(f"The fit did not converge: {result.message}. Take its numbers with care.")
    out.progress(0.85, "Writing")
    residual = residuals(stacked, params)
    write(work, models, residual)
    draw(work, residual)
    work.summary({**numbers(models, float(result.total_stat), null, params), "success": bool(result.success),
                 "runs": used})  # fmt: skip


def stack(runs: Sequence[Observation], field: Field, out: Out) -> tuple[MapDataset, list[str]]:
    """Runs added up; each background is scaled outside the exclusions first."""
    maker = MapDatasetMaker(selection=["counts", "exposure", "background", "psf", "edisp"])
    _, safe = maps.makers()
    background = FoVBackgroundMaker(method="scale", exclusion_mask=field.mask)
    stacked = field.empty.copy(name="stacked")
    used = []
    for number, observation in enumerate(runs):
        out.progress(0.1 + 0.5 * number / len(runs), f"Run {observation.obs_id}")
        cutout = field.empty.cutout(
            observation.get_pointing_icrs(observation.tmid), width=2 * maps.MAX_OFFSET, name=f"run-{number}"
        )
        dataset = safe.run(maker.run(cutout, observation), observation)
        if dataset.mask_safe.data.any():
            dataset = background.run(dataset)
        if not dataset.mask_safe.data.any():
            out.warn(f"Run {observation.obs_id} has nothing to fit in this map and energy range: it is left out.")
            continue
        stacked.stack(dataset)
        used.append(str(observation.obs_id))
    if not used:
        raise InputError("No run has events above its threshold in this map and energy range.")
    return stacked, used


def fit(stacked: MapDataset, params: Fit3D) -> tuple[Models, Any, float]:
    """Models, result, and the statistic without the source."""
    background = FoVBackgroundModel(dataset_name=stacked.name)
    background.spectral_model.tilt.frozen = False
    stacked.models = [background]
    null = float(Fit().run(Datasets([stacked])).total_stat)
    target = geometry.target(params)
    spatial = PointSpatialModel(lon_0=target.ra, lat_0=target.dec, frame="icrs")
    reach = SEARCH / max(np.cos(target.dec.rad), 0.05)
    spatial.lon_0.min, spatial.lon_0.max = target.ra.deg - reach, target.ra.deg + reach
    spatial.lat_0.min, spatial.lat_0.max = target.dec.deg - SEARCH, target.dec.deg + SEARCH
    source = SkyModel(spectral_model=spectra.spectral_model(params.model), spatial_model=spatial, name="source")
    stacked.models = [source, background]
    result = Fit().run(Datasets([stacked]))
    return stacked.models, result, null


def numbers(models: Models, stat: float, null: float, params: Fit3D) -> dict[str, Any]:
    """Free parameters as [value, error]; ts: twice the gain of likelihood by the source."""
    source, background = models["source"], models[1]
    values = {p.name: [float(p.value), float(p.error)] for p in source.parameters if not p.frozen}
    ts = null - stat
    found = source.position.icrs
    fluxes = {}
    for high in (10, 100):
        value, down, _ = spectra.integral_flux(source.spectral_model, 1, high)
        fluxes[f"flux_1_{high}TeV"] = [value, down]
    return {
        **values,
        "background": {p.name: [float(p.value), float(p.error)] for p in background.parameters if not p.frozen},
        "stat": stat,
        "stat_null": null,
        "ts": ts,
        "sqrt_ts": float(np.sign(ts) * np.sqrt(abs(ts))),
        "radec": geometry.sky_position(found),
        "sep_from_target_deg": float(found.separation(geometry.target(params)).deg),
        **fluxes,
    }


def residuals(stacked: MapDataset, params: Fit3D) -> Any:
    """Significance of counts over the model, both added up in a disk."""
    counts = (stacked.counts * stacked.mask_safe).sum_over_axes(keepdims=False)
    predicted = (stacked.npred() * stacked.mask_safe).sum_over_axes(keepdims=False)
    kernel = maps.disk(counts.geom, SMOOTHING)
    seen, expected = counts.convolve(kernel), predicted.convolve(kernel)
    statistic = CashCountsStatistic(np.clip(np.round(seen.data), 0, None), np.clip(expected.data, 1e-12, None))
    data = np.where(expected.data > 0.1, statistic.sqrt_ts, np.nan)
    return counts.copy(data=data.astype("float32"))


def write(work: Work, models: Models, residual: Any) -> None:
    place = of_map(work.params)
    rows = [
        (m.name, p.name, float(p.value), float(p.error), str(p.unit), bool(p.frozen))
        for m in models
        for p in m.parameters
    ]
    table = Table(rows=rows, names=["model", "parameter", "value", "error", "unit", "frozen"])
    free = [i for i, p in enumerate(models.parameters) if not p.frozen]
    table.meta["covariance"] = {
        "parameters": [models.parameters[i].name for i in free],
        "matrix": np.asarray(models.covariance.data)[np.ix_(free, free)].tolist(),
    }
    table.write(work.out.path("fit.ecsv"), format="ascii.ecsv", overwrite=True)
    row = {"dataproduct_type": "measurements", "dataproduct_subtype": "3d-fit"}
    work.product("fit.ecsv", title=f"3D fit{work.label}", level="DL5", content="fit", content_type=ECSV,
                 obscore=merge(place, row), main=True)  # fmt: skip
    residual.write(work.out.path("residual_map.fits"), overwrite=True)
    image = {"dataproduct_subtype": "residual-map", "o_ucd": "stat.snr"}
    work.product("residual_map.fits", title=f"Residual significance{work.label}", level="DL5", content="GADF-map",
                 obscore=merge(place, image))  # fmt: skip
    work.out.path("model.yaml").write_text(models.to_yaml(full_output=True))
    work.out.file("model.yaml", content_type="application/yaml", title="The model (gammapy)")


def draw(work: Work, residual: Any) -> None:
    title = f"Residual significance{work.label}"
    center = geometry.target(work.params)
    picture = plots.map_picture(residual, title, "significance (σ)", target=center, limits=(-5, 5), cmap="coolwarm")
    work.picture(picture, title)
    work.plot(*plots.map_plot(residual, "significance (σ)", total=False, center=center), title=title)
