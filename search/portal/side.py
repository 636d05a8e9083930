"""Beside the table: footprints on the sky and distributions, drawn on the server as SVG; they need no script."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from gateway.access.rights import Viewer
from gateway.vo.readable import MJD_EPOCH, short
from search.portal import asking
from search.portal.builder import HEA, OBSCONFIG, Query
from search.portal.criteria import Criteria
from search.portal.regions import around
from search.resolver.positions import middle, separation

SAMPLE = 5_000
MAX_SHAPES = 300
WIDTH, HEIGHT = 294, 64


@dataclass
class Bar:
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass
class Histogram:
    """``ticks`` are (x, text) along the bottom."""

    title: str
    bars: list[Bar]
    ticks: list[tuple[float, str]]
    table: list[tuple[str, int]]
    width: int = WIDTH
    height: int = HEIGHT


@dataclass
class Shape:
    """A footprint in picture coordinates: an SVG path, with its kind (observed or simulated)."""

    did: str
    path: str
    simulated: bool
    title: str
    x: float = 0.0
    y: float = 0.0


@dataclass
class Sky:
    """A gnomonic picture about a centre (degrees, ICRS), ``size`` degrees wide. ``searched``: corners of the place
    searched (ICRS), drawn as ``outline``. ``elsewhere``: footprints that lie outside of it."""

    ra: float
    dec: float
    size: float
    shapes: list[Shape] = field(default_factory=list)
    searched: list[tuple[float, float]] = field(default_factory=list)
    outline: str = ""
    elsewhere: int = 0


def distributions(query: Query, viewer: Viewer) -> list[Histogram]:
    """Energy, start and zenith of the matching products (the first 5,000)."""
    tables = {OBSCONFIG, HEA}
    adql = f"SELECT TOP {SAMPLE} energy_min, energy_max, t_min, zenith FROM {query.source(tables)}{query.where()}"
    rows = asking.ask(adql, viewer, SAMPLE).rows
    made = [_energies(rows), _starts(rows), _zeniths(rows)]
    return [one for one in made if one is not None]


def _energies(rows: Sequence[Sequence[Any]]) -> Histogram | None:
    ranges = [
        (math.log10(row[0] / 1e12), math.log10(row[1] / 1e12)) for row in rows if row[0] and row[1] and row[0] > 0
    ]
    if not ranges:
        return None
    low = math.floor(min(first for first, _last in ranges) * 5) / 5
    high = max(math.ceil(max(last for _first, last in ranges) * 5) / 5, low + 0.4)
    count = round((high - low) * 5)
    values = [
        sum(first < low + (place + 1) / 5 and last > low + place / 5 for first, last in ranges)
        for place in range(count)
    ]
    labels = [
        f"{short(10 ** (low + place / 5), 2)} – {short(10 ** (low + (place + 1) / 5), 2)} TeV" for place in range(count)
    ]
    ticks = [
        ((decade - low) / (high - low), short(10.0**decade, 1))
        for decade in range(math.ceil(low), math.floor(high) + 1)
    ]
    return _histogram(_("Safe energy range, products per bin (TeV)"), values, labels, ticks)


def _starts(rows: Sequence[Sequence[Any]]) -> Histogram | None:
    years = [(MJD_EPOCH + timedelta(days=row[2])).year for row in rows if row[2] is not None and 0 < row[2] < 200_000]
    if not years:
        return None
    low, high = min(years), max(years)
    step = max(1, math.ceil((high - low + 1) / 24))
    count = (high - low) // step + 1
    values = [sum(low + place * step <= year < low + (place + 1) * step for year in years) for place in range(count)]
    labels = [
        str(low + place * step) if step == 1 else f"{low + place * step}–{low + (place + 1) * step - 1}"
        for place in range(count)
    ]
    ticks = [(0.5 / count, str(low))] + ([((count - 0.5) / count, str(high))] if count > 1 else [])
    return _histogram(_("Start, per year"), values, labels, ticks, WIDTH // 2 - 8)


def _zeniths(rows: Sequence[Sequence[Any]]) -> Histogram | None:
    angles = [row[3] for row in rows if row[3] is not None]
    if not angles:
        return None
    low, high = math.floor(min(angles) / 5) * 5, math.floor(max(angles) / 5) * 5 + 5
    count = (high - low) // 5
    values = [sum(low + 5 * place <= angle < low + 5 * place + 5 for angle in angles) for place in range(count)]
    labels = [f"{low + 5 * place}–{low + 5 * place + 5}°" for place in range(count)]
    return _histogram(_("Zenith (°)"), values, labels, [(0.0, str(low)), (1.0, str(high))], WIDTH // 2 - 8)


def _histogram(
    title: str, values: list[int], labels: list[str], ticks: list[tuple[float, str]], width: int = WIDTH
) -> Histogram:
    top = max(values) or 1
    step = width / len(values)
    bars = [
        Bar(round(place * step, 1), round(HEIGHT * (1 - value / top), 1), round(max(step - 1, 1), 1),
            round(HEIGHT * value / top, 1), f"{label}: {value}")
        for place, (value, label) in enumerate(zip(values, labels, strict=True))
    ]  # fmt: skip
    placed = [(round(min(max(share * width, 0), width), 1), text) for share, text in ticks]
    return Histogram(title, bars, placed, list(zip(labels, values, strict=True)), width)


# --- the sky ---


def sky(rows: Sequence[Any], criteria: Criteria) -> Sky | None:
    """The footprints of products about the place searched, or about the first of them; None where there is neither."""
    placed = [row for row in rows if row.s_ra is not None and row.s_dec is not None][:MAX_SHAPES]
    searched = _searched(criteria)
    if criteria.ra is not None and criteria.dec is not None:
        ra, dec = criteria.ra, criteria.dec
    elif searched:
        ra, dec = middle(searched)
    elif placed:
        ra, dec = placed[0].s_ra, placed[0].s_dec
    else:
        return None
    near = [row for row in placed if separation(ra, dec, row.s_ra, row.s_dec) < 30]
    reaches = [separation(ra, dec, row.s_ra, row.s_dec) + (row.s_fov or 1) / 2 for row in near]
    reaches += [separation(ra, dec, *corner) for corner in searched]
    picture = Sky(ra, dec, min(2.1 * max(reaches, default=2.0), 120.0), searched=searched)
    picture.outline = _path(searched, picture)
    for row in near:
        path = _path(around(row.s_ra, row.s_dec, (row.s_fov or 0.2) / 2), picture)
        if path:
            x, y = project(row.s_ra, row.s_dec, picture) or (0.0, 0.0)
            picture.shapes.append(
                Shape(row.obs_publisher_did, path, bool(row.simulated), row.obs_title or row.key, x, y)
            )
    picture.elsewhere = len(placed) - len(picture.shapes)
    return picture


def _searched(criteria: Criteria) -> list[tuple[float, float]]:
    """Corners (ICRS, degrees) of the region or cone of the search; empty where it has none."""
    if criteria.region is not None:
        return criteria.region.corners()
    if criteria.ra is not None and criteria.dec is not None:
        return around(criteria.ra, criteria.dec, criteria.radius)
    return []


def project(ra: float, dec: float, picture: Sky) -> tuple[float, float] | None:
    """Gnomonic (TAN) place of a position in a picture of 300 × 300 units, north up and east left; None behind it."""
    a, d = math.radians(ra - picture.ra), math.radians(dec)
    d0 = math.radians(picture.dec)
    cosine = math.sin(d0) * math.sin(d) + math.cos(d0) * math.cos(d) * math.cos(a)
    if cosine < 0.05:
        return None
    x = math.cos(d) * math.sin(a) / cosine
    y = (math.cos(d0) * math.sin(d) - math.sin(d0) * math.cos(d) * math.cos(a)) / cosine
    scale = 300 / (2 * math.tan(math.radians(min(picture.size / 2, 80))))
    return round(150 - x * scale, 1), round(150 - y * scale, 1)


def _path(corners: Sequence[tuple[float, float]], picture: Sky) -> str:
    """The SVG path of a closed line; empty where part of it lies behind the picture."""
    places = [project(ra, dec, picture) for ra, dec in corners]
    if not places or None in places:
        return ""
    return "M" + "L".join(f"{place[0]} {place[1]}" for place in places if place) + "Z"
