"""The caps of many regions at once, for a bulk of rows: what ``geometry.cap(geometry.read(text))`` gives for each.

Circles, positions and polygons as archives write them are computed together; what is rare (a union, a box, a polygon
of half the sky or with a vertex twice) goes the way of a single region.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.adql import geometry

Numbers = NDArray[np.float64]
_CIRCLES = {"circle": 3, "position": 2, "point": 2}
_EDGE = np.radians(geometry.EDGE)


def vectors(longitude: Numbers, latitude: Numbers) -> Numbers:
    """Unit vectors of positions in degrees; shape ``(..., 3)``, NaN where a coordinate is."""
    a, d = np.radians(longitude), np.radians(latitude)
    c = np.cos(d)
    return np.stack((c * np.cos(a), c * np.sin(a), np.sin(d)), axis=-1)


def caps(texts: Sequence[str | None]) -> tuple[Numbers, dict[int, str]]:
    """x, y, z, radius, inner (``geometry.Cap``) of each region, shape ``(n, 5)``; NaN where there is none.

    Beside them why a text is no region, by its number.
    """
    found = np.full((len(texts), 5), np.nan)
    groups: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    words: dict[int, list[str]] = {}
    alone = []
    for number, text in enumerate(texts):
        if text is None:
            continue
        kind, *rest = text.split() or [""]
        if rest and rest[0].upper() in geometry.SYSTEMS:
            del rest[0]
        kind = kind.lower()
        # Python and numpy take 1_0 for a number; the standard does not.
        if "_" not in text and (kind == "polygon" or len(rest) == _CIRCLES.get(kind)):
            words[number] = rest
            groups[kind, len(rest)].append(number)
        else:
            alone.append(number)
    for (kind, _count), members in groups.items():
        alone += _together(kind, np.array(members), [words[number] for number in members], found)
    return found, _one_by_one(texts, alone, found)


def _together(kind: str, members: NDArray[Any], words: list[list[str]], found: Numbers) -> list[int]:
    """Fills the rows of regions of one kind and length; returns those that must be looked at alone."""
    try:
        numbers = np.array(words, dtype=float)
    except ValueError:
        return [int(number) for number in members]
    longitudes, latitudes = numbers[:, : 2 * (numbers.shape[1] // 2) : 2], numbers[:, 1::2]
    known = np.isfinite(numbers).all(axis=1) & (np.abs(latitudes) <= 90.0).all(axis=1)
    if kind == "polygon":
        if numbers.shape[1] < 6 or numbers.shape[1] % 2:
            return [int(number) for number in members]
        made, usable = _polygons(vectors(longitudes, latitudes))
        known &= usable
    else:
        radius = numbers[:, 2] if kind == "circle" else np.zeros(len(numbers))
        known &= (radius >= 0.0) & (radius <= 180.0)
        made = np.column_stack((vectors(longitudes[:, 0], latitudes[:, 0]), radius, radius))
    found[members[known]] = made[known]
    return [int(number) for number in members[~known]]


def _one_by_one(texts: Sequence[str | None], alone: Sequence[int], found: Numbers) -> dict[int, str]:
    reasons = {}
    for number in alone:
        try:
            cap = geometry.cap(geometry.read(texts[number] or ""))
            found[number] = (*cap.vector, cap.radius, cap.inner)
        except geometry.BadShape as error:
            reasons[number] = str(error)
    return reasons


# --- polygons: vertices of shape (n, k, 3), as ``geometry`` has them one by one ---


def _polygons(vertices: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """The caps of polygons, and which of them are plain enough: no equal or opposite neighbours, no wide reach."""
    total = vertices.sum(axis=1)
    length = np.linalg.norm(total, axis=1)
    nexts = np.roll(vertices, -1, axis=1)
    sides = _angle(vertices, nexts)
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = total / length[:, None]
    reach = _angle(vertices, middle[:, None, :]).max(axis=1)
    usable = (length > 1e-6) & (sides > 2 * _EDGE).all(axis=1) & (sides < np.pi - 2 * _EDGE).all(axis=1)
    usable &= reach < geometry.WIDE
    nearest = _to_edges(middle, vertices, nexts).min(axis=1)
    held = _middle_is_inside(middle, vertices, nexts) | (nearest <= _EDGE)
    inner = np.degrees(nearest) - geometry.EDGE
    inner[~held | (inner <= 0.0)] = geometry.NONE
    return np.column_stack((middle, np.degrees(reach) + geometry.EDGE, inner)), usable


def _angle(a: Numbers, b: Numbers) -> Numbers:
    """Radians between unit vectors, precise at 0 and at 180 degrees."""
    angle: Numbers = 2.0 * np.arctan2(np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1))
    return angle


def _dot(a: Numbers, b: Numbers) -> Numbers:
    product: Numbers = np.einsum("...i,...i->...", a, b)
    return product


def _to_edges(points: Numbers, a: Numbers, b: Numbers) -> Numbers:
    """Radians from each polygon's point to each of its edges."""
    p = np.broadcast_to(points[:, None, :], a.shape)
    n = np.cross(a - b, a + b)
    c = np.cross(n, p)
    beside = (_dot(a, c) <= 0.0) & (_dot(b, c) >= 0.0)
    across = np.arctan2(np.abs(_dot(n, p)), np.linalg.norm(c, axis=-1))
    chord = np.minimum(np.linalg.norm(p - a, axis=-1), np.linalg.norm(p - b, axis=-1))
    distance: Numbers = np.where(beside, across, 2.0 * np.arcsin(np.minimum(1.0, chord / 2.0)))
    return distance


def _middle_is_inside(middle: Numbers, a: Numbers, b: Numbers) -> NDArray[np.bool_]:
    """An odd number of edges lie between the middle and a point at right angles to it, which is outside."""
    away = _perpendicular(middle)
    m = np.cross(middle - away, middle + away)[:, None, :]
    n = np.cross(a - b, a + b)
    p, q = middle[:, None, :], away[:, None, :]
    meet = np.cross(np.broadcast_to(m, n.shape), n)
    crossed = (_dot(m, a) >= 0.0) != (_dot(m, b) >= 0.0)
    crossed &= (_dot(n, p) >= 0.0) != (_dot(n, q) >= 0.0)
    crossed &= (_dot(meet, p + q) >= 0.0) == (_dot(meet, a + b) >= 0.0)
    inside: NDArray[np.bool_] = crossed.sum(axis=1) % 2 == 1
    return inside


def _perpendicular(v: Numbers) -> Numbers:
    """Unit vectors at right angles, made with the axis that is farthest."""
    least = np.argmin(np.abs(v), axis=1)
    axis = np.eye(3)[least]
    found = np.cross(v, axis)
    perpendicular: Numbers = found / np.linalg.norm(found, axis=1, keepdims=True)
    return perpendicular
