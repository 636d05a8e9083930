"""Spectral energy distribution: flux points, upper limits, fitted model with its error band."""

from typing import Any

import astropy.units as u
import numpy as np
from gammapy.estimators import FluxPoints

from jobs.analysis.common import plots
from jobs.analysis.common.spectra import Fitted, evaluate_error
from jobs.analysis.common.work import Work

UNIT = u.Unit("erg cm-2 s-1")
Band = tuple[Any, Any, Any, Any]
"""energy in TeV; model, its lower and its upper end in erg cm-2 s-1"""
X, Y = "Energy (TeV)", "E² dN/dE (erg cm⁻² s⁻¹)"


def columns(points: FluxPoints) -> dict[str, np.ndarray[Any, Any]]:
    """Energies in TeV, E² dN/dE in erg cm-2 s-1, as plain arrays."""
    rows = points.to_table(sed_type="e2dnde", format="gadf-sed")
    energies = {name: rows[name].quantity.to_value("TeV") for name in ("e_ref", "e_min", "e_max")}
    fluxes = {name: rows[f"e2dnde{name}"].quantity.to_value(UNIT) for name in ("", "_errn", "_errp", "_err", "_ul")}
    limit = ~(np.asarray(rows["sqrt_ts"]) > 2)
    return {**energies, **fluxes, "limit": limit}


def band(best: Fitted, low: float, high: float) -> Band:
    energy = np.geomspace(low, high, 60) * u.TeV
    value, down, up = ((energy**2 * item).to_value(UNIT) for item in evaluate_error(best.spectral, energy))
    return energy.to_value("TeV"), value, value - down, value + up


def draw(work: Work, points: FluxPoints, best: Fitted) -> None:
    title = f"Spectrum{work.label}"
    data = columns(points)
    model = band(best, data["e_min"].min(), data["e_max"].max())
    work.picture(picture(title, data, model), title)
    work.plot(*plot(data, model, best.name.replace("_", " ")), title=title)


def picture(title: str, data: dict[str, Any], model: Band) -> Any:
    fig = plots.figure()
    ax = plots.axes_of(fig, title, X, Y, xscale="log", yscale="log")
    energy, value, low, high = model
    ax.fill_between(energy, np.clip(low, value / 100, None), high, color=plots.PRIMARY, alpha=0.18)
    ax.plot(energy, value, color=plots.PRIMARY, label="fitted model")
    seen = ~data["limit"]
    width = [data["e_ref"] - data["e_min"], data["e_max"] - data["e_ref"]]
    ax.errorbar(
        data["e_ref"][seen], data[""][seen], yerr=[data["_errn"][seen], data["_errp"][seen]],
        xerr=[side[seen] for side in width], fmt="o", color=plots.TEXT, ms=4, label="flux points",
    )  # fmt: skip
    limits = data["limit"] & np.isfinite(data["_ul"])
    ax.errorbar(
        data["e_ref"][limits], data["_ul"][limits], yerr=0.3 * data["_ul"][limits], uplims=True,
        xerr=[side[limits] for side in width], fmt="v", mfc="none", color=plots.TEXT, ms=5, label="95 % upper limits",
    )  # fmt: skip
    ax.legend()
    return fig


def plot(data: dict[str, Any], model: Band, name: str) -> tuple[list[Any], dict[str, Any]]:
    energy, value, low, high = model
    seen, limits = ~data["limit"], data["limit"] & np.isfinite(data["_ul"])
    low = np.clip(low, value / 100, None)
    traces = [
        {"type": "scatter", "name": "error band", "x": [*energy, *energy[::-1]], "y": [*high, *low[::-1]],
         "fill": "toself", "mode": "lines", "line": {"width": 0}, "opacity": 0.18, "hoverinfo": "skip"},
        {"type": "scatter", "name": name, "x": energy, "y": value, "mode": "lines"},
        {"type": "scatter", "name": "flux points", "x": data["e_ref"][seen], "y": data[""][seen], "mode": "markers",
         "error_x": _bars(data, seen), "error_y": {"type": "data", "symmetric": False, "array": data["_errp"][seen],
                                                   "arrayminus": data["_errn"][seen]}},
        {"type": "scatter", "name": "95 % upper limits", "x": data["e_ref"][limits], "y": data["_ul"][limits],
         "mode": "markers", "marker": {"symbol": "triangle-down-open", "size": 9}, "error_x": _bars(data, limits)},
    ]  # fmt: skip
    return traces, {
        "xaxis": {"type": "log", "title": {"text": X}},
        "yaxis": {"type": "log", "title": {"text": Y}, "exponentformat": "power"},
    }


def _bars(data: dict[str, Any], rows: Any) -> dict[str, Any]:
    low, high = data["e_ref"] - data["e_min"], data["e_max"] - data["e_ref"]
    return {"type": "data", "symmetric": False, "array": high[rows], "arrayminus": low[rows]}
