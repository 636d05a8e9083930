"""The numbers of a run as a reader wants them: fits and counts as facts, flux points and runs as tables.

The summary is JSON that an analysis, or somebody's command, wrote: names that are known get words and units, all others
stand as they are, and whatever does not look like numbers or short texts is left to the file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from gateway.vo import readable
from jobs.pages.words import WORDS

MOST_ROWS, MOST_COLUMNS, MOST_FACTS, LONGEST = 200, 12, 40, 100
LEFT_OUT = {"covariance", "product", "products", "dnde_err", "rights", "creator", "version"}
UPWARDS = "_errp"
POSITION = "radec"
"""ends the names of positions: right ascension and declination, degrees"""
PAIRS = {"off_region_sqrt_ts_mean_std"}
"""two numbers that are no value with its error"""
BINS = "theta2_max"
"""what the rows of a table of bins stand for"""
ANGLES = {"lon_0", "lat_0", "raj2000", "dej2000", "glon", "glat"}
"""one coordinate each: degrees, with the four decimals of a position, whatever their size"""
TIMES = {"tmin", "tmax"}
"""MJD, to a second"""


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
        if name in TIMES:
            return f"{value:.5f}"
        return readable.fixed(value, 4) if name in ANGLES else _number(value)
    if isinstance(value, str):
        return value[:LONGEST]
    return _list_text(name, value, upwards) if isinstance(value, list) and value else None


def _list_text(name: str, values: Sequence[Any], upwards: Any) -> str | None:
    if _is_pair(values) and name.endswith(POSITION):
        return ", ".join(readable.fixed(one, 4) for one in values)
    if _is_pair(values) and name not in PAIRS:
        return readable.with_error(values[0], values[1], upwards)
    if all(isinstance(one, list) and _is_pair(one) for one in values):
        text = ", ".join(readable.with_error(*one) for one in values)
    elif any(isinstance(one, list | Mapping) for one in values):
        return None
    else:
        text = ", ".join(_number(one) if isinstance(one, int | float) else str(one) for one in values)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _is_pair(values: Sequence[Any]) -> bool:
    return len(values) == 2 and all(readable.finite(one) is not None for one in values)


def _number(value: float) -> str:
    whole = readable.finite(value) is not None and float(value).is_integer() and abs(value) < 1e9
    return readable.whole(value) if whole else readable.short(value, 4 if abs(value) < 1000 else 8)
