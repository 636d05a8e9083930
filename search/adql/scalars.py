"""The functions that the translated SQL calls, as plain Python: what SQLite runs, and what PostgreSQL must equal.

Shapes are STC-S texts. No function raises an error for a value it cannot use: the answer is then None (NULL), since
an error would tell of rows that the viewer may not see.
"""

import math
import re
import string
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

from search.adql import geometry, healpix, times
from search.adql.geometry import Circle, Point


def null_safe(function: Callable[..., Any]) -> Callable[..., Any]:
    """NULL in, NULL out; NULL too for values without an answer."""

    @wraps(function)
    def guarded(*arguments: Any) -> Any:
        if None in arguments:
            return None
        try:
            return function(*arguments)
        except (ArithmeticError, ValueError, TypeError, AttributeError):
            return None

    return guarded


# --- shapes ---


def _write(shape: geometry.Shape) -> str:
    return geometry.write(shape)


def point(longitude: float, latitude: float) -> str:
    return _write(Point(longitude, latitude))


def circle(longitude: float, latitude: float, radius: float) -> str:
    return _write(Circle(Point(longitude, latitude), radius))


def polygon(*numbers: float) -> str:
    return _write(geometry.from_numbers("polygon", numbers))


def box(longitude: float, latitude: float, width: float, height: float) -> str:
    return _write(geometry.from_numbers("box", (longitude, latitude, width, height)))


def dali(text: str) -> str | None:
    """The numbers of a shape, as TABLEDATA writes an array."""
    shape = geometry.parse(text)
    if shape is None or isinstance(shape, geometry.Union):
        return None
    return " ".join(map(repr, geometry.numbers_of(shape)))


def _point(text: str) -> Point:
    shape = geometry.parse(text)
    if not isinstance(shape, Point):
        raise ValueError(text)
    return shape


def _shape(text: str) -> geometry.Shape:
    shape = geometry.parse(text)
    if shape is None:
        raise ValueError(text)
    return shape


def coord1(text: str) -> float:
    return _point(text).longitude


def coord2(text: str) -> float:
    return _point(text).latitude


def centroid(text: str) -> str:
    return _write(geometry.centroid(_shape(text)))


def area(text: str) -> float:
    return geometry.area(_shape(text))


def distance(a: str, b: str) -> float:
    return math.degrees(geometry.angle(_point(a).vector, _point(b).vector))


def separation(longitude1: float, latitude1: float, longitude2: float, latitude2: float) -> float:
    return geometry.separation(longitude1, latitude1, longitude2, latitude2)


def contains(inner: str, outer: str) -> int:
    return int(geometry.contains(_shape(inner), _shape(outer)))


def intersects(a: str, b: str) -> int:
    return int(geometry.intersects(_shape(a), _shape(b)))


# --- numbers and casts ---


def round_(value: float, digits: int) -> float:
    return math.copysign(_scaled(abs(value), digits, 0.5), value)


def truncate(value: float, digits: int) -> float:
    return math.copysign(_scaled(abs(value), digits, 0.0), value)


def _scaled(value: float, digits: int, half: float) -> float:
    if digits > 15:
        return value
    if digits < -300:
        return 0.0
    if digits < 0:
        return math.floor(value / 10.0**-digits + half) * 10.0**-digits
    scaled = value * 10.0**digits
    return value if math.isinf(scaled) or scaled >= 2**53 else math.floor(scaled + half) / 10.0**digits


def long(value: float) -> int | None:
    """A whole number; None for the float that SQLite makes of one too large."""
    return value if isinstance(value, int) else None


def integer_of(value: float, bits: int) -> int | None:
    """Truncated towards zero; None outside the type."""
    whole = int(value)
    return whole if -(2 ** (bits - 1)) <= whole < 2 ** (bits - 1) else None


NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?\s*", re.ASCII)
WHOLE = re.compile(r"\s*[+-]?\d{1,30}\s*", re.ASCII)


def integer_of_text(text: str, bits: int) -> int | None:
    if WHOLE.fullmatch(text):
        whole = int(text)
        return whole if -(2 ** (bits - 1)) <= whole < 2 ** (bits - 1) else None
    number = double_of_text(text)
    return None if number is None else integer_of(number, bits)


def double_of_text(text: str) -> float | None:
    if NUMBER.fullmatch(text) is None:
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def text_of_double(value: float) -> str:
    """The shortest text that gives the number back, in the form PostgreSQL writes (83, 1e-05, 1.5e+20)."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    text = repr(float(value))
    mantissa, _, exponent = text.partition("e")
    if not exponent and abs(value) >= 1e15:
        digits = mantissa.lstrip("-").split(".")[0]
        kept = digits.rstrip("0")
        tail = f".{kept[1:]}" if len(kept) > 1 else ""
        return f"{'-' if value < 0 else ''}{kept[0]}{tail}e+{len(digits) - 1:02}"
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{exponent}" if exponent else mantissa


# --- texts ---


@lru_cache(maxsize=512)
def _pattern(pattern: str, fold: bool) -> re.Pattern[str]:
    parts = {"%": ".*", "_": "."}
    regex = "".join(parts.get(character, re.escape(character)) for character in pattern)
    return re.compile(regex, re.DOTALL | (re.IGNORECASE | re.ASCII if fold else re.NOFLAG))


def like(pattern: str, value: str) -> int:
    """LIKE for patterns that are no literals (those become GLOB)."""
    return int(_pattern(_squeezed(pattern), False).fullmatch(value) is not None)


def nocasematch(value: str, pattern: str) -> int:
    return int(_pattern(_squeezed(pattern), True).fullmatch(value) is not None)


def _squeezed(pattern: str) -> str:
    """Without repeated ``%``, and short: long runs would make the search slow."""
    squeezed = re.sub("%+", "%", pattern)
    if squeezed.count("%") > 8 or len(squeezed) > 1000:
        raise ValueError("the pattern is too long")
    return squeezed


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
WORD = re.compile(r"[^\x01-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+")


def hasword(haystack: str, needle: str) -> int:
    """1 if every word of the needle is a word of the haystack, without regard to case."""
    return int(_words(needle) <= _words(haystack))


@lru_cache(1024)
def _words(text: str) -> frozenset[str]:
    """Remembered: a column of classes or names says the same in most rows."""
    return frozenset(WORD.findall(_folded(text)))


def hashlist_has(hashlist: str, item: str) -> int:
    return int(_folded(item) in _folded(hashlist).split("#"))


def _folded(text: str) -> str:
    """ASCII letters in lower case, as both databases fold."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def interval_overlaps(low1: float, high1: float, low2: float, high2: float) -> int:
    return int(low1 <= high1 and low2 <= high2 and low1 <= high2 and low2 <= high1)


# --- times and angles ---

timestamp_of = times.timestamp
to_mjd = times.mjd


def to_jd(text: str) -> float | None:
    value = times.mjd(text)
    return None if value is None else value + 2400000.5


SEXAGESIMAL = re.compile(
    r"\s*([+-]?)(\d+)(?:\s*[:hd°\s]\s*(\d+(?:\.\d+)?)(?:\s*[:m'\s]\s*(\d+(?:\.\d+)?)\s*[s\"]?)?\s*[m']?)?\s*[hd°]?\s*",
    re.ASCII,
)
COMPACT = re.compile(r"\s*([+-]?)(\d{2,3})(\d{2})(\d{2}(?:\.\d+)?)\s*", re.ASCII)


def _sexagesimal(text: str) -> float:
    found = COMPACT.fullmatch(text) or SEXAGESIMAL.fullmatch(text)
    if found is None:
        raise ValueError(text)
    sign, whole, minutes, seconds = found.groups()
    m, s = float(minutes or 0), float(seconds or 0)
    if m >= 60 or s >= 60:
        raise ValueError(text)
    size = float(whole) + m / 60 + s / 3600
    return -size if sign == "-" else size


def hms_to_degrees(text: str) -> float:
    return 15.0 * _sexagesimal(text)


def dms_to_degrees(text: str) -> float:
    return _sexagesimal(text)


# --- HEALPix and epochs ---


def healpix_index(order: int, longitude: float, latitude: float) -> int:
    return healpix.index(order, longitude, latitude)


def healpix_center(order: int, index: int) -> str:
    return _write(Point(*healpix.center(order, index)))


AU_PER_YEAR = 4.740470463533349
"""km/s in one astronomical unit a Julian year"""
MAS = math.pi / 180.0 / 3600.0 / 1000.0


def epoch_prop_pos(
    ra: float,
    dec: float,
    parallax: float,
    pm_ra: float,
    pm_dec: float,
    radial_velocity: float,
    reference: float,
    target: float,
) -> str:
    """Uniform motion in space (ESA SP-1200, volume 1, section 1.5.5). Angles in deg and mas, velocity in km/s."""
    years = target - reference
    start = geometry.vector(ra, dec)
    a, d = math.radians(ra), math.radians(dec)
    east = (-math.sin(a), math.cos(a), 0.0)
    north = (-math.sin(d) * math.cos(a), -math.sin(d) * math.sin(a), math.cos(d))
    motion = geometry.plus(geometry.scale(east, pm_ra * MAS), geometry.scale(north, pm_dec * MAS))
    radial = radial_velocity * parallax * MAS / AU_PER_YEAR
    moved = geometry.plus(geometry.scale(start, 1.0 + radial * years), geometry.scale(motion, years))
    return _write(Point(*geometry.position(moved)))
