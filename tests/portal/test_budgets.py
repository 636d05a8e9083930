"""What a page may cost: SQL statements, and bytes on the way. Neither varies with the machine."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from gateway.access.rights import ANONYMOUS
from search.portal import columns, facets, results
from search.portal.criteria import read
from tests.portal.conftest import make

MOST_BYTES = 400_000
CONE = "/search/results/?ra=83.6331&dec=22.0145&radius=0.5"
BUDGETS = {
    "/": 20,
    "/search/": 12,
    "/search/preview?target=crab": 20,
    CONE: 25,
    "/search/results/?cut_set=loose&simulated=1": 30,
    "/search/results/beside?ra=83.6331&dec=22.0145&radius=0.5": 20,
    "/search/results/?adql=SELECT+TOP+5+obs_id+FROM+ivoa.obscore": 20,
    "/products/test.run-1/": 40,
    "/cart/": 15,
    "/sed/": 15,
    "/search/object?name=crab": 15,
}


@pytest.mark.parametrize("path", BUDGETS)
@pytest.mark.parametrize("name", ["anonymous", "alice"])
def test_statements_of_a_page(client_of, archive, path: str, name: str) -> None:
    client = client_of(name)
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(path).status_code == 200
    assert len(asked) <= BUDGETS[path], "\n".join(query["sql"][:160] for query in asked.captured_queries)


@pytest.mark.parametrize("path", [CONE, "/products/test.run-1/", "/search/object?name=crab"])
def test_more_rows_cost_no_more_statements(client_of, archive, path: str) -> None:
    client = client_of("alice")
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    for number in range(10, 30):
        make(archive.public, number, "Crab Nebula")
    client.get(path)
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    assert len(many) <= len(few) + 1


def test_the_columns_read_nothing_more_once_the_rows_are_there(archive, django_assert_num_queries) -> None:
    everything = list(columns.ALL.values())
    found = results.products([archive.crab[0].obs_publisher_did], ANONYMOUS, everything)
    with django_assert_num_queries(0):
        for product in found.values():
            shown = {column.key: str(column.cell(product)) for column in everything}
    assert shown["energy"] == "0.50 – 100"
    assert shown["pipeline"] == "1.1"


@pytest.mark.parametrize("search", [{}, {"target_name": "Crab Nebula"}, {"pointing_mode": "parallel", "cut_set": "x"}])
def test_the_live_count_is_that_of_the_results(archive, search: dict[str, str]) -> None:
    criteria = read({name: [value] for name, value in search.items()})
    live, whole = facets.total(criteria, ANONYMOUS), facets.count(criteria, ANONYMOUS)
    assert (live.total, live.simulated, live.capped) == (whole.total, whole.simulated, whole.capped)


def test_what_a_page_keeps_is_kept_for_each_language_and_value() -> None:
    text = "{% load i18n gateway_ui %}{% kept one %}{% translate 'Search' %} {{ one }} {{ other }}{% endkept %}"
    template = Template(text)

    def drawn(**values: object) -> str:
        return template.render(Context(values))

    assert drawn(one=("a", 1), other="x") == drawn(one=("a", 1), other="y")
    assert drawn(one="<b>", other="x") == "Search &lt;b&gt; x"
    with override("fr"):
        assert drawn(one="<b>", other="x").startswith("Recherche")


def parts_of(html: str) -> set[str]:
    """The own files that a page loads by itself, and those that its modules import."""
    found = set(re.findall(r'(?:src|href)="/static/([^"]+\.(?:js|css|woff2|svg))"', html))
    left = [one for one in found if one.startswith("portal/") or one.startswith("js/")]
    while left:
        name = left.pop()
        for other in re.findall(r'^import .*?"(\.[^"]+)"', Path(found_file(name)).read_text(), re.MULTILINE):
            module = str((Path("/") / name).parent.joinpath(other).resolve())[1:]
            if module not in found:
                found.add(module)
                left.append(module)
    return found


def found_file(name: str) -> str:
    path = finders.find(name)
    assert isinstance(path, str), f"{name} is loaded and not there"
    return path


@pytest.mark.parametrize("path", [path for path in BUDGETS if "preview" not in path and "beside" not in path])
def test_bytes_of_a_page(client_of, archive, path: str) -> None:
    if not Path(settings.NODE_MODULES, "bootstrap").exists():
        pytest.fail("the front-end packages are missing: make setup")
    html = client_of("anonymous").get(path).content.decode()
    sizes = {name: len(gzip.compress(Path(found_file(name)).read_bytes(), 6)) for name in parts_of(html)}
    fonts = sum(size for name, size in sizes.items() if name.endswith("woff2"))
    total = sum(sizes.values()) + len(gzip.compress(html.encode(), 6))
    assert total <= MOST_BYTES, sorted(sizes.items(), key=lambda one: -one[1])[:6]
    assert fonts < MOST_BYTES / 2
