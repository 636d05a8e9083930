"""Pictures (matplotlib, no global state) and Plotly figures (plain data: the page gives them its colours)."""

from collections.abc import Mapping, Sequence
from typing import Any

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from gammapy.maps import WcsNDMap
from matplotlib.figure import Figure

MAX_CELLS = 300
"""along one side of an interactive map; larger maps are binned down for the plot only"""

TEXT, MUTED, PRIMARY, SECOND = "#18212b", "#52606d", "#0a5a9c", "#b85508"


def figure(width: float = 7.2, height: float = 5.4) -> Figure:
    return Figure(figsize=(width, height), layout="constrained")


def axes_of(fig: Figure, title: str, x: str, y: str, **scales: Any) -> Any:
    ax = fig.add_subplot()
    ax.set(title=title, xlabel=x, ylabel=y, **scales)
    ax.grid(color="#d3dae0", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def map_picture(
    image: WcsNDMap, title: str, unit: str, *, target: SkyCoord | None = None, circles: Sequence[Any] = (),
    limits: tuple[float, float | None] | None = None, cmap: str = "inferno",
) -> Figure:  # fmt: skip
    """An image of the sky with its target and circles ((SkyCoord, radius in deg), …)."""
    fig = figure(6.6, 5.6)
    ax = fig.add_subplot(projection=image.geom.to_image().wcs)
    low, high = limits or (None, None)
    picture = ax.imshow(image.data.squeeze(), origin="lower", cmap=cmap, vmin=low, vmax=high, interpolation="nearest")
    fig.colorbar(picture, ax=ax, label=unit)
    ax.set(title=title, xlabel="Right ascension (ICRS)", ylabel="Declination (ICRS)")
    if target is not None:
        ax.plot(target.ra.deg, target.dec.deg, "+", color="#7cbcf5", ms=12, transform=ax.get_transform("icrs"))
    for center, radius in circles:
        ring = center.directional_offset_by(np.linspace(0, 2 * np.pi, 73) * u.rad, radius * u.deg)
        ax.plot(ring.ra.deg, ring.dec.deg, color="#7cbcf5", lw=1, transform=ax.get_transform("icrs"))
    ax.set_xlim(-0.5, image.data.shape[-1] - 0.5)
    ax.set_ylim(-0.5, image.data.shape[-2] - 0.5)
    return fig


def map_plot(image: WcsNDMap, unit: str, *, total: bool, center: SkyCoord) -> tuple[list[Any], Mapping[str, Any]]:
    """Data and layout of an interactive image; ``total``: cells are added up when binned down, else averaged."""
    values = image.data.squeeze().astype(float)
    factor = -(-max(values.shape) // MAX_CELLS)
    scale = abs(float(image.geom.pixel_scales[0].deg)) * factor
    ny, nx = (side // factor for side in values.shape)
    blocks = values[: ny * factor, : nx * factor].reshape(ny, factor, nx, factor)
    cells = blocks.sum(axis=(1, 3)) if total else blocks.mean(axis=(1, 3))
    offsets = {"x": (nx / 2 - 0.5 - np.arange(nx)) * scale, "y": (np.arange(ny) - ny / 2 + 0.5) * scale}
    trace = {
        "type": "heatmap",
        "x": np.round(offsets["x"], 6).tolist(),
        "y": np.round(offsets["y"], 6).tolist(),
        "z": [[round(v, 4) if np.isfinite(v) else None for v in row] for row in cells.tolist()],
        "colorscale": "Inferno",
        "colorbar": {"title": {"text": unit}},
        "hovertemplate": "%{z}<br>ΔRA cos δ %{x}°, ΔDec %{y}°<extra></extra>",
    }
    where = f"about RA {center.ra.deg:.4f}°, Dec {center.dec.deg:.4f}°"
    layout = {
        "xaxis": {"title": {"text": f"Offset in right ascension (deg), {where}"}, "autorange": "reversed"},
        "yaxis": {"title": {"text": "Offset in declination (deg)"}, "scaleanchor": "x"},
    }
    return [trace], layout
