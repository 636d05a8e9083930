"""The query editor: completion, the place of an error, the schema browser, and never a silent change of the form."""

import re

import pytest

from search.archive.models import Product

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_names_are_completed_by_keyboard(browser_page, archive, axe) -> None:
    page = browser_page
    page.goto("/search/?mode=adql&cut_set=loose")
    assert page.inner_text("[data-state]") == "from the form"
    page.fill("#adql", "SELECT TOP 5 target_na")
    assert page.inner_text("[data-state]") == "edited by hand"
    page.press("#adql", "End")
    page.keyboard.press("Control+Space")
    page.wait_for_selector("#complete [aria-selected=true] >> text=target_name")
    assert axe(page) == []
    page.keyboard.press("Enter")
    assert page.input_value("#adql") == "SELECT TOP 5 target_name"
    page.keyboard.type(" FROM ivoa.obsc")
    page.wait_for_selector("#complete:visible")
    page.keyboard.press("Escape")
    assert page.is_hidden("#complete")
    page.reload()
    assert page.input_value("#adql") == "SELECT TOP 5 target_name FROM ivoa.obsc", "the draft survives a reload"
    page.fill("#adql", "SELECT * FROM ivoa.obscore AS o WHERE o.t_ex")
    page.press("#adql", "End")
    page.keyboard.press("Control+Space")
    page.keyboard.press("Enter")
    assert page.input_value("#adql").endswith("WHERE o.t_exptime"), "columns behind an alias too"
    page.click("text=Back to the form")
    page.wait_for_url(re.compile(r"/search/\?.*cut_set=loose"))


def test_the_schema_browser_finds_and_inserts(browser_page, archive) -> None:
    page = browser_page
    page.goto("/search/?adql=SELECT")
    page.fill("[data-find]", "zenith")
    assert page.locator(".d-schema li:visible").count() >= 1
    assert page.locator(".d-schema details:visible >> text=ivoa.obscore_hea").count() == 0
    page.press("#adql", "End")
    page.click(".d-schema [data-insert=zenith] >> nth=0")
    assert page.input_value("#adql") == "SELECT zenith"


def test_an_error_points_at_its_place_and_keeps_the_way_back(browser_page, archive) -> None:
    page = browser_page
    page.goto("/search/?mode=adql&cut_set=loose")
    page.fill("#adql", "SELECT obs_id\nFROM ivoa.obscore\nWHERE no_such = t_m")
    page.wait_for_selector("#complete:visible")
    page.get_by_role("button", name="Run the query").click()
    page.wait_for_selector("[role=alert] >> text=no_such")
    page.click("text=Mend it in the query editor")
    page.wait_for_selector("#adql")
    place = page.evaluate(
        "(({selectionStart, selectionEnd, value}) => value.slice(selectionStart, selectionEnd))(document.querySelector('#adql'))"
    )
    assert place == "no_such"
    page.click("text=Back to the form")
    page.wait_for_url(re.compile(r"/search/\?.*cut_set=loose"))
    page.faults[:] = [one for one in page.faults if "status of 400" not in one]


def test_a_long_query_is_mended_too(browser_page, archive) -> None:
    page = browser_page
    page.goto("/search/?mode=adql")
    names = ", ".join(f"'{number:06d}'" for number in range(400))
    page.fill("#adql", f"SELECT obs_id FROM ivoa.obscore WHERE nowhere IN ({names})")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile("q="))
    page.click("text=Mend it in the query editor")
    page.wait_for_selector("#adql")
    assert page.input_value("#adql").endswith("'000399')")
    page.faults[:] = [one for one in page.faults if "status of 400" not in one]


@pytest.fixture
def alice(browser_page, live_server, client_of):
    cookie = client_of("alice").cookies["sessionid"].value
    browser_page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    return browser_page


def test_queries_are_listed_kept_and_run_again(alice, archive, axe) -> None:
    page = alice
    page.goto("/search/?mode=adql")
    page.fill("#adql", "SELECT * FROM ivoa.obscore WHERE s_dec > 0")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("tbody tr")
    page.goto("/searches/")
    page.click(".d-past >> text=Keep")
    page.wait_for_selector(".d-stack section")
    page.check("[name=notify]")
    page.click("text=Keep changes")
    page.wait_for_selector("text=4 matches at the last look")
    assert axe(page) == []
    page.click("text=Run again")
    page.wait_for_url(re.compile("adql=SELECT"))
    assert page.locator("tbody tr").count() == 4, "her own hidden run too"


def test_columns_are_chosen_ordered_and_kept(alice, archive, axe) -> None:
    page = alice
    page.goto("/search/results/?columns=product,zenith,target")
    page.click("button >> text=/^Columns$/")
    page.click("[aria-label='Move Target to the left']")
    page.check("#c-pi")
    page.fill("#preset-name", "Mine")
    assert axe(page) == []
    page.click("#keep-columns >> text=Keep")
    page.wait_for_url(re.compile("columns=target%2Czenith%2Cpi"))
    page.goto("/search/results/")
    page.click("button >> text=/^Columns$/")
    page.click(".d-preset >> text=Mine")
    page.wait_for_selector("th[data-key=pi]")
    keys = page.evaluate("[...document.querySelectorAll('th[data-key]')].map((head) => head.dataset.key)")
    assert keys == ["product", "target", "zenith", "pi"]


def test_a_visitors_columns_are_kept_by_the_browser(browser_page, archive) -> None:
    page = browser_page
    page.goto("/search/results/?columns=zenith")
    page.click("button >> text=/^Columns$/")
    page.fill("#preset-name", "Steep")
    page.click("#keep-columns >> text=Keep")
    page.wait_for_url(re.compile("columns=zenith"))
    page.goto("/search/results/")
    page.click("button >> text=/^Columns$/")
    page.click("[data-presets] >> text=Steep")
    page.wait_for_url(re.compile("columns=zenith"))
    page.click("button >> text=/^Columns$/")
    page.click("[aria-label='Delete Steep']")
    assert page.locator("[data-presets] a").count() == 0


def test_one_job_each_is_asked_for_beside_the_selection(alice, archive) -> None:
    Product.objects.update(access_url="https://files.example/run")
    page = alice
    page.goto("/search/results/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=0.1")
    page.check("tbody tr:nth-child(1) .d-tick")
    page.click("[data-selection-bar] >> text=Analyse")
    assert page.is_hidden("#each")
    page.keyboard.press("Escape")
    page.check("tbody tr:nth-child(2) .d-tick")
    page.click("[data-selection-bar] >> text=Analyse")
    page.check("#each")
    page.click("button.dropdown-item:visible >> text=Counts map")
    page.wait_for_selector("text=2 jobs will be made")
    page.click("text=Run 2 jobs")
    page.wait_for_url(re.compile(r"/jobs/\?type=counts_map"))
    page.goto("/search/results/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=0.1")
    assert page.locator("[data-row-jobs] [data-active-job]").count() == 2
