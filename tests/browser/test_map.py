"""A map on its product's page: cut so that what it shows can be seen."""

import io
import re

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from playwright.sync_api import expect

from gateway.pages import hips
from tests.portal.test_measure import a_map

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
    expect(browser_page.locator("[data-map-readout]")).to_have_text(re.compile("cannot be drawn here"), timeout=30_000)
    # The browser and Aladin name the broken file in the console too, as they should.
    browser_page.faults.clear()
