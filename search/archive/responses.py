"""What the instrument responses of a GADF file say about field and resolution. Angles in degrees, energies in TeV."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
REFERENCE_ENERGY = 1.0
REFERENCE_OFFSET = 0.5
CONTAINMENT = 0.68


def _row(data: Any, name: str) -> Array:
    """A column of the single row, as doubles."""
    return np.asarray(data[name][0], dtype=float)


def _centres(data: Any, axis: str, geometric: bool = False) -> Array:
    low, high = _row(data, f"{axis}_LO"), _row(data, f"{axis}_HI")
    if geometric:
        result: Array = np.sqrt(np.maximum(low, 1e-12) * high)
        return result
    return (low + high) / 2


def field_of_view(data: Any) -> float | None:
    """Diameter: twice the half width of the background (BKG_3D: DETX, BKG_2D: THETA) or of an offset axis."""
    for name in ("DETX_HI", "THETA_HI"):
        if name in data.names:
            return float(2 * _row(data, name).max())
    return None


def energy_range(data: Any) -> tuple[float, float]:
    """Ends of the true-energy axis of a response."""
    return float(_row(data, "ENERG_LO").min()), float(_row(data, "ENERG_HI").max())


def containment_radius(
    data: Any, hdu_class: str, energy: float = REFERENCE_ENERGY, offset: float = REFERENCE_OFFSET
) -> float | None:
    """Radius that holds 68 % of the point spread function at this energy and offset, or None where unknown."""

    def at(cube: Array) -> Array:
        return _at(data, cube, energy, offset)

    edges = np.linspace(0.0, 1.0, 2001)
    radius = (edges[1:] + edges[:-1]) / 2
    match hdu_class.lower():
        case "psf_table":
            edges = np.append(_row(data, "RAD_LO"), _row(data, "RAD_HI")[-1])
            density = at(_row(data, "RPSF"))
        case "psf_3gauss":
            density = _three_gaussians(data, radius, at)
        case "psf_king":
            gamma, sigma = (float(at(_row(data, name))) for name in ("GAMMA", "SIGMA"))
            if not (gamma > 1 and sigma > 0):
                return None
            density = (1 + radius**2 / (2 * gamma * sigma**2)) ** -gamma
        case _:
            return None
    return _containment(edges, density)


def _three_gaussians(data: Any, radius: Array, at: Callable[[Array], Array]) -> Array:
    density = np.zeros_like(radius)
    for number, name in ((1, None), (2, "AMPL_2"), (3, "AMPL_3")):
        sigma = float(at(_row(data, f"SIGMA_{number}")))
        amplitude = 1.0 if name is None else float(at(_row(data, name)))
        if sigma > 0:
            density += amplitude * np.exp(-0.5 * (radius / sigma) ** 2)
    return density


def _at(data: Any, cube: Array, energy: float, at_offset: float) -> Array:
    """``cube[..., offset, energy]`` interpolated linearly in offset and logarithm of energy."""
    log_energy = np.log(_centres(data, "ENERG", geometric=True))
    offset = _centres(data, "THETA")
    low, high, share = _bracket(log_energy, np.log(energy))
    planes = cube[..., low] * (1 - share) + cube[..., high] * share
    low, high, share = _bracket(offset, at_offset)
    result: Array = planes[..., low] * (1 - share) + planes[..., high] * share
    return result


def _bracket(axis: Array, value: float) -> tuple[int, int, float]:
    """Neighbours on an ascending axis and the share of the upper one; clamped at the ends."""
    if len(axis) == 1 or value <= axis[0]:
        return 0, 0, 0.0
    if value >= axis[-1]:
        return len(axis) - 1, len(axis) - 1, 0.0
    high = int(np.searchsorted(axis, value, side="right"))
    return high - 1, high, float((value - axis[high - 1]) / (axis[high] - axis[high - 1]))


def _containment(edges: Array, density: Array) -> float | None:
    """From the mean density in each ring: linear in the area, that is in the square of the radius."""
    light = np.nan_to_num(density) * np.diff(edges**2)
    total = light.sum()
    if not total > 0:
        return None
    inside = np.concatenate([[0.0], np.cumsum(light) / total])
    return float(np.sqrt(np.interp(CONTAINMENT, inside, edges**2)))
