"""Regions beyond the cone, as typed or drawn: circle, polygon, box, range, in ICRS or galactic degrees. Pure."""

import math
import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from search.resolver.positions import galactic_to_icrs

MAX_CORNERS = 100
STEPS = 8
"""corners along each edge of a range, since its edges are no great circles"""


class RegionError(ValueError):
    """The text is no region; the words are for the user."""


@dataclass(frozen=True)
class Region:
    """``adql`` is the ADQL 2.1 geometry; ``text`` what was typed."""

    text: str
    adql: str

    def corners(self) -> list[tuple[float, float]]:
        """Its outline, ICRS in degrees; a circle as a ring of 48."""
        numbers = [float(part) for part in re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?", self.adql.partition("(")[2])]
        if self.adql.startswith("CIRCLE"):
            return around(numbers[0], numbers[1], numbers[2])
        return list(zip(numbers[::2], numbers[1::2], strict=True))


def around(ra: float, dec: float, radius: float, count: int = 48) -> list[tuple[float, float]]:
    """Points of a circle about a position (degrees)."""
    a, d, r = (math.radians(value) for value in (ra, dec, radius))
    made = []
    for step in range(count):
        angle = 2 * math.pi * step / count
        sine = math.sin(d) * math.cos(r) + math.cos(d) * math.sin(r) * math.cos(angle)
        turn = math.atan2(math.sin(angle) * math.sin(r) * math.cos(d), math.cos(r) - math.sin(d) * sine)
        made.append((math.degrees(a + turn) % 360, math.degrees(math.asin(max(-1.0, min(1.0, sine))))))
    return made


def parse(text: str) -> Region:
    """``CIRCLE lon lat r``, ``POLYGON lon lat lon lat …``, ``BOX lon lat width height``, ``RANGE lon1 lon2 lat1 lat2``.

    A word ``galactic`` (or ``gal``) behind the shape says that the numbers are galactic; ICRS otherwise. Degrees.
    """
    if len(text) > 4000:
        raise RegionError(_("The region is too long."))
    match = re.fullmatch(r"\s*(circle|polygon|box|range)\s+(?:(icrs|gal(?:actic)?)\s+)?([\d\s.,eE+−-]+)", text, re.I)
    if match is None:
        raise RegionError(
            _("Write CIRCLE lon lat radius, POLYGON lon lat lon lat …, BOX lon lat width height, or")
            + " RANGE lon1 lon2 lat1 lat2"
            + _("; galactic after the word for galactic degrees.")
        )
    shape = match[1].lower()
    try:
        numbers = [float(part) for part in re.split(r"[\s,]+", match[3].strip().replace("−", "-")) if part]
    except ValueError:
        raise RegionError(_("One of the numbers cannot be read.")) from None
    if not all(math.isfinite(value) for value in numbers):
        raise RegionError(_("One of the numbers is too large."))
    galactic = bool(match[2]) and match[2].lower().startswith("gal")
    return Region(" ".join(text.split()), _SHAPES[shape](numbers, galactic))


def _point(lon: float, lat: float, galactic: bool) -> tuple[float, float]:
    if not (-360 <= lon <= 720 and -90 <= lat <= 90):
        raise RegionError(_("%(lon)g, %(lat)g is no position in degrees.") % {"lon": lon, "lat": lat})
    return galactic_to_icrs(lon, lat) if galactic else (lon % 360, lat)


def _circle(numbers: list[float], galactic: bool) -> str:
    if len(numbers) != 3 or not 0 < numbers[2] <= 180:
        raise RegionError(_("A circle has a longitude, a latitude and a radius above 0."))
    ra, dec = _point(numbers[0], numbers[1], galactic)
    return f"CIRCLE({ra:.6f}, {dec:.6f}, {numbers[2]:g})"


def _polygon(numbers: list[float], galactic: bool) -> str:
    if len(numbers) % 2 or not 6 <= len(numbers) <= 2 * MAX_CORNERS:
        raise RegionError(_("A polygon has three or more corners, each a longitude and a latitude."))
    return _written([_point(lon, lat, galactic) for lon, lat in zip(numbers[::2], numbers[1::2], strict=True)])


def _box(numbers: list[float], galactic: bool) -> str:
    if len(numbers) != 4 or not (0 < numbers[2] < 180 and 0 < numbers[3] < 180):
        raise RegionError(_("A box has a centre (longitude, latitude), a width and a height, below 180 degrees."))
    lon, lat, width, height = numbers
    return _range([lon - width / 2, lon + width / 2, lat - height / 2, lat + height / 2], galactic)


def _range(numbers: list[float], galactic: bool) -> str:
    """A piece of longitude and latitude as a polygon whose edges follow it."""
    if len(numbers) != 4:
        raise RegionError(_("A range has two longitudes and two latitudes."))
    lon1, lon2, lat1, lat2 = numbers
    lat1, lat2 = max(-89.9, min(lat1, lat2)), min(89.9, max(lat1, lat2))
    width = (lon2 - lon1) % 360
    if not 0 < width < 180 or lat1 >= lat2:
        raise RegionError(
            _("A range is wider than 0 and narrower than 180 degrees of longitude, and has two latitudes.")
        )
    bottom = [(lon1 + width * step / STEPS, lat1) for step in range(STEPS + 1)]
    top = [(lon1 + width * step / STEPS, lat2) for step in range(STEPS, -1, -1)]
    return _written([_point(lon % 360, lat, galactic) for lon, lat in bottom + top])


def _written(corners: list[tuple[float, float]]) -> str:
    return "POLYGON(" + ", ".join(f"{ra:.6f}, {dec:.6f}" for ra, dec in corners) + ")"


_SHAPES = {"circle": _circle, "polygon": _polygon, "box": _box, "range": _range}
