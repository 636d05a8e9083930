"""The pages speak French wholly: every text is translated, and nothing that a machine reads changes with it."""

import gettext
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from gateway.pages import texts as page_texts
from tests.portal.conftest import Archive
from tests.support.parts import program

CATALOGUE = settings.BASE_DIR / "locale" / "fr" / "LC_MESSAGES"
ROOMS = ("gateway", "search", "jobs", "provenance", "templates", "locale")
PASSING = re.compile(r"\b[A-Za-z0-9]{64}\b|\d{4}-\d\d-\d\dT[\d:.+]+")
"""what differs from one answer to the next in any language: CSRF tokens, the time of asking"""
READ_BY_PEOPLE = {"title", "alt", "placeholder", "content"}


def tool(name: str) -> str:
    return program(name, "gettext")


@pytest.mark.slow
def test_every_text_of_the_pages_stands_in_the_catalogue_in_french(tmp_path: Path) -> None:
    for room in ROOMS:
        shutil.copytree(settings.BASE_DIR / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "gateway" / "declared.py").write_text(page_texts.source())
    tool("xgettext")
    collect = ["makemessages", "-l", "fr", "--no-location", "--no-obsolete"]
    done = subprocess.run(
        [sys.executable, "-m", "django", *collect],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    collected = tmp_path / "locale" / "fr" / "LC_MESSAGES" / "django.po"
    left = subprocess.run(
        [tool("msgattrib"), "--untranslated", "--no-obsolete", collected], capture_output=True, text=True, check=True
    ).stdout
    unsure = subprocess.run(
        [tool("msgattrib"), "--only-fuzzy", "--no-obsolete", collected], capture_output=True, text=True, check=True
    ).stdout
    assert [line for line in (left + unsure).splitlines() if line.startswith(("msgid ", '"'))] == [], "make messages"


@pytest.mark.slow
def test_the_compiled_catalogue_is_the_written_one(tmp_path: Path) -> None:
    fresh = tmp_path / "django.mo"
    subprocess.run([tool("msgfmt"), "--check", "-o", fresh, CATALOGUE / "django.po"], check=True)
    assert texts(fresh) == texts(CATALOGUE / "django.mo"), "make messages"


def texts(path: Path) -> dict[object, str]:
    with path.open("rb") as file:
        translations = gettext.GNUTranslations(file)
    return dict(translations._catalog)  # type: ignore[attr-defined]  # no public way to list them


class Attributes(HTMLParser):
    """What the page tells machines: the attributes with digits in them, scripts' data included."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.data = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.data = tag == "script"
        for name, value in attrs:
            human = name in READ_BY_PEOPLE or name.startswith("aria-")
            if value and re.search(r"\d", value) and not human:
                self.found.append((tag, name, PASSING.sub("", value)))

    def handle_data(self, data: str) -> None:
        if self.data and data.strip():
            self.found.append(("script", "data", data))

    def handle_endtag(self, tag: str) -> None:
        self.data = False


PAGES = (
    "/",
    "/search/go?target=Crab+Nebula&radius=2.5",
    "/search/go?target=Crab+Nebula&radius=2.5&energy_min=0.5&energy_unit=TeV",
    "/products/test.run-1/",
    "/jobs/new/counts_map?inputs=test.run-1",
    "/jobs/",
    "/cart/",
    "/sed/",
    "/help/terms/",
    "/accounts/login/",
    "/provenance/",
)


@pytest.mark.parametrize("path", PAGES)
def test_numbers_for_machines_are_the_same_in_both_languages(path: str, client: Client, archive: Archive) -> None:
    english, french = (
        client.get(path, headers={"accept-language": language}, follow=True) for language in ("en", "fr")
    )
    assert french.status_code == english.status_code == 200
    assert '<html lang="fr"' in french.content.decode()
    spoken = Attributes(english.content.decode()).found
    assert [found for found in Attributes(french.content.decode()).found if found not in spoken] == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_question_mark_of_the_form_leads_to_an_entry_of_the_glossary(
    language: str, client: Client, archive: Archive
) -> None:
    spoken = {"accept-language": language}
    asked = set(re.findall(r'href="/help/glossary/#([^"]+)"', client.get("/search/", headers=spoken).content.decode()))
    entries = set(re.findall(r'<dt id="([^"]+)"', client.get("/help/glossary/", headers=spoken).content.decode()))
    assert len(asked) > 10
    assert asked <= entries


def test_the_french_glossary_has_every_entry(client: Client, db: None) -> None:
    english, french = (
        re.findall(
            r'<dt id="([^"]+)"', client.get("/help/glossary/", headers={"accept-language": language}).content.decode()
        )
        for language in ("en", "fr")
    )
    assert sorted(french) == sorted(english)


def test_a_reader_chooses_the_language_at_the_foot_of_any_page(client: Client, db: None) -> None:
    assert "<h1" in client.get("/").content.decode()
    client.post("/i18n/setlang/", {"language": "fr", "next": "/"})
    assert "Recherche" in client.get("/").content.decode()
    client.post("/i18n/setlang/", {"language": "en", "next": "/"})
    assert "Recherche" not in client.get("/").content.decode()
