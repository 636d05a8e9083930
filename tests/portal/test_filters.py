"""Filters of single columns: what one may type, in words and numbers, and what they find."""

import pytest

from search.portal import columns, filters
from search.portal.criteria import read
from search.portal.quantities import QuantityError
from tests.portal.test_search import runs


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("f_target=crab", {"1", "2", "3"}),
        ("f_target=!crab", {"5", "6"}),
        ("f_target=%3Dcrab", set()),
        ("f_target=%3DCrab Nebula", {"1", "2", "3"}),
        ("f_product=run 5", {"5"}),
        ("f_zenith=40", {"1", "2", "3", "5", "6"}),
        ("f_zenith=>40", set()),
        ("f_zenith=39..41&f_cuts=loose", {"1"}),
        ("f_livetime=26.7", {"1", "2", "3", "5", "6"}),
        ("f_energy=>50", {"1", "2", "5", "6"}),
        ("f_energy=<0.4", set()),
        ("f_quality=1", {"3"}),
        ("f_start=<53003", {"1", "2"}),
        ("f_start=53004..", {"5", "6"}),
        ("f_release=>2024", {"6"}),
        ("f_obs_id=2", {"2"}),
        ("f_s_dec=<0", {"5", "6"}),
        ("f_pi=martin&f_product=!5", {"6"}),
    ],
)
def test_each_column_is_filtered_as_one_types(client_of, archive, address: str, expected: set[str]) -> None:
    assert runs(client_of("anonymous").get(f"/search/results/?{address}").content.decode()) == expected


@pytest.mark.parametrize("text", ["abc", "5..1", "..", ">", "1e999", "=", "1 2", "x" * 300, "<script>"])
@pytest.mark.parametrize("key", ["zenith", "start", "release", "energy", "target"])
def test_what_cannot_be_read_is_marked_and_leaves_the_rest_alone(client_of, archive, key: str, text: str) -> None:
    answer = client_of("anonymous").get("/search/results/", {f"f_{key}": text, "cut_set": "loose"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<script>" not in page.replace("<script src", "").replace("<script type", "").replace("<script nonce", "")
    try:
        filters.parse(key, text)
    except QuantityError:
        if key in columns.DEFAULT:
            assert "is-invalid" in page
        assert runs(page) == {"1"}


@pytest.mark.parametrize("key", sorted(filters.COLUMNS))
def test_every_filter_runs(client_of, archive, key: str) -> None:
    text = "2024" if filters.COLUMNS[key].kind in ("time", "stamp") else "1"
    assert client_of("anonymous").get("/search/results/", {f"f_{key}": text}).status_code == 200


def test_every_column_that_sorts_can_be_filtered() -> None:
    sorts = {key for key, one in columns.ALL.items() if one.order}
    assert sorts - {"s_region"} <= set(filters.COLUMNS) | set(columns.LISTED)


def test_a_quote_stays_inside_its_literal() -> None:
    assert "'%it''s%'" in filters.parse("target", "it's").adql


def test_no_match_for_a_filter_keeps_its_row_and_says_what_to_drop(client_of, archive) -> None:
    page = client_of("anonymous").get("/search/results/?f_zenith=>80").content.decode()
    assert 'name="f_zenith" value="&gt;80"' in page
    assert "without zenith &gt;80 °" in page


def test_filters_stand_in_the_query_and_the_chips() -> None:
    from search.portal import builder, chips

    criteria = read({"f_zenith": ["20..40"], "target_name": ["Crab"]})
    assert "zenith >= 20 AND zenith <= 40" in builder.text(builder.build(criteria))
    assert ("Zenith", "20..40 °") in [(chip.name, chip.value) for chip in chips.make(criteria)]
