"""Where a product lies on the sky, as numbers that both databases can index: unit vectors and enclosing caps.

STC-S as TAP 1.0 (section 6) restricts it: Position, Circle, Box and Polygon in ICRS degrees, and Union of these.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search.adql import caps, geometry

Vector = tuple[float, float, float]
_SHAPE = re.compile(r"\b(position|circle|box|polygon)\b", re.IGNORECASE)
_WORD = re.compile(r"\b[a-z]\w*", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", re.IGNORECASE)
_EXPECTED = {"position": 2, "circle": 3, "box": 4}


COLUMNS = ("x", "y", "z", "region_x", "region_y", "region_z", "region_radius", "region_inner")
"""of a table with a sky index"""


class InvalidRegion(ValueError):
    """The text is no region that the archive can index; the message says why."""


@dataclass(frozen=True)
class Cap:
    """A circle on the sphere: unit vector of its centre, radius in degrees."""

    centre: Vector
    radius: float


def unit_vector(ra: float, dec: float) -> Vector:
    """Unit vector of a position (degrees)."""
    cos_dec = math.cos(math.radians(dec))
    return (
        cos_dec * math.cos(math.radians(ra)),
        cos_dec * math.sin(math.radians(ra)),
        math.sin(math.radians(dec)),
    )


def separation(a: Vector, b: Vector) -> float:
    """Angle between two unit vectors in degrees, exact for small and for large ones."""
    chord = math.dist(a, b)
    return math.degrees(2 * math.asin(min(1.0, chord / 2)))


def angular_distance(ra: float, dec: float, other_ra: float, other_dec: float) -> float:
    """Angle between two positions, all in degrees."""
    return separation(unit_vector(ra, dec), unit_vector(other_ra, other_dec))


def place(ra: float | None, dec: float | None, region: str | None) -> tuple[float | None, ...]:
    """The values of COLUMNS for a row; None where it has no position or no region. Raises InvalidRegion."""
    vector: tuple[float | None, ...] = (None, None, None)
    cap: tuple[float | None, ...] = (None, None, None, None, None)
    if ra is not None and dec is not None:
        vector = unit_vector(ra, dec)
    if region:
        try:
            found = geometry.cap(geometry.read(region))
        except geometry.BadShape as error:
            raise InvalidRegion(str(error)) from error
        cap = (found.x, found.y, found.z, found.radius, found.inner)
    return (*vector, *cap)


def place_all(rows: Sequence[Mapping[str, Any]]) -> tuple[list[list[float | None]], dict[int, str]]:
    """The values of COLUMNS for each of many rows (members ``s_ra``, ``s_dec``, ``s_region``, where they have them).

    Beside them why a region cannot be indexed, by the number of its row.
    """
    degrees = [np.array([row.get(name) for row in rows], dtype=float) for name in ("s_ra", "s_dec")]
    found, reasons = caps.caps([row.get("s_region") for row in rows])
    placed = np.column_stack((caps.vectors(*degrees), found)).tolist()
    return [[None if value != value else value for value in row] for row in placed], reasons  # noqa: PLR0124 - NaN


def circle(ra: float, dec: float, radius: float) -> str:
    """STC-S of a circle (degrees, ICRS)."""
    return f"Circle ICRS {ra:.7f} {dec:.7f} {radius:.6g}"


def enclosing_cap(region: str) -> Cap:
    """The smallest cap that is easy to find around an STC-S region."""
    found = [_cap_of(kind, numbers) for kind, numbers in _shapes(region)]
    if not found:
        raise InvalidRegion(f"no Circle, Box, Polygon or Position in {region[:80]!r}")
    if len(found) == 1:
        return found[0]
    centre = _mean([cap.centre for cap in found])
    return Cap(centre, min(180.0, max(separation(centre, cap.centre) + cap.radius for cap in found)))


def _shapes(region: str) -> Iterator[tuple[str, list[float]]]:
    pieces = _SHAPE.split(region)
    for kind, rest in zip(map(str.lower, pieces[1::2]), pieces[2::2], strict=True):
        numbers = [float(text) for text in _NUMBER.findall(_WORD.sub(" ", rest))]
        if kind == "polygon":
            if len(numbers) < 6 or len(numbers) % 2:
                raise InvalidRegion("a Polygon needs three or more pairs of numbers")
        elif len(numbers) != _EXPECTED[kind]:
            raise InvalidRegion(f"a {kind.title()} needs {_EXPECTED[kind]} numbers, not {len(numbers)}")
        yield kind, numbers


def _cap_of(kind: str, numbers: Sequence[float]) -> Cap:
    points = list(zip(numbers[::2], numbers[1::2], strict=False)) if kind == "polygon" else [(numbers[0], numbers[1])]
    for ra, dec in points:
        if not (-360 <= ra <= 720 and -90 <= dec <= 90):
            raise InvalidRegion(f"{ra:g}, {dec:g} is no position in degrees")
    vectors = [unit_vector(*point) for point in points]
    centre = _mean(vectors)
    if kind == "polygon":
        return Cap(centre, max(separation(centre, vector) for vector in vectors))
    radius = {"position": 0.0, "circle": numbers[-1], "box": math.hypot(numbers[-1], numbers[-2]) / 2}[kind]
    if not 0 <= radius <= 360:
        raise InvalidRegion(f"{radius:g} degrees is no radius")
    return Cap(centre, min(180.0, radius))


def _mean(vectors: Sequence[Vector]) -> Vector:
    total = [sum(component) for component in zip(*vectors, strict=True)]
    length = math.hypot(*total)
    if length < 1e-12:
        return vectors[0]
    return (total[0] / length, total[1] / length, total[2] / length)
