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
# Further words for wavelengths (m) and frequencies (Hz); the case counts: mHz is no MHz.
LENGTHS = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "µm": 1e-6, "um": 1e-6, "nm": 1e-9, "pm": 1e-12, "fm": 1e-15, "am": 1e-18}
FREQUENCIES = {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9, "THz": 1e12, "PHz": 1e15, "EHz": 1e18}
ERG = 6.241509074460763e11
"""eV"""
ENERGY_CHOICES = ("TeV", "GeV", "MeV", "keV", "m", "Hz")
ANGLE_UNITS = {"deg": 1.0, "arcmin": 1 / 60, "arcsec": 1 / 3600}
DURATION_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}
MJD_EPOCH = datetime(1858, 11, 17, tzinfo=UTC)

# Months in English and French, and their number: the third letter or the fourth tells them apart.
MONTHS = re.compile(
    r"(?P<m1>jan)|(?P<m2>feb|fév|fev)|(?P<m3>mar)|(?P<m4>apr|avr)|(?P<m5>may|mai)|(?P<m6>jun|juin)|(?P<m7>jul|juil)"
    r"|(?P<m8>aug|aoû|aou)|(?P<m9>sep)|(?P<m10>oct)|(?P<m11>nov)|(?P<m12>d[eé]c)",
    re.IGNORECASE,
)


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
    match = re.fullmatch(r"(.*?[\d.])\s*([a-zA-Zµ°'\"′″]+)?", text.strip())
    value, unit = (match[1], match[2]) if match else (text, None)
    words = {"°": "deg", "d": "deg", "'": "arcmin", "′": "arcmin", '"': "arcsec", "″": "arcsec"}
    words |= {known.casefold(): known for known in units}
    name = default_unit if unit is None else words.get(unit, words.get(unit.casefold(), ""))
    if name not in units:
        raise QuantityError(_("“%(unit)s” is no unit known here.") % {"unit": (unit or default_unit)[:20]})
    return number(value) * units[name]


def _split(text: str, default_unit: str) -> tuple[str, str]:
    """The number and the name of its unit, as it is spelt here."""
    match = re.fullmatch(r"(.*?[\d.])\s*([a-zA-Zµμ]+)?", text.strip())
    value, unit = (match[1], match[2] or default_unit) if match else (text, default_unit)
    unit = unit.replace("μ", "µ")
    if unit in LENGTHS or unit in FREQUENCIES:
        return value, unit
    by_case = {name.casefold(): name for name in (*ENERGY_UNITS, "erg", "Hz", "m")}
    return value, by_case.get(unit.casefold(), unit)


def is_wavelength(text: str, default_unit: str) -> bool:
    """Wavelengths run the other way: the longer, the lower its energy."""
    return _split(text, default_unit)[1] in LENGTHS


def energy(text: str, default_unit: str) -> float:
    """An energy in eV from one in eV … PeV or erg, a wavelength in m (nm …) or a frequency in Hz (GHz …)."""
    value, name = _split(text, default_unit)
    amount = number(value)
    if amount <= 0:
        raise QuantityError(_("An energy is above 0."))
    if name in LENGTHS:
        found = HC / LENGTHS[name] / amount
    elif name in FREQUENCIES:
        found = H * FREQUENCIES[name] * amount
    elif name in ENERGY_UNITS or name == "erg":
        found = amount * ENERGY_UNITS.get(name, ERG)
    else:
        raise QuantityError(_("“%(unit)s” is no unit of energy known here.") % {"unit": name[:20]})
    if not 0 < found < math.inf:
        raise QuantityError(_("“%(text)s” is no energy of a photon.") % {"text": text.strip()[:40]})
    return found


def ends(low: str, high: str) -> tuple[str, str]:
    """Both ends as they are meant: ``> 50 TeV`` is 50 TeV at the lower end; ``1..10 TeV`` alone is both."""
    low = re.sub(r"^\s*(>=?|≥|above|over|from|at least|au-dessus de|plus de|dès)\s*", "", low, flags=re.IGNORECASE)
    high = re.sub(r"^\s*(<=?|≤|below|under|up to|at most|to|moins de|jusqu'à)\s*", "", high, flags=re.IGNORECASE)
    both = re.fullmatch(
        r"\s*([\d.,]+?(?:[eE][+-]?\d+)?)\s*(?![eE][+-]?\d)([a-zA-Zµμ]*)\s*(?:\.\.+|…|–|—|-|\bto\b|\bà\b)\s*"
        r"([\d.,]+(?:[eE][+-]?\d+)?)\s*([a-zA-Zµμ]*)\s*",
        low,
    )
    if both and not high:
        return f"{both[1]} {both[2] or both[4]}".strip(), f"{both[3]} {both[4]}".strip()
    return low, high


def mjd_of(moment: datetime) -> float:
    return (moment - MJD_EPOCH) / timedelta(days=1)


def time_range(text: str) -> tuple[float, float]:
    """First and last moment (MJD, UTC) that the text names: an MJD, a JD, a date, a date with time, "night of" a date.

    A night runs from noon to noon UTC and bears the date on which it begins (``2004-12-04/05`` too).
    """
    cleaned = text.strip().replace("−", "-")
    count = re.fullmatch(r"(m?jd)?\s*([+-]?\d+([.,]\d*)?(e\d+)?)", cleaned, re.IGNORECASE)
    if count and (count[1] or not re.fullmatch(r"\d{4}|(19|20)\d{6}", cleaned)):
        value = _mjd(number(count[2]), (count[1] or "").lower())
        return value, value
    night = re.fullmatch(r"(?:night(?:\s+of)?|nuit(?:\s+du)?)\s+(.+?)(?:/\d\d?)?", cleaned, re.IGNORECASE)
    if night and re.fullmatch(r"\d{4}-\d\d?-\d\d?", _spelt(night[1])):
        start = mjd_of(_day(_spelt(night[1]))) + 0.5
        return start, start + 1
    return _iso(_spelt(cleaned))


def _mjd(value: float, kind: str) -> float:
    """``kind``: "jd", "mjd", or empty where the size of the number tells."""
    found = value - 2_400_000.5 if kind == "jd" or (not kind and 2_400_000 <= value <= 2_600_000) else value
    if not 0 <= found <= 200_000:
        raise QuantityError(_("%(value).10g is no MJD of an observation: 0 to 200,000.") % {"value": value})
    return found


def _spelt(text: str) -> str:
    """ISO for the dates that cannot be misread: ``4 Dec 2004``, ``2004/12/04``, ``20041204``; else what it was."""
    plain = re.fullmatch(r"(\d{4})/(\d\d?)/(\d\d?)(.*)", text) or re.fullmatch(r"((?:19|20)\d\d)(\d\d)(\d\d)()", text)
    if plain:
        return f"{plain[1]}-{plain[2]}-{plain[3]}{plain[4]}"
    words = re.fullmatch(r"(\d{1,4})[\s.-]+([^\W\d]{3,9})\.?[\s,-]+(\d{1,4})", text)
    if words and (month := _month(words[2])) and len(words[1]) // 3 != len(words[3]) // 3:
        year, day = (words[1], words[3]) if len(words[1]) == 4 else (words[3], words[1])
        return f"{year}-{month:02}-{day}"
    first = re.fullmatch(r"([^\W\d]{3,9})\.?\s+(\d\d?),?\s+(\d{4})", text)
    if first and (month := _month(first[1])):
        return f"{first[3]}-{month:02}-{first[2]}"
    return text


def _month(word: str) -> int | None:
    """The number of a month by its first letters, in English or French."""
    found = MONTHS.match(word)
    return int(str(found.lastgroup)[1:]) if found else None


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
