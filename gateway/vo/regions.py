"""Regions of SODA 1.0 (section 3.3.4): CIRCLE ra dec radius, RANGE lon1 lon2 lat1 lat2, POLYGON ra dec …, in degrees.

For event lists, in numpy; ``search.adql.geometry`` has the exact geometry of queries.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
MAX_NUMBERS = 2000


def read(text: str) -> tuple[str, tuple[float, ...]]:
    """Kind and numbers of a region; raises ValueError with a sentence for the person who wrote it."""
    kind, _blank, rest = text.strip().partition(" ")
    kind = kind.upper()
    try:
        numbers = tuple(float(word) for word in rest.split()[: MAX_NUMBERS + 1])
    except ValueError:
        numbers = (math.nan,)
    if "_" in text or any(map(math.isnan, numbers)):
        raise ValueError(f"{text[:40]!r} is no region: write POLYGON ra dec ra dec ra dec, or RANGE lon lon lat lat.")
    count = len(numbers)
    if not {"CIRCLE": count == 3, "RANGE": count == 4, "POLYGON": 6 <= count <= MAX_NUMBERS and not count % 2}.get(
        kind
    ):
        raise ValueError(f"{text[:40]!r} is no CIRCLE of 3, RANGE of 4 or POLYGON of 6 or more numbers.")
    return kind, numbers


def inside(kind: str, numbers: Sequence[float], ra: Array, dec: Array) -> Flags:
    """Which positions lie in the region."""
    if kind == "RANGE":
        west, east, south, north = numbers
        in_longitude = (ra - west) % 360 <= east - west if np.isfinite(east - west) else (ra >= west) & (ra <= east)
        return np.asarray(in_longitude & (dec >= south) & (dec <= north))
    points = _vectors(ra, dec)
    if kind == "CIRCLE":
        centre = _vectors(np.array(numbers[:1]), np.array(numbers[1:2]))[0]
        chord = np.linalg.norm(points - centre, axis=1)
        return np.asarray(chord <= 2 * np.sin(np.radians(min(numbers[2], 180)) / 2))
    return _in_polygon(points, _vectors(np.array(numbers[::2]), np.array(numbers[1::2])))


def _vectors(ra: Array, dec: Array) -> Array:
    lon, lat = np.radians(ra), np.radians(dec)
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _in_polygon(points: Array, corners: Array) -> Flags:
    """The way once around the corners, as seen from the point; polygons smaller than a hemisphere."""
    centre = corners.sum(axis=0)
    turn = np.zeros(len(points))
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        # a and b as seen in the plane that touches the sphere at the point
        flat_a = a - points * (points @ a)[:, None]
        flat_b = b - points * (points @ b)[:, None]
        cross = np.einsum("ij,ij->i", points, np.cross(flat_a, flat_b))
        turn += np.arctan2(cross, np.einsum("ij,ij->i", flat_a, flat_b))
    return np.asarray((np.abs(turn) > np.pi) & (points @ centre > 0))
