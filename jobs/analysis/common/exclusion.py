"""Regions that are kept out of the background: given in words, drawn into a mask."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import astropy.units as u
from astropy.coordinates import SkyCoord
from gammapy.maps import WcsGeom, WcsNDMap
from regions import CircleSkyRegion

from jobs.analysis.common import checks


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
    """One circle from ``FRAME LON LAT RADIUS``."""
    frame, lon, lat, radius = checks.circle(text)
    return Circle(SkyCoord(lon, lat, unit="deg", frame=frame), radius)


def circles(params: HasExclusion) -> list[Circle]:
    """The target's own circle, unless its radius is 0, and the ones asked for."""
    own = [Circle(SkyCoord(params.ra, params.dec, unit="deg", frame="icrs"), params.exclusion_radius)]
    return [*(own if params.exclusion_radius > 0 else []), *map(parse, params.exclusion)]


def mask(geom: WcsGeom, excluded: Sequence[Circle]) -> WcsNDMap:
    """True where background may be taken; a flat map on the geometry's sky."""
    image = geom.to_image()
    regions: list[Any] = [circle.region for circle in excluded]
    return WcsNDMap.from_geom(image, data=True, dtype=bool) if not regions else image.region_mask(regions, inside=False)
