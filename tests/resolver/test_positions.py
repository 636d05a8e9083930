"""A position may be typed or pasted in any of the ways papers print it; an impossible one is refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.resolver import positions

CRAB = (83.633, 22.0145)


@pytest.mark.parametrize(
    "text",
    [
        "83.633 22.0145",
        "83.633, 22.0145",
        "83.633+22.0145",
        "83.633 +22.0145",
        "83.633d +22.0145d",
        "83.633° +22.0145°",
        "(83.633, 22.0145)",
        "RA=83.633 Dec=22.0145",
        "RA: 83.633, Dec: +22.0145 (J2000)",
        "ICRS 83.633 22.0145",
        "α = 83.633, δ = +22.0145",
        "05:34:31.92 +22:00:52.2",
        "05 34 31.92 +22 00 52.2",
        "05 34 31.92, +22 00 52.2",
        "5h34m31.92s +22d00m52.2s",
        "05h34m31.92s +22°00′52.2″",
        "05h 34m 31.92s +22° 00' 52.2\"",
        "RA 05h34m31.92s, Dec +22d00m52.2s (ICRS)",
        "l=184.557 b=-5.784",
        "184.5575 -5.7843 gal",
        "galactic 184.5575 −5.7843",
        "gal 184.5575, -5.7843",
        "ℓ = 184.5575°, b = −5.7843°",
        "l, b = 184.5575, −5.7843",
        "(l, b) = (184.5575°, −5.7843°)",
        "b=-5.7843 l=184.5575",
        "b = −5.7843°, ℓ = 184.5575°",
        "GLAT=-5.7843 GLON=184.5575",
        "Dec=+22.0145 RA=83.633",
        "Dec: 22:00:52.2, RA: 05:34:31.92",
        "δ = +22°00′52.2″ α = 05h34m31.92s",
        "GLON=184.5575 GLAT=-5.7843",
        "83,633 22,0145",
        "83,633; 22,0145",
        "(RA, Dec) = (83.633, 22.0145)",
        "RAJ2000 = 83.633, DEJ2000 = 22.0145",
        "s_ra=83.633 s_dec=22.0145",
        "83.633 & 22.0145",
        "05h34m31.92s | +22d00m52.2s",
        "RA(J2000) = 05:34:31.92, Dec(J2000) = +22:00:52.2",
        "$05^h34^m31.92^s$ $+22^\\circ00'52.2''$".replace("\\circ", "°"),
        "05h34m31s.92 +22°00′52″.2",
        "05:34:31,92 +22:00:52,2",
        "053431.92+220052.2",
        "5.575533h +22.0145d",
        "<SkyCoord (ICRS): (ra, dec) in deg\n    (83.633, 22.0145)>",
    ],
)
def test_every_way_to_write_the_crab(text: str) -> None:
    found = positions.parse(text)
    assert found is not None, text
    assert positions.separation(found.ra, found.dec, *CRAB) < 0.001


@pytest.mark.parametrize(
    ("text", "dec"),
    [
        ("10 -0.5", -0.5),
        ("00:40:00 -00:30:00", -0.5),
        ("10 −0.5", -0.5),
        ("0 0", 0.0),
        ("360 90", 90.0),
        ("1e1 -9e1", -90.0),
    ],
)
def test_signs_and_edges(text: str, dec: float) -> None:
    found = positions.parse(text)
    assert found is not None
    assert found.dec == dec
    assert 0 <= found.ra < 360


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("10 95", "95 is no declination"),
        ("22.01 183.6", "wrong way round"),
        ("400 10", "400 is no right ascension"),
        ("05:61:00 +22:00:00", "below 60"),
        ("25:00:00 +22:00:00", "below 24"),
        ("1e999 5", "too large"),
        ("gal 10 100", "galactic latitude"),
        ("B1950 05 31 30.5 +21 58 54", "J2000"),
        ("05:31:30.5 +21:58:54 (FK4)", "J2000"),
    ],
)
def test_an_impossible_position_is_refused_in_words(text: str, part: str) -> None:
    with pytest.raises(positions.PositionError, match=part):
        positions.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "Crab Nebula",
        "M 31",
        "3C 273",
        "PKS 2155-304",
        "47 Tuc",
        "HESS J1825-137",
        "",
        "12",
        "G0.9+0.1",
        "2155-304",
        "Gl 229 b",
        "4C +21.35",
        "30 Dor C",
    ],
)
def test_names_are_not_taken_for_positions(text: str) -> None:
    assert positions.parse(text) is None


@pytest.mark.parametrize(
    ("name", "ra", "dec", "precision"),
    [
        ("PSR J0534+2200", 83.63, 22.01, 0.13),
        ("RX J1713.7-3946", 258.44, -39.775, 0.02),
        ("1RXS J101015.9-311909", 152.566, -31.319, 0.001),
        ("HESS J1825-137", 276.375, -13.75, 0.13),
        ("2MASS J05343194+2200521", None, None, None),
        ("IGR J19443+2117", 296.09, 21.29, 0.02),
        ("G184.55-05.78", 83.633, 22.023, 0.005),
        ("SNR G349.7+0.2", 259.45, -37.445, 0.05),
        ("G400.0+0.2", None, None, None),
    ],
)
def test_names_that_carry_a_position(name: str, ra: float | None, dec: float | None, precision: float | None) -> None:
    found = positions.from_name(name)
    if ra is None:
        return
    assert found is not None
    assert found.ra == pytest.approx(ra, abs=0.15)
    assert found.dec == pytest.approx(dec, abs=0.06)
    assert found.precision <= precision


@given(st.text(max_size=400))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        found = positions.parse(text)
    except positions.PositionError:
        return
    positions.from_name(text)
    if found is not None:
        assert 0 <= found.ra < 360
        assert -90 <= found.dec <= 90


@given(st.floats(0, 359.9999), st.floats(-89.9, 89.9))
def test_galactic_and_back(ra: float, dec: float) -> None:
    again = positions.galactic_to_icrs(*positions.icrs_to_galactic(ra, dec))
    assert positions.separation(ra, dec, *again) < 1e-6


@given(st.floats(0, 359.9999), st.floats(-90, 90))
def test_what_we_print_we_read(ra: float, dec: float) -> None:
    found = positions.parse(f"{ra:.6f} {dec:+.6f}")
    assert found is not None
    assert positions.separation(ra, dec, found.ra, found.dec) < 1e-5


def test_galactic_agrees_with_astropy() -> None:
    from astropy.coordinates import SkyCoord

    theirs = SkyCoord(184.5575, -5.7843, unit="deg", frame="galactic").icrs
    assert positions.separation(*positions.galactic_to_icrs(184.5575, -5.7843), theirs.ra.deg, theirs.dec.deg) < 1e-5
