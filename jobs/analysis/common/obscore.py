"""ObsCore, high-energy and ObsConfig columns of what a job makes, from those of its inputs."""

from collections.abc import Iterable, Mapping, Sequence
from math import atan2, cos, degrees, hypot, radians, sin, tan
from typing import Any

from jobs.activity import StagedInput

HC = 1.23984198e-18
"""hc in m TeV (CODATA 2018)"""

SHARED = (
    "target_class", "facility_name", "instrument_name", "sub_array_name", "pointing_mode", "obs_mode",
    "tracking_mode", "proposal_id", "pi_name", "pipeline_name", "pipeline_version", "reconstruction_method",
    "cut_set", "calib_version", "analysis_mode", "messenger_name", "messenger_pdgid", "n_tels", "n_lst", "n_mst",
    "n_sst", "tel_list", "quality",
)  # fmt: skip
"""columns that a product keeps where all its inputs agree"""


def _values(staged: Sequence[StagedInput], name: str) -> list[Any]:
    return [item.obscore[name] for item in staged if item.obscore.get(name) is not None]


def _common(staged: Sequence[StagedInput], name: str) -> Any:
    values = _values(staged, name)
    return values[0] if len(values) == len(staged) and len(set(values)) == 1 else None


def _joined(values: Iterable[str]) -> str | None:
    return ", ".join(sorted(set(values))) or None


def of_inputs(staged: Sequence[StagedInput], params: Any) -> dict[str, Any]:
    """What a product of these inputs inherits: time, instrument, target, energies. Times are MJD, UTC."""
    if not staged:
        return {}
    row: dict[str, Any] = {name: _common(staged, name) for name in SHARED}
    row["facility_name"] = _joined(_values(staged, "facility_name"))
    row["instrument_name"] = _joined(_values(staged, "instrument_name"))
    row["obs_id"] = _common(staged, "obs_id")
    row["target_name"] = target_name(staged)
    row["t_min"] = min(_values(staged, "t_min"), default=None)
    row["t_max"] = max(_values(staged, "t_max"), default=None)
    for name in ("t_exptime", "t_ontime"):
        row[name] = sum(values) if len(values := _values(staged, name)) == len(staged) else None
    zeniths = _values(staged, "zenith")
    row["zenith"] = sum(zeniths) / len(zeniths) if zeniths else None
    row["simulated"] = max(_values(staged, "simulated"), default=0)
    row["pol_xel"] = 0
    row.update(energies(params))
    return {name: value for name, value in row.items() if value is not None}


def target_name(staged: Sequence[StagedInput]) -> str | None:
    name = _common(staged, "target_name")
    return None if name is None else str(name)


def energies(params: Any) -> dict[str, float]:
    """Spectral coverage: wavelengths in m for ObsCore (the highest energy is em_min), eV for the extension."""
    low, high = getattr(params, "energy_min", None), getattr(params, "energy_max", None)
    if low is None or high is None:
        return {}
    return {"em_min": HC / high, "em_max": HC / low, "energy_min": low * 1e12, "energy_max": high * 1e12}


def of_map(params: Any) -> dict[str, Any]:
    """Spatial coverage of a square tangential map about the target, parameters in degrees."""
    pixels = round(params.width / params.binsz)
    return {
        "dataproduct_type": "image",
        "s_ra": params.ra,
        "s_dec": params.dec,
        "s_fov": params.width * 2**0.5,
        "s_region": square(params.ra, params.dec, params.width),
        "s_xel1": pixels,
        "s_xel2": pixels,
        "s_pixel_scale": params.binsz * 3600,
        "t_xel": 1,
        "em_xel": 1,
    }


def of_target(params: Any, radius: float) -> dict[str, Any]:
    """Spatial coverage of a circle about the target, degrees."""
    return {
        "s_ra": params.ra,
        "s_dec": params.dec,
        "s_fov": 2 * radius,
        "s_region": f"CIRCLE ICRS {params.ra:.6f} {params.dec:.6f} {radius:.6f}",
        "s_xel1": 1,
        "s_xel2": 1,
    }


def square(ra: float, dec: float, width: float) -> str:
    """STC-S polygon of a tangential square about a position (degrees)."""
    half = tan(radians(width / 2))
    corners = []
    for x, y in ((half, half), (-half, half), (-half, -half), (half, -half)):
        rho = hypot(x, y)
        denominator = cos(radians(dec)) - y * sin(radians(dec))
        lon = ra + degrees(atan2(x, denominator))
        z = (sin(radians(dec)) + y * cos(radians(dec))) / hypot(1, rho)
        lat = degrees(atan2(z, hypot(x, denominator) / hypot(1, rho)))
        corners.append(f"{lon % 360:.6f} {lat:.6f}")
    return "POLYGON ICRS " + " ".join(corners)


def merge(*rows: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for row in rows for name, value in row.items() if value is not None}
