"""A map on its product's page: cut so that what it shows can be seen."""

import io

import numpy as np
import pytest
from astropy.io import fits
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from playwright.sync_api import expect

from gateway.pages import hips
from tests.portal.test_measure import ENERGIES, a_cube, a_map

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def page_of(row, data: bytes) -> str:
    """The address of a product that is a map with these bytes."""
    hips.write()
    row.dataproduct_type, row.file_name, row.size = "image", "map.fits", len(data)
    row.storage_key = default_storage.save("test/map.fits", ContentFile(data))
    row.save()
    return f"/products/{row.key}/"


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [(1.0, 10.0, ("inferno", "sqrt", "1", "10")), (-4.0, 5.0, ("rdbu", "linear", "-5", "5")),
     (-2.0, 60.0, ("inferno", "sqrt", "-2", "60"))],
    ids=["counts", "significance", "strong source"],
)  # fmt: skip
def test_counts_are_cut_at_their_ends_and_significance_about_nought(browser_page, archive, low, high, shown) -> None:
    made = a_map()
    made[0].data[1:] = np.linspace(low, high, 40 * 41).reshape(40, 41)
    stream = io.BytesIO()
    made.writeto(stream)
    browser_page.goto(page_of(archive.crab[0], stream.getvalue()))
    tools = browser_page.locator("[data-map-tools]")
    for name, value in zip(("colormap", "stretch", "low", "high"), shown, strict=True):
        expect(tools.locator(f"[name={name}]")).to_have_value(value, timeout=30_000)


def test_a_map_that_cannot_be_drawn_is_told(browser_page, archive) -> None:
    browser_page.goto(page_of(archive.crab[0], b"SIMPLE  =                    T" + b" " * 2850))
    expect(browser_page.locator("[role=alert].d-note-danger")).to_contain_text(
        "cannot be shown here. Download it", timeout=30_000
    )
    expect(browser_page.locator("[data-map] img")).to_have_count(0)
    browser_page.faults.clear()  # the answers of 400 and 404 stand in the console, as they should


def test_another_plane_is_shown_and_measured_in_place_or_it_is_told(browser_page, archive) -> None:
    stream = io.BytesIO()
    fits.HDUList([*a_cube(BANDSHDU="PRIMARY_BANDS"), ENERGIES]).writeto(stream)
    address = page_of(archive.crab[0], stream.getvalue())
    page = browser_page
    page.goto(address + "?ra=83.6331&dec=22.0145&radius=0.01")
    high, said = page.locator("[data-map-tools] [name=high]"), page.locator("[data-measured]")
    expect(high).to_have_value("1110", timeout=30_000)
    page.select_option("[name=plane]", label="plane 2 of 3, 1.20 – 2.10 TeV")
    expect(high).to_have_value("100")
    expect(said).to_contain_text("100")
    assert "plane=2" in page.url
    page.route("**/image.fits*", lambda route: route.abort())
    page.route("**/region*", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    page.select_option("[name=plane]", "3")
    expect(page.locator("[role=alert].d-note-danger")).to_contain_text("could not be fetched")
    expect(page.locator("[name=plane] >> nth=0")).to_have_value("2")
    page.locator("[data-measure] button").click()
    expect(said).to_contain_text("gave no answer")
    page.faults.clear()  # what was cut stands in the console, as it should
