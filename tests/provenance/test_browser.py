"""The pages in a real browser, with 1, 50 and 5,000 related nodes: the graph is drawn, a click opens, nothing errs."""

import pytest

from tests.provenance.test_pages import hub
from tests.support.browser import closed

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    yield opened
    assert closed([context], problems) == []


@pytest.mark.parametrize("number", [1, 50, 5000])
def test_the_graph_is_drawn_and_a_click_tells_more(live_server, page, number):
    hub(number)
    page.goto(f"{live_server.url}/provenance/activity/hub/?direction=forth&depth=1")
    canvas = page.locator("#prov-graph[data-drawn]")
    canvas.wait_for(timeout=30_000)
    assert int(canvas.get_attribute("data-drawn")) <= 10
    assert page.locator("#card h2").inner_text() == "hub"
    page.get_by_role("link", name="List").click()
    page.locator("#prov-list").wait_for()
    assert page.locator("#prov-list tbody tr").count() <= 80


def test_a_node_that_cannot_be_told_of_is_asked_again(live_server, chromium):
    hub(1)
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.goto(f"{live_server.url}/provenance/activity/hub/?direction=forth&depth=1")
    page.locator("#prov-graph[data-drawn]").wait_for(timeout=30_000)
    page.locator("#card").evaluate("(card) => { card.textContent = 'nothing yet'; }")
    context.set_offline(True)
    x, y = page.get_attribute("#prov-graph", "data-asked").split()
    page.click("#prov-graph", position={"x": int(x), "y": int(y)})
    page.wait_for_selector("#card [role=alert] >> text=does not answer")
    context.set_offline(False)
    page.click("#card [role=alert] button")
    page.wait_for_selector("#card h2")
    context.close()
