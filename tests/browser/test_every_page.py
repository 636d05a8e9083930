"""Every page of the site: nothing critical or serious for axe, one heading, no console error, no request off the host.

The pages are found in ``tests/matrix.py``, which has a row for each pattern of the URLconf: whatever answers somebody
with a page is opened. A pattern that shows nobody anything but errors hides its page, and fails.
"""

from types import SimpleNamespace

import pytest
from django.test import Client

from gateway.access.service import invite
from search.archive.models import Product
from tests.support.answers import body
from tests.test_matrix import cells, world  # noqa: F401 - the things that the rows of the table name

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CONE = "ra=83.6331&dec=22.0145&radius=0.5"
# What a pattern shows in other cases than that of its row.
FURTHER = (
    "/search/?mode=adql",
    f"/search/results/?{CONE}&columns=obscore",
    "/search/results/?adql=SELECT+obs_id+FROM+ivoa.obscore",
    "/search/results/?adql=SELECT+nonsense+FROM+ivoa.obscore",
    "/search/object?name=nothing+of+that+name",
    "/products/{key}/?tab=files",
    "/products/{key}/?tab=related",
    "/products/{key}/?tab=cite",
    "/jobs/new/spectrum",
    "/no/such/page",
)
# Patterns that show errors alone here, and why that is all of them.
ERRORS_ALONE = {
    "hips/<path:name>": "tiles of the sky",
    "help/images/<str:name>": "pictures",
    "search/archives/<uuid:identifier>/": "the answer of another archive: test_elsewhere.py",
    "search/archives/<uuid:identifier>/export": "a file",
    "accounts/3rdparty/login/error/": "it is the page of an error: opened",
}
# It signs out; a provider that is not configured has no pages, those of one that is are in tests/accounts; the same
# pages as under tap.
LEFT_OUT = ("accounts/logout/", "accounts/github/", "accounts/google/", "accounts/orcid/", "accounts/oidc/", "tap-auth")


def signed_in(name: str) -> Client:
    """By the form, as some pages ask for a fresh sign-in."""
    client = Client()
    client.post("/accounts/login/", {"login": name, "password": f"{name}-demo"})
    return client


@pytest.fixture
def people(world, cast, settings, monkeypatch) -> dict[str, Client]:  # noqa: F811
    """Alice; Dana, who has second factors of every kind; a visitor, who is asked for the second of them."""
    from allauth.mfa.models import Authenticator
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP

    settings.ALLOWED_HOSTS = ["*"]
    alice, dana = signed_in("alice"), signed_in("dana")
    Authenticator.objects.create(
        pk=1, user=cast.dana, type="webauthn", data={"name": "A key", "credential": {"id": "x"}}
    )
    TOTP.activate(cast.dana, "A" * 32)
    RecoveryCodes.activate(cast.dana)
    monkeypatch.setattr("gateway.access.service.secrets.token_urlsafe", lambda _length: "unknown")
    policy = Product.objects.get(key=world.keys["hidden"]).policy
    invite([policy], "charlie@demo.example", "collaborator", "/", cast.alice)
    monkeypatch.undo()
    return {"alice": alice, "dana": dana, "visitor": signed_in("dana")}


def shown(client: Client, address: str) -> str:
    """What a browser is shown there: "page", "error" or "" for what is no whole page."""
    answer = client.get(address, headers={"accept": "text/html"})
    answer.close()
    if answer.streaming or "html" not in answer.headers.get("Content-Type", ""):
        return ""
    whole = "<html" in body(answer)[:500]
    return ("page" if answer.status_code == 200 else "error") if whole else ""


def pages(world: SimpleNamespace, people: dict[str, Client]) -> tuple[dict[str, list[str]], list[str]]:  # noqa: F811
    """The addresses to open as each person, and the patterns that hide their page."""
    found: dict[str, list[str]] = {name: [] for name in people}
    hidden = []
    for pattern, row, right, address in cells(world):
        if row.post or right not in ("", "public") or pattern.startswith(LEFT_OUT):
            continue
        said = set()
        for name, client in people.items():
            said.add(answer := shown(client, address))
            if answer == "page":
                found[name].append(address)
            # A redirection or a file is what the others get too, but for the pages of sign-in.
            if answer == "page" or (answer == "" and not pattern.startswith("accounts/")):
                break
        if said == {"error"} and pattern not in ERRORS_ALONE:
            hidden.append(pattern)
    return found, hidden


def sweep(page, axe, paths) -> dict[str, list[str]]:
    found = {}
    for number, path in enumerate(paths):
        page.goto(path)
        # The same bar and foot stand on each page; their own words and marks are checked on the first.
        faults = axe(page, *([".d-bar", "footer"] if number else []))
        if page.locator("h1").count() != 1:
            faults.append("has no heading of its own, or several")
        if faults:
            found[path] = faults
    # What the browser says of the statuses that these pages have on purpose.
    page.faults[:] = [one for one in page.faults if "status of 40" not in one]
    return found


def test_every_page_that_anybody_sees(open_page, live_server, world, people, axe) -> None:  # noqa: F811
    addresses, hidden = pages(world, people)
    assert hidden == [], "patterns whose row in tests/matrix.py shows nobody a page"
    addresses["visitor"] += [address.format(**world.of["public"]) for address in FURTHER]
    assert sum(map(len, addresses.values())) > 60
    found = {}
    for name, client in people.items():
        page = open_page()
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
        page.context.add_cookies([cookie])
        for path, faults in sweep(page, axe, addresses[name]).items():
            found[f"{name} {path}"] = faults
    assert found == {}


def test_on_paper_only_what_is_read_stays(browser_page, archive) -> None:
    page = browser_page
    page.goto(f"/search/results/?{CONE}")
    page.emulate_media(media="print")
    for hidden in (".d-bar", "footer", ".d-facets", ".d-pages"):
        for one in page.locator(hidden).all():
            assert not one.is_visible(), f"{hidden} is printed"
    assert page.locator("tr[data-key]").first.is_visible()
    assert page.locator("h1").is_visible()
    page.goto("/products/test.run-1/")
    assert [one.inner_text() for one in page.locator(".d-tabs li").all() if one.is_visible()] == ["Overview"]


def test_whatever_has_the_focus_shows_it(browser_page, archive) -> None:
    page = browser_page
    page.goto(f"/search/results/?{CONE}")
    page.wait_for_selector(".dt-column-order", state="attached")
    shown = """() => {
      const here = document.activeElement.closest("th:has(.dt-column-order:focus)") ?? document.activeElement;
      const style = getComputedStyle(here);
      const box = here.getBoundingClientRect();
      return [document.activeElement.outerHTML.slice(0, 120), box.width > 0 && (parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none" || style.boxShadow !== "none")];
    }"""
    faint = []
    for _press in range(60):
        page.keyboard.press("Tab")
        what, is_shown = page.evaluate(shown)
        if not is_shown and not what.startswith("<body"):
            faint.append(what)
    assert faint == []
