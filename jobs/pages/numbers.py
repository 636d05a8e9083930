"""The numbers of a run as a reader wants them: fits and counts as facts, flux points and runs as tables.

The summary is JSON that an analysis, or somebody's command, wrote: names that are known get words and units, all others
stand as they are, and whatever does not look like numbers or short texts is left to the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gateway.vo import readable

MOST_ROWS, MOST_COLUMNS, MOST_FACTS, LONGEST = 200, 12, 40, 100
LEFT_OUT = {"covariance", "product", "products", "dnde_err", "rights", "creator", "version"}
UPWARDS = "_errp"
FLUX, DNDE = "cm⁻² s⁻¹", "cm⁻² s⁻¹ TeV⁻¹"
PAIRS = {"peak_radec", "smoothed_peak_radec", "off_region_sqrt_ts_mean_std"}
"""two numbers that are no value with its error"""
BINS = "theta2_max"
"""what the rows of a table of bins stand for"""
TIMES = {"tmin", "tmax"}
"""MJD, to a second"""
WORDS: dict[str, tuple[Any, str]] = {
    "stack_safe_energy": (gettext_lazy("Counts above the threshold"), ""),
    "stack_all_energy": (gettext_lazy("Counts at all energies"), ""),
    "pl_joint": (gettext_lazy("Power law, runs fitted together"), ""),
    "pl_stacked": (gettext_lazy("Power law, sum of the runs"), ""),
    "logpar_joint": (gettext_lazy("Log parabola, runs fitted together"), ""),
    "logpar_stacked": (gettext_lazy("Log parabola, sum of the runs"), ""),
    "ecpl_joint": (gettext_lazy("Power law with cut-off, runs fitted together"), ""),
    "ecpl_stacked": (gettext_lazy("Power law with cut-off, sum of the runs"), ""),
    "flux_points": (gettext_lazy("Flux points"), ""),
    "per_run": (gettext_lazy("Per run"), ""),
    "per_night": (gettext_lazy("Per night"), ""),
    "per_step": (gettext_lazy("Per time step"), ""),
    "metadata": (gettext_lazy("How it was measured"), ""),
    "variability": (gettext_lazy("Variability"), ""),
    "name": (gettext_lazy("Run"), ""),
    "runs": (gettext_lazy("Runs"), ""),
    "n_on": (gettext_lazy("On counts"), ""),
    "n_off": (gettext_lazy("Off counts"), ""),
    "counts": (gettext_lazy("On counts"), ""),
    "counts_off": (gettext_lazy("Off counts"), ""),
    "alpha": ("α", ""),
    "beta": ("β", ""),
    "lambda_": ("λ", "TeV⁻¹"),
    "index": (gettext_lazy("Index Γ"), ""),
    "amplitude": (gettext_lazy("dN/dE at 1 TeV"), DNDE),
    "excess": (gettext_lazy("Excess"), ""),
    "significance": (gettext_lazy("Significance"), "σ"),
    "sqrt_ts": (gettext_lazy("Significance"), "σ"),
    "livetime": (gettext_lazy("Livetime"), "s"),
    "stat": (gettext_lazy("Fit statistic"), ""),
    "statistic": (gettext_lazy("Statistic"), ""),
    "dof": (gettext_lazy("Degrees of freedom"), ""),
    "success": (gettext_lazy("Fit converged"), ""),
    "flux_1_10TeV": (gettext_lazy("Flux 1 to 10 TeV"), FLUX),
    "flux_1_100TeV": (gettext_lazy("Flux 1 to 100 TeV"), FLUX),
    "flux": (gettext_lazy("Flux"), FLUX),
    "mean_flux": (gettext_lazy("Mean flux"), FLUX),
    "err": (gettext_lazy("Error"), FLUX),
    "ul": (gettext_lazy("Upper limit at 95 %"), FLUX),
    "e_ref": (gettext_lazy("Energy"), "TeV"),
    "e_min": (gettext_lazy("from"), "TeV"),
    "e_max": (gettext_lazy("to"), "TeV"),
    "dnde": ("dN/dE", DNDE),
    "dnde_errn": (gettext_lazy("Error down"), DNDE),
    "dnde_errp": (gettext_lazy("Error up"), DNDE),
    "dnde_ul": (gettext_lazy("Upper limit at 95 %"), DNDE),
    "is_ul": (gettext_lazy("Upper limit"), ""),
    "energy_threshold": (gettext_lazy("Energy threshold"), "TeV"),
    "mean_zenith": (gettext_lazy("Mean zenith angle"), "°"),
    "cuts": (gettext_lazy("Cuts"), ""),
    "background_model": (gettext_lazy("Background"), ""),
    "hypothesis": (gettext_lazy("Model"), ""),
    "contact": (gettext_lazy("Contact"), ""),
    "tmin": (gettext_lazy("Start"), "MJD"),
    "tmax": (gettext_lazy("Stop"), "MJD"),
    "chi2_constant": (gettext_lazy("χ² of a constant flux"), ""),
    "normalised_excess_variance": (gettext_lazy("Normalised excess variance"), ""),
    "theta2_max": ("θ²", "deg²"),
    "total_counts": (gettext_lazy("Counts in the map"), ""),
    "n_events_in_files": (gettext_lazy("Events in the files"), ""),
    "max_pixel": (gettext_lazy("Brightest pixel"), ""),
    "counts_in_on_region": (gettext_lazy("Counts in the ON region"), ""),
    "smoothed_peak_radec": (gettext_lazy("Peak, smoothed"), "°"),
    "peak_radec": (gettext_lazy("Peak"), "°"),
    "peak_sqrt_ts": (gettext_lazy("Significance of the peak"), "σ"),
    "peak_sep_from_target_deg": (gettext_lazy("Peak from the target"), "°"),
    "sqrt_ts_at_target": (gettext_lazy("Significance at the target"), "σ"),
    "off_region_sqrt_ts_mean_std": (gettext_lazy("Background: mean, standard deviation"), "σ"),
    "corr_npred_excess_at_target": (gettext_lazy("Excess at the target"), ""),
    "corr_counts_at_target": (gettext_lazy("Counts at the target"), ""),
    "corr_npred_background_at_target": (gettext_lazy("Background at the target"), ""),
}


@dataclass(frozen=True)
class Facts:
    title: str
    rows: list[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    title: str
    heads: list[tuple[str, str]]
    """name and unit"""
    rows: list[list[str]]


@dataclass(frozen=True)
class Numbers:
    facts: list[Facts] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def numbers(summary: Any) -> Numbers:
    """Everything of a summary that can be shown; empty where there is nothing."""
    given = summary if isinstance(summary, Mapping) else {}
    members = {str(name): value for name, value in given.items() if name not in LEFT_OUT}
    found = Numbers()
    if single := _facts(members):
        found.facts.append(Facts(_("Numbers"), single))
    series = {name: value for name, value in members.items() if _is_series(value)}
    if series:
        found.tables.extend(_columns(series))
    for name, value in members.items():
        title = _words(name)[0]
        if isinstance(value, Mapping) and (rows := _facts(value)):
            found.facts.append(Facts(title, rows))
        elif isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
            found.tables.extend(_table(title, value))
    return found


def _facts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for name, value in values.items():
        if name in LEFT_OUT or str(name).endswith(UPWARDS) or _is_series(value):
            continue
        text = _text(str(name), value, values.get(f"{name}{UPWARDS}"))
        if text is not None:
            label, unit = _words(str(name))
            rows.append((label, f"{text} {unit}" if unit else text))
    return rows[:MOST_FACTS]


def _table(title: str, rows: Sequence[Mapping[str, Any]]) -> list[Table]:
    names = [str(name) for name in rows[0] if name not in LEFT_OUT][:MOST_COLUMNS]
    body = [[_text(name, row.get(name)) or readable.MISSING for name in names] for row in rows[:MOST_ROWS]]
    return [Table(title, [_words(name) for name in names], body)] if names else []


def _columns(series: Mapping[str, Sequence[Any]]) -> list[Table]:
    """Lists of one length are the columns of a table."""
    length = max(map(len, series.values()))
    names = sorted((name for name, values in series.items() if len(values) == length), key=lambda name: name != BINS)
    chosen = {name: series[name] for name in names}
    return _table(_("Per bin"), [dict(zip(chosen, row, strict=True)) for row in zip(*chosen.values(), strict=True)])


def _is_series(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 2 and all(isinstance(one, int | float) for one in value)


def _words(name: str) -> tuple[str, str]:
    label, unit = WORDS.get(name, (name[:LONGEST], ""))
    return str(label), unit


def _text(name: str, value: Any, upwards: Any = None) -> str | None:
    """A value on a line; None where it does not fit on one."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return f"{value:.5f}" if name in TIMES else _number(value)
    if isinstance(value, str):
        return value[:LONGEST]
    if not isinstance(value, list) or not value or any(isinstance(one, list | Mapping) for one in value):
        return None
    if len(value) == 2 and name not in PAIRS and all(readable.finite(one) is not None for one in value):
        return readable.with_error(value[0], value[1], upwards)
    text = ", ".join(_number(one) if isinstance(one, int | float) else str(one) for one in value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _number(value: float) -> str:
    whole = readable.finite(value) is not None and float(value).is_integer() and abs(value) < 1e9
    return readable.whole(value) if whole else readable.short(value, 4 if abs(value) < 1000 else 8)
