"""The portal as a person uses it: from a name to the form of a job, by keyboard, on a phone, in both themes."""

import pytest

from tests.browser.conftest import settled

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = (
    "/",
    "/search/",
    "/search/?adql=SELECT+*+FROM+ivoa.obscore",
    "/search/?energy_min=50&energy_max=10&data_rights=public",
    "/search/results/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=0.1",
    "/search/results/?cut_set=loose&simulated=1",
    "/search/results/?filters=1&f_zenith=steep&region=BOX+83+22+4+4",
    "/products/test.run-1/",
    "/products/test.run-6/?tab=metadata",
    "/cart/",
    "/sed/",
    "/help/",
)


def test_from_a_name_to_the_form_of_a_job(browser_page, archive) -> None:
    page = browser_page
    page.goto("/")
    page.fill("#target", "crab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/results/?target=Crab+Nebula&ra=*")
    page.wait_for_selector("[data-sky]")
    assert page.inner_text("h1") == "Crab Nebula"
    page.check("tbody tr:nth-child(1) .d-tick")
    page.check("tbody tr:nth-child(2) .d-tick")
    assert page.inner_text("[data-selected-count]") == "2"
    page.click("[data-selection-bar] >> text=Analyse")
    page.click("button.dropdown-item:visible >> text=Counts map")
    page.wait_for_url("**/jobs/new/counts_map?**")
    assert page.url.count("ID=") == 2
    assert "csrfmiddlewaretoken" not in page.url
    assert page.inner_text("h1").startswith("Counts map")


def test_a_part_that_does_not_come_is_told_and_asked_for_again(browser_page, archive) -> None:
    page = browser_page
    page.route("**/search/results/beside?**", lambda route: route.abort())
    page.goto("/search/results/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=0.1")
    page.wait_for_selector("[data-beside] [role=alert] >> text=does not answer")
    page.unroute("**/search/results/beside?**")
    failure = {"status": 500, "body": "<!doctype html><main>an error page</main>", "content_type": "text/html"}
    page.route("**/search/results/beside?**", lambda route: route.fulfill(**failure))
    page.click("[data-beside] [role=alert] button")
    page.wait_for_selector("[data-beside] [role=alert] >> text=error (500)")
    assert page.locator("text=an error page").count() == 0
    page.unroute("**/search/results/beside?**")
    page.click("[data-beside] [role=alert] button")
    page.wait_for_selector("[data-sky]")
    page.route("**/portal/table.js", lambda route: route.abort())
    page.reload()
    page.wait_for_selector("[role=alert] >> text=could not be loaded")
    told = ("ERR_FAILED", "status of 500", "Failed to fetch")
    page.faults[:] = [one for one in page.faults if not any(words in one for words in told)]


def test_the_form_answers_while_one_types(browser_page, archive) -> None:
    page = browser_page
    page.goto("/search/")
    page.fill("#f-target", "M 1")
    page.wait_for_selector("[data-resolved] >> text=table of sources")
    page.wait_for_selector(".d-big >> text=3")
    assert "83.6331" in page.inner_text("#adql-preview")
    page.fill("[name=energy_min]", "50")
    page.fill("[name=energy_max]", "10")
    page.wait_for_selector("#preview >> text=50 is above 10")
    page.wait_for_selector("[name=energy_min][aria-invalid=true]")
    page.fill("[name=energy_max]", "")
    page.wait_for_selector(".d-big >> text=2")
    page.wait_for_selector("[name=energy_min]:not([aria-invalid])")
    page.fill("#f-target", "Crab Nebla")
    page.wait_for_selector("#preview [data-problem=target]")
    page.press("#f-target", "Enter")
    page.wait_for_selector("[data-resolved] >> text=table of sources")
    assert page.input_value("#f-target") == "Crab Nebula", "one key took what was meant"
    page.wait_for_selector(".d-big >> text=2")
    page.click("#preview >> text=Search")
    page.wait_for_url("**/search/results/**")
    assert "energy_unit" not in page.url
    assert page.locator("tr[data-did]").count() == 2


@pytest.mark.parametrize("listens_after", [0, 900])
def test_what_is_typed_before_the_scripts_have_come_is_searched(browser_page, archive, listens_after: int) -> None:
    """htmx begins to listen in a task of its own: before the page's load or, on a busy computer, long after it."""
    page = browser_page
    page.add_init_script("""document.addEventListener("readystatechange", () => {
        if (document.readyState === "interactive") document.querySelector("[name=obs_id]").value = "2";
    });""")
    page.add_init_script(f"""const timer = window.setTimeout;
        window.setTimeout = (call, wait, ...rest) => timer(call, wait ?? {listens_after}, ...rest);""")
    with page.expect_response(lambda answer: "/search/preview" in answer.url and "obs_id=2" in answer.url) as answer:
        page.goto("/search/")
    assert answer.value.status == 200


def test_selection_lasts_over_pages_and_keys_move(browser_page, archive) -> None:
    page = browser_page
    page.goto("/search/results/?size=5&sort=-start")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.inner_text("[data-selected-count]") == "1"
    page.goto("/search/results/?cut_set=loose")
    assert page.is_hidden("[data-selection-bar]"), "another search begins with nothing chosen"
    page.goto("/search/results/?size=10&sort=start")
    assert page.inner_text("[data-selected-count]") == "1"
    page.click("[data-clear]")
    assert page.is_hidden("[data-selection-bar]")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "quick"
    page.goto("/")
    page.keyboard.type("/Crab")
    assert page.input_value("#target") == "Crab", "the box of the home page awaits a name already"


def test_themes_last(browser_page, archive) -> None:
    page = browser_page
    page.goto("/")
    page.click("[aria-label=Theme]")
    page.click("[data-theme-choice=dark]")
    page.reload()
    assert page.get_attribute("html", "data-bs-theme") == "dark"


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1000, "dark"), (360, "light"), (360, "dark")])
def test_pages_fit_and_are_open_to_everyone(open_page, archive, axe, width: int, theme: str) -> None:
    page = open_page(width, theme)
    found: dict[str, object] = {}
    for path in PAGES:
        page.goto(path)
        settled(page)
        faults = axe(page)
        if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
            faults.append("wider than the window")
        if faults:
            found[path] = faults
    page.faults[:] = [one for one in page.faults if "status of 400" not in one]
    assert found == {}


PLAIN = ("/search/", "/search/results/?ra=83.6331&dec=22.0145&radius=0.1",
         "/search/results/?adql=SELECT+TOP+5+obs_id+FROM+ivoa.obscore", "/products/test.run-1/", "/cart/")  # fmt: skip


def test_pages_serve_without_javascript(chromium, live_server, archive) -> None:
    context = chromium.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    for path in PLAIN:
        assert page.goto(path).ok, path
        assert page.locator("h1").count() == 1, path
    context.close()
