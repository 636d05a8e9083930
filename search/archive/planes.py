"""Images of FITS files, plane by plane: what each plane of a cube is, one of them (or their sum) as numbers and as an
image of its own.

Planes are named from the table of bands (GADF 0.3, "Skymaps", BANDS), from EBOUNDS or ENERGIES (as Fermi's and ctools'
cubes have them), or from the third axis of the coordinates (FITS 4.0, section 8).
"""

import io
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from astropy.wcs import WCS
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from gateway.vo.readable import energy_range, short

Array = NDArray[np.floating[Any]]
MAX_PIXELS = 2**25
"""of one plane that is read while a page waits"""
MAX_SUMMED = 2**26
"""of all planes"""
MAX_NAMED = 1000
"""planes that one can choose from a list"""
TABLES = ("EBOUNDS", "ENERGIES")


class NoImage(Exception):
    """There is no such image or plane, or it is too large; the text says so and what to do."""


@dataclass(frozen=True)
class Statistics:
    """Of the finite pixels of an image; the four numbers are NaN where there is none. ``missing`` counts NaN."""

    minimum: float
    maximum: float
    mean: float
    sum: float
    pixels: int
    missing: int
    unit: str = ""


def is_image(hdu: Any) -> bool:
    """Has it rows and columns?"""
    return bool(getattr(hdu, "is_image", False)) and len(hdu.shape) >= 2 and all(hdu.shape)


def first(hdus: fits.HDUList) -> int | None:
    """Number of the first image of a file."""
    return next((number for number, hdu in enumerate(hdus) if is_image(hdu)), None)


def chosen(hdus: fits.HDUList, hdu: str) -> Any:
    """The image HDU of this number or name, the first one where none is given. Raises NoImage."""
    number = first(hdus)
    if hdu:
        names = {one.name.upper(): place for place, one in reversed(list(enumerate(hdus)))}
        number = int(hdu[:6]) if hdu.isdecimal() and hdu.isascii() else names.get(hdu.upper())
    if number is None or number >= len(hdus) or not is_image(hdus[number]):
        raise NoImage(_("The file holds no such image."))
    return hdus[number]


def count(hdu: Any) -> int:
    return math.prod(hdu.shape[:-2])


def wanted(total: int, plane: str) -> int | None:
    """The plane of a request, from 0; None for the sum of all, which is meant where none is named. Raises NoImage."""
    if plane in ("", "sum") or total == 1:
        return None
    if plane.isdecimal() and plane.isascii() and 1 <= int(plane[:9]) <= total:
        return int(plane) - 1
    raise NoImage(_("This image has the planes 1 to %(n)s. Choose one of them, or their sum.") % {"n": total})


def values(hdu: Any, plane: int | None) -> Array:
    """One plane, or the sum of all (a pixel that is NaN in all planes stays NaN); ``[y, x]``. Raises NoImage."""
    height, width = hdu.shape[-2:]
    total = count(hdu)
    if height * width > MAX_PIXELS or (plane is None and height * width * total > MAX_SUMMED):
        raise NoImage(
            _("The image is too large to be looked at here (%(size)s pixels). Download it.")
            % {"size": " × ".join(str(side) for side in reversed(hdu.shape))}
        )
    if plane is not None or total == 1:
        return _plane(hdu, plane or 0)
    summed, seen = np.zeros((height, width)), np.zeros((height, width), dtype=bool)
    for number in range(total):
        one = _plane(hdu, number)
        good = np.isfinite(one)
        summed[good] += one[good]
        seen |= good
    summed[~seen] = np.nan
    return summed


def _plane(hdu: Any, number: int) -> Array:
    """Read alone: a cube need not fit into memory for one of its planes to be shown."""
    place = np.unravel_index(number, hdu.shape[:-2]) if len(hdu.shape) > 2 else ()
    source = hdu.section if place and hdu.fileinfo() else hdu.data
    part = source[tuple(int(one) for one in place)] if place else source
    data = np.asarray(part).reshape(hdu.shape[-2:])
    return np.asarray(data, dtype=np.float32 if data.dtype.itemsize <= 4 and data.dtype.kind == "f" else float)


def statistics(data: Array, unit: str = "") -> Statistics:
    good = data[np.isfinite(data)]
    missing = int(np.isnan(data).sum())
    if not good.size:
        return Statistics(math.nan, math.nan, math.nan, math.nan, int(data.size), missing, unit)
    ends = float(good.min()), float(good.max())
    mean, total = float(good.mean(dtype=float)), float(good.sum(dtype=float))
    return Statistics(*ends, mean, total, int(data.size), missing, unit)


def unit_of(hdu: Any) -> str:
    return str(hdu.header.get("BUNIT", "") or "").strip()


def celestial(header: Any) -> WCS | None:
    """The coordinates of the sky alone; None where the header gives none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = WCS(header).celestial
    except Exception:  # whatever a header may say of its coordinates
        return None
    return found if found.has_celestial else None


def alone(hdu: Any, plane: int | None) -> bytes:
    """A FITS file of one image with its coordinates and unit, for viewers that know no cubes. Raises NoImage."""
    data = values(hdu, plane)
    wcs = celestial(hdu.header)
    header = wcs.to_header(relax=True) if wcs is not None else fits.Header()
    if unit_of(hdu):
        header["BUNIT"] = unit_of(hdu)
    # A sum of many counts may need more digits than one plane has.
    kept = data.astype(np.float32) if np.array_equal(data.astype(np.float32), data, equal_nan=True) else data
    stream = io.BytesIO()
    fits.PrimaryHDU(kept, header).writeto(stream)
    return stream.getvalue()


def names(hdu: Any, hdus: fits.HDUList) -> list[str]:
    """What each plane is, ``"1.20 – 2.10 TeV"``; empty texts where the file does not say. No list for a plain image."""
    total = count(hdu)
    if total < 2:
        return []
    for read in (_of_bands, _of_energies, _of_axis):
        try:
            found = read(hdu, hdus)
        except Exception:  # an odd table: the planes are still counted
            found = []
        if len(found) == total:
            return found
    return [""] * total


def _of_bands(hdu: Any, hdus: fits.HDUList) -> list[str]:
    """Each axis has its columns in AXCOLSn: two with the edges of a bin, or one with its centre."""
    table = hdus[str(hdu.header["BANDSHDU"])]
    words: list[list[str]] = []
    for number in range(1, 10):
        columns = str(hdu.header.get(f"AXCOLS{number}", table.header.get(f"AXCOLS{number}", "")))
        named = [name.strip() for name in columns.split(",") if name.strip() in table.columns.names]
        if named:
            words.append(_texts(table, named))
    if not words and "E_MIN" in table.columns.names:
        words.append(_texts(table, ["E_MIN", "E_MAX"]))
    return [", ".join(row) for row in zip(*words, strict=True)]


def _of_energies(hdu: Any, hdus: fits.HDUList) -> list[str]:
    table = next(one for one in hdus if one.name in TABLES)
    names = {name.upper(): name for name in table.columns.names}
    if "E_MIN" in names:
        return _texts(table, [names["E_MIN"], names["E_MAX"]])
    return _texts(table, [names["ENERGY"]])


def _texts(table: Any, columns: Sequence[str]) -> list[str]:
    ends = [np.asarray(table.data[name], dtype=float) for name in columns[:2]]
    unit = str(table.columns[columns[0]].unit or "")
    return [_range([float(end[row]) for end in ends], unit) for row in range(len(ends[0]))]


def _range(ends: Sequence[float], unit: str) -> str:
    """Energies in TeV as everywhere on the site, all else as it stands."""
    try:
        factor = float(u.Unit(unit).to("eV"))
    except (ValueError, u.UnitConversionError):
        return f"{' – '.join(short(one) for one in ends)} {unit}".rstrip()
    scaled = [one * factor for one in ends]
    if all(one >= 1e10 for one in scaled):
        return f"{energy_range(*scaled)} TeV" if len(scaled) == 2 else f"{short(scaled[0] / 1e12)} TeV"
    return f"{' – '.join(short(one / 1e9) for one in scaled)} GeV"


def _of_axis(hdu: Any, _hdus: fits.HDUList) -> list[str]:
    """The centre of each plane along the third axis, where that is a plain (linear) one."""
    header, total = hdu.header, count(hdu)
    kind = str(header["CTYPE3"])
    if hdu.shape[-3] != total or kind.endswith(("-LOG", "-TAB")):
        return []
    first, step, place = float(header["CRVAL3"]), float(header["CDELT3"]), float(header.get("CRPIX3", 1))
    unit = str(header.get("CUNIT3", "")).strip()
    word = "" if u.Unit(unit, parse_strict="silent").is_equivalent(u.eV) else f"{kind.strip()} "
    return [f"{word}{_range([first + (number + 1 - place) * step], unit)}" for number in range(total)]


def extent(texts: Sequence[str]) -> str:
    """From the beginning of the first plane to the end of the last, where they are ranges of one axis."""
    ends = [text.split(" – ") for text in (texts[0], texts[-1])] if texts else []
    return " – ".join((ends[0][0], ends[1][1])) if ends and all(len(end) == 2 for end in ends) else ""


def spoken(texts: Sequence[str], plane: int | None) -> str:
    """``"plane 3 of 8, 1.20 – 2.10 TeV"``, or what the sum is of."""
    if plane is None:
        words, span = _("sum of %(n)s planes") % {"n": len(texts)}, extent(texts)
    else:
        words, span = _("plane %(number)s of %(n)s") % {"number": plane + 1, "n": len(texts)}, texts[plane]
    return f"{words}, {span}" if span else words
