"""A spectrum made from H.E.S.S. data is repeated from its page and found identical, in a browser on a running gateway."""

import re
from urllib.parse import urlencode

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.realdata,
    pytest.mark.xdist_group("gateway"),
]
PATIENCE = 120_000
VALUES = {
    "ra": "83.63", "dec": "22.01", "energy_min": "0.5", "energy_max": "50", "on_radius": "0.11",
    "exclusion_radius": "0", "exclusion": "galactic 183.604 -8.708 0.5",
}  # fmt: skip
JOB_PAGE = re.compile(r"/jobs/[0-9a-f-]{36}/")


@pytest.fixture
def page(gateway, chromium):
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, base_url=gateway.url)
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    opened.goto("/accounts/login/")
    opened.fill("input[name=login]", "alice")
    opened.fill("input[name=password]", "alice-demo")
    opened.locator("form:has(input[name=password]) button[type=submit]").first.click()
    opened.wait_for_url("**/")
    yield opened
    context.close()


def job_of(page) -> str:
    page.wait_for_url(JOB_PAGE)
    page.locator(".d-pill").get_by_text("Completed").first.wait_for()
    return page.url.rstrip("/").rsplit("/", 1)[1]


def test_a_spectrum_is_repeated_from_its_page_and_found_identical(page, hess) -> None:
    runs = [("ID", f"ivo://distiller.example/arc?hess-dl3-dr1.run-{number}") for number in (23523, 23526)]
    page.goto(f"/jobs/new/spectrum?{urlencode([*runs, *VALUES.items()])}")
    page.get_by_role("button", name="Run", exact=True).click()
    first = job_of(page)

    page.goto(f"/provenance/entity/spectrum-{first.replace('-', '')[:12]}/")
    page.get_by_role("button", name="Repeat", exact=True).click()
    second = job_of(page)
    assert second != first

    page.locator('#repeated [data-same="true"]').wait_for()
    page.goto(f"/provenance/compare?a=job-{first}&b=job-{second}")
    assert "Identical data." in page.locator("#verdict").inner_text()
    rows = page.locator("#pairs tbody").inner_text()
    for part in (
        "flux_points.fits",
        "spectrum.zip",
        "fit.ecsv",
        "2 MODEL",
        "3 PROGENITORS",
        "spectrum_arf.fits 1 SPECRESP",
    ):
        assert part in rows
    assert "differ" not in rows

    page.goto(f"/provenance/entity/spectrum-{first.replace('-', '')[:12]}/")
    page.get_by_role("link", name="Edit and repeat").click()
    assert page.locator("input[name=energy_max]").input_value() == "50"
