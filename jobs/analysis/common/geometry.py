"""Axes and map geometries of the analyses, with the settings of the reference results as defaults."""

from typing import Any, Protocol

import astropy.units as u
from astropy.coordinates import SkyCoord
from gammapy.maps import MapAxis, WcsGeom

TRUE_ENERGY = (0.05, 100.0)
"""TeV"""


class HasTarget(Protocol):
    @property
    def ra(self) -> float: ...
    @property
    def dec(self) -> float: ...


class HasEnergies(Protocol):
    @property
    def energy_min(self) -> float: ...
    @property
    def energy_max(self) -> float: ...


class HasMap(HasTarget, Protocol):
    @property
    def width(self) -> float: ...
    @property
    def binsz(self) -> float: ...


def target(params: HasTarget) -> SkyCoord:
    return SkyCoord(params.ra, params.dec, unit="deg", frame="icrs")


def reco_axis(params: HasEnergies, bins: int, per_decade: bool = True) -> MapAxis:
    return MapAxis.from_energy_bounds(
        params.energy_min * u.TeV, params.energy_max * u.TeV, nbin=bins, per_decade=per_decade
    )


def true_axis(low: float, high: float, bins_per_decade: int) -> MapAxis:
    """True energies reach a factor of two beyond the reconstructed ones (TeV), at least from 0.05 to 100 TeV."""
    edges = min(TRUE_ENERGY[0], low / 2) * u.TeV, max(TRUE_ENERGY[1], 2.5 * high) * u.TeV
    return MapAxis.from_energy_bounds(*edges, nbin=bins_per_decade, per_decade=True, name="energy_true")


def sky_map(params: HasMap, axes: list[MapAxis] | None = None) -> WcsGeom:
    """A tangential ICRS map about the target, width and pixel size in degrees."""
    return WcsGeom.create(
        skydir=target(params), width=params.width, binsz=params.binsz, proj="TAN", frame="icrs", axes=axes
    )


def in_circle(geom: WcsGeom, center: SkyCoord, radius: float) -> Any:
    """Boolean image: pixels whose centre lies within ``radius`` (deg)."""
    return geom.to_image().get_coord().skycoord.separation(center).deg <= radius


def sky_position(coord: SkyCoord) -> list[float]:
    """[RA, Dec] in degrees, as plain numbers."""
    return [float(coord.icrs.ra.deg), float(coord.icrs.dec.deg)]
