"""Light curve as picture and interactive plot; times in UTC."""

from typing import Any

import numpy as np
from astropy.table import Table
from astropy.time import Time

from jobs.analysis.common import plots
from jobs.analysis.common.work import Work

X, Y = "Time (MJD, UTC)", "Flux (cm⁻² s⁻¹)"


def columns(rows: Table) -> dict[str, Any]:
    begin, end = (Time(rows[name], format="mjd", scale="tt").utc.mjd for name in ("time_min", "time_max"))
    return {"time": (begin + end) / 2, "half": (end - begin) / 2, "limit": np.asarray(rows["is_ul"]),
            **{name: np.asarray(rows[name]) for name in ("flux", "flux_err", "flux_ul")}}  # fmt: skip


def draw(work: Work, rows: Table) -> None:
    params = work.params
    title = f"Light curve{work.label}, {params.energy_min:g}–{params.energy_max:g} TeV"
    data = columns(rows)
    work.picture(picture(title, data), title)
    work.plot(*plot(data), title=title)


def picture(title: str, data: dict[str, Any]) -> Any:
    fig = plots.figure()
    ax = plots.axes_of(fig, title, X, Y)
    seen, limits = ~data["limit"], data["limit"] & np.isfinite(data["flux_ul"])
    ax.errorbar(data["time"][seen], data["flux"][seen], yerr=data["flux_err"][seen], xerr=data["half"][seen],
                fmt="o", ms=4, color=plots.PRIMARY, label="flux")  # fmt: skip
    if limits.any():
        ax.errorbar(data["time"][limits], data["flux_ul"][limits], xerr=data["half"][limits],
                    yerr=0.15 * data["flux_ul"][limits], uplims=True, fmt="v", mfc="none", color=plots.TEXT,
                    label="95 % upper limits")  # fmt: skip
    ax.ticklabel_format(axis="x", useOffset=False)
    ax.legend()
    return fig


def plot(data: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    seen, limits = ~data["limit"], data["limit"] & np.isfinite(data["flux_ul"])
    traces = [
        {"type": "scatter", "name": "flux", "mode": "markers", "x": data["time"][seen], "y": data["flux"][seen],
         "error_x": {"type": "data", "array": data["half"][seen]},
         "error_y": {"type": "data", "array": data["flux_err"][seen]}},
        {"type": "scatter", "name": "95 % upper limits", "mode": "markers", "x": data["time"][limits],
         "y": data["flux_ul"][limits], "error_x": {"type": "data", "array": data["half"][limits]},
         "marker": {"symbol": "triangle-down-open", "size": 9}},
    ]  # fmt: skip
    return traces, {
        "xaxis": {"title": {"text": X}, "tickformat": ".2f"},
        "yaxis": {"title": {"text": Y}, "exponentformat": "power"},
    }
