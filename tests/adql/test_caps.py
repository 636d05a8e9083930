"""A bulk of regions gets the caps that each of them would get alone."""

import math
import random

import numpy as np
import pytest

from search.adql import geometry
from search.adql.caps import caps, vectors


def alone(text: str) -> tuple[float, ...] | None:
    try:
        cap = geometry.cap(geometry.read(text))
    except geometry.BadShape:
        return None
    return (*cap.vector, cap.radius, cap.inner)


def random_polygon(chance: random.Random) -> str:
    lon, lat = chance.uniform(0, 360), math.degrees(math.asin(chance.uniform(-1, 1)))
    size = 10 ** chance.uniform(-4, 2.2)
    corners = [
        f"{(lon + chance.gauss(0, size)) % 360} {max(-90.0, min(90.0, lat + chance.gauss(0, size)))}"
        for _ in range(chance.randint(3, 12))
    ]
    return f"Polygon ICRS {' '.join(corners)}"


STRANGE = [
    "Circle ICRS 83.6 22 2.5",
    "CIRCLE 83.6 -90 0",
    "circle ICRS 0 0 180",
    "Circle ICRS 0 0 181",
    "Circle ICRS 0 91 1",
    "Circle ICRS 0 0 -1",
    "Circle ICRS nan 0 1",
    "Circle ICRS 1_0 0 1",
    "Circle FK4 0 0 1",
    "Circle ICRS GEOCENTER 10 10 2",
    "Circle ICRS 10 10 2 unit deg",
    "Position ICRS 10 20",
    "Box ICRS 10 10 2 3",
    "Union ICRS (Circle 10 10 2 Polygon 1 1 2 1 2 2)",
    "Polygon ICRS 359 -1 1 -1 1 1 359 1",
    "Polygon ICRS 0 89 90 89 180 89 270 89",
    "Polygon ICRS 0 0 0 0 1 1 2 0",
    "Polygon ICRS 0 0 1 1 2 0 0 0",
    "Polygon ICRS 0 0 180 0 90 10",
    "Polygon ICRS 0 0 120 0 240 0",
    "Polygon ICRS 0 0 1 1",
    "Polygon ICRS 0 0 1 1 2",
    "Polygon ICRS 0 0 1 0 0.5 1 0.5 -1",
    "Polygon 0 0 80 0 160 0 160 80 0 80",
    "Polygon ICRS 0 0 1 0 2 0",
    "Blob 1 2",
    "",
    "   ",
    "Polygon",
    "Circle ICRS",
]


def test_each_region_has_the_cap_that_it_has_alone() -> None:
    chance = random.Random(7)
    texts = [*STRANGE, *(random_polygon(chance) for _ in range(3000))]
    found, reasons = caps(texts)
    for number, text in enumerate(texts):
        expected = alone(text)
        if expected is None:
            assert number in reasons, text
            assert np.isnan(found[number]).all()
        else:
            assert number not in reasons, text
            assert found[number] == pytest.approx(expected, abs=1e-9), text


def test_rows_without_a_region_have_none() -> None:
    found, reasons = caps([None, "Circle ICRS 1 2 3", None])
    assert np.isnan(found[[0, 2]]).all()
    assert found[1, 3:].tolist() == [3.0, 3.0]
    assert reasons == {}


def test_vectors_are_those_of_single_positions() -> None:
    places = [(0.0, 0.0), (359.9, 89.9), (180.0, -90.0), (83.633, 22.014)]
    found = vectors(np.array([lon for lon, _ in places]), np.array([lat for _, lat in places]))
    for row, place in zip(found, places, strict=True):
        assert row == pytest.approx(geometry.vector(*place), abs=1e-15)
