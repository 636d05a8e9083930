"""What is typed into the form becomes a checked search; what cannot be understood is said beside its field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.adql.errors import AdqlError
from search.portal import addresses, builder, criteria, quantities, regions
from search.portal.criteria import read


def where(**parameters: str) -> str:
    made = read({name: [value] for name, value in parameters.items()})
    assert made.problems == {}
    return builder.build(made).where().replace("\n", " ").strip()


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"ra": "83.633", "dec": "22.014"}, "WHERE 1 = INTERSECTS(s_region,     CIRCLE('ICRS', 83.633, 22.014, 0.1))"),
        (
            {"ra": "83.633", "dec": "-22", "radius": "6", "radius_unit": "arcmin", "match": "pointing"},
            "WHERE 1 = CONTAINS(POINT('ICRS', s_ra, s_dec),     CIRCLE('ICRS', 83.633, -22, 0.1))",
        ),
        ({"dataproduct_type": "event,image"}, "WHERE dataproduct_type IN ('event', 'image')"),
        ({"dataproduct_type": "eventlist"}, "WHERE dataproduct_type = 'event'"),
        ({"obs_id": "23523, 23526"}, "WHERE obs_id IN ('23523', '23526')"),
        ({"obs_id": "O'Neill"}, "WHERE obs_id = 'O''Neill'"),
        ({"energy_min": "50"}, "WHERE em_min <= 2.479683971e-20"),
        ({"energy_min": "50", "energy_unit": "GeV"}, "WHERE em_min <= 2.479683971e-17"),
        ({"energy_min": "50 GeV"}, "WHERE em_min <= 2.479683971e-17"),
        ({"energy_min": "2.479683968664e-20", "energy_unit": "m"}, "WHERE em_max >= 2.479683966e-20"),
        ({"t_min": "2004-12-04", "t_max": "2004-12-08"}, "WHERE t_max >= 53343   AND t_min <= 53348"),
        ({"t_min": "night of 2004-12-04"}, "WHERE t_max >= 53343.5   AND t_min <= 53344.5"),
        ({"t_min": "53343.5"}, "WHERE t_max >= 53343.5"),
        ({"t_min": "2004"}, "WHERE t_max >= 53005"),
        ({"t_min": "4 Dec 2004"}, "WHERE t_max >= 53343"),
        ({"t_min": "Dec 4, 2004"}, "WHERE t_max >= 53343"),
        ({"t_min": "4 décembre 2004"}, "WHERE t_max >= 53343"),
        ({"t_min": "2004/12/04"}, "WHERE t_max >= 53343"),
        ({"t_min": "20041204"}, "WHERE t_max >= 53343"),
        ({"t_min": "JD 2453343.5"}, "WHERE t_max >= 53343"),
        ({"t_min": "2453343.5"}, "WHERE t_max >= 53343"),
        ({"t_min": "53343,5"}, "WHERE t_max >= 53343.5"),
        ({"t_min": "night of 2004-12-04/05"}, "WHERE t_max >= 53343.5   AND t_min <= 53344.5"),
        ({"t_min": "night of 4 December 2004"}, "WHERE t_max >= 53343.5   AND t_min <= 53344.5"),
        ({"energy_min": "> 50 TeV", "energy_unit": "GeV"}, "WHERE em_min <= 2.479683971e-20"),
        ({"energy_min": "above 50"}, "WHERE em_min <= 2.479683971e-20"),
        ({"energy_max": "< 50 TeV"}, "WHERE em_max >= 2.479683966e-20"),
        ({"energy_min": "0.5–50 TeV"}, "WHERE em_min <= 2.479683971e-18   AND em_max >= 2.479683966e-20"),
        ({"energy_min": "500 GeV..50 TeV"}, "WHERE em_min <= 2.479683971e-18   AND em_max >= 2.479683966e-20"),
        ({"energy_min": "2.479683968664e-20", "energy_max": "2.479683968664e-18", "energy_unit": "m"}, "WHERE em_min <= 2.479683971e-18   AND em_max >= 2.479683966e-20"),
        ({"energy_min": "30 nm"}, "WHERE em_max >= 2.999999997e-08"),
        ({"energy_min": "1 GHz"}, "WHERE em_min <= 0.2997924583"),
        ({"ra": "1", "dec": "2", "radius": "6′"}, "WHERE 1 = INTERSECTS(s_region,     CIRCLE('ICRS', 1, 2, 0.1))"),
        ({"zenith_max": "30 deg"}, "WHERE zenith <= 30"),
        (
            {"target_class": "blazar"},
            "WHERE (target_class = 'AGN/blazar' OR target_class LIKE 'AGN/blazar/%')",
        ),
        ({"pointing_mode": "!divergent"}, "WHERE (pointing_mode IS NULL OR NOT (pointing_mode = 'divergent' OR pointing_mode LIKE 'divergent-%'))"),
        ({"includes": "lst"}, "WHERE n_lst > 0"),
        ({"cut_set": "loose"}, "WHERE cut_set = 'loose'"),
        ({"calib_level": "2,3"}, "WHERE calib_level IN (2, 3)"),
        ({"zenith_max": "30"}, "WHERE zenith <= 30"),
        ({"exposure_min": "20", "exposure_unit": "min"}, "WHERE t_exptime >= 1200"),
        ({"creation_date": "2024-05-01..2024-05-31"}, "WHERE obs_creation_date >= '2024-05-01T00:00:00' AND obs_creation_date < '2024-06-01T00:00:00'"),
        ({"pi": "martin"}, "WHERE LOWER(pi_name) LIKE '%martin%'"),
        ({"sub_array_name": "HESS-I, CT1–4"}, "WHERE sub_array_name = 'HESS-I, CT1–4'"),
        ({}, ""),
    ],
)  # fmt: skip
def test_each_constraint_as_adql(parameters: dict[str, str], expected: str) -> None:
    assert where(**parameters) == expected


@pytest.mark.parametrize(
    ("parameters", "field", "words"),
    [
        ({"energy_min": "50", "energy_max": "10"}, "energy_min", "50 is above 10. Swap the two"),
        ({"energy_min": "-1"}, "energy_min", "above 0"),
        ({"energy_min": "lots"}, "energy_min", "no number"),
        ({"energy_min": "5 parsec"}, "energy_min", "no unit"),
        ({"radius": "0", "ra": "1", "dec": "1"}, "radius", "above 0"),
        ({"radius": "400"}, "radius", "at most 180"),
        ({"radius": "1e999"}, "radius", "too large|no number"),
        ({"ra": "1000", "dec": "5"}, "target", "0 to 360"),
        ({"ra": "5"}, "target", "no number"),
        ({"t_min": "yesterday"}, "t_min", "no time"),
        ({"t_min": "2004-13-45"}, "t_min", "no date"),
        ({"t_min": "2005-01-01", "t_max": "2004-01-01"}, "t_min", "is above"),
        ({"t_min": "9999999"}, "t_min", "9999999 is no MJD"),
        ({"t_min": "2005", "t_max": "2004"}, "t_min", "2005 is above 2004"),
        ({"t_min": "4 Foo 2004"}, "t_min", "no time"),
        ({"t_min": "04/12/2004"}, "t_min", "no time"),
        ({"creation_date": "2024-02-01..2024-01-01"}, "creation_date", "is after 2024-01-01"),
        ({"energy_min": "1e308", "energy_unit": "PeV"}, "energy_min", "no energy"),
        ({"energy_min": "1e-320", "energy_unit": "m"}, "energy_min", "no energy"),
        ({"energy_min": "10..1 TeV"}, "energy_min", "10 TeV is above 1 TeV"),
        ({"calib_level": "two"}, "calib_level", "Whole numbers"),
        ({"zenith_min": "120"}, "zenith_min", "between 0 and 90"),
        ({"region": "BLOB 1 2 3"}, "region", "Write CIRCLE"),
        ({"region": "POLYGON 1 2 3 4"}, "region", "three or more corners"),
        ({"region": "CIRCLE 10 95 1"}, "region", "no position"),
        ({"positions": "1 2;x"}, "positions", "no position"),
        ({"creation_date": "soon"}, "creation_date", "no time"),
        ({"target_name": "x" * 10_000}, "target_name", "At most"),
    ],
)
def test_nonsense_is_refused_beside_its_field_and_kept(parameters: dict[str, str], field: str, words: str) -> None:
    import re

    made = read({name: [value] for name, value in parameters.items()})
    assert re.search(words, made.problems[field].text), made.problems[field].text
    assert made.typed


def test_swapped_energies_come_with_their_fix() -> None:
    made = read({"energy_min": ["50"], "energy_max": ["10"]})
    assert made.problems["energy_min"].fix == (("energy_min", "10"), ("energy_max", "50"))


def test_generic_mode_asks_only_what_every_obscore_service_has() -> None:
    made = read(
        {"dataproduct_type": ["event"], "cut_set": ["loose"], "target_class": ["blazar"], "ra": ["1"], "dec": ["2"]}
    )
    query = builder.build(made, generic=True)
    assert "cut_set" in query.left_out
    assert "target_class" in query.left_out
    assert query.source() == "ivoa.obscore"
    assert "INTERSECTS" in query.where()


@given(st.dictionaries(st.sampled_from([*criteria.LISTS, *criteria.TEXTS, *criteria.NUMBERS, "ra", "dec", "radius", "energy_min", "energy_max", "t_min", "t_max", "region", "positions", "creation_date", "target"]), st.lists(st.text(max_size=60), max_size=3), max_size=5))  # fmt: skip
def test_no_input_breaks_the_search_and_all_of_it_stays_valid_adql(parameters: dict[str, list[str]]) -> None:
    """Whatever is typed, the text is one query with the same shape: quotes cannot be left."""
    from search.adql.parser import parse

    made = read(parameters)
    text = builder.text(builder.build(made))
    addresses.results(made)
    try:
        parse(text)
    except AdqlError as error:
        pytest.fail(f"{error}\n{text}")


@given(st.text(max_size=200))
def test_hostile_regions_never_pass_through(text: str) -> None:
    try:
        made = regions.parse(text)
    except regions.RegionError:
        return
    assert set(made.adql) <= set("CIRCLEPOYGN(), .-0123456789e+")


def test_galactic_range_is_a_polygon_in_icrs() -> None:
    made = regions.parse("RANGE galactic 359 1 -1 1")
    numbers = [float(part) for part in made.adql[8:-1].split(",")]
    assert len(numbers) == 36
    assert min(numbers[::2]) > 264
    assert max(numbers[::2]) < 269


def test_an_address_leads_back_to_the_same_search() -> None:
    first = read({"target": ["Crab"], "ra": ["83.6331"], "dec": ["22.0145"], "radius": ["6"], "radius_unit": ["arcmin"], "cut_set": ["loose"]})  # fmt: skip
    again: dict[str, list[str]] = {}
    for name, value in addresses.pairs(first):
        again.setdefault(name, []).append(value)
    assert builder.text(builder.build(read(again))) == builder.text(builder.build(first))


def test_energy_and_wavelength_are_each_others_inverse() -> None:
    assert quantities.energy("1.239841984332e-18", "m") == pytest.approx(1e12)
    assert quantities.energy("2.417989242e26", "Hz") == pytest.approx(1e12, rel=1e-8)
