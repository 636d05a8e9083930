"""Numbers, positions and times as people read them (the look's rules), and nowhere as machines do.

U+2212 for minus, commas for thousands, a decimal point; in French narrow spaces and a comma. Missing values are an
en dash. Everything here returns text; none of it raises on odd input.
"""

import math
import re
from datetime import UTC, datetime, timedelta

from django.utils.translation import get_language

MISSING = "–"
MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)
MJD_LAST = 2_973_483.0
"""MJD of the year 9999, the last that a datetime holds"""
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def finite(value: object) -> float | None:
    """The value as a finite float, or None."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]  # anything that float() takes is welcome
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def fixed(value: object, places: int = 2, sign: bool = False) -> str:
    """``fixed(-1234.5, 1)`` is ``'−1,234.5'``."""
    number = finite(value)
    if number is None:
        return MISSING
    text = f"{abs(number):,.{places}f}"
    if (get_language() or "en").startswith("fr"):
        text = text.replace(",", "\u202f").replace(".", ",")
    negative = number < 0 and any(digit in text for digit in "123456789")
    return ("−" if negative else "+" if sign else "") + text


def short(value: object, digits: int = 3) -> str:
    """Three significant digits without a tail of zeros; a power of ten once outside 0.001 to 100,000."""
    number = finite(value)
    if number is None:
        return MISSING
    if number == 0:
        return "0"
    exponent = math.floor(math.log10(abs(number)))
    if -4 < exponent < 6:
        text = fixed(number, max(0, digits - 1 - exponent))
        return re.sub(r"[.,]?0+$", "", text) if digits - 1 - exponent > 0 else text
    mantissa = fixed(number / 10.0**exponent, digits - 1)
    return f"{mantissa} × 10{str(exponent).translate(SUPERSCRIPT)}"


def with_error(value: object, error: object, upwards: object = None) -> str:
    """``'2.637 ± 0.064'``, ``'(4.29 ± 0.22) × 10⁻¹¹'``; with another error upwards ``'2.64 (−0.06, +0.07)'``.

    Two significant digits of the (smaller) error decide how many the value has.
    """
    number, down = finite(value), finite(error)
    up = finite(upwards)
    if number is None or down is None or down <= 0:
        return short(value, 4)
    exponent = math.floor(math.log10(abs(number) or down))
    scale = 0 if -4 < exponent < 6 else exponent
    places = max(0, 1 - math.floor(math.log10(min(down, up or down))) + scale)
    text, low, high = (None if one is None else fixed(one / 10.0**scale, places) for one in (number, down, up))
    told = f"{text} ± {low}" if high in (None, low) else f"{text} (−{low}, +{high})"
    if not scale:
        return told
    return f"{f'({told})' if high in (None, low) else told} × 10{str(scale).translate(SUPERSCRIPT)}"


def size(value: object) -> str:
    """Bytes in decimal units: ``'0.52 MB'``."""
    number = finite(value)
    if number is None or number < 0:
        return MISSING
    if number < 1000:
        return f"{number:.0f} B"
    for unit, scale in (("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)):
        if number < 999.5 * scale or unit == "TB":
            share = number / scale
            return f"{fixed(share, 0 if share >= 10 else 1)} {unit}"
    return MISSING


def position(ra: object, dec: object, places: int = 4) -> str:
    """``'83.6331°, +22.0145°'``."""
    if finite(ra) is None or finite(dec) is None:
        return MISSING
    return f"{fixed(ra, places)}°, {fixed(dec, places, sign=True)}°"


def sexagesimal(ra: object, dec: object) -> str:
    """``'05 34 31.9 +22 00 52'``, ICRS."""
    lon, lat = finite(ra), finite(dec)
    if lon is None or lat is None:
        return MISSING
    tenths = round((lon % 360) / 15 * 36_000) % (24 * 36_000)
    seconds = round(abs(lat) * 3600)
    sign = "−" if lat < 0 and seconds else "+"
    hours, minutes = divmod(tenths // 600, 60)
    return (
        f"{hours:02d} {minutes:02d} {tenths % 600 / 10:04.1f} "
        f"{sign}{seconds // 3600:02d} {seconds // 60 % 60:02d} {seconds % 60:02d}"
    )


def from_mjd(value: object) -> datetime | None:
    """UTC date of an MJD, or None."""
    number = finite(value)
    if number is None or not -600_000 < number < MJD_LAST:
        return None
    return MJD_EPOCH + timedelta(days=number)


def moment(value: object, precision: str = "minute") -> str:
    """A datetime, or an MJD (UTC), as ``'2004-12-04 22:07'``."""
    when = value if isinstance(value, datetime) else from_mjd(value)
    if when is None:
        return MISSING
    form = {"day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M", "second": "%Y-%m-%d %H:%M:%S"}[precision]
    if when.tzinfo is not None:
        when = when.astimezone(UTC)
    return when.strftime(form)


def energy(value: object) -> str:
    """An energy in eV as a number of TeV."""
    number = finite(value)
    return MISSING if number is None else _tev(number)


def energy_range(low: object, high: object) -> str:
    """A range in eV as ``'0.87 – 100'`` (TeV; the unit stands in the header)."""
    first, last = finite(low), finite(high)
    if first is None and last is None:
        return MISSING
    return f"{energy(first)} – {energy(last)}"


def _tev(electronvolt: float) -> str:
    value = electronvolt / 1e12
    return fixed(value, 0 if value >= 99.5 else 1 if value >= 9.95 else 2 if value >= 0.0095 else 4)


def duration(value: object) -> str:
    """Seconds in the unit one would say: ``'26.4 min'``."""
    number = finite(value)
    if number is None:
        return MISSING
    for limit, scale, unit in ((60, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if number < limit:
            return f"{fixed(number / scale, 1)} {unit}"
    return f"{fixed(number / 86_400, 1)} d"


def whole(value: object) -> str:
    """Thousands set apart."""
    number = finite(value)
    return MISSING if number is None else fixed(number, 0)


__all__ = [
    "duration",
    "energy",
    "energy_range",
    "fixed",
    "from_mjd",
    "moment",
    "position",
    "sexagesimal",
    "short",
    "size",
    "whole",
]
