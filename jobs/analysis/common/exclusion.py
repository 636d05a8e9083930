"""Regions that are kept out of the background: given in words, drawn into a mask."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import astropy.units as u
from astropy.coordinates import SkyCoord
from gammapy.maps import WcsGeom, WcsNDMap
from regions import CircleSkyRegion

from jobs.activity import InputError

FORM = "FRAME LON LAT RADIUS, all in degrees, with frame icrs or galactic, such as “galactic 183.604 -8.708 0.5”"
MAX_CIRCLES = 200


class HasExclusion(Protocol):
    @property
    def ra(self) -> float: ...
    @property
    def dec(self) -> float: ...
    @property
    def exclusion_radius(self) -> float: ...
    @property
    def exclusion(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Circle:
    """Degrees."""

    center: SkyCoord
    radius: float

    @property
    def region(self) -> CircleSkyRegion:
        return CircleSkyRegion(self.center, self.radius * u.deg)


def parse(text: str) -> Circle:
    """One circle from ``FRAME LON LAT RADIUS``; raises InputError."""
    words = text.split()
    try:
        frame, (lon, lat, radius) = words[0].lower(), (float(word) for word in words[1:])
    except (ValueError, IndexError):
        raise InputError(f"exclusion {text!r} is not of the form {FORM}.") from None
    if frame not in {"icrs", "galactic"}:
        raise InputError(f"exclusion {text!r}: the frame must be icrs or galactic.")
    if not (math.isfinite(lon) and -90 <= lat <= 90 and 0 < radius <= 90):
        raise InputError(f"exclusion {text!r}: the latitude must lie within ±90 deg, the radius above 0 to 90 deg.")
    return Circle(SkyCoord(lon % 360, lat, unit="deg", frame=frame), radius)


def circles(params: HasExclusion) -> list[Circle]:
    """The target's own circle, unless its radius is 0, and the ones asked for."""
    if len(params.exclusion) > MAX_CIRCLES:
        raise InputError(f"exclusion: {len(params.exclusion)} circles were given, at most {MAX_CIRCLES} are taken.")
    own = [Circle(SkyCoord(params.ra, params.dec, unit="deg", frame="icrs"), params.exclusion_radius)]
    return [*(own if params.exclusion_radius > 0 else []), *map(parse, params.exclusion)]


def mask(geom: WcsGeom, excluded: Sequence[Circle]) -> WcsNDMap:
    """True where background may be taken; a flat map on the geometry's sky."""
    image = geom.to_image()
    regions: list[Any] = [circle.region for circle in excluded]
    return WcsNDMap.from_geom(image, data=True, dtype=bool) if not regions else image.region_mask(regions, inside=False)
