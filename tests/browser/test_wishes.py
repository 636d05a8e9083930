"""What users ask of portals and few have, each done from the home page with nothing read before."""

import hashlib
import os
import re
import subprocess

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from search.archive.models import Collection, Product
from search.portal import watching
from tests.portal.conftest import make
from tests.support.samp import until

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def home(browser_page, archive, settings, live_server):
    """The home page in a browser whose clipboard can be read; addresses that scripts hold lead back to this server."""
    settings.PUBLIC_URL = live_server.url
    page = browser_page
    page.set_default_timeout(20_000)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/")
    return page


def search(page, name: str) -> None:
    page.fill("#target", name)
    page.keyboard.press("Enter")
    page.wait_for_selector(".d-js tr[data-key]")


def sign_in(page, name: str) -> None:
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", f"{name}-demo")
    page.locator("form:has(input[name=password]) button[type=submit]").first.click()


def copied(page) -> str:
    page.locator(".d-toast", has_text="Copied").first.wait_for()
    return page.evaluate("navigator.clipboard.readText()")


def choose(page, *keys: str) -> None:
    for key in keys:
        page.check(f"tr[data-key='{key}'] .d-tick")


def put_in_cart(page, *keys: str) -> None:
    choose(page, *keys)
    page.click("[data-selection-bar] >> text=Add to cart")
    page.locator("[data-cart-count]", has_text=str(len(keys))).wait_for()
    page.click("a.d-bar-item[href='/cart/']")
    page.wait_for_url("**/cart/")


def open_fold(page, name: str) -> None:
    page.locator("details.d-fold > summary", has=page.locator("h2", has_text=name)).click()


def pick(page, label: str, words: str) -> None:
    field = page.locator("fieldset.d-field", has=page.locator(f"legend:has-text('{label}')"))
    field.locator(".d-picker > summary").click()
    field.get_by_label(words, exact=False).first.check()


@pytest.mark.parametrize("tool", ["pyvo", "astroquery", "curl"])
def test_the_query_is_copied_as_code_that_gives_the_same_rows(home, tmp_path, monkeypatch, tool: str) -> None:
    from astropy.table import Table

    search(home, "crab")
    shown = [row.get_attribute("data-did") for row in home.locator("tr[data-did]").all()]
    home.locator("button", has_text="Copy as").click()
    home.locator("[data-copy].dropdown-item", has_text=tool).click()
    code = copied(home)
    if tool == "curl":
        subprocess.run(["sh", "-c", code], cwd=tmp_path, check=True, capture_output=True)
        table = Table.read(tmp_path / "results.vot", format="votable")
    else:
        made: dict[str, Table] = {}
        exec(code, made)
        table = made["table"]
    assert [str(did) for did in table["obs_publisher_did"]] == shown


def test_form_and_query_never_part_in_silence(home) -> None:
    page = home
    page.click("text=More search options")
    open_fold(page, "Provenance")
    pick(page, "Cut", "loose")
    page.wait_for_selector("#preview pre >> text=cut_set")
    assert "from the form" in page.inner_text("#preview")
    page.click("#preview >> text=Edit")
    page.wait_for_selector("[data-state] >> text=from the form")
    page.fill("#adql", "SELECT obs_id, target_name FROM ivoa.obscore WHERE s_dec > 0")
    page.wait_for_selector("[data-state] >> text=edited by hand")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/search/results/?adql=**")
    assert "edited by hand" in page.inner_text(".d-chips")
    assert "drops your edit" in page.inner_text(".d-chips")
    assert page.locator("tbody tr").count() == 3
    page.click("text=back to the form")
    page.wait_for_selector("#preview >> text=from the form")
    assert page.is_checked("[name=cut_set][value=loose]")
    assert "cut_set = 'loose'" in page.get_attribute("#adql-preview", "data-full")
    assert "s_dec" not in page.inner_text("#preview"), "the edit is gone, as was said"


def stored(product: Product, content: bytes) -> None:
    product.storage_key = default_storage.save(f"test/{product.key}.fits", ContentFile(content))
    product.file_name, product.size = f"{product.key}.fits", len(content)
    product.sha256 = hashlib.sha256(content).hexdigest()
    product.save()


def test_a_script_downloads_goes_on_and_finds_damage(home, archive, tmp_path) -> None:
    contents = {row.key: row.key.encode() * 5_000 for row in archive.crab[:2]}
    for row in archive.crab[:2]:
        stored(row, contents[row.key])
    search(home, "crab")
    put_in_cart(home, *contents)
    with home.expect_download() as waited:
        home.locator("a[href^='/cart/script']", has_text="curl").click()
    waited.value.save_as(tmp_path / "download.sh")
    half, damaged = contents
    (tmp_path / f"{half}.fits.part").write_bytes(contents[half][:20_000])
    (tmp_path / f"{damaged}.fits.part").write_bytes(b"not of this file")

    def run() -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in os.environ.items() if name != "TOKEN"}
        return subprocess.run(["sh", "download.sh"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    first = run()
    assert first.returncode == 1
    assert f"checksum differs: {damaged}.fits" in first.stderr
    assert (tmp_path / f"{half}.fits").read_bytes() == contents[half]
    assert not (tmp_path / f"{damaged}.fits").exists()
    second = run()
    assert second.returncode == 0, second.stderr
    assert f"have {half}.fits" in second.stdout
    assert (tmp_path / f"{damaged}.fits").read_bytes() == contents[damaged]


def test_a_visitor_keeps_a_search_and_is_told_of_new_matches(home, archive, axe, mailoutbox) -> None:
    page = home
    search(page, "crab")
    page.click("text=Save search")
    page.wait_for_url("**/accounts/login/**")
    sign_in(page, "alice")
    page.wait_for_url("**/searches/")
    assert page.input_value(".d-stack [name=name]") == "Crab Nebula"
    page.check("[name=notify]")
    page.click("text=Keep changes")
    page.wait_for_selector("text=4 matches at the last look")
    assert axe(page) == []
    make(archive.public, 7, "Crab Nebula")
    make(archive.public, 8, "PKS 2155-304")
    assert watching.look() == 1
    assert watching.look() == 0, "told once"
    assert [mail.to for mail in mailoutbox] == [["alice@demo.example"]]
    assert "1 new match of “Crab Nebula”" in mailoutbox[0].subject
    page.goto(re.search(r"http\S+/search/results/\S+", mailoutbox[0].body)[0])
    page.wait_for_selector("tr[data-key='test.run-7']")
    assert page.locator("tr[data-key]").count() == 5


def test_a_selection_is_cited(home) -> None:
    Collection.objects.filter(name="test").update(citation="Everybody et al. 2024", bibtex="@misc{everybody}")
    search(home, "crab")
    put_in_cart(home, "test.run-1", "test.run-2")
    panel = home.locator("section.d-panel", has=home.locator("h2", has_text="Cite this selection"))
    panel.locator("header [data-copy-from]").click()
    assert "Everybody et al. 2024" in copied(home)
    panel.locator("summary", has_text="BibTeX").click()
    panel.locator("[data-copy-from='#cart-bibtex']").click()
    until(lambda: "@misc{everybody}" in copied(home))
    panel.locator("summary", has_text="Identifiers").click()
    assert panel.locator("pre", has_text="test.run-1").inner_text().split() == [
        "ivo://distiller.example/arc?test.run-1", "ivo://distiller.example/arc?test.run-2"
    ]  # fmt: skip


def test_a_denial_says_why_until_when_and_whom_to_ask(home, axe, mailoutbox) -> None:
    page = home
    search(page, "PKS 2155-304")
    row = page.locator("tr[data-key='test.run-6']")
    assert "until 2999-01-01" in row.inner_text()
    row.locator("th a").first.click()
    page.wait_for_url("**/products/test.run-6/")
    note = page.locator(".d-note-warning", has_text="not open its data yet")
    assert "2999" in note.inner_text()
    note.locator("a", has_text="Ask for access").click()
    page.wait_for_selector("h2 >> text=You may see that this product exists")
    page.locator("main a", has_text="Sign in").click()
    sign_in(page, "charlie")
    page.wait_for_selector("dt >> text=Public on")
    facts = " ".join(page.inner_text(".d-note dl.d-keys").split())
    assert "2999-01-01" in facts
    assert "P-1" in facts
    assert "alice" in facts.casefold()
    assert axe(page) == []
    page.click("button >> text=Ask for access")
    page.wait_for_selector(".d-note[role=status]")
    assert [mail.to for mail in mailoutbox] == [["alice@demo.example"]]
    page.faults[:] = [one for one in page.faults if "status of 40" not in one]


def test_simulated_rows_say_so_wherever_they_stand(home) -> None:
    page = home
    search(page, "crab")
    page.goto("/search/results/?target_name=Crab+Nebula")
    assert "1 of them simulated" in " ".join(page.inner_text(".d-list").split())
    assert page.locator("tr[data-key='test.run-3'] .d-sim").count() == 1
    assert page.locator("tr[data-key='test.run-1'] .d-sim").count() == 0


def test_nothing_found_says_which_constraint_to_drop_and_what_that_gives(home, axe) -> None:
    page = home
    page.click("text=More search options")
    open_fold(page, "Provenance")
    pick(page, "Cut", "loose")
    page.get_by_label("Energy from").fill("500")
    page.click("#preview >> text=Search")
    page.wait_for_selector(".d-ways")
    ways = page.locator(".d-ways a").all_inner_texts()
    assert axe(page) == []
    assert [int(way.split()[0]) for way in ways] == [1]
    assert "without energy" in ways[0]
    page.click(".d-ways a")
    page.wait_for_selector("h2 >> text=1 product")
    assert page.locator("tr[data-key]").count() == 1
