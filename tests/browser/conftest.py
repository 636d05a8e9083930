"""A real Chromium against the live server. A test fails on any console error and on any request that leaves the host."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.portal.conftest import archive  # noqa: F401 - the small archive serves the browser too
from tests.support.browser import closed
from tests.support.samp import until

AXE = "axe-core/axe.min.js"


@pytest.fixture
def open_page(chromium, live_server):
    """``open_page(width, theme)``: a fresh page; what went wrong in any of them fails the test at its end."""
    faults: list[str] = []
    contexts = []
    host = urlsplit(live_server.url).netloc

    def make(width: int = 1440, theme: str = "light"):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, base_url=live_server.url
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda m: faults.append(f"console: {m.text} {m.location.get('url')}") if m.type == "error" else None,
        )
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))

        def watch(request) -> None:
            parts = urlsplit(request.url)
            if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != host:
                faults.append(f"left the host: {request.url}")

        page.on("request", watch)
        page.faults = faults
        return page

    yield make
    assert closed(contexts, faults) == []


def settled(page) -> None:
    """Waits until what the page fetches by itself is there, and its fonts."""
    # Not wait_for_function: it calls eval in the page, which the policy of the site forbids.
    idle = "document.fonts.status === 'loaded' && !document.querySelector('.htmx-request, .d-sky-wait')"
    until(lambda: page.evaluate(idle))


@pytest.fixture
def browser_page(open_page):
    return open_page()


@pytest.fixture
def axe(settings):
    """``axe(page)``: the critical and serious faults of accessibility, Aladin's own container excepted.

    ``but``: selectors of what another check has seen.
    """
    source = (Path(settings.NODE_MODULES) / AXE).read_text()

    def check(page, *but: str) -> list[str]:
        if not page.evaluate("'axe' in window"):
            # Half a megabyte: handed over once, and every later page has it from its beginning.
            page.evaluate(source)
            page.add_init_script(source)
        found = page.evaluate("(exclude) => axe.run({exclude}, {resultTypes: ['violations']})", [".d-aladin", *but])
        return [
            f"{one['id']}: {one['help']} {[node['html'][:160] for node in one['nodes'][:3]]}"
            for one in found["violations"]
            if one["impact"] in ("critical", "serious")
        ]

    return check
