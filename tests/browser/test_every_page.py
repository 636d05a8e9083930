"""Every page of the portal: nothing critical or serious for axe, no console error, no request off the host; on paper."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CONE = "ra=83.6331&dec=22.0145&radius=0.5"
PAGES = (
    "/search/?mode=adql",
    f"/search/results/?{CONE}",
    f"/search/results/?{CONE}&columns=obscore",
    "/search/results/?adql=SELECT+obs_id+FROM+ivoa.obscore",
    "/search/results/?adql=SELECT+nonsense+FROM+ivoa.obscore",
    f"/search/results/beside?{CONE}",
    "/search/object?name=Crab+Nebula",
    "/search/object?name=nothing+of+that+name",
    "/products/test.run-1/?tab=files",
    "/products/test.run-1/?tab=related",
    "/products/test.run-1/?tab=cite",
    "/searches/",
    "/jobs/",
    "/jobs/types/",
    "/jobs/new/spectrum",
    "/provenance/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/help/tools/",
    "/help/glossary/",
    "/no/such/page",
)
SIGNED_IN = (
    "/",
    "/searches/",
    "/jobs/",
    "/accounts/tokens/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/cart/",
)


def sweep(page, axe, paths) -> dict[str, list[str]]:
    found = {}
    for path in paths:
        page.goto(path)
        page.wait_for_load_state("load")
        faults = axe(page)
        if page.locator("h1").count() != 1:
            faults.append("has no heading of its own, or several")
        if faults:
            found[path] = faults
    # What the browser says of the statuses that these pages have on purpose.
    page.faults[:] = [one for one in page.faults if "status of 40" not in one]
    return found


def test_pages_that_visitors_see(browser_page, archive, axe) -> None:
    assert sweep(browser_page, axe, PAGES) == {}


def test_pages_that_people_see_when_signed_in(browser_page, archive, axe) -> None:
    page = browser_page
    page.goto("/accounts/login/")
    page.fill("input[name=login]", "alice")
    page.fill("input[name=password]", "alice-demo")
    page.locator("form:has(input[name=password]) button[type=submit]").first.click()
    page.wait_for_selector("text=alice >> visible=true")
    assert sweep(page, axe, SIGNED_IN) == {}


def test_on_paper_only_what_is_read_stays(browser_page, archive) -> None:
    page = browser_page
    page.goto(f"/search/results/?{CONE}")
    page.emulate_media(media="print")
    for hidden in (".d-bar", "footer", ".d-facets", ".d-pages"):
        for one in page.locator(hidden).all():
            assert not one.is_visible(), f"{hidden} is printed"
    assert page.locator("tr[data-key]").first.is_visible()
    assert page.locator("h1").is_visible()
