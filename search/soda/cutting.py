"""Cutting an event list: rows of EVENTS and GTI are chosen, everything else of the file stays as it is."""

import tempfile
from typing import IO, Any

import numpy as np
from astropy.io import fits
from astropy.utils import iers
from numpy.typing import NDArray

iers.conf.auto_download = False

from astropy.time import Time  # noqa: E402

from gateway.vo import regions  # noqa: E402
from search.archive import sky  # noqa: E402
from search.archive.extract import stored_fits  # noqa: E402
from search.archive.models import Product  # noqa: E402
from search.archive.times import mission_time  # noqa: E402
from search.soda.parameters import HC, Cut  # noqa: E402

Flags = NDArray[np.bool_]
Array = NDArray[np.float64]


def cut_out(product: Product, cut: Cut) -> IO[bytes] | None:
    """The cut event list as an open file at its beginning; None where cut and data have nothing in common."""
    with stored_fits(product.storage_key) as hdus:
        events, gti = hdus["EVENTS"], hdus["GTI"]
        spans = _good_times(gti, cut)
        chosen = _chosen(events, cut, spans)
        if not len(spans) or not (chosen.any() or _overlaps(product, cut)):
            return None
        gti.data = np.array([tuple(span) for span in spans], dtype=gti.data.dtype)
        events.data = events.data[chosen]
        _describe(events.header, gti.header, spans, cut)
        for hdu in (events, gti):
            if "CHECKSUM" in hdu.header:
                hdu.add_checksum()
        stream: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
        hdus.writeto(stream)
    stream.seek(0)
    return stream


def _good_times(gti: Any, cut: Cut) -> Array:
    """[start, stop] of the good time intervals within the range, in seconds of the file's clock."""
    low, high = -np.inf, np.inf
    if cut.time is not None:
        low, high = (_seconds(gti.header, mjd) for mjd in cut.time)
    start = np.maximum(np.asarray(gti.data["START"], float), low)
    stop = np.minimum(np.asarray(gti.data["STOP"], float), high)
    spans: Array = np.column_stack([start, stop])[stop > start]
    return spans


def _seconds(header: fits.Header, mjd: float) -> float:
    if np.isinf(mjd):
        return float(mjd)
    zero = mission_time(header, 0.0)
    return float((getattr(Time(mjd, format="mjd", scale="utc"), zero.scale) - zero).sec)


def _chosen(events: Any, cut: Cut, spans: Array) -> Flags:
    rows = events.data
    keep: Flags = np.ones(len(rows), dtype=bool)
    if cut.shape is not None:
        keep &= regions.inside(
            cut.shape.kind, cut.shape.numbers, np.asarray(rows["RA"], float), np.asarray(rows["DEC"], float)
        )
    if cut.energy is not None:
        energy = np.asarray(rows["ENERGY"], float)
        keep &= (energy >= cut.energy[0]) & (energy <= cut.energy[1])
    if cut.time is not None:
        time = np.asarray(rows["TIME"], float)
        in_time: Flags = np.zeros(len(rows), dtype=bool)
        for start, stop in spans:
            in_time |= (time >= start) & (time <= stop)
        keep &= in_time
    return keep


def _overlaps(product: Product, cut: Cut) -> bool:
    """May there be data, even if no event fell into the cut?"""
    if cut.energy is not None and product.em_min and product.em_max:
        low, high = HC / product.em_max, HC / product.em_min
        if cut.energy[0] > high or cut.energy[1] < low:
            return False
    if cut.shape is None or product.s_ra is None or product.s_dec is None or cut.shape.kind == "RANGE":
        return True
    cap = sky.enclosing_cap(f"{cut.shape.kind} {' '.join(map(repr, cut.shape.numbers))}")
    distance = sky.separation(cap.centre, sky.unit_vector(product.s_ra, product.s_dec))
    return distance <= cap.radius + (product.s_fov or 0) / 2


def _describe(head: fits.Header, gti_head: fits.Header, spans: Array, cut: Cut) -> None:
    """Keywords that follow from the cut; what was cut stands in HISTORY and in data subspace keywords."""
    ontime = float((spans[:, 1] - spans[:, 0]).sum())
    if cut.time is not None:
        head["TSTART"], head["TSTOP"] = float(spans[0, 0]), float(spans[-1, 1])
        head["ONTIME"], head["LIVETIME"] = ontime, ontime * float(head.get("DEADC", 1.0))
        gti_head["TSTART"], gti_head["TSTOP"] = head["TSTART"], head["TSTOP"]
        for suffix, key in (("OBS", "TSTART"), ("END", "TSTOP")):
            moment = mission_time(head, float(head[key]))
            head[f"DATE-{suffix}"], head[f"TIME-{suffix}"] = moment.isot.split("T")
    head.add_history("Cut-out by Distiller (SODA 1.0)")
    head.add_history(f"from {cut.identifier}")
    if cut.shape is not None:
        head["DSTYP1"], head["DSUNI1"], head["DSVAL1"] = "POS(RA,DEC)", "deg", cut.shape.text[:68]
        head.add_history(f"region {cut.shape.text}")
    if cut.energy is not None:
        head["DSTYP2"], head["DSUNI2"] = "ENERGY", "TeV"
        head["DSVAL2"] = f"{cut.energy[0]:g}:{cut.energy[1]:g}"
        head.add_history(f"energies {cut.energy[0]:g} to {cut.energy[1]:g} TeV")
    if cut.time is not None:
        head.add_history(f"times {cut.time[0]:.8f} to {cut.time[1]:.8f} MJD (UTC)")
