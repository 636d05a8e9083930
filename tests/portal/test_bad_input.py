"""Every field of the form with what nobody should type: the page says what happened and keeps what was typed."""

import html
import re

import pytest

from search.adql import parser
from search.portal import builder, criteria
from search.portal.criteria import LISTS, NUMBERS, TEXTS

FIELDS = (
    "target", "targets", "ra", "dec", "radius", "radius_unit", "match", "region", "positions",
    "energy_min", "energy_max", "energy_unit", "t_min", "t_max", "creation_date", "exposure_unit", "service", "generic",
    *LISTS, *TEXTS, *NUMBERS,
)  # fmt: skip
BAD = {
    "nonsense": "@@##~~",
    "extreme": "-1e308",
    "overflow": "1e999",
    "digits": "9" * 400,
    "nan": "nan",
    "injection": "' OR 1=1; DROP TABLE archive_product; --",
    "markup": '"><script>alert(1)</script>',
    "greek": "Γάμμα",
    "arabic": "سديم السرطان ٣",
    "chinese": "蟹状星云",
    "emoji": "🦀\u202e\u0000\ufeff",
    "surrogate": "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "control": "a\r\nSet-Cookie: x=1\t\x1b",
    "template": "{{ 7*7 }}{% load x %} %(name)s %s {0}",
    "commas": ",,,,",
    "negation": "!",
    "megabyte": "x" * 1_000_000,
}
PAGES = ("/search/", "/search/preview", "/search/go", "/search/results/", "/search/results/beside", "/search/export")
FAULT = ("Traceback", "OperationalError", "<script>alert")


TOGETHER = [
    dict.fromkeys(FIELDS, BAD[name]) for name in ("nonsense", "overflow", "injection", "markup", "emoji", "commas")
]
TOGETHER.append({"target": BAD["megabyte"]})


@pytest.fixture(autouse=True)
def no_way_out(settings) -> None:
    settings.SESAME_URLS = ()


@pytest.mark.parametrize("name", BAD)
def test_no_value_breaks_the_query(name: str) -> None:
    for field in FIELDS:
        made = criteria.read({field: [BAD[name]]})
        text = builder.text(builder.build(made))
        if not made.problems:
            parser.parse(text)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_breaks(client_of, archive, path: str) -> None:
    """Each field alone with all that is nasty at once, then all fields with each of it."""
    client = client_of("anonymous")
    nasty = "".join(text for name, text in BAD.items() if name not in ("megabyte", "digits"))[:390]
    asked = [{field: nasty} for field in FIELDS] + TOGETHER
    found = []
    for given in asked if path == "/search/results/" else TOGETHER:
        answer = client.get(path, given)
        body = b"".join(answer).decode(errors="replace") if answer.streaming else answer.content.decode()
        assert "x" not in answer.cookies
        if answer.status_code >= 500 or any(fault in body for fault in FAULT):
            found.append((list(given), answer.status_code, body[:200]))
    assert found == []


TYPED = [
    ("radius", "@@##~~", "@@##~~"), ("radius", "-1", "above 0"), ("radius", "400", "at most 180"),
    ("radius", "9" * 400, "too large"), ("radius", "1e999", "too large"), ("radius", "Γ", "no number"),
    ("energy_min", "' OR 1=1 --", "no number"), ("energy_min", "-5", "above 0"), ("energy_max", "0.0", "above 0"),
    ("energy_min", "5 parsec", "no unit of energy"), ("energy_max", "三三 TeV", "no number"),
    ("t_min", "yesterday", "no time"), ("t_max", "2004-13-45", "calendar"), ("t_min", "9999999", "no MJD"),
    ("creation_date", "2024-02-30", "calendar"), ("creation_date", "soon..later", "no time"),
    ("zenith_min", "95", "90"), ("zenith_max", "up", "no number"), ("exposure_min", "-3", "below 0"),
    ("exposure_min", "3 fortnights", "no unit"), ("n_tels_min", "many", "no number"),
    ("region", "CIRCLE 1", "CIRCLE"), ("region", "DROP TABLE x", "region"), ("region", "POLYGON 0 0 1 1", "POLYGON"),
    ("quality", "good", "Whole numbers"), ("target_name", "x" * 500, "At most 400"),
    ("pi", "x" * 401, "At most 400"), ("obs_id", ",".join(map(str, range(150))), "At most 100"),
    ("target", "no such thing 12345", "no such thing 12345"), ("target", "<b>蟹状星云</b>", "蟹状星云"),
    ("target", "400.5 +95", "right ascension"), ("targets", "Crab\nno such thing 1", "no such thing 1"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "text", "words"), TYPED, ids=[f"{f}-{n}" for n, (f, _t, _w) in enumerate(TYPED)])
def test_what_was_typed_stays_and_the_page_says_why(client_of, archive, field: str, text: str, words: str) -> None:
    answer = client_of("anonymous").get("/search/go", {field: text, "history": "kept too"})
    page = html.unescape(answer.content.decode())
    assert answer.status_code in (400, 404)
    kept = page.replace("\r", "")
    assert f'value="{text}"' in kept or f">{text}</textarea>" in kept, "what was typed is gone"
    assert 'value="kept too"' in kept
    assert words.casefold() in page.replace(text, "").casefold() or words in text, "the page does not say why"


def test_a_megabyte_of_query_is_refused_in_words(client_of, archive) -> None:
    client = client_of("anonymous")
    answer = client.post("/search/adql", {"adql": "SELECT " + "x" * 1_000_000})
    assert answer.status_code in (400, 413)
    assert "at most" in answer.content.decode()
    for text in BAD.values():
        for path in ("/search/adql", "/search/sign", "/searches/", "/search/archives"):
            assert client.post(path, {"adql": text, "address": text, "name": text}).status_code < 500


def test_every_parameter_of_a_search_has_its_place_in_the_form(client_of, archive) -> None:
    """What an address asks for is not lost on the way through the form; what the form asks for is tested above."""
    asked = {name: "no-such-value" for name in LISTS if name not in ("calib_level", "quality", "simulated")}
    page = client_of("anonymous").get("/search/", asked).content.decode().partition('id="search-form"')[2]
    page = page.partition("</form>")[0]
    assert page.count('value="no-such-value"') == len(asked), "what the archive does not hold stays in the form too"
    names = set(re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', page))
    assert set(LISTS) | set(TEXTS) | set(NUMBERS) <= names
    assert names <= set(FIELDS), "a field that no test of bad input knows"


def test_the_live_count_names_the_field_it_leaves_out(client_of, archive) -> None:
    page = client_of("anonymous").get("/search/preview", {"t_min": "yesterday", "energy_min": "lots"})
    text = page.content.decode()
    assert 'data-problem="t_min"' in text
    assert "<strong>Start of observation:</strong>" in text
    assert "<strong>Energy:</strong>" in text
