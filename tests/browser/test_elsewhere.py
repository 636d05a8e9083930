"""Own archive, a second gateway, and one that never answers, asked at once: nobody waits for the dead one."""

import socket

import pytest

from tests.support.gadf import Run, make_store
from tests.support.gateway import RunningGateway

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway")]


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, django_db_setup):
    """A second gateway, of another observatory: an archive of its own in a process of its own."""
    folder = tmp_path_factory.mktemp("other")
    store = make_store(folder / "store", [Run(9001), Run(9002)])
    running = RunningGateway(folder / "data", folder / "log.txt", DISTILLER_SITE_NAME="Southern Observatory")
    running.migrated().manage("ingest_dl3", str(store), "--collection", "SOUTH")
    yield running.start("serve")
    running.stop()


def test_the_rows_of_others_are_there_while_the_dead_one_still_hangs(gateway, other, chromium, axe) -> None:
    with socket.create_server(("127.0.0.1", 0)) as dead:
        silent = f"http://127.0.0.1:{dead.getsockname()[1]}/tap"
        context = chromium.new_context(base_url=gateway.url)
        page = context.new_page()
        page.goto(f"/search/results/?target_name=Crab+Nebula&service={other.url}/tap&service={silent}&service=nonsense")
        assert page.locator("tr[data-key]").count() > 0
        page.wait_for_selector("[data-archives] a[href^='/search/archives/']", timeout=60_000)
        assert page.locator("[data-archives] [data-waiting]").count() == 1, "the dead one still hangs"
        page.click("summary >> text=nonsense")
        context.set_offline(True)
        page.wait_for_selector("[role=alert] >> text=goes on trying")
        context.set_offline(False)
        page.click("[role=alert] button")
        page.wait_for_selector("[role=alert]", state="detached")
        assert page.locator("text=This is no address of a TAP service").is_visible(), "an open note stays open"
        page.click("[data-archives] a[href^='/search/archives/']")
        page.wait_for_selector("tr[data-row]")
        assert page.locator("tr[data-row]").count() == 2
        for run in ("9001", "9002"):
            assert run in page.inner_text("main")
        assert axe(page) == []
        page.locator(".d-tick").first.check()
        page.click("[data-selection-bar] button:has-text('Analyse')")
        page.click("[data-selection-bar] button[value=counts_map]")
        page.wait_for_selector("text=let jobs take no files from 127.0.0.1")
        page.set_viewport_size({"width": 360, "height": 800})
        page.locator(".d-tick").nth(1).check()
        page.click("[data-selection-bar] button:has-text('Add to cart')")
        page.wait_for_selector("text=2 files were added to the cart.")
        page.goto("/cart/")
        assert page.locator("main tbody tr").count() == 2
        assert axe(page) == []
        context.close()
