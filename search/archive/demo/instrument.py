"""A simple instrument: its responses as functions, as GADF tables, and events drawn from the same functions.

Area: the parametrisation of Aharonian et al. used for H.E.S.S. (g1 E^-g2 exp(-g3/E)), times a cut-off at the
threshold and a Gaussian fall-off with the offset. Energies in TeV, angles in degrees, areas in m2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.archive.demo.plan import CUT_EFFICIENCY, Run
from search.archive.demo.sources import Source

Array = NDArray[np.float64]

AREA_FALL_OFF = 2.0
BACKGROUND_FALL_OFF = 1.6
FIELD_RADIUS = 3.0
RESOLUTION = 0.15
"""standard deviation of reconstructed over true energy"""
BACKGROUND_RATE = 2.5
"""Hz, whole field"""
BACKGROUND_INDEX = 2.7
DEAD_TIME = 0.03
TRUE_ENERGY = (0.02, 200.0)
FINE = np.geomspace(*TRUE_ENERGY, 1201)


def edges(low: float, high: float, per_decade: int) -> Array:
    count = round(np.log10(high / low) * per_decade)
    return np.geomspace(low, high, count + 1)


def cut_off(energy: Array, threshold: float) -> Array:
    """Smooth loss of events below the threshold."""
    return 1 / (1 + (0.75 * threshold / energy) ** 6)


def area(run: Run, energy: Array, offset: Array) -> Array:
    """Effective area after cuts."""
    mev = energy * 1e6
    on_axis = 6.85e9 * mev**-0.0891 * np.exp(-5e5 / mev) * 1e-4
    scale = run.sub_array.area * CUT_EFFICIENCY[run.chain.cuts][0] * run.transparency
    fall_off = np.exp(-0.5 * (offset / AREA_FALL_OFF) ** 2)
    return scale * on_axis * cut_off(energy, run.threshold) * fall_off


def psf_sigma(energy: Array) -> Array:
    """Width of the Gaussian point spread function (per axis)."""
    return np.clip(0.045 * energy**-0.3, 0.02, 0.12)


def background(run: Run, energy: Array, offset: Array) -> Array:
    """Rate per energy and solid angle, s-1 TeV-1 sr-1."""
    spectrum = energy**-BACKGROUND_INDEX * cut_off(energy, run.threshold)
    shape = np.exp(-0.5 * (offset / BACKGROUND_FALL_OFF) ** 2)
    return background_scale(run) * spectrum * shape


def background_scale(run: Run) -> float:
    """So that the whole field gives BACKGROUND_RATE, whatever the threshold."""
    spectrum = np.trapezoid(FINE**-BACKGROUND_INDEX * cut_off(FINE, run.threshold), FINE)
    offset = np.linspace(0, FIELD_RADIUS, 601)
    ring = 2 * np.pi * np.sin(np.radians(offset)) * np.exp(-0.5 * (offset / BACKGROUND_FALL_OFF) ** 2)
    field = np.trapezoid(ring, np.radians(offset))
    return float(BACKGROUND_RATE * CUT_EFFICIENCY[run.chain.cuts][1] / (spectrum * field))


def spectrum(source: Source, energy: Array) -> Array:
    """cm-2 s-1 TeV-1"""
    exponent = -source.index - source.beta * np.log(energy)
    return source.amplitude * energy**exponent * np.exp(-energy / source.cutoff)


@dataclass
class Events:
    """Columns of an event list; time in s after the start."""

    time: Array
    ra: Array
    dec: Array
    energy: Array


def sample(run: Run, rng: np.random.Generator) -> Events:
    """Gamma rays and background of a run, in order of time."""
    live = run.duration * (1 - DEAD_TIME)
    parts = [_gammas(run, live, rng), _background(run, live, rng)]
    x, y, energy = (np.concatenate([part[i] for part in parts]) for i in range(3))
    inside = np.hypot(x, y) < FIELD_RADIUS
    x, y, energy = x[inside], y[inside], energy[inside]
    time = np.sort(rng.uniform(0, run.duration, len(x)))
    order = rng.permutation(len(x))
    ra, dec = to_sky(x[order], y[order], run.ra_pnt, run.dec_pnt)
    return Events(time, ra, dec, energy[order])


def _draw(density: Array, count: int, rng: np.random.Generator) -> Array:
    """Energies from a density given at FINE, interpolated logarithmically."""
    steps = np.sqrt(density[1:] * FINE[1:] * density[:-1] * FINE[:-1]) * np.diff(np.log(FINE))
    total = np.concatenate([[0.0], np.cumsum(steps)])
    drawn: Array = np.exp(np.interp(rng.uniform(0, total[-1], count), total, np.log(FINE)))
    return drawn


def _gammas(run: Run, live: float, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Offsets east and north of the pointing (tangential plane) and reconstructed energies."""
    source = run.source
    density = run.flux_factor * spectrum(source, FINE) * area(run, FINE, np.zeros(1)) * 1e4 * live
    count = int(rng.poisson(np.trapezoid(density, FINE)))
    energy = _draw(density, count, rng)
    x0, y0 = to_plane(source.ra, source.dec, run.ra_pnt, run.dec_pnt)
    dx, dy = _shape(source, count, rng)
    x, y = x0 + dx, y0 + dy
    # The number was drawn for the axis; each event is kept with the area at its own offset.
    kept = rng.uniform(0, 1, count) < np.exp(-0.5 * (np.hypot(x, y) / AREA_FALL_OFF) ** 2)
    x, y, energy = x[kept], y[kept], energy[kept]
    sigma = psf_sigma(energy)
    x, y = x + sigma * rng.standard_normal(len(x)), y + sigma * rng.standard_normal(len(y))
    migration = np.clip(1 + RESOLUTION * rng.standard_normal(len(x)), 0.2, 3)
    return x, y, energy * migration


def _shape(source: Source, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    if source.shape == "point":
        return np.zeros(count), np.zeros(count)
    if source.shape == "gaussian":
        return source.extension * rng.standard_normal(count), source.extension * rng.standard_normal(count)
    radius, angle = source.extension * np.sqrt(rng.uniform(0, 1, count)), rng.uniform(0, 2 * np.pi, count)
    return radius * np.cos(angle), radius * np.sin(angle)


def _background(run: Run, live: float, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    count = int(rng.poisson(BACKGROUND_RATE * CUT_EFFICIENCY[run.chain.cuts][1] * live))
    energy = _draw(FINE**-BACKGROUND_INDEX * cut_off(FINE, run.threshold), count, rng)
    grid = np.linspace(0, FIELD_RADIUS, 601)
    ring = np.sin(np.radians(grid)) * np.exp(-0.5 * (grid / BACKGROUND_FALL_OFF) ** 2)
    inside = np.concatenate([[0.0], np.cumsum((ring[1:] + ring[:-1]) / 2)])
    offset = np.interp(rng.uniform(0, inside[-1], count), inside, grid)
    angle = rng.uniform(0, 2 * np.pi, count)
    # offset is an angle on the sphere, the plane wants its tangent
    flat = np.degrees(np.tan(np.radians(offset)))
    return flat * np.cos(angle), flat * np.sin(angle), energy


def to_plane(ra: float, dec: float, ra0: float, dec0: float) -> tuple[float, float]:
    """Gnomonic projection, degrees."""
    d, d0, da = np.radians(dec), np.radians(dec0), np.radians(ra - ra0)
    depth = np.sin(d) * np.sin(d0) + np.cos(d) * np.cos(d0) * np.cos(da)
    x = np.cos(d) * np.sin(da) / depth
    y = (np.sin(d) * np.cos(d0) - np.cos(d) * np.sin(d0) * np.cos(da)) / depth
    return float(np.degrees(x)), float(np.degrees(y))


def to_sky(x: Array, y: Array, ra0: float, dec0: float) -> tuple[Array, Array]:
    """Inverse of ``to_plane``."""
    u, v, d0 = np.radians(x), np.radians(y), np.radians(dec0)
    depth = np.cos(d0) - v * np.sin(d0)
    ra = ra0 + np.degrees(np.arctan2(u, depth))
    dec = np.degrees(np.arctan2(np.sin(d0) + v * np.cos(d0), np.hypot(u, depth)))
    return ra % 360, dec
