"""The results table as an astronomer uses it: sorted, filtered and paged in place, by mouse and by keyboard."""

import re

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ROWS = "[data-results] tbody tr[data-did]"


def test_heads_sort_in_place_by_mouse_and_keyboard(browser_page, archive, axe) -> None:
    page = browser_page
    page.goto("/search/results/?size=5")
    page.wait_for_selector("th[data-key=start][aria-sort=ascending]")
    page.evaluate("window.stayed = true")
    page.focus("th[data-key=start] .dt-column-order")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-results] tbody tr:first-child th >> text=Run 6")
    assert "sort=-start" in page.url
    page.click("th[data-key=level]", modifiers=["Shift"])
    page.wait_for_url(re.compile("sort=-start%2Clevel"))
    page.wait_for_selector("th[data-key=level] .dt-column-order[data-place='2']")
    assert page.evaluate("window.stayed"), "the page was not loaded anew"
    assert axe(page) == []
    with page.expect_navigation(url=re.compile("sort=-start$")):
        page.go_back()
    page.wait_for_selector("th[data-key=start][aria-sort=descending]")
    assert page.locator("th[data-key=level][aria-sort]").count() == 0


def test_a_filter_under_each_head(browser_page, archive, axe) -> None:
    page = browser_page
    page.goto("/search/results/?columns=target,zenith,cuts,energy")
    page.click("[data-filter-row]")
    page.wait_for_selector("#filter-row:visible")
    page.fill("#filter-row [name=f_target]", "crab")
    page.wait_for_selector("h2 >> text=3 products")
    assert page.locator(ROWS).count() == 3
    page.fill("#filter-row [name=f_energy]", ">50")
    page.wait_for_selector("h2 >> text=2 products")
    assert "f_energy=%3E50" in page.url
    assert page.locator(".d-chip", has_text="Energy").count() == 1
    page.fill("#filter-row [name=f_zenith]", "steep")
    page.wait_for_selector("#filter-row .d-error >> text=is no number")
    assert axe(page) == []
    assert page.evaluate("document.activeElement.name") == "f_zenith"
    page.fill("#filter-row [name=f_zenith]", ">80")
    page.wait_for_selector("[data-results] >> text=without zenith")
    page.reload()
    page.wait_for_selector("[data-results] >> text=without zenith")
    page.click("[data-filter-row] >> text=Drop the filters")
    page.wait_for_selector("h2 >> text=5 products")


def test_rows_that_cannot_be_fetched_are_told_and_asked_for_again(browser_page, archive) -> None:
    page = browser_page
    page.goto("/search/results/?size=5")
    page.wait_for_selector("th[data-key=start][aria-sort=ascending]")
    before = page.locator(ROWS).all_inner_texts()
    page.route("**/search/results/**", lambda route: route.fulfill(status=503, body="<h1>Out of order</h1>"))
    page.click("th[data-key=start] .dt-column-order")
    note = page.locator("[role=alert].d-note-danger")
    note.get_by_text("The gateway answered with an error (503). What stands here may be out of date.").wait_for()
    assert page.locator(ROWS).all_inner_texts() == before
    assert "sort" not in page.url
    page.unroute("**/search/results/**")
    note.get_by_role("button", name="Try again").click()
    page.wait_for_selector("[data-results] tbody tr:first-child th >> text=Run 6")
    assert note.count() == 0
    page.faults.clear()  # the answer of 503 stands in the console, as it should


def test_a_chosen_row_does_not_hide_behind_a_filter(browser_page, archive) -> None:
    page = browser_page
    page.goto("/search/results/?filters=1")
    page.check(f"{ROWS} >> nth=0 >> .d-tick")
    page.fill("#filter-row [name=f_product]", "5")
    page.wait_for_selector("h2 >> text=1 product")
    assert page.is_hidden("[data-selection-bar]")
    page.fill("#filter-row [name=f_product]", "")
    page.wait_for_selector("[data-selection-bar]:visible")
    assert page.inner_text("[data-selected-count]") == "1"


def test_filters_menus_and_analysis_without_javascript(chromium, live_server, archive) -> None:
    context = chromium.new_context(
        java_script_enabled=False, base_url=live_server.url, viewport={"width": 1280, "height": 800}
    )
    page = context.new_page()
    page.goto("/search/results/?cut_set=loose")
    page.click("text=Filter columns")
    page.fill("#filter-row [name=f_zenith]", ">30")
    page.keyboard.press("Enter")
    page.wait_for_url("**f_zenith=%3E30**")
    assert "cut_set=loose" in page.url
    assert page.locator("tr[data-did]").count() == 1
    page.click("th >> text=Zenith")
    page.wait_for_url("**sort=zenith**")
    access, table = (page.locator(one).bounding_box() for one in ("th[data-key=access]", ".d-results-wrap"))
    assert access["x"] + access["width"] <= table["x"] + table["width"] + 1, "who may have the data is in sight"
    page.click("text=Export")
    assert page.locator("a:visible >> text=Parquet").count() == 1
    page.check("tr[data-did] .d-tick")
    page.click("[data-selection-bar] >> text=Analyse")
    page.click("[data-selection-bar] >> text=Counts map")
    page.wait_for_url("**/jobs/new/counts_map?**ID=ivo**")
    context.close()


def drag(page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one place of the sky to another, as shares of its width and height."""
    frame = page.locator("[data-sky]").bounding_box()
    assert frame is not None
    places = [(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=4)
    page.mouse.up()


def numbers(page) -> list[float]:
    return [float(word) for word in page.input_value("#region-text").split()[1:]]


def test_a_region_is_drawn_on_the_sky_and_searched(browser_page, archive, axe) -> None:
    page = browser_page
    page.goto("/search/results/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=3&quality=0")
    page.click("[data-draw=circle]")
    drag(page, (0.5, 0.5), (0.6, 0.5))
    ra, dec, radius = numbers(page)
    assert (ra, dec) == pytest.approx((83.6331, 22.0145), abs=0.05)
    assert radius == pytest.approx(0.1 * float(page.get_attribute("[data-sky]", "data-size")), rel=0.05)
    page.click("[data-draw=box]")
    drag(page, (0.4, 0.4), (0.7, 0.6))
    assert page.input_value("#region-text").startswith("BOX ")
    ra, dec, width, height = numbers(page)
    assert ra < 83.6331, "east is to the left"
    assert width > height > 0
    page.click("[data-draw=polygon]")
    frame = page.locator("[data-sky]").bounding_box()
    assert frame is not None
    for x, y in ((0.3, 0.3), (0.7, 0.3), (0.5, 0.7)):
        page.mouse.click(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"])
    page.keyboard.press("Enter")
    assert page.input_value("#region-text").startswith("POLYGON ")
    assert len(numbers(page)) == 6
    assert axe(page) == []
    page.click("[data-region] >> text=Search it")
    page.wait_for_url(re.compile(r"region=POLYGON"))
    assert "quality=0" in page.url
    assert "radius" not in page.url
    page.wait_for_selector(".d-searched")
    assert page.locator(ROWS).count() == 2


def test_a_region_is_drawn_in_the_form(browser_page, archive, axe) -> None:
    page = browser_page
    broken = "export default { get init() { throw new Error('no WebGL'); } };"
    page.route("**/aladin.js", lambda route: route.fulfill(content_type="text/javascript", body=broken))
    page.goto("/search/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=1&quality=0")
    page.click("summary >> text=A region")
    page.click("[data-sky-draw]")
    page.wait_for_selector("[data-sky-plain]:visible")
    page.evaluate("document.querySelector('[data-sky]').scrollIntoView({ block: 'center', behavior: 'instant' })")
    page.click("[data-draw=circle]")
    drag(page, (0.5, 0.5), (0.6, 0.5))
    ra, dec, radius = (float(word) for word in page.input_value("#f-region").split()[1:])
    assert (ra, dec) == pytest.approx((83.6331, 22.0145), abs=0.1)
    assert radius == pytest.approx(0.4, abs=0.15), "the sky opened four radii wide"
    assert page.input_value("#f-target") == "", "the region takes the place of the position"
    page.wait_for_selector("#adql-preview >> text=CIRCLE(83.6")
    assert axe(page) == []
    page.click("[data-put-back] button")
    assert page.input_value("#f-target") == "Crab Nebula"


def test_escape_drops_a_drawing(browser_page, archive) -> None:
    page = browser_page
    page.goto("/search/results/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=1")
    page.click("[data-draw=polygon]")
    page.locator("[data-sky]").click(position={"x": 50, "y": 60})
    page.keyboard.press("Escape")
    assert page.get_attribute("[data-draw=polygon]", "aria-pressed") == "false"
    assert page.input_value("#region-text") == ""


def test_rows_and_footprints_are_linked_both_ways(browser_page, archive) -> None:
    page = browser_page
    page.goto("/search/results/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=1")
    page.wait_for_selector("[data-sky] .d-shape")
    page.hover(f"{ROWS} >> nth=1")
    assert page.locator(".d-shape.d-hover").get_attribute("data-did").endswith("test.run-2")
    page.locator(".d-shape").last.dispatch_event("click")
    assert page.inner_text("[data-selected-count]") == "1"
    assert page.locator(".d-shape.d-on").count() == 1
    page.locator(".d-shape.d-on").dispatch_event("mouseover")
    chosen = page.get_attribute(".d-shape.d-on", "data-did")
    assert page.get_attribute("tr.d-pointed", "data-did") == chosen


def test_columns_are_put_in_order_by_drag_and_by_keyboard(browser_page, archive, axe) -> None:
    page = browser_page
    page.goto("/search/results/?sort=start&columns=usual")
    page.click("button:has-text('Columns')")
    # Without a name searched the target of each row comes first; it is none of those that are moved.
    order = "[...document.querySelectorAll('#columns [data-column] input')].map((box) => box.value).filter((key) => key !== 'target')"
    before = page.evaluate(order)
    assert before.index("zenith") > before.index("type")
    page.drag_and_drop("[data-column]:has(#c-zenith)", "[data-column]:has(#c-type)", target_position={"x": 30, "y": 2})
    assert page.evaluate(order)[:2] == ["zenith", "type"]
    page.focus("[data-column]:has(#c-zenith) [data-move='1']")
    page.keyboard.press("Enter")
    assert page.evaluate(order)[:2] == ["type", "zenith"]
    page.keyboard.press("Enter")
    assert page.evaluate(order)[:3] == ["type", "level", "zenith"]
    assert axe(page) == []
    page.click("button:has-text('Show these')")
    page.wait_for_url("**columns=type**")
    heads = [head.get_attribute("data-key") for head in page.locator("thead th[data-key]").all()]
    assert [head for head in heads if head != "target"][:4] == ["product", "type", "level", "zenith"]


def test_a_visitors_past_searches_stay_in_the_browser(browser_page, archive, axe) -> None:
    page = browser_page
    page.goto("/search/results/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=0.2")
    page.goto("/search/results/?adql=SELECT+TOP+5+obs_id+FROM+ivoa.obscore")
    page.goto("/search/results/?cut_set=loose&page=1")
    page.goto("/search/results/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=0.2&size=5")
    page.goto("/search/")
    page.click("main a:has-text('My searches')")
    rows = page.locator("[data-past-list] tbody tr")
    assert rows.count() == 3, "the same search again only moves up"
    assert rows.nth(0).inner_text().count("Crab Nebula") == 1
    assert "loose" in rows.nth(1).inner_text()
    assert "by hand" in rows.nth(2).inner_text()
    assert not rows.nth(1).locator("[data-by-hand]").is_visible()
    assert axe(page) == []
    page.click("[data-past-list] a:has-text('loose')")
    page.wait_for_url("**/search/results/**")
    assert page.locator("tr[data-key]").count() == 1
    page.goto("/searches/")
    page.evaluate("localStorage.setItem('past', '[{\"address\": 1}, null, \"<b>\"]')")
    page.reload()
    assert page.is_visible("[data-past-none]"), "what is damaged is no search"
    page.goto("/search/results/?cut_set=loose")
    page.goto("/searches/")
    page.click("[data-past-forget]")
    assert rows.count() == 0
    page.reload()
    assert page.is_visible("[data-past-none]")
