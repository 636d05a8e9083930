"""Positions as people type and paste them, and names that carry a position. Pure: no Django models, no network.

Everything becomes ICRS degrees. FK5 J2000 differs from ICRS by less than 0.1 arcsec and is taken as the same.
"""

import math
import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

MINUS = str.maketrans({**dict.fromkeys("‐‑‒–—−", "-"), "＋": "+", "\u00a0": " ", "\u2009": " ", "\u202f": " "})
MARKS = str.maketrans("’′″”ºˢʰᵐ", "''\"\"°shm")
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
# ICRS → galactic (Hipparcos, ESA SP-1200, section 1.5.3); rows are the galactic axes.
GALACTIC = (
    (-0.0548755604, -0.8734370902, -0.4838350155),
    (+0.4941094279, -0.4448296300, +0.7469822445),
    (-0.8676661490, -0.1980763734, +0.4559837762),
)
MAX_LENGTH = 300
MAX_NAME = 60
# What papers and programs write around the numbers: systems, labels, and the words for galactic coordinates.
SYSTEMS = re.compile(
    r"(?<![a-z0-9])(icrs|fk5|j2000(\.0)?|galactic|gal|skycoord|coord(inate)?s?|position|in deg|epoch|equinox)"
    r"(?![\w.])[:,]?",
    re.IGNORECASE,
)
LABELS = re.compile(
    r"(?<![a-z0-9])(r\.?a\.?|dec(l\.?|lination)?\.?|de|right ascension|[αδlbℓ]|g?lon|g?lat|s_ra|s_dec)"
    r"(?![a-z])[\s_]*(j?2000(\.0)?(?![\d.]))?\s*[=:,]?\s*|(?<![a-z0-9])(ra|de)_?j2000\s*[=:,]?\s*",
    re.IGNORECASE,
)
OLD_EQUINOX = re.compile(r"(?<![\w.])(fk[45]\s*)?(b1950(\.0)?(?![\w.+-])|fk4(?!\w))", re.IGNORECASE)
GALACTIC_WORDS = re.compile(
    r"(?<![a-z])(gal(actic)?(?![a-z])|glon|glat|[lℓ]\s*(=?\s*[\d.+-].*(?<![a-z])b\s*=?\s*[\d.+-]|[,;/\s]\s*b(?![a-z]))"
    r"|b\s*=?\s*[\d.+-].*(?<![a-z])[lℓ]\s*=?\s*[\d.+-])",
    re.IGNORECASE,
)
# Labels that tell that the latitude or declination was written first.
TURNED = re.compile(
    r"(?<![a-z0-9])(?:dec(?:l\.?|lination)?\.?|de|s_dec|dej2000|[δb]|glat)[\s_=:]*[+-]?[\d.].*"
    r"(?<![a-z0-9])(?:r\.?a\.?|s_ra|raj2000|right ascension|[αlℓ]|glon)[\s_]*(?:\(?j2000\)?)?[\s=:]*[+-]?[\d.]",
    re.IGNORECASE | re.DOTALL,
)


class PositionError(ValueError):
    """The text is meant as a position but cannot be one; the words are for the user."""


@dataclass(frozen=True)
class Position:
    """Degrees, ICRS. ``precision``: half the step of the last digit typed, degrees."""

    ra: float
    dec: float
    how: str
    precision: float = 0.0


def galactic_to_icrs(lon: float, lat: float) -> tuple[float, float]:
    """Galactic longitude and latitude to ICRS, all in degrees."""
    l, b = math.radians(lon), math.radians(lat)  # noqa: E741 - the names of the field
    vector = (math.cos(b) * math.cos(l), math.cos(b) * math.sin(l), math.sin(b))
    x, y, z = (sum(GALACTIC[row][column] * vector[row] for row in range(3)) for column in range(3))
    return math.degrees(math.atan2(y, x)) % 360, math.degrees(math.asin(max(-1.0, min(1.0, z))))


def icrs_to_galactic(ra: float, dec: float) -> tuple[float, float]:
    """ICRS to galactic longitude and latitude, all in degrees."""
    a, d = math.radians(ra), math.radians(dec)
    vector = (math.cos(d) * math.cos(a), math.cos(d) * math.sin(a), math.sin(d))
    x, y, z = (sum(row[column] * vector[column] for column in range(3)) for row in GALACTIC)
    return math.degrees(math.atan2(y, x)) % 360, math.degrees(math.asin(max(-1.0, min(1.0, z))))


def separation(ra1: float, dec1: float, ra2: float, dec2: float) -> float:
    """Angular distance in degrees (haversine: exact for small angles too)."""
    d1, d2 = math.radians(dec1), math.radians(dec2)
    half = (
        math.sin((d2 - d1) / 2) ** 2
        + math.cos(d1) * math.cos(d2) * math.sin(math.radians((ra2 - ra1 + 180) % 360 - 180) / 2) ** 2
    )
    return 2 * math.degrees(math.asin(min(1.0, math.sqrt(half))))


def middle(places: list[tuple[float, float]]) -> tuple[float, float]:
    """The mean direction of positions in degrees; safe across 0/360."""
    vectors = [
        (
            math.cos(math.radians(d)) * math.cos(math.radians(a)),
            math.cos(math.radians(d)) * math.sin(math.radians(a)),
            math.sin(math.radians(d)),
        )
        for a, d in places
    ]
    x, y, z = (sum(vector[axis] for vector in vectors) for axis in range(3))
    return math.degrees(math.atan2(y, x)) % 360, math.degrees(math.atan2(z, math.hypot(x, y)))


def parse(text: str) -> Position | None:
    """The position that the text is, or None where it is something else (a name).

    Decimal degrees, sexagesimal with colons, blanks or unit letters, galactic (``l 184.55 b -5.78``, ``gal …``), with
    or without labels, brackets and the name of the system, as papers and astropy print them. Raises PositionError.
    """
    if len(text) > MAX_LENGTH:
        return None
    old = OLD_EQUINOX.search(text)
    cleaned, galactic = _strip(OLD_EQUINOX.sub(" ", text))
    if TURNED.search(text.translate(MINUS)):
        cleaned = _turned(cleaned)
    pair = _compact(cleaned) or _decimal(cleaned) or (None if galactic else _sexagesimal(cleaned))
    if pair is None:
        return None
    if old:
        raise PositionError(_("Positions of the equinox B1950 are not taken here. Write it for J2000 (ICRS)."))
    first, second = pair
    if galactic:
        _check(first, second, _("galactic longitude"), _("galactic latitude"))
        return Position(*galactic_to_icrs(first, second), how="galactic")
    _check(first, second, _("right ascension"), _("declination"))
    return Position(first % 360, second, how="position")


def _strip(text: str) -> tuple[str, bool]:
    """Without brackets, labels and system names; and whether it is galactic."""
    cleaned = re.sub(r"[()\[\]{}<>$^\\]", " ", text.translate(MINUS))
    cleaned = re.sub(r"[|&]", ",", cleaned)
    galactic = GALACTIC_WORDS.search(cleaned) is not None
    cleaned = SYSTEMS.sub(" ", LABELS.sub(" ", SYSTEMS.sub(" ", cleaned)))
    if "." not in cleaned and len(re.findall(r"\d,(?=\d)", cleaned)) == 2:
        cleaned = re.sub(r"(\d),(?=\d)", r"\1.", cleaned)  # 83,63 22,01: commas that stand for points
    return re.sub(r"\s+", " ", cleaned.strip(" ,;:=\t\n")).strip(), galactic


def _turned(text: str) -> str:
    """The half that holds the declination behind the other: ``22.01 83.63`` as ``83.63 22.01``."""
    parts = [part for part in re.split(r"\s*[,;/]\s*", text) if part]
    if len(parts) != 2:
        words = text.split()
        parts = [" ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])]
    return f"{parts[1]}, {parts[0]}"


def _compact(text: str) -> tuple[float, float] | None:
    """``053431.94+220052.2``: hours and degrees without anything between their parts."""
    match = re.fullmatch(r"(\d\d)(\d\d)(\d\d(?:\.\d*)?)\s*([+-])(\d\d)(\d\d)(\d\d(?:\.\d*)?)", text)
    return _sexagesimal(" ".join([*match.groups()[:3], match[4] + match[5], match[6], match[7]])) if match else None


def _decimal(text: str) -> tuple[float, float] | None:
    """Degrees, or hours where the first says so; ``2155-304`` is a piece of a name."""
    if re.fullmatch(r"\d{4}[+-]\d{2,4}", text):
        return None
    unit = r"\s*(?:deg(?:rees)?|d|°)?"
    first = r"\s*(?:deg(?:rees)?|d|°|(?P<hours>h(?:ours?)?))?"
    match = re.fullmatch(rf"({NUMBER}){first}(?:\s*[,;/]\s*|\s+|(?=[+-]))({NUMBER}){unit}", text, re.I)
    return (float(match[1]) * (15 if match["hours"] else 1), float(match[3])) if match else None


def _sexagesimal(text: str) -> tuple[float, float] | None:
    """``05:34:31.9 +22:00:52``, ``05 34 31.9 +22 00 52``, ``5h34m31.9s +22d00m52s``, ``5h34.5m +22°0.9'``."""
    flat = text.replace("''", '"').translate(MARKS)
    flat = re.sub(r"(\d)([hms°d'\"])\.(\d+)", r"\1.\3\2", flat)  # 31s.94, as papers print it
    value = r"(\d{1,3})\s*[:hd° ]\s*(\d{1,2}(?:\.\d*)?)\s*(?:[:m' ]\s*(\d{1,2}(?:\.\d*)?)?\s*(?:s|\"|'')?)?"
    match = re.fullmatch(rf"([+-]?){value}\s*(?:[,;/]\s*|\s+|(?=[+-]))([+-]?)\s*{value}", flat, re.I)
    if match is None:
        return None
    sign1, h, m, s, sign2, d, dm, ds = match.groups()
    parts = [float(part or 0) for part in (m, s, dm, ds)]
    if any(part >= 60 for part in parts):
        raise PositionError(_("Minutes and seconds go from 0 to below 60."))
    in_degrees = re.match(r"[+-]?\d{1,3}\s*[d°]", flat, re.I) is not None
    if not in_degrees and int(h) >= 24:
        raise PositionError(_("Right ascension in hours goes from 0 to below 24; write degrees as decimals."))
    first = (int(h) + parts[0] / 60 + parts[1] / 3600) * (1 if in_degrees else 15)
    second = int(d) + parts[2] / 60 + parts[3] / 3600
    return (-first if sign1 == "-" else first), (-second if sign2 == "-" else second)


def _check(first: float, second: float, first_name: str, second_name: str) -> None:
    if not (math.isfinite(first) and math.isfinite(second)):
        raise PositionError(_("The numbers are too large."))
    if not -360 <= first <= 360:
        raise PositionError(
            _("%(value)g is no %(what)s: it goes from 0 to 360 degrees.") % {"value": first, "what": first_name}
        )
    if abs(second) > 90:
        hint = _(" Are the two the wrong way round?") if abs(first) <= 90 else ""
        raise PositionError(
            _("%(value)g is no %(what)s: it goes from −90 to 90 degrees.") % {"value": second, "what": second_name}
            + hint
        )


def from_name(text: str) -> Position | None:
    """The position that a name carries, J2000: ``RX J1713.7-3946``, ``1RXS J101015.9-311909``; or a galactic one,
    ``SNR G0.9+0.1``.

    Digits of J2000 names are truncated, not rounded (IAU rules), so the middle of the cell is given and ``precision``
    is half of the cell.
    """
    plain = text.translate(MINUS).strip()
    in_galactic = re.search(r"(?:^|[\s_])G\s?(\d{1,3}(?:\.\d+)?)\s*([+-]\d{1,2}(?:\.\d+)?)$", plain)
    if in_galactic and len(text) <= MAX_NAME:
        return _from_galactic(in_galactic[1], in_galactic[2])
    match = re.search(r"(?:^|[\s_])J(\d{4,6})(\.\d+)?([+-])(\d{2,6})(\.\d+)?[A-Za-z]?$", plain)
    if match is None or len(text) > MAX_NAME:
        return None
    ra_digits, ra_fraction, sign, dec_digits, dec_fraction = match.groups()
    ra = _cells(ra_digits, ra_fraction, 15.0)
    dec = _cells(dec_digits, dec_fraction, 1.0)
    if ra is None or dec is None or ra[0] >= 360 or dec[0] > 90:
        return None
    return Position(ra[0] % 360, -dec[0] if sign == "-" else dec[0], "name", max(ra[1], dec[1]))


def _from_galactic(lon: str, lat: str) -> Position | None:
    """``G184.55-05.78``: galactic degrees, rounded by some catalogues and cut by others."""
    if not float(lon) < 360 or abs(float(lat)) > 90:
        return None
    step = 10.0 ** -min(len(text.partition(".")[2]) for text in (lon, lat))
    return Position(*galactic_to_icrs(float(lon), float(lat)), "name", step / 2)


def _cells(digits: str, fraction: str | None, scale: float) -> tuple[float, float] | None:
    """Middle and half width, degrees, of what ``HHMM``, ``HHMMm`` (tenths) or ``HHMMSS`` digits name."""
    unit = int(digits[:2])
    rest = digits[2:]
    if len(rest) % 2:  # three or five digits: the last is a tenth (137 is 13.7 degrees, 01234 is 01 23.4)
        fraction, rest = "." + rest[-1] + (fraction or "")[1:], rest[:-1]
    pairs = [int(rest[index : index + 2]) for index in range(0, len(rest), 2)]
    if any(pair >= 60 for pair in pairs):
        return None
    step = scale / 60 ** len(pairs)
    value = scale * unit + sum(scale * pair / 60 ** (order + 1) for order, pair in enumerate(pairs))
    if fraction:
        value += float(fraction) * step
        step /= 10 ** (len(fraction) - 1)
    return value + step / 2, step / 2
