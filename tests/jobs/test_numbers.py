"""The numbers of a finished run, as its page shows them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.vo import readable
from jobs.pages.numbers import MOST_ROWS, numbers

SPECTRUM = {
    "stack_safe_energy": {"counts": 550.0, "counts_off": 869.0, "alpha": 0.043572, "excess": 512.14, "sqrt_ts": 40.901},
    "pl_stacked": {
        "index": [2.6368, 0.064459], "amplitude": [4.2897e-11, 2.1791e-12], "stat": 15.691, "dof": 16, "success": True,
        "flux_1_10TeV": [2.5616e-11, 1.232e-12], "flux_1_10TeV_errp": 1.33e-12,
    },
    "covariance": {"pl_stacked": {"parameters": ["index"], "matrix": [[0.004]]}},
    "flux_points": [
        {"e_ref": 0.82326, "dnde": 6.8278e-11, "dnde_err": 7.1e-12, "sqrt_ts": 17.869, "is_ul": False},
        {"e_ref": 25.663, "dnde": None, "dnde_err": None, "sqrt_ts": -0.66, "is_ul": True},
    ],
    "product": "ivo://x/y?z",
}  # fmt: skip


def test_fit_and_counts_are_facts_and_flux_points_a_table() -> None:
    shown = numbers(SPECTRUM)
    assert [(one.title, one.rows) for one in shown.facts] == [
        ("Counts above the threshold", [
            ("On counts", "550"), ("Off counts", "869"), ("α", "0.04357"), ("Excess", "512.1"), ("Significance", "40.9 σ"),
        ]),
        ("Power law, sum of the runs", [
            ("Index Γ", "2.637 ± 0.064"), ("dN/dE at 1 TeV", "(4.29 ± 0.22) × 10⁻¹¹ cm⁻² s⁻¹ TeV⁻¹"),
            ("Fit statistic", "15.69"), ("Degrees of freedom", "16"), ("Fit converged", "yes"),
            ("Flux 1 to 10 TeV", "2.56 (−0.12, +0.13) × 10⁻¹¹ cm⁻² s⁻¹"),
        ]),
    ]  # fmt: skip
    (points,) = shown.tables
    assert points.heads == [
        ("Energy", "TeV"), ("dN/dE", "cm⁻² s⁻¹ TeV⁻¹"), ("Significance", "σ"), ("Upper limit", ""),
    ]  # fmt: skip
    assert points.rows == [["0.8233", "6.828 × 10⁻¹¹", "17.87", "no"], ["25.66", "–", "−0.66", "yes"]]


def test_lists_of_one_length_are_columns_and_a_position_is_no_value_with_an_error() -> None:
    shown = numbers({"counts": [5.0, 3.0, 1.0], "excess": [4.0, 2.5, 0.0], "peak_radec": [83.62, 22.02]})
    assert [(one.title, one.rows) for one in shown.facts] == [("Numbers", [("Peak", "83.6200, 22.0200 °")])]
    assert shown.tables[0].rows == [["5", "4"], ["3", "2.5"], ["1", "0"]]


def test_both_coordinates_of_a_source_have_the_decimals_of_a_position() -> None:
    """A declination of 22.00093 once stood as 22 beside a right ascension of 83.62."""
    (sources,) = numbers({"sources": [{"source_name": "J0534+220", "raj2000": 83.61994, "dej2000": 22.00093}]}).tables
    assert sources.rows == [["J0534+220", "83.6199", "22.0009"]]


def test_a_fitted_position_is_two_coordinates_and_its_names_are_words() -> None:
    fit = {"lon_0": [187.6962, 0.0401], "radec": [187.6962, 12.3711], "sep_from_target_deg": 0.02237, "ts": 5.264}
    (facts,) = numbers(fit | {"fov_norm_per_run": [[1.02, 0.031], [0.98, 0.024]]}).facts
    assert facts.rows == [
        ("Right ascension of the source", "187.696 ± 0.040 °"), ("Position of the source", "187.6962, 12.3711 °"),
        ("Source from the target", "0.02237 °"), ("Test statistic of the source", "5.264"),
        ("Background norm per run", "1.020 ± 0.031, 0.980 ± 0.024"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "error", "upwards", "text"),
    [
        (2.6368, 0.064459, None, "2.637 ± 0.064"), (4.2897e-11, 2.1791e-12, None, "(4.29 ± 0.22) × 10⁻¹¹"),
        (-12.0, 3.0, None, "−12.0 ± 3.0"), (550.0, 23.4, None, "550 ± 23"), (1.0, 0.0, None, "1"),
        (2.0, 0.1, 0.3, "2.00 (−0.10, +0.30)"), (None, 1.0, None, "–"), (0.0, 0.5, None, "0.00 ± 0.50"),
        (1e7, 2e6, None, "(1.00 ± 0.20) × 10⁷"),
    ],
)  # fmt: skip
def test_the_error_decides_how_many_digits_a_value_has(value, error, upwards, text: str) -> None:
    assert readable.with_error(value, error, upwards) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=300), inner, max_size=4),
    max_leaves=30,
)


@given(JSON)
def test_whatever_a_command_wrote_makes_a_page(summary) -> None:
    shown = numbers(summary)
    for table in shown.tables:
        assert all(len(row) == len(table.heads) for row in table.rows)
    texts = [text for one in shown.facts for row in one.rows for text in row]
    assert all(len(text) < 500 for text in texts)


def test_times_are_plain_mjd_and_bins_come_first() -> None:
    (runs,) = numbers({"per_run": [{"tmin": 53343.92234, "flux": 3.2267e-11}]}).tables
    assert runs.rows == [["53343.92234", "3.227 × 10⁻¹¹"]]
    (bins,) = numbers({"counts": [9, 8, 7], "theta2_max": [0.01, 0.02, 0.03]}).tables
    assert bins.heads == [("θ²", "deg²"), ("On counts", "")]


def test_a_long_table_is_cut() -> None:
    assert len(numbers({"per_run": [{"name": str(n)} for n in range(1000)]}).tables[0].rows) == MOST_ROWS
