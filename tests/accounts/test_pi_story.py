"""The whole story in a browser: the PI's mail, her institute, her data; her collaborator; a stranger who asks."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import call_command

from tests.accounts.test_real_providers import federation, iam, page, site, through_institution, through_openid
from tests.support.gadf import Run, make_store

__all__ = ["federation", "iam", "page", "site"]
pytestmark = [
    pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900), pytest.mark.django_db(transaction=True),
]  # fmt: skip
KEY = "closed.run-77"
SignIn = Callable[[object, str], None]


def ingest(folder: Path) -> None:
    """Proprietary data of the proposal come in, and the PI is sent the direct link."""
    store = make_store(folder / "closed", [Run(77)])
    options = {"collection": "closed", "rights": "proprietary", "release_date": "2126-06-30", "proposal": "DEMO-1"}
    people = {"pi": "Anne Martin", "invite": "anne@obspm.fr"}
    call_command("ingest_dl3", str(store), stdout=io.StringIO(), stderr=io.StringIO(), **options, **people)


def linked() -> str:
    """The address in the newest mail."""
    return re.search(r"http\S+", mail.outbox[-1].body)[0]


def status(page, site: str) -> int:
    return page.request.get(f"{site}/data/{KEY}").status


def the_pi_comes(page, site: str, sign_in: SignIn) -> None:
    assert mail.outbox[-1].to == ["anne@obspm.fr"]
    page.goto(linked())
    assert "/accounts/login/" in page.url
    sign_in(page, "anne")
    page.wait_for_url(f"{site}/search/results/?proposal_id=DEMO-1*")
    page.locator(f'a[href="/products/{KEY}/"]').first.wait_for()
    assert status(page, site) == 200


def her_collaborator_comes(page, other, site: str, sign_in: SignIn) -> None:
    page.goto(f"{site}/access/")
    page.get_by_role("link", name="People").first.click()
    page.fill("input[name=who]", "bea@obspm.fr")
    page.get_by_role("button", name="Add").click()
    page.get_by_text("A link went to bea@obspm.fr").wait_for()
    assert mail.outbox[-1].to == ["bea@obspm.fr"]
    assert status(other, site) == 401
    other.goto(linked())
    sign_in(other, "bea")
    other.wait_for_url(f"{site}/search/results/?proposal_id=DEMO-1*")
    assert status(other, site) == 200


def a_stranger_asks(page, stranger, site: str, sign_in: SignIn) -> None:
    stranger.goto(f"{site}/data/{KEY}")
    stranger.get_by_role("main").get_by_role("link", name="Sign in").click()
    sign_in(stranger, "tom")
    stranger.wait_for_url(f"{site}/data/{KEY}")
    text = stranger.inner_text("main")
    for word in ("2126-06-30", "DEMO-1", "Anne Martin"):
        assert word in text
    assert status(stranger, site) == 403
    stranger.get_by_role("button", name="Tell me when it is public").click()
    stranger.get_by_text("You will be told by mail").first.wait_for()
    stranger.fill("#message", "May I compare it with mine?")
    stranger.get_by_role("button", name="Ask for access").click()
    stranger.get_by_text("Your request was sent").wait_for()
    asked = mail.outbox[-1]
    assert "May I compare it with mine?" in asked.body
    page.goto(linked())
    page.get_by_role("button", name="Give access").click()
    page.wait_for_load_state()
    assert mail.outbox[-1].subject.startswith("Your request for DEMO-1")
    assert status(stranger, site) == 200


def whole_story(page, chromium, site: str, folder: Path, sign_in: SignIn) -> None:
    ingest(folder)
    the_pi_comes(page, site, sign_in)
    contexts = [chromium.new_context(), chromium.new_context()]
    other, stranger = (context.new_page() for context in contexts)
    her_collaborator_comes(page, other, site, sign_in)
    a_stranger_asks(page, stranger, site, sign_in)
    for context in contexts:
        context.close()


def test_the_whole_story_with_saml(page, chromium, site, federation, tmp_path) -> None:
    home = {"anne": ("paris obs", "Observatoire de Paris"), "bea": ("obspm", "Observatoire de Paris"),
            "tom": ("nice", "Observatoire de Nice")}  # fmt: skip
    whole_story(page, chromium, site, tmp_path, lambda page, who: through_institution(page, *home[who], who))


def test_the_whole_story_with_openid_connect(page, chromium, site, iam, tmp_path) -> None:
    people = {
        who: {"email": f"{who}@iam.example", "email_verified": True, "name": who} for who in ("anne", "bea", "tom")
    }
    iam[1].write_text(json.dumps(people))
    whole_story(page, chromium, site, tmp_path, through_openid)
