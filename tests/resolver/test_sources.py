"""The bundled table of sources answers for the names of this field, in any spelling, with its classes."""

import pytest

from search.resolver import sources


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("crab", "Crab Nebula"),
        ("M1", "Crab Nebula"),
        ("MSH15-52", "MSH 15-52"),
        ("MSH 15-5-02", "MSH 15-52"),
        ("RXJ 1713.7-3946", "RX J1713.7-3946"),
        ("RX J1713.7−3946", "RX J1713.7-3946"),
        ("pks2155-304", "PKS 2155-304"),
        ("PKS 2155-304 (steady)", "PKS 2155-304"),
        ("Mkn 421", "Mrk 421"),
        ("Sgr A*", "Galactic Centre"),
        ("LS I +61 303", "LS I +61 303"),
        ("LSI +61 303", "LS I +61 303"),
        ("Kepler SNR", "Kepler"),
        ("tau a", "Crab Nebula"),
        ("W 28", "W28"),
    ],
)
def test_a_source_is_found_by_its_common_names(typed: str, name: str) -> None:
    found = sources.lookup(typed)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("typed", ["", " ", "Jupiter", "no such source", "'; DROP TABLE", "\u0000", "x" * 100_000])
def test_other_texts_find_nothing(typed: str) -> None:
    assert sources.lookup(typed) is None


def test_table_is_whole() -> None:
    rows = sources.table()
    assert len(rows) >= 200
    assert all(0 <= row.ra < 360 and -90 <= row.dec <= 90 for row in rows)
    assert all(sources.lineage(row.kind)[0] in sources.ROOTS for row in rows)
    names = [sources.fold(name) for row in rows for name in (row.name, *row.aliases)]
    assert sorted(names) == sorted(set(names)), "a name stands for one source"


def test_a_high_frequency_bl_lac_is_a_blazar_and_an_agn() -> None:
    source = sources.lookup("PKS 2155-304")
    assert source is not None
    assert source.target_class == "AGN/blazar/BL Lac/HBL"


def test_kinds_are_recognised_by_the_words_of_headers() -> None:
    assert sources.kind_of("PWN") == "pulsar wind nebula"
    assert sources.kind_of("BL Lac") == "BL Lac"
    assert sources.kind_of("Blazars") == "blazar"
    assert sources.kind_of("gamma-ray binary") == "gamma-ray binary"
    assert sources.kind_of("teapot") is None


def test_positions_agree_with_the_names_that_carry_them() -> None:
    """HESS J1825-137 lies near 18h25m -13.7; a typing error in the table would show here."""
    import re

    for row in sources.table():
        match = re.search(r"J(\d\d)(\d\d)[\d.]*([+-])(\d\d)(\d)?", row.name)
        if match is None:
            continue
        hours, minutes, sign, degrees, _ = match.groups()
        ra = (int(hours) + int(minutes) / 60) * 15
        dec = int(degrees) * (-1 if sign == "-" else 1)
        assert abs((row.ra - ra + 180) % 360 - 180) < 1.2, row.name
        assert abs(row.dec - dec) < 1.6, row.name
