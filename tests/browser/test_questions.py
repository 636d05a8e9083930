"""The founding questions, asked by clicking and typing from the home page, with nothing read before."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def form(browser_page, archive):
    """The search form, reached from the home page; ``found()`` searches and gives the keys of the rows."""
    page = browser_page
    page.set_default_timeout(20_000)
    page.goto("/")
    page.click("text=More search options")
    page.wait_for_url("**/search/")

    def open_fold(name: str) -> None:
        page.locator("details.d-fold > summary", has=page.locator("h2", has_text=name)).click()

    def pick(label: str, words: str) -> None:
        field = page.locator("fieldset.d-field", has=page.locator(f"legend:has-text('{label}')"))
        if field.locator(".d-picker[open]").count() == 0:
            field.locator(".d-picker > summary").click()
        field.get_by_label(words, exact=False).first.check()

    def found() -> set[str]:
        page.click("#preview >> text=Search")
        page.wait_for_url("**/search/results/**")
        return {row.get_attribute("data-key").removeprefix("test.run-") for row in page.locator("tr[data-key]").all()}

    page.open_fold, page.pick, page.found = open_fold, pick, found
    return page


def test_data_of_a_source_by_name_and_radius(form) -> None:
    form.fill("#f-target", "M1")
    form.fill("#f-radius", "30")
    form.select_option("[name=radius_unit]", "arcmin")
    assert form.found() == {"1", "2", "3"}
    assert "Crab Nebula" in form.inner_text(".d-head"), "M1 is known by its common name"


def test_a_field_observed_at_a_given_time(form) -> None:
    form.fill("#f-target", "329.72 -30.23")
    form.get_by_label("From", exact=True).fill("53005")
    form.get_by_label("to", exact=True).or_(form.locator("[name=t_max]")).first.fill("53005.5")
    assert form.found() == {"5"}


def test_events_above_50_tev(form) -> None:
    form.pick("Product type", "event list")
    form.get_by_label("Energy from").fill("50")
    assert form.found() == {"1", "2", "5", "6"}


def test_public_data_for_all_blazars(form) -> None:
    form.open_fold("Target and proposal")
    form.get_by_role("combobox", name="Target class").fill("blazar")
    form.pick("Data rights", "public")
    assert form.found() == {"5"}


def test_data_for_a_given_proposal(form) -> None:
    form.open_fold("Target and proposal")
    form.get_by_label("Proposal", exact=False).first.fill("P-1")
    assert form.found() == {"6"}


def test_a_sub_array_that_includes_the_large_telescopes(form) -> None:
    form.open_fold("Configuration")
    form.pick("With telescopes", "LST")
    assert form.found() == {"2"}


def test_not_the_divergent_mode(form) -> None:
    form.open_fold("Configuration")
    form.pick("Pointing mode", "not divergent-5d")
    assert form.found() == {"1", "3", "5", "6"}


def test_a_pipeline_version_for_a_target(form) -> None:
    form.fill("#f-target", "crab")
    form.open_fold("Provenance")
    form.pick("Pipeline version", "1.1")
    assert form.found() == {"1"}


def test_a_reconstruction_method_and_loose_cuts(form) -> None:
    form.open_fold("Provenance")
    form.pick("Reconstruction", "ImPACT")
    form.pick("Cut", "loose")
    assert form.found() == {"1"}


def test_data_taken_at_the_same_time_are_one_click_from_a_product(browser_page, archive) -> None:
    page = browser_page
    page.goto("/products/test.run-1/")
    page.click("text=Cite")
    assert "bibtex" in page.inner_text("main").casefold()
    page.click("text=Related")
    page.click("text=Simultaneous data")
    page.wait_for_url("**/search/results/**t_min=**")


def test_by_keyboard_alone_from_the_search_to_a_job(browser_page, archive) -> None:
    page = browser_page
    page.goto("/")
    page.keyboard.type("crab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".d-js tr[data-key]")
    page.wait_for_load_state("load")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    assert page.inner_text("[data-selected-count]") == "2"
    page.locator("[data-selection-bar] button").first.wait_for()
    for _step in range(80):
        if page.evaluate("document.activeElement.textContent.trim() === 'Analyse'"):
            break
        page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Analyse"
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/new/**ID=**")
