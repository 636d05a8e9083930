"""Filters of single columns of the results table (``f_KEY`` in the address): what may be typed, and its ADQL. Pure.

Words: those that contain the text; ``=text`` exactly, ``!text`` without. Numbers and times: ``20..40``, ``>30``,
``<=5``; a number alone means what rounds to it, since the table shows rounded values.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext as _

from search.archive.fields import catalogue
from search.portal import quantities
from search.portal.quantities import QuantityError

PREFIX = "f_"
OBSCORE = "ivoa.obscore"
OBSCONFIG = "arc.obsconfig"
HEA = "ivoa.obscore_hea"
NUMERIC = ("double", "float", "int", "long", "short")
MAX_TEXT = 200
TEV = 1e12


@dataclass(frozen=True)
class Filterable:
    """``columns``: one, or both ends of a range. ``scale``: the unit shown in that of the table."""

    kind: str
    columns: tuple[str, ...]
    table: str = OBSCORE
    scale: float = 1.0


@dataclass(frozen=True)
class Bounds:
    """The least and the greatest value that pass, None where open, with the sign of the comparison."""

    low: float | None = None
    above: str = ">="
    high: float | None = None
    below: str = "<="

    def adql(self, first: str, last: str, write: Callable[[float], str]) -> str:
        """``first`` is compared with ``high``, ``last`` with ``low`` (one column twice, or a range's two)."""
        parts = [] if self.low is None else [f"{last} {self.above} {write(self.low)}"]
        parts += [] if self.high is None else [f"{first} {self.below} {write(self.high)}"]
        return " AND ".join(parts)


@dataclass(frozen=True)
class Filter:
    """``text`` as typed, ``adql`` the condition."""

    key: str
    text: str
    adql: str
    table: str


def _listed() -> dict[str, Filterable]:
    """Every column of the table that can be filtered, by its key."""
    plain = {
        one.name: Filterable("number" if one.datatype in NUMERIC else "text", (one.name,))
        for one in catalogue.OBSCORE
        if one.name not in ("access_url", "s_region")
    }
    words = {
        "target": ("target_name", OBSCORE), "class": ("target_class", OBSCORE),
        "collection": ("obs_collection", OBSCORE), "facility": ("facility_name", OBSCORE),
        "sub_array": ("sub_array_name", OBSCONFIG), "obs_mode": ("obs_mode", OBSCONFIG),
        "pointing_mode": ("pointing_mode", OBSCONFIG), "proposal": ("proposal_id", OBSCORE),
        "pi": ("pi_name", OBSCONFIG), "reconstruction": ("reconstruction_method", OBSCONFIG),
        "cuts": ("cut_set", OBSCONFIG), "calibration": ("calib_version", OBSCONFIG),
    }  # fmt: skip
    numbers = {
        "livetime": ("t_exptime", OBSCORE, 60.0), "zenith": ("zenith", OBSCONFIG, 1.0),
        "offset": ("target_offset", OBSCONFIG, 1.0), "ra": ("s_ra", OBSCORE, 1.0), "dec": ("s_dec", OBSCORE, 1.0),
        "fov": ("s_fov", OBSCORE, 1.0), "events": ("ev_xel", HEA, 1.0), "tels": ("n_tels", OBSCONFIG, 1.0),
        "quality": ("quality", OBSCONFIG, 1.0), "size": ("access_estsize", OBSCORE, 1000.0),
    }  # fmt: skip
    return (
        plain
        | {key: Filterable("text", (column,), table) for key, (column, table) in words.items()}
        | {key: Filterable("number", (column,), table, scale) for key, (column, table, scale) in numbers.items()}
        | {
            "product": Filterable("text", ("obs_id", "obs_title")),
            "pipeline": Filterable("text", ("pipeline_name", "pipeline_version"), OBSCONFIG),
            "start": Filterable("time", ("t_min",)),
            "end": Filterable("time", ("t_max",)),
            "release": Filterable("stamp", ("obs_release_date",)),
            "energy": Filterable("range", ("energy_min", "energy_max"), HEA, TEV),
        }
    )


COLUMNS = _listed()


def parse(key: str, text: str) -> Filter:
    """The filter of a column; raises QuantityError with words for the user."""
    one = COLUMNS[key]
    if len(text) > MAX_TEXT:
        raise QuantityError(_("At most %(count)d letters.") % {"count": MAX_TEXT})
    return Filter(key, text, _WRITERS[one.kind](one, text), one.table)


def quoted(text: str) -> str:
    """An ADQL character literal."""
    return "'" + text.replace("\x00", "").replace("'", "''") + "'"


def _words(one: Filterable, text: str) -> str:
    sign, wanted = (text[0], text[1:].strip()) if text[0] in "=!" else ("", text)
    if not wanted:
        raise QuantityError(_("A word is missing behind “%(sign)s”.") % {"sign": sign})
    if sign == "=":
        return _either([f"{column} = {quoted(wanted)}" for column in one.columns])
    like = quoted(f"%{wanted.lower()}%")
    if sign == "!":
        return " AND ".join(f"({column} IS NULL OR NOT LOWER({column}) LIKE {like})" for column in one.columns)
    return _either([f"LOWER({column}) LIKE {like}" for column in one.columns])


def _either(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def bounds(text: str, read: Callable[[str], tuple[float, float]]) -> Bounds:
    """From ``20..40``, ``>30``, ``<=5`` or one value; ``read`` gives the interval that one value stands for."""
    match = re.fullmatch(r"\s*(>=|<=|>|<|≥|≤|=)?\s*(.*?)\s*", text, re.DOTALL)
    sign, rest = (match[1] or "", match[2]) if match else ("", text)
    sign = {"≥": ">=", "≤": "<="}.get(sign, sign)
    if not sign and ".." in rest:
        first, last = rest.split("..", 1)
        return _between(first.strip(), last.strip(), read)
    low, high = read(rest)
    if sign.startswith(">"):
        return Bounds(low=low if sign == ">=" else high, above=sign)
    if sign.startswith("<"):
        return Bounds(high=high if sign == "<=" else low, below=sign)
    return Bounds(low=low, high=high)


def _between(first: str, last: str, read: Callable[[str], tuple[float, float]]) -> Bounds:
    low = read(first)[0] if first else None
    high = read(last)[1] if last else None
    if low is None and high is None:
        raise QuantityError(_("Write a value before or behind the two dots."))
    if low is not None and high is not None and low > high:
        raise QuantityError(_("%(low)s is above %(high)s. Swap the two.") % {"low": first, "high": last})
    return Bounds(low=low, high=high)


def _rounded(text: str) -> tuple[float, float]:
    """What rounds to the number as it was typed."""
    value = quantities.number(text)
    fraction = re.search(r"[.,](\d*)(?:[eE]|$)", text)
    power = re.search(r"[eE]([+-]?\d+)$", text.strip())
    places = (len(fraction[1]) if fraction else 0) - (int(power[1]) if power else 0)
    half = 0.5 * 10.0 ** -min(max(places, -300), 300)
    return value - half, value + half


def _exact(text: str) -> tuple[float, float]:
    value = quantities.number(text)
    return value, value


def _numbers(one: Filterable, text: str) -> str:
    alone = ".." not in text and not re.match(r"\s*[<>≤≥]", text)
    found = bounds(text, _rounded if alone else _exact)
    return found.adql(one.columns[0], one.columns[0], lambda value: f"{value * one.scale:.12g}")


def _times(one: Filterable, text: str) -> str:
    return bounds(text, quantities.time_range).adql(one.columns[0], one.columns[0], "{:.8f}".format)


def _stamps(one: Filterable, text: str) -> str:
    """Times that the table keeps as DALI text, which sorts as they do."""
    return bounds(text, quantities.time_range).adql(one.columns[0], one.columns[0], _stamp)


def _stamp(mjd: float) -> str:
    return quoted((quantities.MJD_EPOCH + timedelta(days=mjd)).strftime("%Y-%m-%dT%H:%M:%S"))


def _ranges(one: Filterable, text: str) -> str:
    """Overlap of the row's range with what is asked for."""
    return bounds(text, _exact).adql(one.columns[0], one.columns[1], lambda value: f"{value * one.scale:.12g}")


_WRITERS: dict[str, Callable[[Filterable, str], str]] = {
    "text": _words,
    "number": _numbers,
    "time": _times,
    "stamp": _stamps,
    "range": _ranges,
}
