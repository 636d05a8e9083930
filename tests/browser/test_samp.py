"""SAMP with its real parts: JSAMP's hub with the Web Profile, TOPCAT, Aladin, and small programs of other kinds."""

import io
import shutil
import urllib.error
import urllib.request

import pytest

from search.archive import files
from tests.conftest import CHROMIUM_ARGUMENTS
from tests.portal.conftest import make
from tests.support.browser import closed
from tests.support.samp import Desk, Receiver, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.xdist_group("samp"),
    pytest.mark.django_db(transaction=True),
]
CRAB = "/search/results/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=0.1&sort=start"


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def page(chromium, live_server, settings, archive):
    """A page that may also speak to the hub on this machine; the end of a hub may show in the console, nothing else."""
    settings.PUBLIC_URL = live_server.url
    context = chromium.new_context(base_url=live_server.url)
    page = context.new_page()
    page.set_default_timeout(15_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(error.stack or str(error)))
    page.on("request", lambda request: faults.append(request.url) if not request.url.startswith((live_server.url, "http://localhost:21012/", "data:", "blob:")) else None)  # fmt: skip
    yield page
    assert closed([context], faults) == []


@pytest.fixture
def programs():
    """``programs(name, mtypes…)`` joins the hub; all leave at the end."""
    made: list[Receiver] = []

    def make(*arguments: str, **more: bool) -> Receiver:
        made.append(Receiver(*arguments, **more))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def open_menu(page, number: int = 0):
    page.locator("[data-samp-list]").nth(number).locator("xpath=preceding-sibling::button").click()
    return page.locator("[data-samp-list]").nth(number)


def look_for_programs(page):
    """The menu of the Crab's results, which then offers what each program listens to."""
    page.goto(CRAB)
    menu = open_menu(page)
    menu.locator("text=Look for programs").click()
    return menu


def toast(page, words: str) -> None:
    page.locator(".d-toast", has_text=words).first.wait_for()


def test_topcat_loads_the_table_and_rows_are_marked_both_ways(desk, page) -> None:
    desk.hub(consent=True)
    topcat = desk.topcat()
    menu = look_for_programs(page)
    menu.locator("[data-samp=table][data-samp-client]:has-text('topcat')").click()
    toast(page, "topcat: taken")
    until(lambda: topcat.tables() == 1)
    topcat.shows_rows()
    dids = [row.get_attribute("data-did") for row in page.locator("tr[data-did]").all()]
    assert topcat.value('find(window("TableViewerWindow"), JTable.class).getRowCount()') == str(len(dids))
    page.locator("tr[data-did]").nth(2).locator("td").nth(2).click()
    until(lambda: topcat.marked_row() == 2)
    topcat.sends_row_index()
    topcat.click_row(1)
    page.wait_for_selector(f"tr.d-here[data-did='{dids[1]}']")


def test_aladin_shows_the_table_and_goes_to_the_position(desk, page) -> None:
    desk.hub(consent=True)
    aladin = desk.aladin()
    menu = look_for_programs(page)
    menu.locator("[data-samp=table][data-samp-client]:has-text('Aladin')").click()
    until(lambda: 3 in aladin.planes().values())
    assert any("Crab Nebula" in name for name in aladin.planes())
    page.keyboard.press("Escape")
    menu = open_menu(page)
    menu.locator("[data-samp=position][data-samp-client]:has-text('Aladin')").click()
    until(lambda: aladin.position() == pytest.approx((83.6331, 22.0145), abs=1e-4))


def test_each_program_gets_what_it_listens_to(desk, page, programs, archive) -> None:
    desk.hub(consent=True)
    tables = programs("Tables", "table.load.votable", "table.load.fits", "coord.pointAt.sky")
    images = programs("Pictures", "image.load.fits", "coord.pointAt.sky")
    archive.crab[1].dataproduct_type = "image"
    archive.crab[1].save()
    # As the archive has it: the address of a dataset is its DataLink, the file behind it is FITS.
    archive.crab[0].access_format, archive.crab[0].file_name = files.DATALINK, "run-1.fits"
    archive.crab[0].save()
    menu = look_for_programs(page)
    menu.locator("[data-samp-client]").first.wait_for()
    assert menu.locator("[data-samp=table][data-samp-client]").all_inner_texts() == ["to Tables"]
    assert sorted(menu.locator("[data-samp=position][data-samp-client]").all_inner_texts()) == ["to Pictures", "to Tables"]  # fmt: skip
    menu.locator("text=Send this table to all programs").click()
    toast(page, "Sent to Tables")
    given = tables.got("table.load.votable")
    assert given["table-id"]
    assert "Crab Nebula" in given["name"]
    open_menu(page).locator("text=Send this position").click()
    assert float(images.got("coord.pointAt.sky")["ra"]) == pytest.approx(83.6331)
    assert all(kind != "table.load.votable" for kind, _params in images.messages)
    page.check(f"tr[data-did='{archive.crab[0].obs_publisher_did}'] .d-tick")
    open_menu(page, 1).locator("text=Send the selected data to all programs").click()
    assert tables.got("table.load.fits")["table-id"] == archive.crab[0].key


def test_the_link_opens_without_cookie_and_dies(desk, page, programs, monkeypatch) -> None:
    from astropy.io.votable import parse_single_table

    desk.hub(consent=True)
    tables = programs("Tables", "table.load.votable")
    page.goto(CRAB)
    open_menu(page).locator("text=Send this table").click()
    url = tables.got("table.load.votable")["url"]
    with urllib.request.urlopen(url) as answer:
        assert answer.headers["Content-Type"].startswith("application/x-votable+xml")
        table = parse_single_table(io.BytesIO(answer.read())).to_table()
    shown = [row.get_attribute("data-did") for row in page.locator("tr[data-did]").all()]
    assert [str(did) for did in table["obs_publisher_did"]] == shown
    monkeypatch.setattr("search.portal.samp_views.LIFETIME", -1)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url)
    assert refused.value.code == 403
    assert b"expired" in refused.value.read()


def test_selections_travel_both_ways_and_pages_are_named(desk, page, programs) -> None:
    desk.hub(consent=True)
    other = programs("Other", "table.load.votable", "table.highlight.row", "table.select.rowList")
    page.goto(CRAB)
    open_menu(page).locator("text=Send this table").click()
    given = other.got("table.load.votable")
    dids = [row.get_attribute("data-did") for row in page.locator("tr[data-did]").all()]
    page.locator(".d-tick").nth(1).check()
    assert other.got("table.select.rowList")["row-list"] == ["1"]
    page.keyboard.press("j")
    assert other.got("table.highlight.row")["row"] == "0"
    other.say("table.select.rowList", **{"table-id": given["table-id"], "url": given["url"], "row-list": ["0", "2"]})
    page.locator("[data-selected-count]", has_text="2").wait_for()
    assert [box.is_checked() for box in page.locator(".d-tick").all()] == [True, False, True]
    other.say("table.highlight.row", url=given["url"], row="2")
    page.wait_for_selector(f"tr.d-here[data-did='{dids[2]}']")
    for nonsense in ("7", "-1", "x", ""):
        other.say("table.highlight.row", **{"table-id": given["table-id"], "row": nonsense})
    other.say("table.highlight.row", **{"table-id": "somebody else's", "row": "0"})
    page.mouse.move(300, 300)
    page.mouse.move(5, 5)
    page.wait_for_timeout(500)
    assert page.locator(f"tr.d-here[data-did='{dids[2]}']").count() == 1, "the mark stays while the mouse moves"


def test_a_row_of_another_page_is_named_with_the_way_to_it(desk, page, programs, archive) -> None:
    make(archive.public, 7, "Crab Nebula")
    desk.hub(consent=True)
    other = programs("Other", "table.load.votable")
    page.goto("/search/results/?size=5&sort=start")
    page.locator(".d-tick").nth(0).check()
    open_menu(page).locator("text=Send this table").click()
    given = other.got("table.load.votable")
    toast(page, "Other: taken")
    other.say("table.highlight.row", **{"table-id": given["table-id"], "row": "5"})
    toast(page, "Row 6 was marked; it is on another page.")
    page.click(".d-toast >> text=Show it")
    page.wait_for_url("**page=2**")
    assert page.locator("tr[data-did]").count() == 1
    page.locator(".d-tick").nth(0).check()
    fits = programs("Files", "table.load.fits")
    page.locator("[data-selection-bar] .dropdown-toggle", has_text="Send").click()
    page.click("[data-samp=selection] >> visible=true")
    toast(page, "Sent to Files")
    assert {fits.got("table.load.fits", n)["table-id"] for n in (1, 2)} == {"test.run-1", "test.run-7"}


def test_an_answer_that_refuses_is_told(desk, page, programs) -> None:
    desk.hub(consent=True)
    programs("Printer", "table.load.votable", answers=False)
    page.goto(CRAB)
    open_menu(page).locator("text=Send this table").click()
    toast(page, "Printer: could not take it. out of ink")


def test_a_hub_without_programs_is_told(desk, page) -> None:
    desk.hub(consent=True)
    menu = look_for_programs(page)
    menu.locator("text=None is connected").wait_for()
    menu.locator("text=Send this table").click()
    toast(page, "No connected program takes this")


def test_no_hub_and_a_refusal_are_two_sentences(desk, page) -> None:
    page.goto(CRAB)
    open_menu(page).locator("text=Send this table").click()
    toast(page, "No SAMP hub answers on this computer")
    assert page.inner_text("[data-samp-text]") == "SAMP off"
    desk.hub(consent=False)
    open_menu(page).locator("text=Send this table").click()
    toast(page, "The hub refused")


def test_a_hub_that_leaves_is_noticed_and_found_again(desk, page, programs) -> None:
    hub = desk.hub(consent=True)
    page.goto(CRAB)
    open_menu(page).locator("text=Look for programs").click()
    page.locator("[data-samp-text]", has_text="SAMP on").wait_for()
    hub.terminate()
    hub.wait(20)
    page.locator("[data-samp-text]", has_text="SAMP off").wait_for(timeout=60_000)
    desk.hub(consent=True)
    programs("Tables", "table.load.votable")
    page.keyboard.press("Escape")
    open_menu(page).locator("text=Send this table").click()
    toast(page, "Sent to Tables")


@pytest.mark.parametrize(
    ("host", "words"),
    [("127.0.0.1", "The browser does not let this page reach"), ("gateway.test", "only secure (https)")],
)
def test_a_browser_that_keeps_pages_from_the_computer(chromium, live_server, settings, archive, host, words) -> None:
    """A page that comes from afar; the browser is told to see the test's own server so."""
    settings.ALLOWED_HOSTS = ["*"]
    port = live_server.url.rpartition(":")[2]
    rules = [
        f"--ip-address-space-overrides=127.0.0.1:{port}=public",
        "--host-resolver-rules=MAP gateway.test 127.0.0.1",
    ]
    browser = chromium.browser_type.launch(executable_path=shutil.which("chromium"), args=[*CHROMIUM_ARGUMENTS, *rules])
    try:
        page = browser.new_page()
        page.goto(f"http://{host}:{port}{CRAB}")
        open_menu(page).locator("text=Send this table").click()
        toast(page, words)
    finally:
        browser.close()
