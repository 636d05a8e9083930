"""Statistics of a circle on a map: what JS9 offers as region analysis, computed from the stored file."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_area, proj_plane_pixel_scales
from django.utils.translation import gettext as _

from search.archive import planes
from search.archive.extract import stored_fits
from search.archive.models import Product
from search.archive.previews import MAX_SIZE

logger = logging.getLogger(__name__)


class Unmeasurable(Exception):
    """The circle or the map cannot be measured; the text says why and what to do."""


@dataclass(frozen=True)
class Circle:
    """Degrees, ICRS."""

    ra: float
    dec: float
    radius: float


@dataclass(frozen=True)
class Statistics:
    """Of the pixels whose centre lies within the circle, NaN left out. ``area`` in deg²."""

    pixels: int
    sum: float
    mean: float
    deviation: float
    minimum: float
    maximum: float
    area: float
    unit: str = ""


def circle(parameters: Mapping[str, str]) -> Circle | None:
    """The circle of a request; None where none is asked for. Raises Unmeasurable."""
    texts = [parameters.get(name, "").strip() for name in ("ra", "dec", "radius")]
    if not any(texts):
        return None
    try:
        ra, dec, radius = (float(text.replace("−", "-")) for text in texts)
    except ValueError:
        raise Unmeasurable(_("Give right ascension, declination and radius as numbers in degrees.")) from None
    if not (math.isfinite(ra) and -90 <= dec <= 90 and 0 < radius <= 90):
        raise Unmeasurable(_("The declination lies between −90° and +90°, the radius between 0° and 90°."))
    return Circle(ra % 360, dec, radius)


def of(product: Product, wanted: Circle, plane: str = "") -> Statistics:
    """Of one plane of a cube (its number from 1), or of their sum. Raises Unmeasurable."""
    if not product.is_fits(MAX_SIZE):
        raise Unmeasurable(_("This file cannot be measured here. Download it to measure it."))
    try:
        with stored_fits(product.storage_key) as hdus:
            return statistics(hdus, wanted, plane)
    except Unmeasurable:
        raise
    except Exception as error:  # whatever is odd in the file, the page stays whole
        logger.exception("no measure of %s", product.key)
        raise Unmeasurable(_("This file cannot be measured here. Download it to measure it.")) from error


def statistics(hdus: fits.HDUList, wanted: Circle, plane: str = "") -> Statistics:
    """Of the first image of the file."""
    try:
        hdu = planes.chosen(hdus, "")
        image = planes.values(hdu, planes.wanted(planes.count(hdu), plane))
    except planes.NoImage as error:
        raise Unmeasurable(str(error)) from None
    wcs = planes.celestial(hdu.header)
    if wcs is None:
        raise Unmeasurable(_("The image has no sky coordinates."))
    rows, columns = _window(wcs, hdu.shape[-2:], wanted)
    values = np.asarray(image[rows, columns], dtype=float)
    if not values.size:
        raise Unmeasurable(_("No pixel of the map lies within this circle."))
    y, x = np.mgrid[rows, columns]
    sky = wcs.pixel_to_world(x, y)
    distance = sky.icrs.separation(SkyCoord(wanted.ra * u.deg, wanted.dec * u.deg)).deg
    inside = values[(distance <= wanted.radius) & np.isfinite(values)]
    if not inside.size:
        raise Unmeasurable(_("No pixel of the map lies within this circle."))
    return Statistics(
        int(inside.size), float(inside.sum()), float(inside.mean()), float(inside.std()), float(inside.min()),
        float(inside.max()), float(inside.size * proj_plane_pixel_area(wcs)), planes.unit_of(hdu),
    )  # fmt: skip


def _window(wcs: WCS, shape: tuple[int, ...], wanted: Circle) -> tuple[slice, slice]:
    """The part of the image that can hold the circle; all of it where the projection is far from flat."""
    reach = 2 * wanted.radius / min(proj_plane_pixel_scales(wcs)) + 2
    x, y = (float(one) for one in wcs.world_to_pixel(SkyCoord(wanted.ra * u.deg, wanted.dec * u.deg)))
    if wanted.radius > 5 or not (math.isfinite(x) and math.isfinite(y)):
        return slice(0, shape[0]), slice(0, shape[1])
    return _between(y, reach, shape[0]), _between(x, reach, shape[1])


def _between(middle: float, reach: float, size: int) -> slice:
    first = min(max(0, math.floor(middle - reach)), size)
    return slice(first, min(max(first, math.ceil(middle + reach) + 1), size))


def rows(found: Statistics) -> list[tuple[str, str]]:
    """In words, for the page."""
    unit = f" {found.unit}" if found.unit else ""
    values: list[tuple[Any, float]] = [
        (_("Sum"), found.sum), (_("Mean"), found.mean), (_("Standard deviation"), found.deviation),
        (_("Minimum"), found.minimum), (_("Maximum"), found.maximum),
    ]  # fmt: skip
    shown = [(str(label), f"{value:.5g}{unit}".replace("-", "−")) for label, value in values]
    return [*shown, (_("Pixels"), f"{found.pixels:,}"), (_("Area"), f"{found.area:.4g} deg²")]
