"""Light curve with gammapy: the shape of the joint fit, the amplitude of each time bin."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import Table
from astropy.time import Time
from gammapy.data import Observations
from gammapy.datasets import Datasets
from gammapy.estimators import FluxPoints, LightCurveEstimator

from jobs.activity import InputError, Out, StagedInput
from jobs.analysis.common import geometry, observations, spectra
from jobs.analysis.common.obscore import merge, of_target
from jobs.analysis.common.spectra import Fitted, Reduction
from jobs.analysis.common.work import Work
from jobs.analysis.light_curve import figures
from jobs.analysis.light_curve.description import LightCurve

SHAPE_ENERGIES = (0.1, 40.0)
"""TeV; reconstructed energies of the fit of the shape"""
MARGIN = 1 * u.s
MAX_BINS = 500
NAMES = {"run": "per_run", "night": "per_night", "fixed": "per_bin"}


def run(params: LightCurve, inputs: Mapping[str, Sequence[StagedInput]], out: Out) -> None:
    work = Work(params, inputs, out)
    low, high = min(SHAPE_ENERGIES[0], params.energy_min), max(SHAPE_ENERGIES[1], params.energy_max)
    whole = replace(params, energy_min=low, energy_max=high)
    axis = geometry.reco_axis(whole, params.energy_bins_per_decade)
    runs = observations.read_all(inputs["observations"], out, ("aeff", "edisp"), until=0.1)
    time_intervals(runs, params)  # too many of them are refused before the work begins
    with out.step("reduce", used=work.keys, made="reduced datasets", runs=len(runs)):
        reduction = spectra.reduce(runs, whole, axis, out, span=(0.1, 0.4))
    out.progress(0.4, "Fitting the spectral shape")
    with out.step("fit", used=["reduced datasets"], made="fitted models", model=params.model):
        fitted = spectra.fit_all(reduction, params.model, out)
        shape = joint_shape(reduction, fitted, params.model, out)
    intervals = time_intervals(reduction.observations, params)
    datasets = reduction.datasets
    if params.time_bins == "fixed":
        cut = reduction.observations.select_time(intervals)
        datasets = spectra.reduce(cut, whole, axis, out, span=(0.5, 0.8)).datasets
    out.progress(0.8, f"{len(intervals)} time bins")
    points = light_curve(datasets, shape, intervals, params)
    rows = table(points)
    write(work, points, rows)
    figures.draw(work, rows)
    work.summary(
        {
            **{label: item.numbers() for label, item in fitted.items()},
            NAMES[params.time_bins]: numbers(rows),
            "variability": variability(rows),
        }
    )


def joint_shape(reduction: Reduction, fitted: Mapping[str, Fitted], model: str, out: Out) -> Fitted:
    if model == "power_law":
        return fitted["pl_joint"]
    return spectra.fit(reduction.datasets, model, f"{spectra.SHORT_NAMES[model]}_joint", out)


def time_intervals(runs: Observations, params: LightCurve) -> list[Time]:
    """Pairs of times, in order; bins without data are left out."""
    spans = sorted((obs.gti.time_start[0], obs.gti.time_stop[-1]) for obs in runs)
    if params.time_bins == "run":
        return [Time([start, stop]) for start, stop in spans]
    if params.time_bins == "night":
        return nights(spans)
    return steps(spans, params.time_step)


def nights(spans: Sequence[tuple[Time, Time]]) -> list[Time]:
    """From one noon (UTC) to the next: first start to last stop, a second wider on both sides."""
    groups: dict[int, list[tuple[Time, Time]]] = {}
    for start, stop in spans:
        groups.setdefault(int(np.floor(start.utc.mjd + 0.5)), []).append((start, stop))
    return [
        Time([min(s for s, _ in group) - MARGIN, max(e for _, e in group) + MARGIN])
        for _, group in sorted(groups.items())
    ]


def steps(spans: Sequence[tuple[Time, Time]], length: float) -> list[Time]:
    """Steps of equal length from the first start on; those that meet no run are left out."""
    first = spans[0][0]
    begins = np.array([(start - first).sec for start, _ in spans])
    ends = np.array([(stop - first).sec for _, stop in spans])
    wanted: set[int] = set()
    for begin, end in zip(begins, ends, strict=True):
        if (end - begin) / length > MAX_BINS:
            raise _too_many(length)
        wanted.update(range(int(begin // length), int(np.ceil(end / length))))
    if len(wanted) > MAX_BINS:
        raise _too_many(length)
    return [Time([first + k * length * u.s, first + (k + 1) * length * u.s]) for k in sorted(wanted)]


def _too_many(length: float) -> InputError:
    return InputError(f"time_step of {length:g} s gives more than {MAX_BINS} bins: choose a longer step.")


def light_curve(datasets: Datasets, shape: Fitted, intervals: Sequence[Time], params: LightCurve) -> FluxPoints:
    model = spectra.frozen_shape(shape.model)
    for dataset in datasets:
        dataset.models = [model]
    estimator = LightCurveEstimator(
        energy_edges=[params.energy_min, params.energy_max] * u.TeV,
        source=model.name,
        time_intervals=list(intervals),
        selection_optional=["ul"],
    )
    return estimator.run(datasets)


def table(points: FluxPoints) -> Table:
    """One line per bin; flux in cm-2 s-1, times MJD in TT. Below 2 sigma a point counts as an upper limit."""
    rows = points.to_table(sed_type="flux", format="lightcurve")
    names = ("flux", "flux_err", "flux_ul", "sqrt_ts")
    result = Table({name: np.asarray(rows[name], dtype=float).reshape(len(rows), -1)[:, 0] for name in names})
    for name in ("time_min", "time_max"):
        result.add_column(np.asarray(rows[name], dtype=float), name=name, index=0)
    result["is_ul"] = ~(result["sqrt_ts"] > 2)
    return result


def numbers(rows: Table) -> list[dict[str, Any]]:
    return [
        {
            "tmin": float(row["time_min"]),
            "tmax": float(row["time_max"]),
            **{
                short: (float(row[name]) if np.isfinite(row[name]) else None)
                for short, name in (("flux", "flux"), ("err", "flux_err"), ("ul", "flux_ul"), ("sqrt_ts", "sqrt_ts"))
            },
        }
        for row in rows
    ]


def variability(rows: Table) -> dict[str, float]:
    """chi2 of a constant flux (weighted mean), its degrees of freedom, and the fractional excess variance."""
    good = np.isfinite(rows["flux"]) & (rows["flux_err"] > 0)
    flux, error = np.asarray(rows["flux"][good]), np.asarray(rows["flux_err"][good])
    if len(flux) < 2:
        return {}
    weight = error**-2
    mean = float(np.sum(flux * weight) / weight.sum())
    excess = float((flux.var(ddof=1) - np.mean(error**2)) / flux.mean() ** 2)
    return {
        "mean_flux": mean,
        "chi2_constant": float(np.sum(((flux - mean) / error) ** 2)),
        "dof": len(flux) - 1,
        "normalised_excess_variance": excess,
    }


def write(work: Work, points: FluxPoints, rows: Table) -> None:
    points.write(work.out.path("light_curve.fits"), sed_type="flux", format="lightcurve", overwrite=True)
    row = {
        "dataproduct_type": "timeseries",
        "dataproduct_subtype": "light-curve",
        "o_ucd": "phot.flux",
        "t_xel": len(rows),
        "em_xel": 1,
        "t_resolution": float(np.min(np.asarray(rows["time_max"]) - np.asarray(rows["time_min"]))) * 86400,
    }
    work.product("light_curve.fits", title=f"Light curve{work.label}", level="DL5", content="GADF-lightcurve",
                 obscore=merge(of_target(work.params, work.params.on_radius), row), main=True)  # fmt: skip
