"""A running gateway asked together with one that never answers: its rows are there while the other still hangs."""

import socket

import pytest


@pytest.mark.slow
def test_a_dead_archive_delays_nobody(gateway, chromium) -> None:
    with socket.create_server(("127.0.0.1", 0)) as dead:
        silent = f"http://127.0.0.1:{dead.getsockname()[1]}/tap"
        context = chromium.new_context(base_url=gateway.url)
        page = context.new_page()
        page.goto(f"/search/results/?target_name=Crab+Nebula&service={gateway.url}/tap&service={silent}")
        assert page.locator("tr[data-key]").count() > 0
        page.wait_for_selector("[data-archives] a[href^='/search/archives/']", timeout=60_000)
        assert page.locator("[data-archives] [data-waiting]").count() == 1
        page.click("[data-archives] a[href^='/search/archives/']")
        page.wait_for_selector("tr[data-row]")
        context.close()
