"""The place searched as it is drawn: the outline of what the query asks for."""

import pytest

from search.portal import regions, side
from search.portal.criteria import read
from search.resolver.positions import separation


@pytest.mark.parametrize("place", [(83.6, 22.0), (0.01, 0.0), (359.99, -45.0), (120.0, 88.0)])
def test_a_circles_outline_lies_at_its_radius(place: tuple[float, float]) -> None:
    corners = regions.parse(f"CIRCLE {place[0]} {place[1]} 1.5").corners()
    assert len(corners) == 48
    for corner in corners:
        assert separation(*place, *corner) == pytest.approx(1.5, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "count"),
    [("POLYGON 10 10 12 10 11 12", 3), ("BOX 83.6 22 2 1", 18), ("RANGE 359 1 -1 1", 18), ("CIRCLE GAL 0 0 5", 48)],
)
def test_every_region_is_drawn_about_its_middle(text: str, count: int) -> None:
    criteria = read({"region": [text]})
    assert criteria.region is not None
    assert len(criteria.region.corners()) == count
    picture = side.sky([], criteria)
    assert picture is not None
    assert picture.outline.count("L") == count - 1
    place = side.project(picture.ra, picture.dec, picture)
    assert place == pytest.approx((150, 150), abs=0.2)


def test_without_place_and_rows_there_is_no_sky() -> None:
    assert side.sky([], read({})) is None
