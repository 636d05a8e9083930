"""Event cut-out: rows of EVENTS and GTI are selected, everything else of the file stays as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.time import Time

from gateway.vo import regions
from jobs.activity import InputError, Out, StagedInput
from jobs.analysis.common import geometry, observations, plots
from jobs.analysis.common.obscore import HC, merge
from jobs.analysis.common.work import Work
from jobs.analysis.event_cutout.description import EventCutout

NO_END = 100000.0
"""MJD; the default end of the time range: none"""
MAX_POINTS = 5000
"""events in the interactive plot"""


@dataclass
class Cut:
    """What is left of one observation."""

    item: StagedInput
    name: str
    events: Any
    """records"""
    before: int
    start: Time
    stop: Time
    livetime: float


def run(params: EventCutout, inputs: Mapping[str, Sequence[StagedInput]], out: Out) -> None:
    work = Work(params, inputs, out)
    staged = observations.distinct(inputs["observations"], out)
    cuts: list[Cut] = []
    for number, item in enumerate(staged):
        out.progress(0.8 * number / len(staged), f"Cutting {item.key or item.identifier}")
        cut = one(work, item, "events.fits" if not cuts else f"events_{number + 1}.fits")
        if cut is not None:
            cuts.append(cut)
    if not cuts:
        raise InputError("No event lies in this cone, energy range and time range: widen one of them.")
    for cut in cuts:
        publish(work, cut, main=cut is cuts[0])
    draw(work, cuts)
    work.summary(
        {
            "n_events": sum(len(cut.events) for cut in cuts),
            "n_events_in_files": sum(cut.before for cut in cuts),
            "per_run": [
                {
                    "name": str(cut.item.obscore.get("obs_id", cut.item.key)),
                    "counts": len(cut.events),
                    "livetime": cut.livetime,
                }
                for cut in cuts
            ],
        }
    )


def one(work: Work, item: StagedInput, name: str) -> Cut | None:
    """Writes the cut file, or says why there is none."""
    params, out = work.params, work.out
    try:
        with fits.open(item.path, memmap=False) as hdus:
            events, gti = hdus["EVENTS"], hdus["GTI"]
            before = len(events.data)
            spans = good_times(gti, params)
            chosen = selected(events, params, spans)
            if not len(spans) or not chosen.any():
                out.warn(f"{item.identifier} has no event in the cone, energy range and time range: it is left out.")
                return None
            gti.data = np.array([tuple(span) for span in spans], dtype=gti.data.dtype)
            events.data = events.data[chosen]
            livetime = describe(events, gti, spans, params)
            hdus.writeto(out.path(name), overwrite=True)
            start, stop = (_utc(events.header, events.header[key]) for key in ("TSTART", "TSTOP"))
            return Cut(item, name, events.data, before, start, stop, livetime)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise observations.unreadable(item, error) from error


def _utc(header: fits.Header, seconds: float) -> Time:
    scale = str(header.get("TIMESYS", "TT")).strip().lower()
    return Time(header["MJDREFI"], header["MJDREFF"] + seconds / 86400, format="mjd", scale=scale).utc


def _limits(header: fits.Header, params: EventCutout) -> tuple[float, float]:
    """The time range in seconds of the file's own clock."""
    scale = str(header.get("TIMESYS", "TT")).strip().lower()
    reference = Time(header["MJDREFI"], header["MJDREFF"], format="mjd", scale=scale)

    def seconds(mjd: float) -> float:
        return float((getattr(Time(mjd, format="mjd", scale="utc"), scale) - reference).sec)

    low = seconds(params.t_min) if params.t_min > 0 else -np.inf
    high = seconds(params.t_max) if params.t_max < NO_END else np.inf
    return low, high


def good_times(gti: Any, params: EventCutout) -> Any:
    """[start, stop] of the good time intervals within the range."""
    low, high = _limits(gti.header, params)
    start, stop = np.maximum(gti.data["START"], low), np.minimum(gti.data["STOP"], high)
    return np.column_stack([start, stop])[stop > start]


def selected(events: Any, params: EventCutout, spans: Any) -> Any:
    rows = events.data
    position = SkyCoord(np.asarray(rows["RA"], float), np.asarray(rows["DEC"], float), unit="deg", frame="icrs")
    near = position.separation(geometry.target(params)).deg <= params.radius
    if params.region:
        near &= regions.inside(*regions.read(params.region), position.ra.deg, position.dec.deg)
    energy = np.asarray(rows["ENERGY"], float)
    time = np.asarray(rows["TIME"], float)
    if len(spans) and (params.t_min > 0 or params.t_max < NO_END):
        in_time = np.any([(time >= start) & (time <= stop) for start, stop in spans], axis=0)
    else:
        in_time = np.ones(len(time), bool)
    return near & (energy >= params.energy_min) & (energy < params.energy_max) & in_time


def describe(events: Any, gti: Any, spans: Any, params: EventCutout) -> float:
    """Header keywords of what is left; returns the livetime in s."""
    ontime = float((spans[:, 1] - spans[:, 0]).sum())
    livetime = ontime * float(events.header.get("DEADC", 1.0))
    head = events.header
    head["TSTART"], head["TSTOP"] = float(spans[0, 0]), float(spans[-1, 1])
    head["ONTIME"], head["LIVETIME"] = ontime, livetime
    scale = str(head.get("TIMESYS", "TT")).strip().lower()
    for suffix, key in (("OBS", "TSTART"), ("END", "TSTOP")):
        day, clock = getattr(_utc(head, head[key]), scale).isot.split("T")
        head[f"DATE-{suffix}"], head[f"TIME-{suffix}"] = day, clock
    for key in ("TSTART", "TSTOP"):
        gti.header[key] = head[key]
    # HEASARC data subspace keywords say what was selected.
    head["DSTYP1"], head["DSUNI1"], head["DSVAL1"] = "ENERGY", "TeV", f"{params.energy_min:g}:{params.energy_max:g}"
    head["DSTYP2"], head["DSUNI2"] = "POS(RA,DEC)", "deg"
    head["DSVAL2"] = params.region[:68] or f"CIRCLE({params.ra:.6f},{params.dec:.6f},{params.radius:g})"
    head.add_history(f"Region {params.region}" if params.region else f"Cone {head['DSVAL2']}")
    return livetime


def publish(work: Work, cut: Cut, main: bool) -> None:
    row = cut.item.obscore
    params = work.params
    obs_id = row.get("obs_id") or cut.item.key or cut.item.identifier
    inherited = {name: value for name, value in row.items() if name in INHERITED}
    low, high = max(params.energy_min, _tev(row, "energy_min", 0)), min(params.energy_max, _tev(row, "energy_max", 1e9))
    place = {
        "dataproduct_type": "event", "dataproduct_subtype": "dl3.cut-out", "obs_id": str(obs_id),
        "ev_xel": len(cut.events), "t_min": cut.start.mjd, "t_max": cut.stop.mjd, "t_exptime": cut.livetime,
        "energy_min": low * 1e12, "energy_max": high * 1e12, "em_min": HC / high, "em_max": HC / low if low else None,
        **_cone(row, params),
    }  # fmt: skip
    work.product(cut.name, title=f"Events of run {obs_id}, cut out", level="DL3", content="GADF-DL3",
                 obscore=merge(inherited, place), main=main)  # fmt: skip


INHERITED = {
    "s_ra", "s_dec", "s_fov", "s_region", "s_resolution", "s_xel1", "s_xel2", "t_xel", "em_xel", "target_name",
    "target_ra", "target_dec", "target_offset", "zenith", "azimuth", "nsb", "transparency", "muon_efficiency",
    "weather_flag", "t_ontime",
}  # fmt: skip


def _tev(row: Mapping[str, Any], name: str, default: float) -> float:
    value = row.get(name)
    return default if value is None else float(value) / 1e12


def _cone(row: Mapping[str, Any], params: EventCutout) -> dict[str, Any]:
    """The cone is the region, unless it is wider than the field of view was."""
    if params.region.upper().startswith("POLYGON"):
        place = {"s_ra": params.ra, "s_dec": params.dec, "s_fov": 2 * params.radius}
        return {**place, "s_region": f"Polygon ICRS {params.region.split(maxsplit=1)[1]}"}
    fov = row.get("s_fov")
    if fov is not None and params.radius >= float(fov):
        return {}
    return {
        "s_ra": params.ra, "s_dec": params.dec, "s_fov": 2 * params.radius,
        "s_region": f"CIRCLE ICRS {params.ra:.6f} {params.dec:.6f} {params.radius:.6f}",
    }  # fmt: skip


def draw(work: Work, cuts: Sequence[Cut]) -> None:
    ra, dec, energy = (
        np.concatenate([np.asarray(c.events[name], float) for c in cuts]) for name in ("RA", "DEC", "ENERGY")
    )
    title = f"{len(ra)} events{work.label}"
    center = geometry.target(work.params)
    east, north = (o.to_value("deg") for o in center.spherical_offsets_to(SkyCoord(ra, dec, unit="deg")))
    fig = plots.figure(6.4, 5.6)
    x, y = "Offset in right ascension (deg)", "Offset in declination (deg)"
    ax = plots.axes_of(fig, title, x, y, aspect="equal")
    points = ax.scatter(east, north, c=np.log10(energy), s=3, cmap="viridis")
    fig.colorbar(points, ax=ax, label="log₁₀ energy (TeV)")
    ax.invert_xaxis()
    work.picture(fig, title)
    some = slice(None, None, -(-len(ra) // MAX_POINTS))
    trace = {
        "type": "scattergl", "mode": "markers", "x": east[some], "y": north[some],
        "marker": {"size": 4, "color": np.log10(energy[some]), "colorscale": "Viridis",
                   "colorbar": {"title": {"text": "log₁₀ energy (TeV)"}}},
    }  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": x}, "autorange": "reversed"},
        "yaxis": {"title": {"text": y}, "scaleanchor": "x"},
    }
    work.plot([trace], layout, title)
