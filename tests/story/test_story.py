"""The whole story in a browser, as a newcomer has it: find, analyse, trace; first on the demo archive, then on real data.

It runs against a gateway that was set up by ``make demo``'s own command, and leaves its pictures in ``test-results/``.
"""

import base64
import hashlib
import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.xdist_group("gateway")]

PICTURES = Path(__file__).parents[2] / "test-results"
PATIENCE = 90_000


@pytest.fixture(scope="module")
def page(gateway, chromium) -> Iterator[object]:
    """Alice's browser; any console error and any request that leaves the host fails the test that caused it."""
    PICTURES.mkdir(exist_ok=True)
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, base_url=gateway.url)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.faults = []
    host = urlsplit(gateway.url).netloc

    def watch(request) -> None:
        if request.url.startswith("http") and urlsplit(request.url).netloc != host:
            page.faults.append(f"left the host: {request.url}")

    page.on("console", lambda m: page.faults.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda error: page.faults.append(f"script: {error}"))
    page.on("request", watch)
    page.goto("/accounts/login/")
    page.fill("input[name=login]", "alice")
    page.fill("input[name=password]", "alice-demo")
    page.locator("form:has(input[name=password]) button[type=submit]").first.click()
    page.wait_for_url("**/")
    yield page
    context.close()


@pytest.fixture(autouse=True)
def _no_faults(page) -> Iterator[None]:
    page.faults.clear()
    yield
    assert page.faults == []


def picture(page, name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png")


def search(page, name: str) -> None:
    """Types a source name into the one box of the home page."""
    page.goto("/")
    page.fill("#target", name)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/results/**")


def analyse(page, runs: list[str], analysis: str) -> None:
    """Ticks rows and sends them to an analysis; the form that opens is filled in."""
    for run in runs:
        page.locator("tr", has_text=f"Run {run}").first.locator("input[type=checkbox]").check()
    page.get_by_role("button", name="Analyse").click()
    page.get_by_role("button", name=analysis, exact=True).click()
    page.wait_for_url("**/jobs/new/**")
    assert page.url.count("ID=") == len(runs), "what another search chose does not go along unseen"


def run_and_wait(page) -> str:
    """Presses Run, watches the page until the job is done; returns the job's id."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/"))
    page.locator("h1 ~ * .d-pill, .d-head .d-pill").get_by_text("Completed").first.wait_for()
    return page.url.rstrip("/").rsplit("/", 1)[1].split("?")[0]


def fetch(page, address: str):
    """The bytes behind a link, with the cookies of the browser."""
    answer = page.request.get(address)
    assert answer.status == 200, (address, answer.status)
    return answer


def query(gateway, adql: str) -> list[dict[str, str]]:
    """Rows of an anonymous query to /tap/sync."""
    import csv
    import io

    words = urlencode({"LANG": "ADQL", "RESPONSEFORMAT": "csv", "QUERY": adql})
    with urllib.request.urlopen(f"{gateway.url}/tap/sync?{words}") as answer:
        return list(csv.DictReader(io.StringIO(answer.read().decode())))


def summary_of(page, job: str, kind: str = "counts_map") -> dict:
    return fetch(page, f"/uws/{kind}/{job}/results/summary").json()


def test_find_analyse_and_trace_on_the_demo_archive(page, gateway) -> None:
    search(page, "Mrk 421")
    assert page.locator("h1").inner_text().startswith("Mrk 421")
    assert page.locator(".d-sim").count() > 0, "everything simulated says so"
    picture(page, "demo-results")

    runs = [text.split()[1] for text in page.locator("tr[data-did] a", has_text="Run 9000").all_inner_texts()][:2]
    analyse(page, runs, "Counts map")
    assert float(page.locator("input[name=ra]").input_value()) == pytest.approx(166.1, abs=0.1)
    picture(page, "demo-form")
    job = run_and_wait(page)
    page.wait_for_selector(".d-aladin canvas")
    expect(page.locator("[data-map-tools] [name=high]")).not_to_have_value("")
    picture(page, "demo-job")
    numbers = summary_of(page, job)
    assert numbers["total_counts"] > 1000
    assert float(page.locator("[data-map-tools] [name=high]").input_value()) == numbers["max_pixel"], "nothing is cut"
    assert f"{numbers['total_counts']:,.0f}" in page.locator(".j-facts").inner_text()

    product = summary_of(page, job)["product"]
    # The same search now has the map among its rows, and the job beside those that it used.
    search(page, "Mrk 421")
    page.goto(page.url + "&size=100")
    row = page.locator(f"tr[data-did='{product}']")
    row.wait_for()
    assert row.locator(".d-sim").count() == 1, "a map of simulated data is simulated"
    assert page.locator(f"tr[data-did] a[href='/jobs/{job}/']").count() == len(runs)
    row.locator("th a").first.click()
    page.wait_for_url("**/products/**")
    assert "simulated" in page.locator("main").inner_text()
    picture(page, "demo-product")


def test_the_map_is_a_product_like_any_other(page, gateway) -> None:
    search(page, "Crab Nebula")
    page.goto(page.url + "&dataproduct_type=event")
    run = page.locator("tr[data-did] a", has_text="Run ").first.inner_text().split()[1]
    analyse(page, [run], "Counts map")
    job = run_and_wait(page)
    product = summary_of(page, job)["product"]
    key = product.split("?")[1]

    answer = fetch(page, f"/data/{key}")
    digest = hashlib.sha256(answer.body()).hexdigest()
    said = answer.headers["repr-digest"]
    assert base64.b64decode(said.split(":")[1]).hex() == digest
    header = answer.body()[:40_000].decode("latin-1")
    for word in ("CREATOR", "CTA PRODUCT ID", "CTA ACTIVITY ID", "CHECKSUM", "HISTORY"):
        assert word in header, word

    links = fetch(page, f"/datalink/links?{urlencode({'ID': product})}").text()
    assert "#this" in links
    assert "#progenitor" in links
    # Only its owner sees it.
    assert query(gateway, f"SELECT obs_id FROM ivoa.obscore WHERE obs_publisher_did = '{product}'") == []

    page.goto(f"/provenance/entity/{key}/?depth=3")
    page.wait_for_selector("canvas")
    picture(page, "provenance")
    page.get_by_role("link", name="List").click()
    page.get_by_text(re.compile(rf"\b{run}\b")).first.wait_for()
    for form, start in (("PROV-N", "document"), ("PROV-JSON", "{"), ("PROV-XML", "<?xml"), ("PROV-SVG", "<?xml")):
        text = fetch(page, f"/provsap?{urlencode({'ID': key, 'DEPTH': 'ALL', 'RESPONSEFORMAT': form})}").text()
        assert text.lstrip().startswith(start), form
        assert f"job-{job}" in text or form == "PROV-SVG", form
    found = json.loads(fetch(page, f"/provsap?ID={key}&DEPTH=ALL&RESPONSEFORMAT=PROV-JSON").text())
    assert len(found["activity"]) >= 2, "the history goes on beyond the job"


def test_the_steps_work_on_a_phone_and_in_the_dark(page, gateway) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.emulate_media(color_scheme="dark")
    search(page, "Crab Nebula")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    picture(page, "phone-dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})


@pytest.mark.realdata
def test_a_cone_at_the_crab_finds_its_four_runs(gateway, hess) -> None:
    rows = query(
        gateway,
        "SELECT obs_id FROM ivoa.obscore WHERE obs_collection = 'HESS-DL3-DR1'"
        " AND 1 = INTERSECTS(s_region, CIRCLE('ICRS', 83.633, 22.014, 0.001)) ORDER BY obs_id",
    )
    assert [row["obs_id"] for row in rows] == ["23523", "23526", "23559", "23592"]


@pytest.mark.realdata
def test_pks_2155_has_its_21_runs(page, gateway, hess) -> None:
    rows = query(gateway, "SELECT obs_id FROM ivoa.obscore WHERE target_name = 'PKS 2155-304' AND simulated = 0")
    assert len(rows) == 21
    search(page, "PKS 2155-304")
    page.goto(page.url + "&obs_collection=HESS-DL3-DR1")
    assert "21 products" in page.locator("main").inner_text()


@pytest.mark.realdata
def test_the_crab_counts_map_equals_the_reference(page, gateway, hess) -> None:
    reference = json.loads((hess.parent / "reference_results.json").read_text())["cases"]["crab"]["map_counts"]
    search(page, "Crab Nebula")
    picture(page, "results")
    analyse(page, ["23523", "23526", "23559", "23592"], "Counts map")
    page.fill("input[name=ra]", "83.63")
    page.fill("input[name=dec]", "22.01")
    picture(page, "form")
    job = run_and_wait(page)
    page.wait_for_selector(".d-aladin canvas")
    page.wait_for_timeout(1500)
    picture(page, "job")
    numbers = summary_of(page, job)
    assert numbers["total_counts"] == reference["total_counts"] == 23709
    for found, expected in zip(numbers["smoothed_peak_radec"], reference["smoothed_peak_radec"], strict=True):
        assert found == pytest.approx(expected, abs=0.02)
