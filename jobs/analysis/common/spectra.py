"""From observations to ON-OFF spectra (reflected regions) and fitted spectral models."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import astropy.units as u
import numpy as np
from gammapy.data import Observation, Observations
from gammapy.datasets import Datasets, SpectrumDataset, SpectrumDatasetOnOff
from gammapy.makers import (
    ReflectedRegionsBackgroundMaker,
    SafeMaskMaker,
    SpectrumDatasetMaker,
    WobbleRegionsFinder,
)
from gammapy.maps import MapAxis, RegionGeom, WcsGeom
from gammapy.modeling import Fit
from gammapy.modeling.models import (
    ExpCutoffPowerLawSpectralModel,
    LogParabolaSpectralModel,
    PowerLawSpectralModel,
    SkyModel,
    SpectralModel,
)
from gammapy.stats import WStatCountsStatistic
from regions import CircleSkyRegion, PointSkyRegion
from scipy.stats.qmc import MultivariateNormalQMC

from jobs.activity import InputError, Out
from jobs.analysis.common import exclusion, geometry

TRUE_BINS_PER_DECADE = 20
MASK_WIDTH, MASK_PIXEL = 6.0, 0.02
"""deg; the exclusion mask of an ON-OFF analysis"""
AEFF_PERCENT = 10
AMPLITUDE = 2e-11 * u.Unit("cm-2 s-1 TeV-1")
DRAWS, SEED = 8192, 42
SHORT_NAMES = {"power_law": "pl", "log_parabola": "logpar", "exp_cutoff_power_law": "ecpl"}


@dataclass
class Reduction:
    """One ON-OFF spectrum per run that has an OFF region."""

    datasets: Datasets
    observations: Observations
    """those of the datasets, in the same order"""

    @property
    def stacked(self) -> SpectrumDatasetOnOff:
        return self.datasets.stack_reduce(name="stacked")


def is_point_like(observations: Iterable[Observation]) -> bool:
    """Point-like responses (RAD_MAX) want a point region and wobble OFF positions; both kinds together do not fit."""
    kinds = {bool(observation.aeff.is_pointlike) for observation in observations}
    if len(kinds) > 1:
        raise InputError(
            "Some of the observations have point-like responses (RAD_MAX) and some full-enclosure ones:"
            " analyse the two kinds in separate jobs."
        )
    return kinds == {True}


def refuse_point_like(observations: Iterable[Observation], what: str) -> None:
    if is_point_like(observations):
        raise InputError(
            f"These observations carry point-like responses (RAD_MAX), which describe one position only; {what} needs"
            " full-enclosure responses. Use “Spectrum”, “Light curve”, “θ²” or “Counts map” instead."
        )


def reduce(observations: Observations, params: Any, axis: MapAxis, out: Out, span: tuple[float, float]) -> Reduction:
    """Runs without OFF region are dropped with a warning; ``span``: progress at begin and end."""
    point_like = is_point_like(observations)
    empty = _empty(params, axis, point_like)
    maker = SpectrumDatasetMaker(
        selection=["counts", "exposure", "edisp"],
        use_region_center=True,
        containment_correction=params.containment_correction and not point_like,
    )
    background = _background_maker(params, point_like)
    safe = SafeMaskMaker(methods=["aeff-max"], aeff_percent=AEFF_PERCENT)
    datasets, kept = Datasets(), []
    for number, observation in enumerate(observations):
        out.progress(span[0] + (span[1] - span[0]) * number / len(observations), f"Run {observation.obs_id}")
        name = unique_name(str(observation.obs_id), datasets)
        dataset = _one(empty.copy(name=name), observation, (maker, background, safe), out)
        if dataset is not None:
            datasets.append(dataset)
            kept.append(observation)
    if not kept:
        raise InputError(
            "None of the observations has room for an OFF region. The target must lie off the pointing direction by"
            " more than the ON radius; a smaller on_radius or fewer exclusions may help, or a significance map."
        )
    if not any(dataset.counts.data.any() or dataset.counts_off.data.any() for dataset in datasets):
        raise InputError("No event lies in the ON and OFF regions in this energy range: choose a wider one.")
    return Reduction(datasets, Observations(kept))


def unique_name(name: str, datasets: Datasets) -> str:
    """Two archives may have a run of the same number, and a run may be cut in time."""
    number, result = 1, name
    while result in datasets.names:
        number += 1
        result = f"{name}-{number}"
    return result


def _empty(params: Any, axis: MapAxis, point_like: bool) -> SpectrumDataset:
    center = geometry.target(params)
    region = PointSkyRegion(center) if point_like else CircleSkyRegion(center, params.on_radius * u.deg)
    low, high = axis.edges[0].to_value("TeV"), axis.edges[-1].to_value("TeV")
    true = geometry.true_axis(low, high, TRUE_BINS_PER_DECADE)
    return SpectrumDataset.create(geom=RegionGeom.create(region, axes=[axis]), energy_axis_true=true)


def _background_maker(params: Any, point_like: bool) -> ReflectedRegionsBackgroundMaker:
    excluded = exclusion.circles(params)
    geom = WcsGeom.create(skydir=geometry.target(params), width=MASK_WIDTH, binsz=MASK_PIXEL, proj="TAN", frame="icrs")
    mask = exclusion.mask(geom, excluded) if excluded else None
    if point_like:
        return ReflectedRegionsBackgroundMaker(region_finder=WobbleRegionsFinder(n_off_regions=3), exclusion_mask=mask)
    return ReflectedRegionsBackgroundMaker(exclusion_mask=mask)


def _one(
    empty: SpectrumDataset, observation: Observation, makers: Sequence[Any], out: Out
) -> SpectrumDatasetOnOff | None:
    maker, background, safe = makers
    offset = observation.get_pointing_icrs(observation.tmid).separation(empty.counts.geom.center_skydir)
    reach = observation.aeff.axes["offset"].edges[-1]
    if offset > reach:
        out.warn(f"Run {observation.obs_id} points {offset.deg:.1f} deg away from the target: it is left out.")
        return None
    dataset = maker.run(empty, observation)
    on_off = background.run(dataset, observation)
    if on_off.counts_off is None:
        out.warn(f"Run {observation.obs_id} has no OFF region (all lie in excluded regions or overlap ON): left out.")
        return None
    on_off = safe.run(on_off, observation)
    if not on_off.mask_safe.data.any():
        out.warn(f"Run {observation.obs_id} has no energy bin above its threshold: it is left out.")
        return None
    return on_off


def spectral_model(name: str) -> SpectralModel:
    """A model with the start values of the reference results."""
    reference = 1 * u.TeV
    match name:
        case "power_law":
            return PowerLawSpectralModel(index=2.5, amplitude=AMPLITUDE, reference=reference)
        case "log_parabola":
            return LogParabolaSpectralModel(alpha=2.5, beta=0.1, amplitude=AMPLITUDE, reference=reference)
        case _:
            return ExpCutoffPowerLawSpectralModel(
                index=2.2, amplitude=AMPLITUDE, reference=reference, lambda_=0.05 / u.TeV
            )


@dataclass
class Fitted:
    """A model fitted to datasets."""

    name: str
    model: SkyModel
    stat: float
    dof: int
    success: bool
    message: str

    @property
    def spectral(self) -> SpectralModel:
        return self.model.spectral_model

    def numbers(self) -> dict[str, Any]:
        """Each free parameter as [value, error], the statistic, and two integral fluxes in cm-2 s-1."""
        free = {p.name: [float(p.value), float(p.error)] for p in self.spectral.parameters if not p.frozen}
        fluxes: dict[str, Any] = {}
        for high in (10, 100):
            value, down, up = integral_flux(self.spectral, 1, high)
            fluxes |= {f"flux_1_{high}TeV": [value, down], f"flux_1_{high}TeV_errp": up}
        return {**free, "stat": float(self.stat), "dof": self.dof, "success": self.success, **fluxes}

    def covariance(self) -> dict[str, Any]:
        names, matrix = _free_covariance(self.spectral)
        return {"parameters": names, "matrix": matrix.tolist()}


def _free_covariance(model: SpectralModel) -> tuple[list[str], Any]:
    free = [i for i, p in enumerate(model.parameters) if not p.frozen]
    return [model.parameters[i].name for i in free], np.asarray(model.covariance.data)[np.ix_(free, free)]


def sample_parameters(model: SpectralModel) -> dict[str, u.Quantity]:
    """Draws from the covariance, by parameter name.

    gammapy draws in plain units, where an amplitude of 1e-11 loses its correlations to rounding (log-parabola errors
    then vary by a factor of two from run to run); here every parameter is drawn in units of its own error, and evenly
    (a scrambled Sobol sequence), so that few draws give steady quantiles.
    """
    names, matrix = _free_covariance(model)
    errors = np.sqrt(np.clip(np.diag(matrix), 0, None))
    scale = np.where(errors > 0, errors, 1.0)
    size, directions = np.linalg.eigh(matrix / np.outer(scale, scale))
    root = directions * np.sqrt(np.clip(size, 0, None))
    drawn = MultivariateNormalQMC(np.zeros(len(names)), seed=SEED).random(DRAWS) @ root.T
    samples = {p.name: np.full(DRAWS, p.value) * p.unit for p in model.parameters}
    for k, name in enumerate(names):
        samples[name] = (model.parameters[name].value + scale[k] * drawn[:, k]) * model.parameters[name].unit
    return samples


def evaluate_error(model: SpectralModel, energy: u.Quantity) -> tuple[u.Quantity, u.Quantity, u.Quantity]:
    """Best-fit dN/dE with its errors downwards and upwards (68 % of draws)."""
    draws = model.evaluate(energy[:, np.newaxis], **sample_parameters(model))
    low, middle, high = np.nanquantile(draws.value, [0.15865, 0.5, 0.84135], axis=1) * draws.unit
    return model(energy), middle - low, high - middle


def integral_flux(model: SpectralModel, low: float, high: float) -> tuple[float, float, float]:
    """Integral from ``low`` to ``high`` TeV with its errors downwards and upwards, cm-2 s-1."""
    energy = np.geomspace(low, high, 200)
    draws = model.evaluate(energy[:, np.newaxis] * u.TeV, **sample_parameters(model)).to_value("cm-2 s-1 TeV-1")
    fluxes = np.trapezoid(draws * energy[:, np.newaxis], np.log(energy), axis=0)
    down, middle, up = np.nanquantile(fluxes, [0.15865, 0.5, 0.84135])
    value = float(model.integral(low * u.TeV, high * u.TeV).to_value("cm-2 s-1"))
    return value, float(middle - down), float(up - middle)


def fit(datasets: Datasets, name: str, label: str, out: Out) -> Fitted:
    """Fits the named model to all datasets together; leaves it on them."""
    model = SkyModel(spectral_model=spectral_model(name), name=label)
    datasets.models = [model]
    bins = sum(int(dataset.mask_safe.data.sum()) for dataset in datasets)
    result = Fit().run(datasets)
    free = sum(not p.frozen for p in model.spectral_model.parameters)
    if not result.success:
        out.warn(f"The fit of {name} ({label}) did not converge: {result.message}. Take its numbers with care.")
    return Fitted(name, model, float(result.total_stat), bins - free, bool(result.success), str(result.message))


def all_energies(datasets: Datasets) -> dict[str, float]:
    """ON and OFF counts over the whole energy axis, without the safe mask; alpha is weighted with OFF counts."""
    n_on = sum(float(d.counts.data.sum()) for d in datasets)
    n_off = sum(float(d.counts_off.data.sum()) for d in datasets)
    expected = sum(float(np.nansum(d.alpha.data * d.counts_off.data)) for d in datasets)
    alpha = expected / n_off if n_off else float(np.mean([np.nanmean(d.alpha.data) for d in datasets]))
    stat = WStatCountsStatistic(n_on, n_off, alpha)
    return {
        "n_on": n_on,
        "n_off": n_off,
        "alpha": alpha,
        "excess": n_on - alpha * n_off,
        "significance": float(np.squeeze(stat.sqrt_ts)),
    }


def safe_energies(dataset: SpectrumDatasetOnOff, name: str = "") -> dict[str, Any]:
    """Counts above the threshold; livetime in s."""
    info: Mapping[str, Any] = dataset.info_dict()
    numbers = {key: _number(info[key]) for key in ("counts", "counts_off", "alpha", "excess", "sqrt_ts", "livetime")}
    return {"name": name, **numbers} if name else numbers


def _number(value: Any) -> float:
    return float(value.to_value("s")) if isinstance(value, u.Quantity) else float(value)


def fit_all(reduction: Reduction, model: str, out: Out) -> dict[str, Fitted]:
    """``pl_joint``, ``pl_stacked`` and, when another model is asked for, it on both: the order leaves it in place."""
    fitted = {"pl_joint": fit(reduction.datasets, "power_law", "pl_joint", out)}
    stacked = Datasets([reduction.stacked])
    fitted["pl_stacked"] = fit(stacked, "power_law", "pl_stacked", out)
    if model != "power_law":
        short = SHORT_NAMES[model]
        fitted[f"{short}_stacked"] = fit(stacked, model, f"{short}_stacked", out)
    return fitted


def frozen_shape(model: SkyModel) -> SkyModel:
    """A copy in which only the amplitude is free."""
    copy = model.copy(name=f"{model.name}-shape")
    for parameter in copy.parameters:
        parameter.frozen = parameter.name != "amplitude"
    return copy
