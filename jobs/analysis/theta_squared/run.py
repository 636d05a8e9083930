"""θ² distribution with gammapy."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import Table
from gammapy.data import Observation, Observations
from gammapy.makers.utils import ThetaSquaredTable
from gammapy.maps import MapAxis

from jobs.activity import InputError, Out, StagedInput
from jobs.analysis.common import geometry, observations, plots
from jobs.analysis.common.obscore import merge, of_target
from jobs.analysis.common.work import Work
from jobs.analysis.theta_squared.description import ThetaSquared

MAX_BINS, MIN_BINS = 20, 5
MAX_OFFSET = 5.0
"""deg between pointing and target; no instrument sees as far"""
COLUMNS = ("counts", "counts_off", "excess", "sqrt_ts")


def run(params: ThetaSquared, inputs: Mapping[str, Sequence[StagedInput]], out: Out) -> None:
    work = Work(params, inputs, out)
    runs = observations.read_all(inputs["observations"], out, (), until=0.5)
    kept, bins = usable(runs, params, out)
    out.progress(0.6, "Counting")
    rows = distribution(kept, params, bins)
    if not rows["counts"].sum() and not rows["counts_off"].sum():
        raise InputError("No event of these observations lies near the target in this energy range.")
    out.progress(0.8, "Writing")
    write(work, rows)
    draw(work, rows)
    work.summary(numbers(rows, params, kept))


def offset(observation: Observation, params: ThetaSquared) -> float:
    """Degrees between pointing and target."""
    return float(observation.get_pointing_icrs(observation.tmid).separation(geometry.target(params)).deg)


def usable(runs: Observations, params: ThetaSquared, out: Out) -> tuple[Observations, int]:
    """Runs whose ON and OFF circles stay apart, and how many bins all of them have room for."""
    kept, bins = [], MAX_BINS
    for observation in runs:
        distance = offset(observation, params)
        if distance > MAX_OFFSET:
            out.warn(f"Run {observation.obs_id} points {distance:.1f} deg away from the target: it is left out.")
            continue
        room = math.floor((distance / params.on_radius) ** 2)
        if room < MIN_BINS:
            out.warn(
                f"Run {observation.obs_id} points {distance:.2f} deg from the target, too near for an OFF position"
                f" and an ON radius of {params.on_radius:g} deg: it is left out."
            )
            continue
        kept.append(observation)
        bins = min(bins, room)
    if not kept:
        raise InputError(
            "All observations point too near to the target for a mirrored OFF position, or too far from it. Choose a"
            " smaller on_radius, other observations, or a significance map."
        )
    return Observations(kept), bins


def distribution(runs: Observations, params: ThetaSquared, bins: int) -> Table:
    edges = np.arange(bins + 1) * params.on_radius**2 * u.deg**2
    axis = MapAxis.from_edges(edges, name="theta_squared", interp="lin")
    energies = [params.energy_min, params.energy_max] * u.TeV
    return ThetaSquaredTable(runs, axis, geometry.target(params), energy_edges=energies).run()


def numbers(rows: Table, params: ThetaSquared, kept: Observations) -> dict[str, Any]:
    return {
        **{name: [float(value) for value in rows[name]] for name in COLUMNS},
        "theta2_max": [float(value) for value in rows["theta2_max"].quantity.to_value("deg2")],
        "runs": [str(observation.obs_id) for observation in kept],
    }


def write(work: Work, rows: Table) -> None:
    table = rows.copy()
    table.meta = {"ON_RA": work.params.ra, "ON_DEC": work.params.dec, "ON_RAD": work.params.on_radius}
    table.write(work.out.path("theta_squared.fits"), overwrite=True)
    radius = math.sqrt(float(rows["theta2_max"].quantity.to_value("deg2")[-1]))
    row = {"dataproduct_type": "measurements", "dataproduct_subtype": "theta-squared", "o_ucd": "phot.count"}
    work.product("theta_squared.fits", title=f"θ² distribution{work.label}", level="DL4", content="theta-squared",
                 obscore=merge(of_target(work.params, radius), row), main=True)  # fmt: skip


def draw(work: Work, rows: Table) -> None:
    title = f"θ²{work.label}"
    centre = (rows["theta2_min"].quantity + rows["theta2_max"].quantity).to_value("deg2") / 2
    on, off = np.asarray(rows["counts"], dtype=float), np.asarray(rows["counts_off"] * rows["alpha"], dtype=float)
    fig = plots.figure()
    ax = plots.axes_of(fig, title, "θ² (deg²)", "Counts per bin")
    ax.errorbar(centre, on, yerr=np.sqrt(on), fmt="o", ms=4, color=plots.PRIMARY, label="ON")
    ax.errorbar(centre, off, yerr=np.sqrt(off), fmt="s", ms=4, color=plots.SECOND, label="OFF")
    ax.axvline(work.params.on_radius**2, color=plots.MUTED, ls="--", lw=1)
    ax.set_ylim(bottom=0)
    ax.legend()
    work.picture(fig, title)
    traces = [
        {"type": "scatter", "mode": "markers", "name": name, "x": centre, "y": values,
         "error_y": {"type": "data", "array": np.sqrt(values)}, "marker": {"symbol": symbol}}
        for name, values, symbol in (("ON", on, "circle"), ("OFF", off, "square"))
    ]  # fmt: skip
    layout = {"xaxis": {"title": {"text": "θ² (deg²)"}}, "yaxis": {"title": {"text": "Counts per bin"},
                                                                  "rangemode": "tozero"}}  # fmt: skip
    work.plot(traces, layout, title)
