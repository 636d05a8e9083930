"""The documentation as pages: ``docs/*.md`` rendered under ``/help/``."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import markdown
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import get_language
from markdown.extensions import Extension
from markdown.extensions.toc import TocExtension
from markdown.treeprocessors import Treeprocessor

DOCS = settings.BASE_DIR / "docs"
ORDER = (
    "first-search",
    "first-analysis",
    "tools",
    "provenance",
    "glossary",
    "fields",
    "jobs",
    "install",
    "ingest",
    "operate",
    "sign-in",
    "extend",
    "security",
    "terms",
)


@dataclass(frozen=True)
class HelpPage:
    """A rendered page; ``toc`` is the list of its headings."""

    name: str
    title: str
    html: SafeString
    toc: tuple[tuple[str, str], ...]


class _LinksOfTheSite(Treeprocessor):
    """``tools.md#curl`` leads to ``/help/tools/#curl``, pictures to ``/help/images/``; tables get the site's class."""

    def run(self, root: ElementTree.Element) -> None:
        for element in root.iter("a"):
            href = element.get("href", "")
            match = re.fullmatch(r"(?:docs/)?([a-z-]+)\.md(#.*)?", href)
            if match:
                element.set("href", f"/help/{match[1]}/{match[2] or ''}")
        for element in root.iter("img"):
            element.set("src", "/help/" + element.get("src", "").removeprefix("docs/"))
            element.set("class", "d-help-image")
            element.set("loading", "lazy")
        for element in root.iter("table"):
            element.set("class", "d-table")
        for element in root.iter("dt"):
            if not element.get("id"):
                element.set("id", slugify("".join(element.itertext()), allow_unicode=True))


class _Site(Extension):
    def extendMarkdown(self, md: markdown.Markdown) -> None:  # noqa: N802 (the library's name)
        md.treeprocessors.register(_LinksOfTheSite(md), "site-links", 5)


@lru_cache(maxsize=64)
def _render(path: Path, changed: int) -> HelpPage:
    toc = TocExtension(permalink=False)
    reader = markdown.Markdown(extensions=["tables", "fenced_code", "def_list", "attr_list", toc, _Site()])
    # Code that is wider than the page scrolls by keyboard too.
    text = reader.convert(path.read_text()).replace("<pre>", '<pre tabindex="0">')
    html = mark_safe(text)  # noqa: S308 - files of ours, committed with the code
    tokens = reader.toc_tokens[0]["children"] if reader.toc_tokens else []  # type: ignore[attr-defined]  # set by toc
    title = reader.toc_tokens[0]["name"] if reader.toc_tokens else path.stem  # type: ignore[attr-defined]  # set by toc
    return HelpPage(path.stem, title, html, tuple((token["id"], token["name"]) for token in tokens))


def page(name: str) -> HelpPage | None:
    """The page in the reader's language where it was translated, else in English; None where there is no such file."""
    path = DOCS / f"{name}.md"
    if not re.fullmatch(r"[a-z][a-z-]*", name) or not path.is_file():
        return None
    translated = DOCS / (get_language() or "en")[:2] / path.name
    path = translated if translated.is_file() else path
    return _render(path, path.stat().st_mtime_ns)


def pages() -> list[HelpPage]:
    """All pages, in reading order."""
    names = [path.stem for path in DOCS.glob("*.md")]
    names.sort(key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    return [found for name in names if (found := page(name)) is not None]
