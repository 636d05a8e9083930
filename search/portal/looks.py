"""What a product page shows of an event list: sky, energies, θ² and rate; computed once, kept beside the previews."""

import base64
import io
import json
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.io import fits
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from PIL import Image

from search.archive import files
from search.archive.extract import stored_fits
from search.archive.models import Product
from search.archive.previews import MAX_SIZE
from search.portal import charts
from search.portal.charts import Chart, Series

logger = logging.getLogger(__name__)
Array = NDArray[np.float64]
VERSION = 4
"""of the stored numbers; another number computes them anew"""
FIELD = 4.0
"""degrees, width of the sky picture"""
PIXELS = 160
SMOOTHING = 1.2
"""pixels"""
ON_RADIUS = 0.11
"""degrees"""
MAX_EVENTS = 3_000_000
# Dark to light through violet and orange: legible in grey and for the colour-blind.
STOPS = np.array([[3, 4, 18], [58, 12, 92], [140, 41, 99], [212, 82, 64], [250, 166, 38], [246, 240, 150]], dtype=float)
RAMP = np.column_stack(
    [np.interp(np.linspace(0, 1, 64), np.linspace(0, 1, len(STOPS)), STOPS[:, band]) for band in range(3)]
).astype(np.uint8)
"""The colours of the picture. Chosen by how often each occurs (what Pillow does by itself) they would leave out the few
bright pixels, which are the source."""


@dataclass
class Look:
    """Positions in the picture are shares of its width, from the left and the top."""

    events: int
    livetime: float | None
    on: int | None
    off: int | None
    picture: str
    peak: float
    marks: list[dict[str, Any]]
    charts: dict[str, Chart]


def of(product: Product) -> Look | None:
    """None for a product that is no stored event list, or whose file is odd."""
    if product.dataproduct_type != "event" or not product.storage_key or (product.size or 0) > MAX_SIZE:
        return None
    numbers = _stored(product)
    if numbers is None:
        try:
            with stored_fits(product.storage_key) as hdus:
                numbers = measure(hdus, product)
        except Exception:  # a picture is a courtesy: whatever is odd in the file, the page stays whole
            logger.exception("no look at %s", product.key)
            return None
        files.put_bytes(json.dumps(numbers).encode(), _key(product))
    return _drawn(numbers, product)


def _key(product: Product) -> str:
    return f"previews/{product.key}.look-{VERSION}.json"


def _stored(product: Product) -> dict[str, Any] | None:
    if not files.exists(_key(product)):
        return None
    loaded: dict[str, Any] = json.loads(b"".join(files.blocks(_key(product))))
    return loaded


def measure(hdus: fits.HDUList, product: Product) -> dict[str, Any]:
    """The histograms of an event list, as plain numbers."""
    events = hdus["EVENTS"]
    header = events.header
    records = events.data[:MAX_EVENTS]
    ra, dec, energy, when = (np.asarray(records[name], float) for name in ("RA", "DEC", "ENERGY", "TIME"))
    pointing = float(header["RA_PNT"]), float(header["DEC_PNT"])
    found: dict[str, Any] = {"events": len(events.data), "pointing": pointing, "picture": _picture(ra, dec, pointing)}
    good = energy[np.isfinite(energy) & (energy > 0)]
    if len(good):
        low, high = np.floor(np.log10(good.min()) * 10) / 10, np.ceil(np.log10(good.max()) * 10) / 10
        edges = np.linspace(low, high, max(2, round((high - low) * 10) + 1))
        found["energy"] = [(10**edges).tolist(), np.histogram(np.log10(good), edges)[0].tolist()]
    minutes = (when - when.min()) / 60 if len(when) else when
    if len(minutes):
        edges = np.arange(0, np.ceil(minutes.max()) + 1)
        found["time"] = [edges.tolist(), np.histogram(minutes, edges)[0].tolist()]
    if product.target_ra is not None and product.target_dec is not None:
        found["theta2"] = _theta2(ra, dec, pointing, (product.target_ra, product.target_dec))
    return found


def _offsets(ra: Array, dec: Array, centre: tuple[float, float]) -> tuple[Array, Array]:
    """Degrees east and north of the centre (gnomonic)."""
    a, d, d0 = np.radians(ra - centre[0]), np.radians(dec), np.radians(centre[1])
    cosine = np.sin(d0) * np.sin(d) + np.cos(d0) * np.cos(d) * np.cos(a)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.degrees(np.cos(d) * np.sin(a) / cosine)
        y = np.degrees((np.cos(d0) * np.sin(d) - np.sin(d0) * np.cos(d) * np.cos(a)) / cosine)
    ahead = cosine > 0.1
    return x[ahead], y[ahead]


def _theta2(ra: Array, dec: Array, pointing: tuple[float, float], target: tuple[float, float]) -> dict[str, Any]:
    """Squared distances from the target and from its mirror at the pointing."""
    x, y = _offsets(ra, dec, pointing)
    tx, ty = (float(value[0]) for value in _offsets(np.array([target[0]]), np.array([target[1]]), pointing))
    edges = np.linspace(0, 0.25, 26)
    counts = [np.histogram((x - sx) ** 2 + (y - sy) ** 2, edges)[0].tolist() for sx, sy in ((tx, ty), (-tx, -ty))]
    within = [int(np.sum((x - sx) ** 2 + (y - sy) ** 2 < ON_RADIUS**2)) for sx, sy in ((tx, ty), (-tx, -ty))]
    return {"edges": edges.tolist(), "on": counts[0], "off": counts[1], "within": within, "target": [tx, ty]}


def _picture(ra: Array, dec: Array, pointing: tuple[float, float]) -> dict[str, Any]:
    """Smoothed counts about the pointing as PNG (base64), north up, east left."""
    x, y = _offsets(ra, dec, pointing)
    half = FIELD / 2
    counts = np.histogram2d(y, -x, bins=PIXELS, range=[[-half, half], [-half, half]])[0]
    kernel = np.exp(-0.5 * (np.arange(-4, 5) / SMOOTHING) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        counts = np.apply_along_axis(np.convolve, axis, counts, kernel, mode="same")
    peak = float(counts.max()) or 1.0
    steps = np.sqrt(np.clip(counts / peak, 0, 1)) * (len(RAMP) - 1)
    image = Image.fromarray(np.flipud(np.rint(steps)).astype(np.uint8))
    image.putpalette(RAMP.tobytes())
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return {"png": base64.b64encode(stream.getvalue()).decode(), "peak": peak}


def _drawn(numbers: dict[str, Any], product: Product) -> Look:
    made: dict[str, Chart] = {}
    safe = product.energy_min / 1e12 if product.energy_min else None
    if "energy" in numbers:
        edges, values = numbers["energy"]
        series = Series(edges, values, logarithmic=True, shaded_below=safe)
        label = _("Energy (TeV); shaded: below the safe range") if safe else _("Energy (TeV)")
        made["energy"] = charts.bars(
            series, title=_("Energy"), note=_("reconstructed, events per 0.1 dex"), label=label
        )
    theta = numbers.get("theta2")
    if theta:
        series = Series(theta["edges"], theta["on"], theta["off"])
        made["theta2"] = charts.bars(
            series, title="θ²", note=_("target and mirror"), label=_("θ² (deg²); line: mirror"), size=(300, 210)
        )
    if "time" in numbers:
        series = Series(*numbers["time"])
        made["time"] = charts.bars(
            series, title=_("Time"), note=_("events per min"), label=_("Minutes since start"), size=(300, 210)
        )
    within = theta["within"] if theta and _apart(theta["target"]) else None
    return Look(
        events=numbers["events"],
        livetime=product.t_exptime,
        on=within[0] if within else None,
        off=within[1] if within else None,
        picture=f"data:image/png;base64,{numbers['picture']['png']}",
        peak=numbers["picture"]["peak"],
        marks=_marks(theta, product),
        charts=made,
    )


def _apart(target: list[float]) -> bool:
    """Is the mirror another place than the target?"""
    return float(np.hypot(target[0], target[1])) > 2 * ON_RADIUS


def _marks(theta: dict[str, Any] | None, product: Product) -> list[dict[str, Any]]:
    """Pointing, target and mirror in the picture (units of 300)."""
    marks: list[dict[str, Any]] = [{"kind": "pointing", "x": 150, "y": 150, "label": _("pointing")}]
    if theta is None:
        return marks
    x, y = theta["target"]
    scale = 300 / FIELD
    name = product.target_name or _("target")
    spots = [("on", x, y, _("%(name)s (on)") % {"name": name})]
    if _apart(theta["target"]):
        spots.append(("off", -x, -y, _("off")))
    for kind, dx, dy, label in spots:
        if max(abs(dx), abs(dy)) < FIELD / 2:
            place = {"x": round(150 - dx * scale, 1), "y": round(150 - dy * scale, 1), "r": round(ON_RADIUS * scale, 1)}
            marks.append({"kind": kind, "label": label, **place})
    return marks
