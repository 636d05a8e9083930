"""The picture of an event list shows the source where it is."""

import base64
import io

import numpy as np
from PIL import Image

from search.portal import looks


def test_the_brightest_pixel_of_the_picture_is_the_source() -> None:
    """A degree north and half a degree east of the pointing: above the middle and to its left."""
    random = np.random.default_rng(1)
    field = random.uniform(-2, 2, (4000, 2))
    source = random.normal((0.5, 1.0), 0.05, (150, 2))
    east, north = np.concatenate([field, source]).T
    ra, dec = 83.6 + east / np.cos(np.radians(22.0)), 22.0 + north
    numbers = looks._picture(ra, dec, (83.6, 22.0))
    picture = Image.open(io.BytesIO(base64.b64decode(numbers["png"])))
    assert picture.size == (looks.PIXELS, looks.PIXELS)
    colours = np.asarray(picture.convert("RGB")).astype(int)
    row, column = np.unravel_index(colours.sum(axis=2).argmax(), colours.shape[:2])
    assert tuple(colours[row, column]) == tuple(looks.STOPS[-1].astype(int))
    degrees = looks.FIELD / looks.PIXELS
    assert abs((looks.PIXELS / 2 - row) * degrees - 1.0) < 0.1
    assert abs((looks.PIXELS / 2 - column) * degrees - 0.5) < 0.1
