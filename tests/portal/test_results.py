"""What stands in and beside the results: how the place is known, roll-ups, own jobs, choices of columns, past searches."""

import re

import pytest

from jobs.models import Job
from search.portal.models import ColumnPreset, PastSearch, SavedSearch
from tests.portal.test_search import runs

DID = "ivo://distiller.example/arc?test.run-{}"
CRAB = "/search/results/?target=Crab+Nebula&ra=83.6331&dec=22.0145&radius=0.2"


def test_the_head_says_how_the_place_is_known(client_of, archive, settings) -> None:
    client = client_of("anonymous")
    page = client.get(CRAB).content.decode()
    assert "within 0.2°" in page
    assert "from the table of sources of this gateway" in page
    assert "pulsar wind nebula" in page
    moved = client.get("/search/results/?target=Crab+Nebula&ra=10&dec=10&radius=0.2").content.decode()
    assert "position as the address gives it" in moved
    assert "from the table of sources" not in moved


def test_a_name_that_sesame_gave_says_so_with_its_day(client_of, archive) -> None:
    from datetime import UTC, datetime

    from search.resolver.models import CachedName

    candidate = {"name": "Zeta 9", "ra": 83.6, "dec": 22.0, "kind": "star", "aliases": [], "database": "SIMBAD"}
    row = CachedName.objects.create(folded="zeta9", candidates=[candidate])
    CachedName.objects.filter(pk=row.pk).update(fetched_at=datetime.now(UTC))
    page = client_of("anonymous").get("/search/results/?target=Zeta+9&ra=83.6&dec=22.0&radius=1").content.decode()
    assert "SIMBAD" in page
    assert f"cached {datetime.now(UTC):%Y-%m-%d}" in page


def facet(page: str, label: str) -> dict[str, tuple[int, str]]:
    part = re.search(rf"<legend>{label}</legend>(.*?)</fieldset>", page, re.DOTALL)
    assert part is not None
    found = {}
    for url, text in re.findall(r'<a class="d-facet-value[^>]*href="([^"]+)"[^>]*>(.*?)</a>', part[1], re.DOTALL):
        words = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", text).split()
        found[" ".join(words[:-1])] = (int(words[-1]), url.replace("&amp;", "&"))
    return found


def test_facets_roll_up_what_belongs_together(client_of, archive) -> None:
    client = client_of("anonymous")
    found = facet(client.get("/search/results/").content.decode(), "Target class")
    assert {name: n for name, (n, _url) in found.items()} | {} == {
        "pulsar wind nebula": 3, "AGN": 2, "blazar": 2, "BL Lac": 2, "HBL": 2,
    }  # fmt: skip
    for name, (n, url) in found.items():
        assert len(runs(client.get(url).content.decode())) == n, name
    chosen = client.get(found["blazar"][1]).content.decode()
    again = facet(chosen, "Target class")
    assert again["pulsar wind nebula"][0] == 3, "what else there is still shows"
    assert "target_class" not in again["blazar"][1], "a second click drops it"
    modes = facet(client.get("/search/results/").content.decode(), "Pointing mode")
    assert (modes["divergent"][0], modes["divergent-5d"][0]) == (1, 1)


@pytest.mark.parametrize(
    "address",
    [
        "cut_set=loose&quality=1",
        "f_zenith=>80&cut_set=loose",
        "target_class=blazar&simulated=1",
        "t_min=2090&pi=martin",
    ],
)
def test_the_counts_of_the_ways_out_are_what_one_finds(client_of, archive, address: str) -> None:
    client = client_of("anonymous")
    page = client.get(f"/search/results/?{address}").content.decode()
    ways = re.findall(r'<li><a href="([^"]+)"><strong>(\d+)</strong>', page)
    assert ways
    for url, n in ways:
        assert len(runs(client.get(url.replace("&amp;", "&")).content.decode())) == int(n)


def test_where_no_single_constraint_is_to_blame_each_is_counted_alone(client_of, archive) -> None:
    client = client_of("anonymous")
    page = client.get(
        "/search/results/?t_max=41000&proposal_id=nope&cut_set=loose&target_class=blazar"
    ).content.decode()
    assert "Each of them alone" in page
    assert page.count("nothing here meets it") == 2
    ways = re.findall(r'<li><a href="([^"]+)"><strong>(\d+)</strong>', page)
    assert len(ways) == 2
    for url, n in ways:
        assert len(runs(client.get(url.replace("&amp;", "&")).content.decode())) == int(n)


def test_rows_say_their_target_unless_it_was_searched_by_name(client_of, archive) -> None:
    client = client_of("anonymous")
    assert 'data-key="target"' in client.get("/search/results/").content.decode()
    assert 'data-key="target"' not in client.get(CRAB).content.decode()
    assert 'data-key="target"' not in client.get("/search/results/?columns=product,level").content.decode()


def test_the_sky_says_how_many_products_lie_outside_its_picture(client_of, archive) -> None:
    page = client_of("anonymous").get("/search/results/beside").content.decode()
    assert "2 products of this page lie outside this picture" in page
    assert (
        "outside this picture"
        not in client_of("anonymous").get(CRAB.replace("results/", "results/beside")).content.decode()
    )


@pytest.mark.parametrize(("name", "shown"), [("anonymous", 0), ("charlie", 0), ("alice", 1), ("bob", 0), ("dana", 0)])
def test_own_jobs_stand_beside_the_rows_they_used(client_of, archive, cast, name: str, shown: int) -> None:
    Job.objects.create(
        type="counts_map", version="1", owner=cast.alice, phase="EXECUTING", execution_duration=60,
        parameters={"observations": [DID.format(1), "test.run-2"], "width": ["2"]},
    )  # fmt: skip
    page = client_of(name).get(CRAB).content.decode()
    assert page.count("data-active-job") == 2 * shown
    assert page.count("Counts map</a>") == 2 * shown


def test_jobs_beside_rows_cost_one_query(client_of, archive, cast, django_assert_max_num_queries) -> None:
    for number in range(30):
        Job.objects.create(
            type="counts_map", version="1", owner=cast.alice, phase="COMPLETED", execution_duration=60,
            parameters={"observations": [DID.format(number % 6)]},
        )  # fmt: skip
    client = client_of("alice")
    client.get(CRAB)
    with django_assert_max_num_queries(25):
        client.get(CRAB)


def test_choices_of_columns_are_their_users(client_of, archive) -> None:
    alice = client_of("alice")
    given = {"address": "cut_set=loose&page=3", "name": "Mine", "column": ["zenith", "nonsense", "target", "zenith"]}
    answer = alice.post("/searches/columns", given)
    assert answer.url == "/search/results/?cut_set=loose&columns=zenith%2Ctarget"
    page = alice.get(answer.url).content.decode()
    assert page.index('data-key="zenith"') < page.index('data-key="target"')
    assert "Mine" in page
    assert "Mine" not in client_of("bob").get("/search/results/").content.decode()
    assert client_of("anonymous").post("/searches/columns", given).status_code == 302
    alice.post("/searches/columns", given | {"column": ["pi"]})
    assert ColumnPreset.objects.get().columns == "pi"
    assert alice.post("/searches/columns", {"name": " ", "column": ["pi"]}).status_code == 400
    assert alice.post("/searches/columns", {"name": "x", "column": ["no"]}).status_code == 400
    alice.post("/searches/columns", {"drop": "Mine"})
    assert not ColumnPreset.objects.exists()


def test_the_boxes_of_the_chooser_work_without_a_script(client_of, archive) -> None:
    answer = client_of("anonymous").get("/search/results/?cut_set=loose&column=zenith&column=pi&column=no")
    assert answer.url == "/search/results/?cut_set=loose&columns=zenith%2Cpi"


def test_past_searches_are_listed_once_and_can_be_kept_or_forgotten(client_of, archive, settings) -> None:
    alice = client_of("alice")
    for _again in range(2):
        alice.get("/search/go?target=Crab+Nebula&radius=0.1")
        alice.post("/search/adql", {"adql": "SELECT obs_id FROM ivoa.obscore"})
    page = alice.get("/searches/").content.decode()
    assert PastSearch.objects.count() == 2
    assert "Crab Nebula:" in page
    assert "SELECT obs_id FROM ivoa.obscore" in page
    assert "SELECT obs_id" not in client_of("bob").get("/searches/").content.decode()
    past = PastSearch.objects.get(by_hand=True)
    alice.post("/searches/", {"address": past.address, "name": past.words})
    assert SavedSearch.objects.get().adql == "SELECT obs_id FROM ivoa.obscore"
    alice.post("/searches/", {"forget": "1"})
    assert not PastSearch.objects.exists()
    client_of("anonymous").get("/search/go?target=Crab+Nebula&radius=0.1")
    assert not PastSearch.objects.exists()


def test_only_the_newest_past_searches_stay(client_of, archive) -> None:
    from search.portal import past

    alice = client_of("alice")
    for number in range(past.KEPT + 5):
        alice.post("/search/adql", {"adql": f"SELECT TOP {number} obs_id FROM ivoa.obscore"})
    assert PastSearch.objects.count() == past.KEPT
    assert not PastSearch.objects.filter(adql__contains="TOP 4 ").exists()


def test_what_comes_after_asking_for_mail_is_new(client_of, archive, mailoutbox) -> None:
    from search.portal import watching
    from tests.portal.conftest import make

    alice = client_of("alice")
    alice.post("/searches/", {"address": "target_name=Crab+Nebula", "name": "Crab"})
    saved = SavedSearch.objects.get()
    alice.post(f"/searches/{saved.pk}/", {"name": "Crab", "notify": "on"})
    make(archive.public, 77, "Crab Nebula")
    assert watching.look() == 1
    assert len(mailoutbox) == 1
    assert "1 new match" in mailoutbox[0].subject
    assert watching.look() == 0
    assert "match" in alice.get("/searches/").content.decode()
