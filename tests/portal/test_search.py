"""From the form to the results: founding questions, rights, counts, hand-written queries, hostile input."""

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gateway.vo.tables import published
from search.portal import meaning
from search.resolver.models import CachedName

CAST = ("anonymous", "charlie", "bob", "alice", "dana")


def runs(page: str) -> set[str]:
    return set(re.findall(r'data-key="test\.run-(\d+)"', page))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ra=83.6331&dec=22.0145&radius=0.1", {"1", "2", "3"}),
        ("ra=83.6331&dec=22.0145&radius=0.1&match=pointing", {"1", "2", "3"}),
        ("ra=83.6331&dec=25&radius=0.1", set()),
        ("ra=329.7&dec=-30.2&t_min=53005&t_max=53005.5", {"5"}),
        ("dataproduct_type=event&energy_min=50", {"1", "2", "5", "6"}),
        ("target_class=blazar&data_rights=public", {"5"}),
        ("proposal_id=P-1", {"6"}),
        ("includes=lst", {"2"}),
        ("pointing_mode=!divergent", {"1", "3", "5", "6"}),
        ("pipeline_version=1.1&target_name=Crab", {"1"}),
        ("reconstruction_method=ImPACT", {"1"}),
        ("cut_set=loose", {"1"}),
        ("simulated=1", {"3"}),
        ("pi=martin", {"6"}),
        ("target_name=M+1", {"1", "2", "3"}),
        ("region=RANGE+galactic+184+185+-6.5+-5", {"1", "2", "3"}),
        ("positions=83.63+22.01;329.7+-30.2", {"1", "2", "3", "5", "6"}),
        ("creation_date=2024-05-01", {"2"}),
        ("quality=1", {"3"}),
        ("sub_array_name=A,+1–4&obs_id=1", {"1"}),
        ("calib_level=3", set()),
    ],
)
def test_founding_questions(client_of, archive, address: str, expected: set[str]) -> None:
    answer = client_of("charlie").get(f"/search/results/?{address}")
    assert answer.status_code == 200
    assert runs(answer.content.decode()) == expected


@pytest.mark.parametrize(("name", "count"), [("anonymous", 3), ("charlie", 3), ("bob", 4), ("alice", 4), ("dana", 4)])
def test_hidden_runs_show_to_their_own_people_only(client_of, archive, name: str, count: int) -> None:
    client = client_of(name)
    page = client.get("/search/results/?target_name=Crab+Nebula").content.decode()
    assert len(runs(page)) == count
    assert f">{count} products</h2>" in re.sub(r"\s+", " ", page)
    preview = client.get("/search/preview?target_name=Crab+Nebula").content.decode()
    assert f'd-big">{count}<' in preview
    assert client.get("/products/test.run-4/").status_code == (200 if count == 4 else 404)
    hand = client.get("/search/results/", {"adql": "SELECT obs_id FROM ivoa.obscore WHERE target_name = 'Crab Nebula'"})
    assert f">{count} rows</h2>" in re.sub(r"\s+", " ", hand.content.decode())
    exported = client.get("/search/export?target_name=Crab+Nebula&format=csv")
    assert len(b"".join(exported).splitlines()) == count + 1


def test_access_is_said_per_row(client_of, archive) -> None:
    page = client_of("charlie").get("/search/results/?proposal_id=P-1").content.decode()
    assert "until 2999-01-01" in page
    assert "open to you" in client_of("alice").get("/search/results/?proposal_id=P-1").content.decode()


def test_a_name_goes_through_resolution_to_an_address_with_degrees(client_of, archive) -> None:
    client = client_of("anonymous")
    assert client.get("/search/results/?target=Crab").url == "/search/go?target=Crab"
    answer = client.get("/search/go?target=Crab&dataproduct_type=event")
    assert answer.status_code == 302
    assert "target=Crab+Nebula&ra=83.6331&dec=22.0145" in answer.url
    assert runs(client.get(answer.url).content.decode()) == {"1", "2", "3"}


@pytest.mark.parametrize(
    ("text", "place"),
    [("test.run-1", "/products/test.run-1/"), ("ivo://distiller.example/arc?test.run-1", "/products/test.run-1/"), ("5", "/search/results/?obs_id=5")],
)  # fmt: skip
def test_what_is_named_outright_is_opened(client_of, archive, text: str, place: str) -> None:
    assert client_of("anonymous").get("/search/go", {"target": text}).url == place


def test_an_unknown_name_keeps_the_form_as_typed(client_of, archive, settings) -> None:
    settings.SESAME_URLS = []
    answer = client_of("anonymous").get("/search/go?target=no+such+thing&cut_set=loose")
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "no such thing" in page
    assert "Sesame cannot be reached" in page
    assert "cut set = loose" in page


def test_a_list_of_targets(client_of, archive, settings) -> None:
    settings.SESAME_URLS = []
    client = client_of("anonymous")
    answer = client.get("/search/go", {"targets": "Crab\n# comment\n329.7 -30.2\n"})
    assert runs(client.get(answer.url).content.decode()) == {"1", "2", "3", "5", "6"}
    refused = client.get("/search/go", {"targets": "Crab\nnobody knows this\n"})
    assert refused.status_code == 400
    assert "nobody knows this" in refused.content.decode()
    assert client.get("/search/go", {"targets": "x\n" * 51}).status_code == 400


def test_no_match_says_which_constraint_to_drop(client_of, archive) -> None:
    page = client_of("anonymous").get("/search/results/?cut_set=loose&simulated=1").content.decode()
    assert "No match" in page
    assert re.search(r"<strong>1</strong> without cut set loose", page)
    assert re.search(r"<strong>1</strong> without simulated data simulated", page)


def test_facets_count_what_is_left_and_offer_the_rest(client_of, archive) -> None:
    page = re.sub(r"\s+", " ", client_of("anonymous").get("/search/results/?simulated=0").content.decode())
    facet = page.split("<legend>Simulated</legend>", 1)[1].split("</fieldset>", 1)[0]
    assert re.findall(r'd-n-of">(\d+)<', facet) == ["4", "1"]
    assert 'aria-checked="true"' in facet


@pytest.mark.parametrize("sort", ["-start", "zenith", "energy,-start", "level", "nonsense", "product;DROP", "access"])
def test_sorting_never_fails(client_of, archive, sort: str) -> None:
    answer = client_of("anonymous").get("/search/results/", {"sort": sort})
    assert answer.status_code == 200
    assert len(runs(answer.content.decode())) == 5


@pytest.mark.parametrize("sort", ["zenith", "-energy", "level,-start", "tels"])
def test_a_sorted_search_is_the_same_for_other_tools(client_of, archive, sort: str) -> None:
    """Columns to sort by may lie in a table that the search itself does not need."""
    client = client_of("anonymous")
    page = client.get(f"/search/results/?sort={sort}")
    shown = [row.product.obs_publisher_did for row in page.context["page"].rows]
    by_hand = client.get("/search/results/", {"adql": page.context["query"]})
    assert by_hand.status_code == 200
    assert [row.product.obs_publisher_did for row in by_hand.context["page"].rows] == shown
    exported = client.get(f"/search/export?sort={sort}&format=csv")
    assert exported.status_code == 200
    lines = b"".join(exported.streaming_content).decode().splitlines()
    assert [did for line in lines[1:] for did in shown if did in line] == shown


def test_a_query_that_nobody_changed_stays_that_of_the_form(client_of, archive) -> None:
    client = client_of("anonymous")
    origin = "cut_set=loose&sort=zenith"
    query = client.get(f"/search/results/?{origin}").context["query"]
    editor = client.get("/search/", {"adql": query, "from": origin}).content.decode()
    assert "from the form</span>" in editor
    sent = client.post("/search/adql", {"adql": query.replace("\n", "\r\n"), "from": origin})
    assert sent.url == f"/search/results/?{origin}"
    changed = client.post("/search/adql", {"adql": query.replace("loose", "tight"), "from": origin})
    assert changed.url.startswith("/search/results/?adql=")


def test_counts_that_are_not_exact_are_kept_for_those_with_the_same_rights(client_of, archive, monkeypatch) -> None:
    from search.portal import asking, facets

    monkeypatch.setattr(facets, "LIMIT", 2)
    assert "2+" in client_of("anonymous").get("/search/preview").content.decode()

    def busy(*_given: object) -> None:
        raise asking.AskError("busy")

    monkeypatch.setattr(asking, "ask", busy)
    assert "2+" in client_of("charlie").get("/search/preview").content.decode()
    assert "busy" in client_of("alice").get("/search/preview").content.decode(), "she may see more"


def test_sorting_and_paging(client_of, archive) -> None:
    client = client_of("anonymous")
    keys = [re.findall(r'data-key="test\.run-(\d+)"', client.get(f"/search/results/?sort=-start&size=5&page={page}").content.decode()) for page in (1, 2)]  # fmt: skip
    assert keys == [["6", "5", "3", "2", "1"], []]


@pytest.mark.parametrize("columns", ["usual", "observing", "history", "obscore", "target,ra,dec", "x,y", ""])
def test_columns_of_choice(client_of, archive, columns: str) -> None:
    assert client_of("anonymous").get("/search/results/", {"columns": columns}).status_code == 200


@pytest.mark.parametrize(
    ("page", "size"), [("0", "25"), ("-1", "1"), ("x", "x"), ("9" * 30, "9" * 30), ("²", "٢"), ("2", "5")]
)
def test_odd_pages_are_answered(client_of, archive, page: str, size: str) -> None:
    assert client_of("anonymous").get("/search/results/", {"page": page, "size": size}).status_code == 200


@pytest.mark.parametrize(
    ("adql", "words"),
    [
        ("SELECT nothing FROM ivoa.obscore", "nothing"),
        ("SELECT * FROM secrets", "secrets"),
        ("DELETE FROM ivoa.obscore", "The query was not run"),
        ("SELECT password FROM accounts_user", "accounts_user"),
        ("'; DROP TABLE archive_product; --", "The query was not run"),
    ],
)
def test_a_wrong_query_is_refused_with_its_place(client_of, archive, adql: str, words: str) -> None:
    answer = client_of("alice").get("/search/results/", {"adql": adql})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert words in page
    assert "edited by hand" in page


def test_a_query_without_rows_says_none(client_of, archive) -> None:
    page = client_of("anonymous").get("/search/results/", {"adql": "SELECT * FROM ivoa.obscore WHERE obs_id = 'none'"})
    assert "found no rows" in page.content.decode()
    assert "10,000 rows" not in page.content.decode()


def test_the_place_of_an_error_is_pointed_at(client_of, archive) -> None:
    page = client_of("anonymous").get("/search/results/", {"adql": "SELECT obs_id\nFROM ivoa.obscore\nWHERE wrong = 1"}).content.decode()  # fmt: skip
    assert "line=3" in page
    assert '<span class="d-danger">      ^</span>' in page


def test_a_long_query_is_stored_under_its_hash(client_of, archive) -> None:
    client = client_of("anonymous")
    long = "SELECT obs_id FROM ivoa.obscore WHERE obs_id IN (" + ", ".join(f"'{n}'" for n in range(1, 800)) + ")"
    answer = client.post("/search/adql", {"adql": long, "from": "cut_set=loose"})
    assert answer.url.startswith("/search/results/?q=")
    page = client.get(answer.url).content.decode()
    assert ">5 rows</h2>" in page
    assert "/search/?cut_set=loose" in page
    assert client.get("/search/results/?q=unknown").status_code == 404
    assert client.post("/search/adql", {"adql": ""}).status_code == 400


HOSTILE = (
    "target=%00", "ra=nan&dec=inf", "radius=-1&ra=1&dec=1", "region=" + "9" * 3000, "obs_id=" + ",".join("x" * 300),
    "target=<script>alert(1)</script>", "obs_collection=%FF%FE", "t_min=%E2%80%AE", "sort=%27", "columns=%27", "q=%27",
    "id=%00", "ID=x%0d%0ay", "energy_min=1e400", "format=%27", "page=1e9", "kind=%27", "adql=%00%27",
)  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["/search/", "/search/go", "/search/preview", "/search/results/", "/search/results/beside", "/search/export",
     "/products/", "/cart/script"],
)  # fmt: skip
def test_hostile_parameters_are_answered_in_words(client_of, archive, settings, path: str) -> None:
    settings.SESAME_URLS = []
    client = client_of("anonymous")
    for query in HOSTILE:
        answer = client.get(f"{path}?{query}")
        assert answer.status_code in (200, 302, 400, 404), query
        if not answer.streaming:
            assert b"<script>alert(1)" not in answer.content


def test_a_megabyte_is_refused_or_cut_short(client_of, archive) -> None:
    client = client_of("anonymous")
    big = "x" * 1_000_000
    for name in ("target", "obs_id", "target_name", "region", "adql"):
        assert client.get("/search/results/", {name: big}).status_code in (302, 400), name
    assert client.post("/search/adql", {"adql": big}).status_code == 400


def test_pages_ask_the_database_a_bounded_number_of_times(client_of, archive) -> None:
    client = client_of("alice")
    limits = {
        "/search/results/?ra=83.6331&dec=22.0145&radius=0.1": 22,
        "/search/": 28,
        "/search/preview?cut_set=loose": 10,
        "/products/test.run-1/": 40,
    }
    for path, limit in limits.items():
        client.get(path)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get(path).status_code == 200
        assert len(caught) <= limit, f"{path}: {len(caught)}\n" + "\n".join(q["sql"][:150] for q in caught)


def test_a_full_page_stays_light(client_of, archive) -> None:
    import gzip

    from tests.portal.conftest import make

    for number in range(100, 200):
        make(archive.public, number, "Crab Nebula")
    answer = client_of("anonymous").get("/search/results/?size=100", HTTP_ACCEPT_ENCODING="gzip")
    assert answer["Content-Encoding"] == "gzip"
    assert len(runs(gzip.decompress(answer.content).decode())) == 100
    assert len(answer.content) < 60_000


def test_every_worked_example_of_the_form_finds_something(client_of, archive, settings) -> None:
    """A new user clicks them first: what they need of the archive is taken from it."""
    settings.SESAME_URLS = []
    archive.crab[0].proposal_id, archive.crab[0].n_lst = "P-0", 4
    archive.crab[0].save()
    client = client_of("anonymous")
    page = client.get("/search/").content.decode()
    links = re.findall(r'd-chip-plain" href="(/search/go[^"]+)"', page)
    assert len(links) == 12
    for link in links:
        answer = client.get(html.unescape(link), follow=True)
        assert answer.status_code == 200
        assert 'data-key="test.run-' in answer.content.decode(), link


def test_an_example_that_nothing_here_can_answer_is_not_offered(client_of, db) -> None:
    page = client_of("anonymous").get("/search/").content.decode()
    assert "Events above 50 TeV" in page
    assert "Data for a given proposal" not in page


def test_snippets_hold_the_query_and_no_secret(client_of, archive) -> None:
    page = client_of("alice").get("/search/results/?cut_set=loose").content.decode()
    for words in ("pyvo.dal.TAPService", "TapPlus", "curl --data LANG=ADQL", "stilts tapquery"):
        assert words in page


@pytest.mark.parametrize("name", CAST)
def test_the_form_says_what_is_set_in_closed_parts(client_of, archive, name: str) -> None:
    page = client_of(name).get("/search/?data_rights=public&zenith_max=30").content.decode()
    assert "1 set: data rights = public" in page
    assert "1 set: zenith to = 30" in page


def test_anything_in_the_history(client_of, archive) -> None:
    client = client_of("anonymous")
    for words in ("gammapy", "cut_set=loose", "=", "x' OR '1'='1"):
        assert client.get("/search/results/", {"history": words}).status_code == 200


def test_object_page_needs_no_network(client_of, archive, settings) -> None:
    settings.SESAME_URLS = []
    client = client_of("anonymous")
    page = client.get("/search/object?name=m1").content.decode()
    assert "Crab Nebula" in page
    assert "simbad.cds.unistra.fr" in page
    assert client.get("/search/object?name=nobody").status_code == 404
    assert client.get("/search/object").status_code == 404


def test_a_watched_search_tells_of_new_matches_once(client_of, archive, mailoutbox) -> None:
    from search.portal import watching
    from search.portal.models import SavedSearch
    from tests.portal.conftest import make

    client_of("alice").post("/searches/", {"address": "target_name=Crab+Nebula", "name": "Crab"})
    SavedSearch.objects.update(notify=True)
    assert watching.look() == 0
    assert SavedSearch.objects.get().count == 4
    make(archive.public, 50, "PKS 2155-304")
    assert watching.look() == 0
    make(archive.hidden, 51, "Crab Nebula")
    assert watching.look() == 1
    assert watching.look() == 0
    assert [mail.to for mail in mailoutbox] == [["alice@demo.example"]]
    assert "1 new match of “Crab”" in mailoutbox[0].subject


def test_the_live_count_follows_a_list_of_targets(client_of, archive, settings) -> None:
    settings.SESAME_URLS = ["http://127.0.0.1:9/never"]
    client = client_of("anonymous")
    page = client.get("/search/preview", {"targets": "PKS 2155-304\n83.63 22.01\nG184.55-05.78", "radius": "1"})
    text = page.content.decode()
    assert all(place in text for place in ("329.7169", "83.63", "83.6327742")), "each place stands in the query"
    assert ">5</strong>" in text
    form = client.get("/search/", {"positions": "329.7169 -30.2256;83.63 22.01"}).content.decode()
    assert ">329.7169 -30.2256\n83.63 +22.01</textarea>" in form, "the way back to the form keeps the list"
    unknown = client.get("/search/preview", {"targets": "Crab Nebula\nno such thing"}).content.decode()
    assert "not counted yet" in unknown
    assert "no such thing" in unknown


def test_known_archives_are_ticked_and_stay_ticked(client_of, archive) -> None:
    from search.portal.models import Service

    Service.objects.all().delete()
    for name in ("one", "two"):
        Service.objects.create(name=name, title=name.title(), url=f"https://{name}.example/tap", table="ivoa.obscore")
    address = {"service": ["https://one.example/tap ivoa.obscore", "https://typed.example/tap"]}
    page = client_of("anonymous").get("/search/", address).content.decode()
    assert 'value="https://one.example/tap ivoa.obscore" id="k-one" checked' in page
    assert 'value="https://two.example/tap ivoa.obscore" id="k-two">' in page
    assert 'name="service" value="https://typed.example/tap"' in page


def test_more_archives_than_are_asked_at_once_are_named(client_of, archive) -> None:
    many = [f"https://a{number}.example/tap" for number in range(8)]
    page = client_of("anonymous").get("/search/results/", {"cut_set": "loose", "service": many}).content.decode()
    assert page.count("At most 6 archives") == 2
    assert "a7.example" in page


def test_every_field_of_the_form_tells_its_unit_and_meaning(client_of, archive) -> None:
    page = client_of("anonymous").get("/search/").content.decode()
    form = page[page.index('id="search-form"') : page.index("</form>", page.index('id="search-form"'))]
    asked = set(re.findall(r'<(?:input|select|textarea)[^>]* name="([a-z_]+)"', form))
    # Units and ends share the words of their field; lists and services have sentences of their own.
    asked -= {"ra", "dec", "radius_unit", "energy_unit", "exposure_unit", "targets", "service", "generic"}
    asked -= {"energy_max", "t_max", "zenith_max"}
    for name in asked:
        told = re.search(rf'id="m-{name}">(.*?)</details>', form, re.S)
        assert told, f"{name} is not explained"
        for table, column in meaning.columns_of(name):
            known = {one.name: one for one in dict(published.items())[table].columns}[column.name]
            words = html.escape(getattr(known, "help", "") or known.description)
            assert f"<code>{known.name}</code>" in told[1]
            assert words in told[1]
            assert not known.unit or f"unit: {known.unit}" in told[1]
    assert {"exposure_min", "sub_array_name", "includes", "history", "region", "match"} <= asked


def test_the_live_part_knows_when_a_name_is_known_to_nobody(client_of, archive, settings) -> None:
    client = client_of("anonymous")
    settings.SESAME_URLS = []
    assert "Sesame cannot be reached" in client.get("/search/preview?target=Crab+Nebla").content.decode()
    moving = client.get("/search/preview?target=Jupiter").content.decode()
    assert "moves on the sky" in moving
    assert "looked up when you search" not in moving
    settings.SESAME_URLS = ["http://127.0.0.1:9"]
    assert "looked up when you search" in client.get("/search/preview?target=Crab+Nebla").content.decode()
    CachedName.objects.create(folded="crabnebla", candidates=[], fetched_at=timezone.now())
    assert "Nobody knows" in client.get("/search/preview?target=Crab+Nebla").content.decode()


def test_what_may_be_meant_is_offered_with_the_rest_of_the_search(client_of, archive, settings) -> None:
    settings.SESAME_URLS = []
    page = client_of("anonymous").get("/search/go?target=Crab+Nebla&radius=3&energy_min=2")
    assert page.status_code == 404
    assert "/search/go?radius=3&amp;energy_min=2&amp;target=Crab+Nebula" in page.content.decode()


def test_a_page_that_looks_names_up_as_one_types_gets_no_failure(client_of, archive, settings) -> None:
    settings.SESAME_URLS = []
    answer = client_of("anonymous").get("/search/resolve?quiet=1&name=Crab+Nebla")
    assert answer.status_code == 200
    assert answer.json()["suggestions"] == ["Crab Nebula"]


def test_a_kept_search_is_named_by_what_it_asks(client_of, archive) -> None:
    client = client_of("alice")
    client.post("/searches/", {"address": "cut_set=loose", "name": ""})
    assert "cut_set = &#x27;loose&#x27;" in client.get("/searches/").content.decode()


def test_an_address_holds_no_unit_without_its_number(client_of, archive) -> None:
    address = "/search/go?cut_set=loose&radius=0.1&radius_unit=deg&energy_unit=GeV&exposure_unit=h"
    assert client_of("anonymous").get(address).headers["Location"] == "/search/results/?cut_set=loose"
