"""Pictures of instrument responses, drawn on the server as SVG: effective area, blur, energy dispersion, background,
cut radius (GADF 0.3, "IRFs") and the OGIP redistribution matrix and area (CAL/GEN/92-002).

Each shows what a reader asks first: how it depends on energy, at some offsets from the axis; a matrix as an image.
"""

import base64
import io
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from django.utils.translation import gettext as _
from numpy.typing import NDArray
from PIL import Image

from gateway.vo.readable import short
from search.archive import responses
from search.archive.extract import stored_fits
from search.archive.models import Product
from search.archive.previews import MAX_SIZE
from search.portal.charts import nice_step
from search.portal.looks import RAMP

logger = logging.getLogger(__name__)
Array = NDArray[np.float64]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, FLOOR = 520, 260, 62, 512, 8, 218
OFFSETS = 4
"""curves of one picture, at most: they differ by colour and by dashes"""
MAX_CHANNELS = 4_000
MAX_MATRIX = 4_000_000
BLURS = {"RPSF": "psf_table", "SIGMA_1": "psf_3gauss", "GAMMA": "psf_king"}
SIDE = 240
"""pixels of a matrix, at most"""


@dataclass
class Axis:
    label: str
    low: float
    high: float
    logarithmic: bool = True

    def place(self, value: float, begin: float, end: float) -> float:
        low, high, one = (math.log10(v) if self.logarithmic else v for v in (self.low, self.high, value))
        return round(begin + (end - begin) * (one - low) / ((high - low) or 1), 1)

    def ticks(self) -> list[float]:
        if not self.logarithmic:
            step = nice_step(self.high - self.low, 4)
            first = math.ceil(self.low / step - 1e-9)
            return [place * step for place in range(first, math.floor(self.high / step + 1e-9) + 1)]
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        steps = (1, 3) if len(decades) < 4 else (1,)
        every = max(1, len(decades) // 6)
        values = [step * 10.0**decade for decade in decades[::every] for step in steps]
        return [one for one in values if self.low * 0.999 <= one <= self.high * 1.001]


@dataclass
class Picture:
    """``curves`` are (words, path); ``image`` is a data URL; ``rows`` say the same in numbers."""

    title: str
    note: str
    x: Axis
    y: Axis
    name: str = ""
    curves: list[tuple[str, str]] = field(default_factory=list)
    image: str = ""
    head: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    @property
    def x_ticks(self) -> list[tuple[float, str]]:
        return [(self.x.place(one, LEFT, RIGHT), _tick(one)) for one in self.x.ticks()]

    @property
    def y_ticks(self) -> list[tuple[float, str]]:
        return [(self.y.place(one, FLOOR, TOP), _tick(one)) for one in self.y.ticks()]


def _tick(value: float) -> str:
    """Powers of ten without the one in front."""
    return short(value, 2).removeprefix("1.0 × ").removeprefix("1,0 × ")


def of(product: Product) -> list[Picture]:
    """Pictures of the responses in a stored FITS file, in the order of its HDUs."""
    if not product.is_fits(MAX_SIZE):
        return []
    try:
        with stored_fits(product.storage_key) as hdus:
            return of_file(hdus)
    except Exception:  # a picture is a courtesy: whatever is odd in the file, the page stays whole
        logger.exception("no pictures of %s", product.key)
        return []


def of_file(hdus: fits.HDUList) -> list[Picture]:
    return [picture for picture in (of_hdu(hdu, hdus) for hdu in hdus) if picture is not None]


def of_hdu(hdu: Any, hdus: fits.HDUList) -> Picture | None:
    """The picture of one HDU; None for what is no response, or an odd one."""
    if not isinstance(hdu, fits.BinTableHDU) or hdu.data is None or not len(hdu.data):
        return None
    names = {name.upper() for name in hdu.columns.names}
    for column, draw in _DRAWN:
        if column in names and ("ENERG_LO" in names or column == "F_CHAN"):
            try:
                made = draw(hdu, hdus)
            except Exception:  # hostile or merely unusual: another HDU may still be drawn
                logger.info("no picture of HDU %s", hdu.name, exc_info=True)
                return None
            if made is not None:
                made.name = str(hdu.name)
            return made
    return None


def _centres(data: Any) -> Array:
    low, high = (np.asarray(data[f"ENERG_{end}"][0], dtype=float) for end in ("LO", "HI"))
    return np.asarray(np.sqrt(np.maximum(low, high * 1e-3) * high), dtype=float)


def _offsets(data: Any) -> Array:
    if "THETA_LO" not in data.names:
        return np.zeros(1)
    low, high = (np.asarray(data[f"THETA_{end}"][0], dtype=float) for end in ("LO", "HI"))
    return np.asarray((low + high) / 2, dtype=float)


def _spread(offsets: Array) -> list[int]:
    """Places of some offsets, from the axis to the edge."""
    return sorted({round(place) for place in np.linspace(0, len(offsets) - 1, min(OFFSETS, len(offsets)))})


def _in_tev(values: Array, unit: str | None, usual: str) -> Array:
    return values * float(u.Unit(unit or usual).to("TeV"))


def _by_offset(hdu: Any, values: Array, words: tuple[str, str, str], logarithmic: bool = True) -> Picture | None:
    """Curves over energy of ``values[offset, energy]``; ``words`` are title, note and label of the values."""
    energy = _in_tev(_centres(hdu.data), hdu.columns["ENERG_LO"].unit, "TeV")
    offsets = _offsets(hdu.data)[: len(values)]
    chosen = _spread(offsets)
    good = values[np.isfinite(values) & (values > 0)]
    if not len(good) or len(energy) < 2 or not np.all(energy > 0):
        return None
    top = float(good.max())
    y = Axis(words[2], max(float(good.min()), top * 1e-6) if logarithmic else 0.0, top * 1.05, logarithmic)
    x = Axis(_("Energy (TeV)"), float(energy[0]), float(energy[-1]))
    labels = [f"{short(offsets[place])}°" if len(offsets) > 1 else "" for place in chosen]
    picture = Picture(words[0], words[1], x, y, head=[_("Energy (TeV)"), *labels])
    picture.curves = [(label, _path(x, y, energy, values[place])) for label, place in zip(labels, chosen, strict=True)]
    picture.rows = [[short(e), *(short(values[place][i]) for place in chosen)] for i, e in enumerate(energy)]
    return picture


def _path(x: Axis, y: Axis, xs: Sequence[float] | Array, ys: Array) -> str:
    """A broken line: it rests where there is no value, and runs along the frame where it leaves the picture."""
    parts, pen = [], "M"
    for one, value in zip(xs, ys, strict=True):
        if not np.isfinite(value) or (y.logarithmic and value <= 0):
            pen = "M"
            continue
        inside = min(max(float(value), y.low), y.high)
        parts.append(f"{pen}{x.place(float(one), LEFT, RIGHT)} {y.place(inside, FLOOR, TOP)}")
        pen = "L"
    return "".join(parts)


def _area(hdu: Any, _hdus: fits.HDUList) -> Picture | None:
    values = np.asarray(hdu.data["EFFAREA"][0], dtype=float)
    unit = float(u.Unit(hdu.columns["EFFAREA"].unit or "m2").to("m2"))
    note = _("by offset from the axis")
    return _by_offset(hdu, np.atleast_2d(values * unit), (_("Effective area"), note, _("Effective area (m²)")))


def _blur(hdu: Any, _hdus: fits.HDUList) -> Picture | None:
    energy, offsets = _centres(hdu.data), _offsets(hdu.data)
    # The columns tell the class; not every file names it in HDUCLAS4.
    kind = next(kind for column, kind in BLURS.items() if column in hdu.columns.names)
    radii = np.full((len(offsets), len(energy)), np.nan)
    for place in _spread(offsets):
        for i, one in enumerate(energy[:200]):
            found = responses.containment_radius(hdu.data, kind, float(one), float(offsets[place]))
            radii[place, i] = np.nan if found is None else found
    note = _("68 % of the events of a point lie within; by offset from the axis")
    return _by_offset(hdu, radii, (_("Point spread function"), note, _("Radius (deg)")), logarithmic=False)


def _background(hdu: Any, _hdus: fits.HDUList) -> Picture | None:
    values = np.asarray(hdu.data["BKG"][0], dtype=float)
    if values.ndim == 3:  # energy, y, x: what lies on the axis
        values = values[:, values.shape[1] // 2, values.shape[2] // 2][:, None]
        note = _("on the axis")
    else:
        # GADF's order is energy, offset; files with the other one exist.
        note = _("by offset from the axis")
    unit = str(hdu.columns["BKG"].unit or "s-1 MeV-1 sr-1").replace("-1", "⁻¹")
    label = _("Rate (%(unit)s)") % {"unit": unit}
    count = len(hdu.data["ENERG_LO"][0])
    by_energy = values if values.shape[-1] == count and values.shape[0] != count else values.T
    return _by_offset(hdu, by_energy, (_("Background"), note, label))


def _cut(hdu: Any, _hdus: fits.HDUList) -> Picture | None:
    values = np.atleast_2d(np.asarray(hdu.data["RAD_MAX"][0], dtype=float))
    words = _("Cut radius"), _("by offset from the axis"), _("Radius (deg)")
    return _by_offset(hdu, values, words, logarithmic=False)


def _dispersion(hdu: Any, _hdus: fits.HDUList) -> Picture | None:
    values = np.asarray(hdu.data["MATRIX"][0], dtype=float)
    if values.ndim != 3 or values.size > MAX_MATRIX:
        return None
    offsets = _offsets(hdu.data)
    place = int(np.argmin(np.abs(offsets - responses.REFERENCE_OFFSET)))
    energy = _in_tev(_centres(hdu.data), hdu.columns["ENERG_LO"].unit, "TeV")
    low, high = (np.asarray(hdu.data[f"MIGRA_{end}"][0], dtype=float) for end in ("LO", "HI"))
    migration = (low + high) / 2
    note = _("how often true energy becomes measured energy; %(offset)s° from the axis") % {
        "offset": short(offsets[place])
    }
    x = Axis(_("True energy (TeV)"), float(energy[0]), float(energy[-1]))
    y = Axis(_("Measured / true energy"), float(migration[0]), float(migration[-1]), logarithmic=False)
    picture = Picture(_("Energy dispersion"), note, x, y, image=_image(values[place]))
    picture.head, picture.rows = _middles(energy, migration, values[place], _("Median of measured / true energy"))
    return picture


def _middles(xs: Array, ys: Array, values: Array, label: str) -> tuple[list[str], list[list[str]]]:
    """In numbers: the median and the 68 % range of each column of ``values[y, x]``."""
    rows: list[list[str]] = []
    for i, x in enumerate(xs):
        share = np.cumsum(np.nan_to_num(values[:, i]))
        if len(rows) >= SIDE or not share[-1] > 0:
            continue
        low, middle, high = (float(np.interp(part, share / share[-1], ys)) for part in (0.16, 0.5, 0.84))
        rows.append([short(x), short(middle), f"{short(low)} – {short(high)}"])
    return [_("True energy (TeV)"), label, "68 %"], rows


def _redistribution(hdu: Any, hdus: fits.HDUList) -> Picture | None:
    """RMF: probability of each channel for each true energy, with the channels' energies from EBOUNDS."""
    low, high = (np.asarray(hdu.data[f"ENERG_{end}"], dtype=float) for end in ("LO", "HI"))
    true = _in_tev(np.sqrt(np.maximum(low, high * 1e-3) * high), hdu.columns["ENERG_LO"].unit, "keV")
    bounds = next((one for one in hdus if one.name == "EBOUNDS"), None)
    count = len(bounds.data) if bounds is not None else int(hdu.header.get("DETCHANS", 0))
    if not 1 < count <= MAX_CHANNELS or len(true) < 2 or len(true) * count > MAX_MATRIX:
        return None
    matrix = _unpacked(hdu, count)
    channels = np.arange(count, dtype=float)
    x = Axis(_("True energy (TeV)"), float(true[0]), float(true[-1]))
    y = Axis(_("Channel"), 0.0, float(count - 1), logarithmic=False)
    if bounds is not None:
        ends = (np.asarray(bounds.data[name], dtype=float) for name in ("E_MIN", "E_MAX"))
        unit = bounds.columns["E_MIN"].unit
        first, last = (_in_tev(end, unit, "keV") for end in ends)
        channels = np.sqrt(np.maximum(first, last * 1e-3) * last)
        y = Axis(_("Measured energy (TeV)"), float(channels[0]), float(channels[-1]))
    note = _("how often true energy becomes measured energy")
    picture = Picture(_("Redistribution matrix"), note, x, y, image=_image(matrix.T))
    picture.head, picture.rows = _middles(true, channels, matrix.T, _("Median of measured energy (TeV)"))
    return picture


def _unpacked(hdu: Any, count: int) -> Array:
    """``matrix[energy, channel]`` from groups of channels (CAL/GEN/92-002, section 4)."""
    matrix = np.zeros((len(hdu.data), count))
    place = hdu.columns.names.index("F_CHAN") + 1
    first = int(hdu.header.get(f"TLMIN{place}", 1))
    for i, row in enumerate(hdu.data):
        begins, lengths = np.atleast_1d(row["F_CHAN"]), np.atleast_1d(row["N_CHAN"])
        values, taken = np.atleast_1d(row["MATRIX"]), 0
        for group in range(min(int(row["N_GRP"]), len(begins), len(lengths))):
            begin, length = int(begins[group]) - first, int(lengths[group])
            part = values[taken : taken + length]
            if 0 <= begin < count:
                matrix[i, begin : begin + len(part)] = part[: count - begin]
            taken += length
    return matrix


def _ogip_area(hdu: Any, _hdus: fits.HDUList) -> Picture | None:
    low, high = (np.asarray(hdu.data[f"ENERG_{end}"], dtype=float) for end in ("LO", "HI"))
    energy = _in_tev(np.sqrt(np.maximum(low, high * 1e-3) * high), hdu.columns["ENERG_LO"].unit, "keV")
    values = np.asarray(hdu.data["SPECRESP"], dtype=float)
    values = values * float(u.Unit(hdu.columns["SPECRESP"].unit or "cm2").to("m2"))
    good = values[np.isfinite(values) & (values > 0)]
    if len(energy) < 2 or not len(good):
        return None
    x = Axis(_("Energy (TeV)"), float(energy[0]), float(energy[-1]))
    y = Axis(_("Effective area (m²)"), max(float(good.min()), float(good.max()) * 1e-6), float(good.max()) * 1.05)
    picture = Picture(_("Effective area"), _("of the spectrum (ARF)"), x, y, head=[x.label, y.label])
    picture.curves = [("", _path(x, y, energy, values))]
    picture.rows = [[short(e), short(value)] for e, value in zip(energy[:SIDE], values[:SIDE], strict=True)]
    return picture


def _image(values: Array) -> str:
    """``values[y, x]`` as a PNG, the first row below; each column by its own maximum, with a square-root stretch."""
    steps = [max(1, -(-size // SIDE)) for size in values.shape]
    part = np.nan_to_num(values[:: steps[0], :: steps[1]])
    top = np.maximum(part.max(axis=0), 1e-300)
    shades = np.sqrt(np.clip(part / top, 0, 1)) * (len(RAMP) - 1)
    image = Image.fromarray(np.flipud(np.rint(shades)).astype(np.uint8))
    image.putpalette(RAMP.tobytes())
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


# The column that tells a response, and what draws it.
_DRAWN = (
    ("EFFAREA", _area),
    *((column, _blur) for column in BLURS),
    ("BKG", _background),
    ("RAD_MAX", _cut),
    ("SPECRESP", _ogip_area),
    ("F_CHAN", _redistribution),
    ("MATRIX", _dispersion),
)
