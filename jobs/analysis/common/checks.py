"""What no single parameter can break, but two together can: checked before a job may run.

Called from ``__post_init__`` of the parameter classes; a ``ValueError`` becomes the refusal of the job. No gammapy.
"""

import math
from typing import Any

FORM = "FRAME LON LAT RADIUS, all in degrees, with frame icrs or galactic, such as “galactic 183.604 -8.708 0.5”"
MAX_CIRCLES = 200
MAX_PIXELS = 1000
"""along one side of a map"""


def energies(params: Any) -> None:
    if params.energy_min >= params.energy_max:
        raise ValueError(
            f"energy_min ({params.energy_min:g} TeV) must be smaller than energy_max ({params.energy_max:g} TeV)."
        )


def pixels(params: Any) -> None:
    count = params.width / params.binsz
    if count > MAX_PIXELS:
        raise ValueError(
            f"A map of {params.width:g} deg with pixels of {params.binsz:g} deg has more than {MAX_PIXELS} pixels on a"
            " side: choose a smaller width or larger pixels."
        )
    if count < 5:
        raise ValueError(
            f"A map of {params.width:g} deg with pixels of {params.binsz:g} deg has fewer than 5 pixels on a side:"
            " choose a larger width or smaller pixels."
        )


def circle(text: str) -> tuple[str, float, float, float]:
    """(frame, longitude, latitude, radius) of ``FRAME LON LAT RADIUS``, degrees."""
    words = text.split()
    try:
        frame, (lon, lat, radius) = words[0].lower(), (float(word) for word in words[1:])
    except (ValueError, IndexError):
        raise ValueError(f"exclusion “{text}” is not of the form {FORM}.") from None
    if frame not in {"icrs", "galactic"}:
        raise ValueError(f"exclusion “{text}”: the frame must be icrs or galactic.")
    if not (math.isfinite(lon) and -90 <= lat <= 90 and 0 < radius <= 90):
        raise ValueError(f"exclusion “{text}”: the latitude must lie within ±90 deg, the radius above 0 to 90 deg.")
    return frame, lon % 360, lat, radius


def exclusions(params: Any) -> None:
    if len(params.exclusion) > MAX_CIRCLES:
        raise ValueError(f"exclusion: {len(params.exclusion)} circles were given, at most {MAX_CIRCLES} are taken.")
    for text in params.exclusion:
        circle(text)
