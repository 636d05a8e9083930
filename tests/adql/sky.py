"""Answers about the sky that owe nothing to search.adql: astropy's separations, matplotlib's planar polygons."""

import math
import re
from typing import Any

import numpy as np
from astropy.coordinates import SkyCoord
from matplotlib.path import Path
from numpy.typing import NDArray

from tests.adql.world import VISIBLE

ROWS = VISIBLE


def separation(lon1: Any, lat1: Any, lon2: Any, lat2: Any) -> NDArray[np.float64]:
    first, second = (SkyCoord(a, d, unit="deg") for a, d in ((lon1, lat1), (lon2, lat2)))
    return np.asarray(first.separation(second).deg)


def placed() -> list[dict[str, Any]]:
    return [row for row in ROWS if row["s_ra"] is not None and row["s_dec"] is not None]


def in_cone(ra: float, dec: float, radius: float) -> set[int]:
    rows = placed()
    apart = separation([row["s_ra"] for row in rows], [row["s_dec"] for row in rows], ra, dec)
    return {row["size"] for row, angle in zip(rows, apart, strict=True) if angle <= radius + 1e-10}


def plane(
    ra: Any, dec: Any, ra0: float, dec0: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Gnomonic projection: great circles become straight lines; the last array tells what lies on the near half."""
    a, d = np.radians(np.asarray(ra, float) - ra0), np.radians(np.asarray(dec, float))
    d0 = math.radians(dec0)
    cosine = np.sin(d0) * np.sin(d) + np.cos(d0) * np.cos(d) * np.cos(a)
    near = cosine > 1e-9
    safe = np.where(near, cosine, 1.0)
    x = np.cos(d) * np.sin(a) / safe
    y = (np.cos(d0) * np.sin(d) - np.sin(d0) * np.cos(d) * np.cos(a)) / safe
    return x, y, near


def in_polygon(ra: Any, dec: Any, corners: list[tuple[float, float]]) -> NDArray[np.bool_]:
    """For polygons well within a hemisphere about their middle."""
    vectors = np.array(
        [
            [
                math.cos(math.radians(d)) * math.cos(math.radians(a)),
                math.cos(math.radians(d)) * math.sin(math.radians(a)),
                math.sin(math.radians(d)),
            ]
            for a, d in corners
        ]
    )
    x0, y0, z0 = vectors.mean(axis=0)
    ra0, dec0 = math.degrees(math.atan2(y0, x0)), math.degrees(math.atan2(z0, math.hypot(x0, y0)))
    px, py, near = plane(ra, dec, ra0, dec0)
    cx, cy, _ = plane([c[0] for c in corners], [c[1] for c in corners], ra0, dec0)
    inside = Path(np.column_stack([cx, cy])).contains_points(np.column_stack([px, py]))
    return np.asarray(inside & near)


def positions_in_polygon(corners: list[tuple[float, float]]) -> set[int]:
    rows = placed()
    held = in_polygon([row["s_ra"] for row in rows], [row["s_dec"] for row in rows], corners)
    return {row["size"] for row, inside in zip(rows, held, strict=True) if inside}


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?", text)]


def _corners(text: str) -> list[tuple[float, float]]:
    numbers = _numbers(text)
    if not text.startswith("Box"):
        return list(zip(numbers[::2], numbers[1::2], strict=True))
    ra, dec, width, height = numbers
    x, y = math.tan(math.radians(width / 2)), math.tan(math.radians(height / 2))
    corners = []
    for u, v in ((-x, -y), (x, -y), (x, y), (-x, y)):
        reach, turn = math.atan(math.hypot(u, v)), math.atan2(u, v)
        place = SkyCoord(ra, dec, unit="deg").directional_offset_by(
            np.degrees(turn) * 1.0 * _deg(), np.degrees(reach) * _deg()
        )
        corners.append((float(place.ra.deg), float(place.dec.deg)))
    return corners


def _deg() -> Any:
    from astropy import units

    return units.deg


def _parts(region: str) -> list[str]:
    if region.startswith("Union"):
        return re.findall(r"Circle [-\d. ]+", region)
    return [region.replace("ICRS ", "")]


def _meets(part: str, ra: float, dec: float, radius: float) -> bool | None:
    """Does the simple region meet the circle? None: too near to tell."""
    numbers = _numbers(part)
    if part.startswith(("Circle", "Position")):
        gap = float(separation(numbers[0], numbers[1], ra, dec)) - radius - (numbers[2] if len(numbers) == 3 else 0.0)
        return None if abs(gap) < 1e-9 else gap < 0
    corners = _corners(part)
    if bool(in_polygon([ra], [dec], corners)[0]):
        return True
    gap = float(separation(*_edge_points(corners), ra, dec).min()) - radius
    return None if abs(gap) < 1e-4 else gap < 0


def _edge_points(corners: list[tuple[float, float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Many points on each edge, by slerp of vectors."""
    points = []
    for (a1, d1), (a2, d2) in zip(corners, corners[1:] + corners[:1], strict=True):
        ends = [
            np.array(
                [
                    math.cos(math.radians(d)) * math.cos(math.radians(a)),
                    math.cos(math.radians(d)) * math.sin(math.radians(a)),
                    math.sin(math.radians(d)),
                ]
            )
            for a, d in ((a1, d1), (a2, d2))
        ]
        steps = np.linspace(0, 1, 400)[:, None]
        line = ends[0] * (1 - steps) + ends[1] * steps
        points.append(line / np.linalg.norm(line, axis=1)[:, None])
    v = np.concatenate(points)
    return np.degrees(np.arctan2(v[:, 1], v[:, 0])) % 360, np.degrees(np.arcsin(v[:, 2]))


BAD = ("no region", "Circle FK4", "Polygon ICRS 1 1 2 2")


def regions_meeting(ra: float, dec: float, radius: float) -> tuple[set[int], set[int]]:
    """Rows whose region surely meets the circle, and rows for which this file cannot tell."""
    yes, unsure = set(), set()
    for row in ROWS:
        region = row["s_region"]
        if region is None or region.startswith(BAD):
            continue
        answers = [_meets(part, ra, dec, radius) for part in _parts(region)]
        if any(answers):
            yes.add(row["size"])
        elif None in answers:
            unsure.add(row["size"])
    return yes, unsure
