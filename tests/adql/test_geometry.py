"""The reference geometry, against astropy, closed formulas and itself."""

import math
import random

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from search.adql import geometry, healpix, scalars, times
from search.adql.geometry import BadShape, Circle, Point

LONGITUDE = st.floats(0, 360, allow_nan=False)
LATITUDE = st.floats(-90, 90, allow_nan=False)
SPHERE = 41252.96124941927


@given(LONGITUDE, LATITUDE, LONGITUDE, LATITUDE)
@settings(max_examples=100, deadline=None)
def test_separation_is_astropys(a: float, b: float, c: float, d: float) -> None:
    expected = SkyCoord(a, b, unit="deg").separation(SkyCoord(c, d, unit="deg")).deg
    assert geometry.separation(a, b, c, d) == pytest.approx(float(expected), abs=1e-10)


@pytest.mark.parametrize("size", [1e-9, 1e-6, 1e-3, 1.0, 30.0, 80.0])
@pytest.mark.parametrize(("ra", "dec"), [(0.0, 0.0), (359.9999, 45.0), (12.0, 89.9999), (200.0, -90.0)])
def test_a_regular_polygon_has_the_area_of_its_triangles(ra: float, dec: float, size: float) -> None:
    """Right-angled spherical triangles (Napier): tan(half side angle) = tan(radius) sin(half angle) … summed n times."""
    n = 7
    corners = [_moved(ra, dec, math.radians(360 / n * i), math.radians(size)) for i in range(n)]
    made = geometry.polygon(corners)
    half = math.pi / n
    # the angle at a corner of the isosceles triangle: cot(angle) = cos(radius) tan(half)
    corner = math.atan2(1.0, math.cos(math.radians(size)) * math.tan(half))
    excess = 2 * n * (half + corner - math.pi / 2)
    if size > 1e-3:
        assert geometry.area(made) == pytest.approx(math.degrees(math.degrees(excess)), rel=1e-9)
    else:
        flat = 0.5 * n * size**2 * math.sin(2 * half)
        assert geometry.area(made) == pytest.approx(flat, rel=1e-5)
    middle = geometry.centroid(made)
    assert geometry.separation(middle.longitude, middle.latitude, ra, dec) < max(size * 1e-5, 1e-9)
    assert geometry.contains(Point(ra, dec), made)
    assert not geometry.contains(Point((ra + 180) % 360, -dec), made), "the antipode is no part of it"


def _moved(ra: float, dec: float, bearing: float, reach: float) -> tuple[float, float]:
    a, d = math.radians(ra), math.radians(dec)
    east = (-math.sin(a), math.cos(a), 0.0)
    north = geometry.cross(geometry.vector(ra, dec), east)
    toward = geometry.plus(geometry.scale(east, math.sin(bearing)), geometry.scale(north, math.cos(bearing)))
    del d
    moved = geometry.plus(
        geometry.scale(geometry.vector(ra, dec), math.cos(reach)), geometry.scale(toward, math.sin(reach))
    )
    return geometry.position(moved)


def test_octants_and_hemispheres() -> None:
    octant = geometry.read("Polygon ICRS 0 0 90 0 0 90")
    assert geometry.area(octant) == pytest.approx(SPHERE / 8)
    assert geometry.area(geometry.read("Polygon ICRS 0 0 120 0 240 0")) == pytest.approx(SPHERE / 2)
    assert geometry.area(Circle(Point(0, 0), 90)) == pytest.approx(SPHERE / 2)
    assert geometry.area(Circle(Point(0, 0), 180)) == pytest.approx(SPHERE)
    assert geometry.area(Circle(Point(0, 0), 1e-6)) == pytest.approx(math.pi * 1e-12, rel=1e-9)
    centre = geometry.centroid(octant)
    assert (centre.longitude, centre.latitude) == pytest.approx((45.0, math.degrees(math.asin(1 / math.sqrt(3)))))


def test_the_winding_does_not_matter() -> None:
    corners = [(10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0)]
    for made in (geometry.polygon(corners), geometry.polygon(corners[::-1])):
        assert geometry.area(made) == pytest.approx(96.66473395608153)
        assert geometry.contains(Point(15, 15), made)
        assert not geometry.contains(Point(195, -15), made)


def test_edges_and_corners_belong_to_the_shape() -> None:
    made = geometry.polygon([(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)])
    for point in (Point(0, 0), Point(1, 0), Point(2, 1), Point(360, 1)):
        assert geometry.contains(point, made)
        assert geometry.intersects(made, point)
    assert not geometry.contains(Point(1, -1e-9), made)
    assert geometry.contains(Point(0, 1), Circle(Point(0, 0), 1))


@pytest.mark.parametrize(
    ("a", "b", "contains", "intersects"),
    [
        ("Circle 0 0 1", "Circle 0 0 2", True, True),
        ("Circle 0 0 2", "Circle 0 0 1", False, True),
        ("Circle 0 0 10", "Circle 20 0 10", False, True),
        ("Circle 0 0 10", "Circle 20.001 0 10", False, False),
        ("Circle 0 0 100", "Circle 0 0 180", True, True),
        ("Circle 0 90 5", "Polygon 0 80 90 80 180 80 270 80", True, True),
        ("Circle 0 90 8", "Polygon 0 80 90 80 180 80 270 80", False, True),
        ("Polygon 0 80 90 80 180 80 270 80", "Circle 0 90 10", True, True),
        ("Polygon 0 80 90 80 180 80 270 80", "Circle 0 90 9.9", False, True),
        ("Polygon 0 0 1 0 1 1 0 1", "Circle 180 0 170", False, False),
        ("Polygon 0 0 1 0 1 1 0 1", "Circle 90 0 100", True, True),
        ("Polygon 359 -1 1 -1 1 1 359 1", "Polygon 358 -2 2 -2 2 2 358 2", True, True),
        ("Polygon 358 -2 2 -2 2 2 358 2", "Polygon 359 -1 1 -1 1 1 359 1", False, True),
        ("Polygon 0 0 2 0 2 2 0 2", "Polygon -1 0.9 3 0.9 3 1.1 -1 1.1", False, True),
        ("Polygon 0 0 1 0 1 1 0 1", "Polygon 1 0 2 0 2 1 1 1", False, True),
        ("Polygon 0 0 1 0 1 1 0 1", "Polygon 1.01 0 2 0 2 1 1.01 1", False, False),
        ("Polygon 0 0 1 0 1 1 0 1", "Polygon 0 0 1 0 1 1 0 1", True, True),
        # both ends in a notched shape, the edge between them across the notch
        ("Polygon 0 3 4 3 4 3.5 0 3.5", "Polygon 0 0 4 0 4 4 2 1 0 4", False, True),
        ("Polygon 0 0 1 0 1 1", "Union ICRS (Circle 0 0 5 Circle 90 0 5)", True, True),
        ("Union ICRS (Circle 0 0 1 Circle 90 0 1)", "Circle 0 0 5", False, True),
        ("Position 10 10", "Position 10 10", True, True),
        ("Position 370 10", "Circle 10 10 0", True, True),
    ],
)
def test_one_shape_in_another(a: str, b: str, contains: bool, intersects: bool) -> None:
    first, second = geometry.read(a), geometry.read(b)
    assert geometry.contains(first, second) is contains
    assert geometry.intersects(first, second) is intersects
    assert geometry.intersects(second, first) is intersects


def test_points_of_polygons_agree_with_half_spaces() -> None:
    """A convex polygon is where all its edges have the point on one side."""
    generator = random.Random(5)
    for _ in range(200):
        ra, dec, size = generator.uniform(0, 360), generator.uniform(-90, 90), 10 ** generator.uniform(-4, 1.8)
        turns = sorted(generator.uniform(0, 2 * math.pi) for _ in range(5))
        if max(np.diff([*turns, turns[0] + 2 * math.pi])) > 3:
            continue
        made = geometry.polygon([_moved(ra, dec, turn, math.radians(size)) for turn in turns])
        for _ in range(10):
            place = _moved(ra, dec, generator.uniform(0, 7), math.radians(min(2 * size, 180) * generator.random()))
            p = geometry.vector(*place)
            sides = [geometry.dot(geometry.unit(geometry.normal(a, b)), p) for a, b in made.edges()]
            if min(map(abs, sides)) > 1e-9:
                assert geometry.inside(p, made) == (all(s > 0 for s in sides) or all(s < 0 for s in sides))


@given(st.lists(st.tuples(LONGITUDE, LATITUDE), min_size=3, max_size=6), LONGITUDE, LATITUDE, st.floats(0, 180))
@settings(max_examples=200, deadline=None)
def test_the_cap_encloses_and_its_inner_circle_is_held(
    corners: list[tuple[float, float]], ra: float, dec: float, radius: float
) -> None:
    try:
        made = geometry.polygon(corners)
    except BadShape:
        assume(False)
    # Edges that run over each other leave no certain inside in a polygon as wide as the sky.
    assume(made.reach < geometry.WIDE or len(made.vertices) == 3)
    cap = geometry.cap(made)
    outer = Circle(Point(*geometry.position(cap.vector)), min(cap.radius + 1e-9, 180.0))
    assert geometry.contains(made, outer)
    if cap.inner > 0:
        assert geometry.contains(Circle(outer.centre, cap.inner), made)
    circle = Circle(Point(ra, dec), radius)
    apart = math.degrees(geometry.angle(cap.vector, circle.centre.vector))
    if apart > cap.radius + radius + 1e-9:
        assert not geometry.intersects(made, circle)
    if apart < cap.inner + radius - 1e-9:
        assert geometry.intersects(made, circle)


@pytest.mark.parametrize(
    "text",
    ["", "circle", "circle 1 2", "circle 1 2 -3", "circle 1 91 3", "circle x 2 3", "blob 1 2", "polygon 1 1 2 2",
     "polygon 1 1 1 1 1 1", "polygon 0 0 180 0 90 0", "circle FK4 1 2 3", "circle GALACTIC 1 2 3", "circle 1 2 3 junk",
     "circle nan 2 3", "circle 1e999 2 3", "box 1 2 0 3", "box 1 2 200 3", "Union ICRS", "Union ICRS (", "Union ICRS ()",
     "Union (Union (Circle 1 2 3))", "circle 1 2 3 4", "circle 1_0 2 3"],
)  # fmt: skip
def test_what_is_no_region_is_refused(text: str) -> None:
    with pytest.raises(BadShape):
        geometry.read(text)
    assert geometry.parse(text) is None
    assert geometry.region_cap(text) is None


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    geometry.parse(text)


@pytest.mark.parametrize(
    "text", ["Circle ICRS 83.6 22.0 2.5", "Position ICRS 1.0 2.0", "Polygon ICRS 1.0 1.0 2.0 1.0 2.0 2.0"]
)
def test_shapes_are_written_as_they_were_read(text: str) -> None:
    assert geometry.write(geometry.read(text)) == text


def test_stc_s_and_dali_say_the_same() -> None:
    texts = ("Circle ICRS GEOCENTER 10 20 0.5", "circle 10 20 0.5", "CIRCLE UNKNOWNFRAME 10 20 0.5 unit deg")
    assert len({geometry.read(text) for text in texts}) == 1


def test_healpix_is_astropys() -> None:
    from astropy_healpix import healpix_to_lonlat, lonlat_to_healpix

    generator = np.random.default_rng(3)
    ra, dec = generator.uniform(0, 360, 300), np.degrees(np.arcsin(generator.uniform(-1, 1, 300)))
    dec[:4] = (90, -90, 89.999999, -89.999999)
    from astropy import units

    for order in (0, 1, 5, 12, 20, 29):
        cells = lonlat_to_healpix(ra * units.deg, dec * units.deg, 2**order, order="nested")
        assert [healpix.index(order, a, d) for a, d in zip(ra.tolist(), dec.tolist(), strict=True)] == cells.tolist()
        lon, lat = healpix_to_lonlat(cells, 2**order, order="nested")
        for cell, a, d in zip(cells.tolist(), lon.deg, lat.deg, strict=True):
            assert geometry.separation(*healpix.center(order, cell), float(a), float(d)) < 1e-9


@given(st.floats(-1e5, 1e5, allow_nan=False))
def test_times_go_there_and_back(mjd: float) -> None:
    back = times.mjd(times.from_mjd(mjd))
    assert back == pytest.approx(mjd, abs=1e-8)


@pytest.mark.parametrize(
    ("value", "text"),
    [(83.0, "83"), (0.00001, "1e-05"), (1e15, "1e+15"), (123456789012345680.0, "1.2345678901234568e+17"), (-0.5, "-0.5"),
     (999999999999999.0, "999999999999999"), (1.5e300, "1.5e+300"), (float("inf"), "Infinity")],
)  # fmt: skip
def test_numbers_become_text_as_postgresql_writes_them(value: float, text: str) -> None:
    assert scalars.text_of_double(value) == text
