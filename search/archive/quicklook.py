"""Quick looks drawn with numpy and Pillow: sky and energies of an event list, the picture of a map.

Light enough to be drawn when first asked for; the picture is then kept in the storage.
"""

import io
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from search.archive import planes
from search.archive.safefits import BrokenFile

Array = NDArray[np.float64]
WIDTH, HEIGHT = 720, 360
PANEL = 260
MARGIN, MAP_SIDE = 24, 312
MAX_EVENTS = 2_000_000
NO_VALUE = (116, 129, 141)
INK, MUTED, PAPER, LINE = "#18212b", "#52606d", "#ffffff", "#d3dae0"
# Dark to light through blue: legible in grey and for the colour-blind.
STOPS = np.array([[13, 20, 32], [24, 56, 100], [10, 90, 156], [86, 160, 211], [240, 248, 214]], dtype=float)


def event_list(hdus: fits.HDUList) -> bytes:
    """Counts on the sky about the pointing (6 deg wide), and the distribution of energies. PNG."""
    events = hdus["EVENTS"]
    records = events.data[:MAX_EVENTS]
    ra, dec = (float(events.header[key]) for key in ("RA_PNT", "DEC_PNT"))
    dx = (np.asarray(records["RA"], float) - ra + 180) % 360 - 180
    dx *= np.cos(np.radians(dec))
    dy = np.asarray(records["DEC"], float) - dec
    counts, _, _ = np.histogram2d(dy, -dx, bins=100, range=[[-3, 3], [-3, 3]])
    canvas, draw = _canvas()
    canvas.paste(_picture(counts, PANEL), (40, 50))
    _frame(draw, 40, 50, PANEL, "counts, 6° by 6°, north up")
    _energies(draw, np.asarray(records["ENERGY"], float), 400)
    _caption(draw, f"{len(records):,} events")
    return _png(canvas)


def sky_map(hdus: fits.HDUList) -> bytes:
    """The first image of a FITS file, planes summed, with its scale and what it is. PNG."""
    number = planes.first(hdus)
    if number is None:
        raise BrokenFile("it holds no image")
    return image(planes.values(hdus[number], None), hdus[number].header)


def image(data: planes.Array, header: Any) -> bytes:
    """One image with its scale and what it is. PNG."""
    canvas, draw = _canvas()
    canvas.paste(_picture(data, MAP_SIDE), (MARGIN, MARGIN))
    draw.rectangle([MARGIN - 1, MARGIN - 1, MARGIN + MAP_SIDE, MARGIN + MAP_SIDE], outline=LINE)
    _scale(draw, data, MARGIN + MAP_SIDE + 16)
    _about_map(draw, data, header, MARGIN + MAP_SIDE + 130)
    return _png(canvas)


def _scale(draw: ImageDraw.ImageDraw, data: planes.Array, left: int) -> None:
    """The colours from the least to the largest value shown; the stretch is a square root."""
    low, high = _range(data)
    for row in range(MAP_SIDE):
        place = 1 - row / (MAP_SIDE - 1)
        colour = tuple(round(one) for one in _colours(np.array([place]))[0])
        draw.line([(left, MARGIN + row), (left + 13, MARGIN + row)], fill=colour)
    for place in (0.0, 0.5, 1.0):
        value = low + (high - low) * place**2
        y = MARGIN + (1 - place) * (MAP_SIDE - 14)
        draw.text((left + 20, y), f"{value:.3g}", fill=MUTED, font=_font(12))


def _about_map(draw: ImageDraw.ImageDraw, data: planes.Array, header: Any, left: int) -> None:
    """Only letters that Pillow's own font has."""
    extent = _extent(header)
    found = planes.statistics(data)
    lines = [("Size", f"{data.shape[1]} by {data.shape[0]} pixels"), ("Extent", extent),
             ("Unit", str(header.get("BUNIT", "") or "")), ("Maximum", f"{found.maximum:.4g}"),
             ("Minimum", f"{found.minimum:.4g}"), ("Mean", f"{found.mean:.4g}"),
             ("Without a value", f"{found.missing:,} pixels" if found.missing else "")]  # fmt: skip
    for place, (name, value) in enumerate(line for line in lines if line[1]):
        draw.text((left, MARGIN + 38 * place), name, fill=MUTED, font=_font(12))
        draw.text((left, MARGIN + 14 + 38 * place), value, fill=INK, font=_font(15))
    if extent:
        draw.text((left, MARGIN + MAP_SIDE - 16), _orientation(header), fill=MUTED, font=_font(12))


def _orientation(header: Any) -> str:
    """Which way the picture lies, where the header's matrix says no other."""
    return "galactic north up" if str(header.get("CTYPE1", "")).startswith("GLON") else "north up, east left"


def _extent(header: Any) -> str:
    try:
        wcs = WCS(header).celestial
        sides = [abs(step) * size for step, size in zip(wcs.wcs.cdelt, wcs.array_shape[::-1], strict=True)]
        return f"{sides[0]:.3g}° by {sides[1]:.3g}°"
    except Exception:  # a header without coordinates still has a picture
        return ""


def _canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    canvas = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    return canvas, ImageDraw.Draw(canvas)


def _font(size: int) -> Any:
    return ImageFont.load_default(size)


def _picture(values: planes.Array, side: int) -> Image.Image:
    """A square picture, first row below, with a square-root stretch; grey where there is no value."""
    low, high = _range(values)
    # No more is coloured than can be seen: a large map would take many times its size.
    steps = [max(1, one // (4 * side)) for one in values.shape]
    part = values[:: steps[0], :: steps[1]]
    with np.errstate(invalid="ignore"):
        places = np.sqrt(np.clip((part - low) / ((high - low) or 1), 0, 1))
    colours = _colours(np.nan_to_num(places))
    colours[~np.isfinite(part)] = NO_VALUE
    picture = Image.fromarray(np.flipud(colours).astype(np.uint8))
    # The sky is not stretched: what is not square stands in the middle of a dark square.
    scale = side / max(values.shape)
    shown = picture.resize([max(1, round(one * scale)) for one in values.shape[::-1]], Image.Resampling.NEAREST)
    square = Image.new("RGB", (side, side), tuple(int(one) for one in STOPS[0]))
    square.paste(shown, ((side - shown.width) // 2, (side - shown.height) // 2))
    return square


def _range(values: planes.Array) -> tuple[float, float]:
    good = values[np.isfinite(values)]
    return (float(good.min()), float(np.percentile(good, 99.8))) if good.size else (0.0, 1.0)


def _colours(places: planes.Array) -> Array:
    """Red, green and blue of places from 0 to 1."""
    position = places * (len(STOPS) - 1)
    lower = np.clip(position.astype(int), 0, len(STOPS) - 2)
    share = (position - lower)[..., None]
    return np.asarray(STOPS[lower] * (1 - share) + STOPS[lower + 1] * share)


def _frame(draw: ImageDraw.ImageDraw, left: int, top: int, side: int, label: str) -> None:
    draw.rectangle([left - 1, top - 1, left + side, top + side], outline=LINE)
    draw.text((left, top + side + 8), label, fill=MUTED, font=_font(13))


def _caption(draw: ImageDraw.ImageDraw, text: str) -> None:
    draw.text((40, 18), text, fill=INK, font=_font(16))


def _energies(draw: ImageDraw.ImageDraw, energy: Array, left: int) -> None:
    """Histogram of log10 E (TeV), logarithmic counts."""
    top, width = 50, 280
    good = energy[np.isfinite(energy) & (energy > 0)]
    draw.rectangle([left - 1, top - 1, left + width, top + PANEL], outline=LINE)
    draw.text((left, top + PANEL + 24), "energy, TeV", fill=MUTED, font=_font(13))
    if not len(good):
        return
    low, high = np.floor(np.log10(good.min())), np.ceil(np.log10(good.max()))
    high = max(high, low + 1)
    counts, edges = np.histogram(np.log10(good), bins=int(10 * (high - low)), range=(low, high))
    tallest = np.log10(max(counts.max(), 10)) * 1.05
    for count, a, b in zip(counts, edges[:-1], edges[1:], strict=True):
        if count:
            x0, x1 = (left + width * (edge - low) / (high - low) for edge in (a, b))
            y = top + PANEL * (1 - (np.log10(count) + 0.15) / (tallest + 0.15))
            draw.rectangle([x0, y, x1 - 1, top + PANEL - 1], fill="#0a5a9c")
    for decade in range(int(low), int(high) + 1):
        x = left + width * (decade - low) / (high - low)
        draw.text((min(x, left + width - 24), top + PANEL + 6), f"{10.0**decade:g}", fill=MUTED, font=_font(12))


def _png(canvas: Image.Image) -> bytes:
    stream = io.BytesIO()
    canvas.save(stream, "PNG", optimize=True)
    return stream.getvalue()
