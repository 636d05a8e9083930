"""Spectrum with gammapy: reflected regions, forward folding, flux points."""

import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import astropy.units as u
import numpy as np
from astropy.io import fits
from astropy.table import QTable, Table
from gammapy.datasets import SpectrumDatasetOnOff
from gammapy.estimators import FluxPoints, FluxPointsEstimator

from jobs.activity import InputError, Out, StagedInput
from jobs.analysis.common import geometry, observations, spectra
from jobs.analysis.common.obscore import merge, of_target
from jobs.analysis.common.parameters import ECSV, ZIP
from jobs.analysis.common.spectra import Fitted, Reduction
from jobs.analysis.common.work import Work
from jobs.analysis.common.writers import stamp_fits
from jobs.analysis.spectrum import figures
from jobs.analysis.spectrum.description import Spectrum

NEEDS = ("aeff", "edisp")
POINTS_PER_DECADE = 5


def run(params: Spectrum, inputs: Mapping[str, Sequence[StagedInput]], out: Out) -> None:
    work = Work(params, inputs, out)
    axis = geometry.reco_axis(params, params.energy_bins_per_decade)
    runs = observations.read_all(inputs["observations"], out, NEEDS, until=0.1)
    with out.step("reduce", used=work.keys, made="reduced datasets", runs=len(runs)):
        reduction = spectra.reduce(runs, params, axis, out, span=(0.1, 0.5))
    out.progress(0.5, "Fitting")
    with out.step("fit", used=["reduced datasets"], made="fitted models", model=params.model):
        fitted = spectra.fit_all(reduction, params.model, out)
    best = list(fitted.values())[-1]
    out.progress(0.65, "Flux points")
    stacked = reduction.stacked
    points = flux_points(stacked, best, params)
    out.progress(0.85, "Writing")
    facts = metadata(work, reduction, best)
    write(work, points, stacked, fitted, facts)
    figures.draw(work, points, best)
    work.summary(numbers(reduction, stacked, fitted, points, facts))


def flux_points(stacked: SpectrumDatasetOnOff, best: Fitted, params: Spectrum) -> FluxPoints:
    stacked.models = [best.model]
    estimator = FluxPointsEstimator(
        energy_edges=energy_edges(stacked, params),
        source=best.model.name,
        selection_optional=["errn-errp", "ul"],
    )
    return estimator.run([stacked])


def energy_edges(stacked: SpectrumDatasetOnOff, params: Spectrum) -> u.Quantity:
    """As asked for, or five points in a factor of ten between the threshold and the last ON event."""
    edges = stacked.counts.geom.axes["energy"].edges
    used = np.flatnonzero(stacked.mask_safe.data.squeeze())
    filled = np.flatnonzero(stacked.mask_safe.data.squeeze() & (stacked.counts.data.squeeze() > 0))
    step = max(1, round(params.energy_bins_per_decade / POINTS_PER_DECADE))
    first, last = used[0], max(used[0], filled[-1] if len(filled) else used[-1])
    if not (params.flux_points or params.flux_points_min or params.flux_points_max):
        count = -(-(last + 1 - first) // step)
        return edges[np.minimum(first + step * np.arange(count + 1), len(edges) - 1)]
    low = params.flux_points_min or edges[first].to_value("TeV")
    high = params.flux_points_max or edges[last + 1].to_value("TeV")
    if low >= high:
        raise InputError(
            f"flux_points_min ({low:g} TeV) must be smaller than flux_points_max ({high:g} TeV);"
            " 0 takes the limit from the data."
        )
    count = params.flux_points or max(1, round(POINTS_PER_DECADE * np.log10(high / low)))
    return np.geomspace(low, high, count + 1) * u.TeV


def table(points: FluxPoints) -> Table:
    """GADF flux points, dN/dE in cm-2 s-1 TeV-1; a point below 2 sigma counts as an upper limit."""
    rows = points.to_table(sed_type="dnde", format="gadf-sed")
    rows["is_ul"] = ~(np.asarray(rows["sqrt_ts"]) > 2)
    return rows


def model_table(best: Fitted, low: float, high: float) -> fits.BinTableHDU:
    """The fitted model with its 68 % error band over the points' energies (TeV): HDU ``MODEL``."""
    energy, value, down, up = figures.band(best, low, high)
    rows = QTable(
        {
            "energy": energy * u.TeV,
            "e2dnde": value * figures.UNIT,
            "e2dnde_min": down * figures.UNIT,
            "e2dnde_max": up * figures.UNIT,
        }
    )
    made = fits.table_to_hdu(rows)
    made.name = "MODEL"
    made.header["SPECMOD"] = (best.name, "fitted spectral model")
    return made


def rights(staged: Sequence[StagedInput]) -> str:
    """The strictest of the inputs'."""
    found = {str(item.obscore.get("data_rights") or "public") for item in staged}
    return next(word for word in ("proprietary", "secure", "public", *found) if word in found)


def metadata(work: Work, reduction: Reduction, best: Fitted) -> dict[str, Any]:
    """What a reader of a spectrum must know."""
    thresholds = [d.energy_range_safe[0].quantity.to_value("TeV").min() for d in reduction.datasets]
    zeniths = [o.get_pointing_altaz(o.tmid).zen.deg for o in reduction.observations]
    cuts = sorted({str(i.obscore.get("cut_set") or i.obscore.get("analysis_mode") or "") for i in work.staged} - {""})
    return {
        "livetime": sum(map(_livetime, reduction.datasets)),
        "energy_threshold": float(min(thresholds)),
        "mean_zenith": float(np.mean(zeniths)),
        "cuts": ", ".join(cuts),
        "background_model": "reflected regions",
        "hypothesis": work.params.model,
        "statistic": "W",
        "stat": best.stat,
        "dof": best.dof,
        "version": work.out.job.version,
        "rights": rights(work.staged),
        "contact": work.out.job.agent_name,
        "creator": f"{work.out.job.site_name} {work.out.job.type}",
        "runs": [str(d.name) for d in reduction.datasets],
    }


def _livetime(dataset: SpectrumDatasetOnOff) -> float:
    return float(dataset.exposure.meta["livetime"].to_value("s"))


CARDS = {
    "livetime": ("LIVETIME", "s"),
    "energy_threshold": ("ETHRESH", "TeV, lowest energy used"),
    "mean_zenith": ("ZENITH", "deg, mean of the runs"),
    "cuts": ("CUTS", "event selection"),
    "background_model": ("BKGMODEL", "background method"),
    "hypothesis": ("SPECMOD", "fitted spectral model"),
    "statistic": ("STATTYPE", "fit statistic"),
    "stat": ("STAT", "its value at the minimum"),
    "dof": ("DOF", "degrees of freedom"),
    "version": ("VERSION", "of the analysis"),
    "rights": ("RIGHTS", "strictest of the inputs"),
    "contact": ("CONTACT", ""),
    "creator": ("CREATOR", ""),
}


def write(
    work: Work, points: FluxPoints, stacked: SpectrumDatasetOnOff, fitted: Mapping[str, Fitted], facts: dict[str, Any]
) -> None:
    place = merge(of_target(work.params, work.params.on_radius), {"t_xel": 1})
    rows = table(points)
    rows.meta.update({card: facts[name] for name, (card, _) in CARDS.items()})
    best = list(fitted.values())[-1]
    ends = (rows[name].quantity.to_value("TeV") for name in ("e_min", "e_max"))
    flux = fits.table_to_hdu(rows)
    for card, comment in CARDS.values():
        if card in flux.header:
            flux.header.comments[card] = comment
    hdus = [fits.PrimaryHDU(), flux, model_table(best, min(next(ends)), max(next(ends)))]
    fits.HDUList(hdus).writeto(work.out.path("flux_points.fits"), overwrite=True)
    sed = {"dataproduct_type": "sed", "dataproduct_subtype": "flux-points", "o_ucd": "phot.flux.density;em.energy",
           "em_xel": len(rows)}  # fmt: skip
    work.product("flux_points.fits", title=f"Flux points{work.label}", level="DL5", content="GADF-flux-points",
                 obscore=merge(place, sed), main=True)  # fmt: skip
    write_ogip(work, stacked, place)
    fit_table(fitted).write(work.out.path("fit.ecsv"), format="ascii.ecsv", overwrite=True)
    fit = {"dataproduct_type": "measurements", "dataproduct_subtype": "spectral-fit"}
    work.product("fit.ecsv", title=f"Fitted spectrum{work.label}", level="DL5", content="fit", content_type=ECSV,
                 obscore=merge(place, fit))  # fmt: skip


def write_ogip(work: Work, stacked: SpectrumDatasetOnOff, place: Mapping[str, Any]) -> None:
    """ON, OFF, area and dispersion: four files that name each other, so one ZIP."""
    title = f"Spectrum of counts{work.label}"
    stacked.write(work.out.path("spectrum.fits"), overwrite=True, format="ogip")
    stamp = work.stamp("spectrum.zip", title, "DL4", "OGIP")
    with zipfile.ZipFile(work.out.path("spectrum.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(work.out.folder.glob("spectrum*.fits")):
            stamp_fits(path, stamp)
            archive.write(path, path.name)
            path.unlink()
    counts = {"dataproduct_type": "spectrum", "dataproduct_subtype": "counts-spectrum", "o_ucd": "phot.count",
              "em_xel": stacked.counts.geom.axes["energy"].nbin}  # fmt: skip
    work.product("spectrum.zip", title=title, level="DL4", content="OGIP", content_type=ZIP,
                 obscore=merge(place, counts))  # fmt: skip


def fit_table(fitted: Mapping[str, Fitted]) -> Table:
    """One line per fit and free parameter; the covariance matrices stand in ``meta``."""
    rows = [
        (label, item.name, parameter.name, float(parameter.value), float(parameter.error), str(parameter.unit))
        for label, item in fitted.items()
        for parameter in item.spectral.parameters
        if not parameter.frozen
    ]
    result = Table(rows=rows, names=["fit", "model", "parameter", "value", "error", "unit"])
    result.meta["covariance"] = {label: item.covariance() for label, item in fitted.items()}
    result.meta["stat"] = {label: {"stat": item.stat, "dof": item.dof} for label, item in fitted.items()}
    return result


def numbers(
    reduction: Reduction, stacked: SpectrumDatasetOnOff, fitted: Mapping[str, Fitted], points: FluxPoints,
    facts: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    rows = table(points)
    columns = ("e_ref", "e_min", "e_max", "dnde", "dnde_err", "dnde_errn", "dnde_errp", "dnde_ul", "sqrt_ts", "is_ul")
    return {
        "stack_safe_energy": spectra.safe_energies(stacked),
        "stack_all_energy": spectra.all_energies(reduction.datasets),
        **{label: item.numbers() for label, item in fitted.items()},
        "covariance": {label: item.covariance() for label, item in fitted.items()},
        "per_run": [spectra.safe_energies(d, d.name) for d in reduction.datasets],
        "flux_points": [{name: _plain(row[name]) for name in columns} for row in rows],
        "metadata": dict(facts),
    }


def _plain(value: Any) -> Any:
    """A JSON value; what is not finite becomes null."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    return float(value) if np.isfinite(value) else None
