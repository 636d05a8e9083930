"""What is searched for: the parameters of ``/search/results/`` as one checked record. Pure; shared by form, results,
live count, saved searches and the query builder. Errors are kept per field, and what was typed stays.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.utils.translation import gettext as _

from search.portal import filters as column_filters
from search.portal import quantities, regions
from search.portal.quantities import QuantityError

DEFAULT_RADIUS = 0.1
MAX_VALUES = 100
MAX_TEXT = 400
# Parameters that take several values, repeated or with commas; "!value" leaves a value out.
LISTS = (
    "dataproduct_type",
    "dataproduct_level",
    "calib_level",
    "obs_collection",
    "obs_id",
    "data_rights",
    "sub_array_name",
    "pointing_mode",
    "obs_mode",
    "pipeline_name",
    "pipeline_version",
    "reconstruction_method",
    "cut_set",
    "calib_version",
    "proposal_id",
    "quality",
    "simulated",
    "access_format",
    "instrument_name",
    "includes",
)
TEXTS = ("target_name", "target_class", "pi", "proposal_keywords", "history")
_UNIT_OF = {name: ("deg", {"deg": 1.0}) for name in ("zenith_min", "zenith_max")}
NUMBERS = ("zenith_min", "zenith_max", "n_tels_min", "exposure_min")
# Words that other tables and older clients use.
ALIASES = {"eventlist": "event", "event-list": "event", "lightcurve": "timeseries", "light-curve": "timeseries"}
VIEW = (
    "page",
    "size",
    "sort",
    "columns",
    "tab",
    "sky",
    "q",
    "adql",
    "csrfmiddlewaretoken",
    "from",
    "mode",
    "line",
    "column",
    "format",
    "filters",
)
POSITION = ("target", "ra", "dec", "radius", "radius_unit", "match", "region", "positions")


@dataclass(frozen=True)
class Problem:
    """Why a field is refused; ``fix`` are parameters that would mend it, under ``fix_label``."""

    text: str
    fix_label: str = ""
    fix: tuple[tuple[str, str], ...] = ()


@dataclass
class Criteria:
    """Angles in degrees (ICRS), energies in eV, times in MJD (UTC), durations in seconds."""

    target: str = ""
    ra: float | None = None
    dec: float | None = None
    radius: float = DEFAULT_RADIUS
    match: str = "footprint"
    region: regions.Region | None = None
    positions: list[tuple[float, float]] = field(default_factory=list)
    lists: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    energy: tuple[float | None, float | None] = (None, None)
    time: tuple[float | None, float | None] = (None, None)
    created: tuple[str | None, str | None] = (None, None)
    problems: dict[str, Problem] = field(default_factory=dict)
    filters: dict[str, column_filters.Filter] = field(default_factory=dict)
    filter_problems: dict[str, str] = field(default_factory=dict)
    """of single columns: such a filter is left out and marked, the rest of the search goes on"""
    typed: dict[str, list[str]] = field(default_factory=dict)

    @property
    def has_cone(self) -> bool:
        return self.ra is not None and self.dec is not None

    @property
    def needs_resolving(self) -> bool:
        return bool(self.target) and not self.has_cone and not self.positions

    def first(self, name: str) -> str:
        values = self.typed.get(name)
        return values[0] if values else ""

    def value_of(self, name: str) -> str:
        return ", ".join(self.typed.get(name, []))


def read(parameters: Mapping[str, Sequence[str]]) -> Criteria:
    """The parameters of a request (name → values) as Criteria; nothing is raised, errors stand in ``problems``."""
    typed = {
        name: [text for text in (value.replace("\x00", "").strip()[:20_000] for value in values) if text]
        for name, values in parameters.items()
        if name not in VIEW
    }
    made = Criteria(typed={name: values[:MAX_VALUES] for name, values in typed.items() if values})
    _read_position(made)
    _read_lists(made)
    _read_texts(made)
    _read_numbers(made)
    _read_energy(made)
    _read_time(made)
    _read_created(made)
    _read_filters(made)
    return made


def _read_position(made: Criteria) -> None:
    made.target = made.first("target")[:300]
    made.match = "pointing" if made.first("match") == "pointing" else "footprint"
    _read_radius(made)
    if made.first("ra") or made.first("dec"):
        try:
            ra, dec = quantities.number(made.first("ra")), quantities.number(made.first("dec"))
            if not (-360 <= ra <= 360 and -90 <= dec <= 90):
                raise QuantityError(_("Right ascension goes from 0 to 360 degrees, declination from −90 to 90."))
            made.ra, made.dec = ra % 360, dec
        except QuantityError as error:
            made.problems["target"] = Problem(_("Position: %(why)s") % {"why": error})
    if made.first("positions"):
        _read_positions(made)
    if made.first("region"):
        try:
            made.region = regions.parse(made.first("region"))
        except regions.RegionError as error:
            made.problems["region"] = Problem(str(error))


def _read_radius(made: Criteria) -> None:
    if not made.first("radius"):
        return
    unit = made.first("radius_unit") or "deg"
    try:
        radius = quantities.measure(made.first("radius"), unit, quantities.ANGLE_UNITS)
        if not 0 < radius <= 180:
            raise QuantityError(_("The radius is above 0 and at most 180 degrees."))
        made.radius = radius
    except QuantityError as error:
        made.problems["radius"] = Problem(str(error), _("Use 0.1 deg"), (("radius", "0.1"), ("radius_unit", "deg")))


def _read_positions(made: Criteria) -> None:
    """``83.63 22.01;329.72 -30.23``: the list of targets once resolved."""
    for pair in ";".join(made.typed["positions"]).split(";")[:MAX_VALUES]:
        parts = pair.split()
        try:
            ra, dec = (quantities.number(part) for part in parts)
            if not (0 <= ra <= 360 and -90 <= dec <= 90):
                raise QuantityError(pair)
        except ValueError:
            made.problems["positions"] = Problem(_("“%(pair)s” is no position in degrees.") % {"pair": pair[:40]})
            return
        made.positions.append((ra, dec))


def _read_lists(made: Criteria) -> None:
    for name in LISTS:
        values = [
            ALIASES.get(part.lower(), part) if name == "dataproduct_type" else part
            for value in made.typed.get(name, [])
            for part in (text.strip() for text in ([value] if name in ("sub_array_name",) else value.split(",")))
            if part
        ]
        if len(values) > MAX_VALUES or any(len(value) > MAX_TEXT for value in values):
            made.problems[name] = Problem(_("At most %(count)d values of ordinary length.") % {"count": MAX_VALUES})
        elif name in ("calib_level", "quality", "simulated") and not all(
            re.fullmatch(r"!?-?\d{1,6}", value) for value in values
        ):
            made.problems[name] = Problem(_("Whole numbers, with commas between them."))
        elif values:
            made.lists[name] = list(dict.fromkeys(values))


def _read_texts(made: Criteria) -> None:
    for name in TEXTS:
        text = made.first(name)
        if len(text) > MAX_TEXT:
            made.problems[name] = Problem(_("At most %(count)d letters.") % {"count": MAX_TEXT})
        elif text:
            made.texts[name] = text


def _read_numbers(made: Criteria) -> None:
    for name in NUMBERS:
        if not made.first(name):
            continue
        try:
            if name == "exposure_min":
                unit = made.first("exposure_unit") or "s"
                value = quantities.measure(made.first(name), unit, quantities.DURATION_UNITS)
            else:
                value = quantities.measure(made.first(name), *_UNIT_OF.get(name, ("", {"": 1.0})))
            if name.startswith("zenith") and not 0 <= value <= 90:
                raise QuantityError(_("A zenith distance lies between 0 and 90 degrees."))
            if value < 0:
                raise QuantityError(_("It cannot be below 0."))
            made.numbers[name] = value
        except QuantityError as error:
            made.problems[name] = Problem(str(error))
    low, high = made.numbers.get("zenith_min"), made.numbers.get("zenith_max")
    if low is not None and high is not None and low > high:
        made.problems["zenith_min"] = _upside_down(made, "zenith_min", "zenith_max")
        del made.numbers["zenith_min"], made.numbers["zenith_max"]


def _upside_down(made: Criteria, low: str, high: str, *texts: str) -> Problem:
    """``texts``: the two ends where they are not what stands in the fields."""
    first, second = texts or (made.first(low), made.first(high))
    text = _("%(low)s is above %(high)s. Swap the two, or leave one empty.") % {"low": first, "high": second}
    return Problem(text, _("Swap"), ((low, second), (high, first)))


def _read_energy(made: Criteria) -> None:
    unit = made.first("energy_unit") or "TeV"
    texts = quantities.ends(made.first("energy_min"), made.first("energy_max"))
    found: list[float | None] = [None, None]
    for index, name in enumerate(("energy_min", "energy_max")):
        if texts[index]:
            try:
                found[index] = quantities.energy(texts[index], unit)
            except QuantityError as error:
                made.problems[name if made.first(name) else "energy_min"] = Problem(str(error))
    if any(name in made.problems for name in ("energy_min", "energy_max")):
        return
    # A wavelength runs the other way: its lower number is the higher energy.
    turned = all(quantities.is_wavelength(text, unit) for text in texts if text)
    low, high = reversed(found) if turned else found
    if low is not None and high is not None and low > high:
        if turned:
            made.energy = (high, low)
        else:
            made.problems["energy_min"] = _upside_down(made, "energy_min", "energy_max", *texts)
        return
    made.energy = (low, high)


def _read_time(made: Criteria) -> None:
    low: float | None = None
    high: float | None = None
    starts: float | None = None
    try:
        if made.first("t_min"):
            low, last = quantities.time_range(made.first("t_min"))
            # A night alone is an interval of its own.
            if not made.first("t_max") and last > low and made.first("t_min").lower().startswith(("night", "nuit")):
                high = last
        if made.first("t_max"):
            starts, high = quantities.time_range(made.first("t_max"))
    except QuantityError as error:
        made.problems["t_max" if low is not None and made.first("t_max") else "t_min"] = Problem(str(error))
        return
    if low is not None and high is not None and _ends_before(low, high, starts):
        made.problems["t_min"] = _upside_down(made, "t_min", "t_max")
        return
    made.time = (low, high)


def _ends_before(low: float, high: float, starts: float | None) -> bool:
    """Does the interval that begins at ``starts`` and ends at ``high`` lie before ``low``?"""
    return low > high or (low == high and starts is not None and starts < low)


def _read_created(made: Criteria) -> None:
    """``creation_date``: a date, or two with ``..`` between them, of which one may be missing."""
    text = made.first("creation_date")
    if not text:
        return
    first, dots, last = text.partition("..")
    try:
        low = quantities.time_range(first)[0] if first.strip() else None
        end = last if dots else first
        starts, high = quantities.time_range(end) if end.strip() else (None, None)
        if low is not None and high is not None and _ends_before(low, high, starts):
            turned = f"{last.strip()}..{first.strip()}"
            text = _("%(low)s is after %(high)s. Swap the two, or leave one empty.")
            made.problems["creation_date"] = Problem(
                text % {"low": first.strip()[:40], "high": last.strip()[:40]}, _("Swap"), (("creation_date", turned),)
            )
            return
        made.created = (None if low is None else _stamp(low), None if high is None else _stamp(high))
    except QuantityError as error:
        made.problems["creation_date"] = Problem(str(error))


def _read_filters(made: Criteria) -> None:
    for key in column_filters.COLUMNS:
        text = made.first(column_filters.PREFIX + key)
        if not text:
            continue
        try:
            made.filters[key] = column_filters.parse(key, text)
        except QuantityError as error:
            made.filter_problems[key] = str(error)


def _stamp(mjd: float) -> str:
    """An MJD as DALI timestamp, which sorts as text."""
    if not math.isfinite(mjd):
        raise QuantityError(_("No such date."))
    moment = quantities.MJD_EPOCH + timedelta(days=mjd)
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
