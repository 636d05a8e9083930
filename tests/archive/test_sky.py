"""Positions and footprints become numbers that an index can hold."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.archive import sky


@pytest.mark.parametrize(
    ("region", "radius"),
    [
        ("Circle ICRS 83.63 22.01 2.5", 2.5),
        ("CIRCLE 83.63 22.01 1e-05", 1e-5),
        ("Position ICRS 83.63 22.01", 0.0),
        ("Box ICRS GEOCENTER 83.63 22.01 3 4", 2.5),
    ],
)
def test_cap_of_simple_shapes(region, radius):
    cap = sky.enclosing_cap(region)
    assert cap.radius == pytest.approx(radius)
    assert sky.separation(cap.centre, sky.unit_vector(83.63, 22.01)) < 1e-9


def test_polygon_lies_within_its_cap():
    corners = [(350, 80), (10, 80), (30, 85), (330, 85)]
    cap = sky.enclosing_cap("Polygon ICRS " + " ".join(f"{a} {b}" for a, b in corners))
    assert all(sky.separation(cap.centre, sky.unit_vector(*c)) <= cap.radius + 1e-9 for c in corners)


def test_union_lies_within_its_cap():
    cap = sky.enclosing_cap("Union ICRS (Circle 10 0 1 Circle 14 0 2)")
    for ra in (9, 16):
        assert sky.separation(cap.centre, sky.unit_vector(ra, 0)) <= cap.radius + 1e-9


@pytest.mark.parametrize(
    "region", ["", "Ellipse 1 2 3 4 5", "Circle ICRS 1 2", "Polygon 1 2 3 4", "Circle 0 91 1", "Circle 0 0 -1"]
)
def test_what_is_no_region_is_refused(region):
    with pytest.raises(sky.InvalidRegion):
        sky.enclosing_cap(region)


@given(st.text(max_size=60))
def test_random_text_is_a_region_or_refused(text):
    with suppress(sky.InvalidRegion):
        assert 0 <= sky.enclosing_cap(text).radius <= 180


@given(st.floats(0, 360), st.floats(-90, 90), st.floats(0, 360), st.floats(-90, 90))
def test_angle_agrees_with_astropy(ra, dec, ra2, dec2):
    from astropy.coordinates import angular_separation

    expected = np.degrees(angular_separation(*np.radians([ra, dec, ra2, dec2])))
    assert sky.angular_distance(ra, dec, ra2, dec2) == pytest.approx(float(expected), abs=1e-6)
