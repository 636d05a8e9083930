"""Times, energies and angles as people type them, to the units of ObsCore. Pure."""

import math
import re
from datetime import UTC, date, datetime, timedelta

from django.utils.translation import gettext as _

HC = 1.239841984332e-6
"""m eV: wavelength in vacuum is HC / energy (exact constants of the SI)"""
H = 4.135667696923859e-15
"""eV s"""
ENERGY_UNITS = {"eV": 1.0, "keV": 1e3, "MeV": 1e6, "GeV": 1e9, "TeV": 1e12, "PeV": 1e15}
ENERGY_CHOICES = ("TeV", "GeV", "MeV", "keV", "m", "Hz")
ANGLE_UNITS = {"deg": 1.0, "arcmin": 1 / 60, "arcsec": 1 / 3600}
DURATION_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}
MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)


class QuantityError(ValueError):
    """The text is no such quantity; the words are for the user."""


def number(text: str) -> float:
    """A finite number; a comma may stand for the decimal point."""
    cleaned = text.strip().replace("−", "-").replace("\u202f", "").replace(" ", "")
    if re.fullmatch(r"[+-]?\d+,\d+", cleaned):
        cleaned = cleaned.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", cleaned):
        raise QuantityError(_("“%(text)s” is no number.") % {"text": text.strip()[:40]})
    value = float(cleaned)
    if not math.isfinite(value):
        raise QuantityError(_("“%(text)s” is too large.") % {"text": text.strip()[:40]})
    return value


def measure(text: str, default_unit: str, units: dict[str, float]) -> float:
    """A number with an optional unit of ``units`` behind it, in their base unit."""
    match = re.fullmatch(r"(.*?[\d.])\s*([a-zA-Zµ°'\"]+)?", text.strip())
    value, unit = (match[1], match[2]) if match else (text, None)
    words = {"°": "deg", "d": "deg", "'": "arcmin", '"': "arcsec"} | {known.casefold(): known for known in units}
    name = default_unit if unit is None else words.get(unit, words.get(unit.casefold(), ""))
    if name not in units:
        raise QuantityError(_("“%(unit)s” is no unit known here.") % {"unit": (unit or default_unit)[:20]})
    return number(value) * units[name]


def energy(text: str, default_unit: str) -> float:
    """An energy in eV from a number in eV … PeV, a wavelength in m or a frequency in Hz."""
    match = re.fullmatch(r"(.*?[\d.])\s*([a-zA-Z]+)?", text.strip())
    value, unit = (match[1], match[2] or default_unit) if match else (text, default_unit)
    amount = number(value)
    if amount <= 0:
        raise QuantityError(_("An energy is above 0."))
    by_case = {name.casefold(): name for name in (*ENERGY_UNITS, "m", "Hz")}
    name = by_case.get(unit.casefold(), "")
    if name == "m":
        return HC / amount
    if name == "Hz":
        return H * amount
    if name not in ENERGY_UNITS:
        raise QuantityError(_("“%(unit)s” is no unit of energy known here.") % {"unit": unit[:20]})
    return amount * ENERGY_UNITS[name]


def mjd_of(moment: datetime) -> float:
    return (moment - MJD_EPOCH) / timedelta(days=1)


def time_range(text: str) -> tuple[float, float]:
    """First and last moment (MJD, UTC) that the text names: an MJD, a date, a date with time, "night of" a date.

    A night runs from noon to noon UTC and bears the date on which it begins.
    """
    cleaned = text.strip().replace("−", "-")
    if re.fullmatch(r"(mjd\s*)?[+-]?\d+(\.\d*)?(e\d+)?", cleaned, re.IGNORECASE) and not re.fullmatch(
        r"\d{4}", cleaned
    ):
        value = number(re.sub(r"(?i)^mjd\s*", "", cleaned))
        if not 0 <= value <= 200_000:
            raise QuantityError(_("%(value)g is no MJD of an observation: 0 to 200,000.") % {"value": value})
        return value, value
    night = re.fullmatch(r"(?:night\s+of|nuit\s+du)\s+(\d{4}-\d\d?-\d\d?)", cleaned, re.IGNORECASE)
    if night:
        start = mjd_of(_day(night[1])) + 0.5
        return start, start + 1
    return _iso(cleaned)


def _iso(text: str) -> tuple[float, float]:
    """A year, month, day or moment in ISO 8601, as the interval that it names."""
    if re.fullmatch(r"\d{4}", text):
        return mjd_of(_day(f"{text}-01-01")), mjd_of(_day(f"{text}-12-31")) + 1
    month = re.fullmatch(r"(\d{4})-(\d\d?)", text)
    if month:
        start = _day(f"{text}-01")
        return mjd_of(start), mjd_of((start + timedelta(days=31)).replace(day=1))
    if re.fullmatch(r"\d{4}-\d\d?-\d\d?", text):
        start_of_day = mjd_of(_day(text))
        return start_of_day, start_of_day + 1
    try:
        moment = datetime.fromisoformat(re.sub(r"\s*(utc|ut|z)$", "", text, flags=re.IGNORECASE))
    except ValueError:
        raise QuantityError(
            _("“%(text)s” is no time. Write 2004-12-04, 2004-12-04 22:07, an MJD, or “night of 2004-12-04”.")
            % {"text": text[:40]}
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return mjd_of(moment), mjd_of(moment)


def _day(text: str) -> datetime:
    try:
        year, month, day = (int(part) for part in text.split("-"))
        found = date(year, month, day)
    except ValueError:
        raise QuantityError(_("“%(text)s” is no date of the calendar.") % {"text": text[:40]}) from None
    return datetime(found.year, found.month, found.day, tzinfo=UTC)
