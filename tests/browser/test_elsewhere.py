"""Own archive, a second gateway with data of its own and one that never answers, asked at once."""

import socket

import pytest


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_dead_archive_delays_nobody(gateway, chromium, live_server, settings, archive, axe) -> None:
    settings.PUBLIC_URL = live_server.url
    with socket.create_server(("127.0.0.1", 0)) as dead:
        silent = f"http://127.0.0.1:{dead.getsockname()[1]}/tap"
        context = chromium.new_context(base_url=gateway.url, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        faults: list[str] = []
        page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto("/search/?target_name=Crab+Nebula")
        page.locator("summary", has_text="Where to ask").click()
        page.fill("#f-service", f"{live_server.url}/tap")
        page.click("#preview >> text=Search")
        page.wait_for_url("**/search/results/**")
        page.goto(f"{page.url}&service={silent}")
        assert page.locator("tr[data-key]").count() > 0, "the own rows do not wait"
        tab = page.locator("[data-archives] a[href^='/search/archives/']")
        tab.wait_for(timeout=60_000)
        assert page.locator("[data-archives] [data-waiting]").count() == 1, "the dead one still hangs"
        assert tab.inner_text().split("\n")[0].startswith("localhost/tap 3")
        assert axe(page) == []
        tab.click()
        page.wait_for_selector("tr[data-row]")
        assert "test.run-1" in page.inner_text("tbody"), "these are the rows of the second gateway"
        assert page.locator("[data-sky] [data-did]").count() == 3
        page.locator("[data-sky] [data-did]").first.dispatch_event("click")
        assert page.inner_text("[data-selected-count]") == "1"
        assert axe(page) == []
        page.screenshot(path="/tmp/samp-try/archive.png", full_page=True)
        with page.expect_download() as exported:
            page.click("text=CSV")
        assert len(exported.value.path().read_text().splitlines()) == 2
        page.locator("text=simultaneous data").first.click()
        page.wait_for_url("**/search/results/?ra=83.6*t_min=53001*service=**")
        context.close()
    assert faults == []
