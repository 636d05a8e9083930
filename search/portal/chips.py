"""The constraints of a search in words, each with the address of the search without it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gateway.access.rights import Viewer
from gateway.vo.readable import fixed, moment, position, short
from search.portal import addresses, asking, columns, facets, filters, form
from search.portal.builder import OBSCONFIG, build
from search.portal.criteria import Criteria

MAX_TRIED = 8
"""constraints for which "no match" counts what dropping them would give"""


@dataclass
class Chip:
    name: str
    value: str
    url: str
    parameters: tuple[str, ...]
    count: int | None = None
    capped: bool = False


def angle(degrees: float) -> str:
    """``0.1°``, ``6′``, ``30″``: whichever has fewer zeros."""
    if degrees >= 0.1:
        return f"{short(degrees)}°"
    return f"{short(degrees * 60)}′" if degrees >= 1 / 60 else f"{short(degrees * 3600)}″"


def _position(criteria: Criteria) -> str:
    where = criteria.target or position(criteria.ra, criteria.dec)
    if criteria.positions:
        where = _("%(count)d positions") % {"count": len(criteria.positions)}
    words = (
        _("pointing within %(radius)s of %(place)s")
        if criteria.match == "pointing"
        else _("footprint within %(radius)s of %(place)s")
    )
    return words % {"radius": angle(criteria.radius), "place": where}


def _range(low: str, high: str) -> str:
    if low and high:
        return _("%(low)s to %(high)s") % {"low": low, "high": high}
    return _("from %(low)s") % {"low": low} if low else _("up to %(high)s") % {"high": high}


def _energy(criteria: Criteria) -> str:
    low, high = criteria.energy
    return _range(*(f"{short(value / 1e12)} TeV" if value else "" for value in (low, high)))


def _time(criteria: Criteria) -> str:
    low, high = criteria.time
    return _range(*(moment(value) if value is not None else "" for value in (low, high)))


def _listed(name: str, values: list[str]) -> str:
    wanted = [facets.words(name, value) for value in values if not value.startswith("!")]
    unwanted = [_("not %(value)s") % {"value": value[1:]} for value in values if value.startswith("!")]
    return ", ".join(wanted + unwanted)


def _region(criteria: Criteria) -> str:
    return criteria.region.text[:60] if criteria.region else ""


_SPECIAL: dict[str, tuple[Promise, Callable[[Criteria], str]]] = {
    "target": (gettext_lazy("Position"), _position),
    "region": (gettext_lazy("Region"), _region),
    "energy_min": (gettext_lazy("Energy"), _energy),
    "t_min": (gettext_lazy("Time"), _time),
}


def _words(criteria: Criteria, parameters: tuple[str, ...]) -> tuple[str, str]:
    """Name and value of the constraint that these parameters made."""
    name = parameters[0]
    if name.startswith(filters.PREFIX):
        column = columns.ALL[name.removeprefix(filters.PREFIX)]
        return str(column.label), f"{criteria.first(name)} {column.unit}".strip()
    if name in _SPECIAL:
        title, value = _SPECIAL[name]
        return str(title), value(criteria)
    label = str(form.LABELS[name]) if name in form.LABELS else name
    if name in criteria.lists:
        return label, _listed(name, criteria.lists[name])
    if name in criteria.numbers:
        return label, fixed(criteria.numbers[name], 0 if name == "n_tels_min" else 1)
    return label, criteria.value_of(name)


def make(criteria: Criteria) -> list[Chip]:
    return [
        Chip(*_words(criteria, one.parameters), addresses.results(criteria, one.parameters), one.parameters)
        for one in build(criteria).conditions
    ]


def with_counts(criteria: Criteria, viewer: Viewer) -> list[Chip]:
    """Each constraint with the number of matches when it is dropped: the way out of "no match"."""
    tried = make(criteria)[:MAX_TRIED]
    _count(tried, criteria, viewer, lambda chip: chip.parameters)
    return sorted((chip for chip in tried if chip.count), key=lambda chip: chip.count or 0)


def alone(criteria: Criteria, viewer: Viewer) -> list[Chip]:
    """Each constraint with the number of matches when it stands alone, for where dropping any one does not help: those
    without a match can never be met. Their addresses keep that constraint only."""
    tried = make(criteria)[:MAX_TRIED]
    every = {name for chip in make(criteria) for name in chip.parameters}
    for chip in tried:
        chip.url = addresses.results(criteria, tuple(every.difference(chip.parameters)))
    _count(tried, criteria, viewer, lambda chip: every.difference(chip.parameters))
    return sorted((chip for chip in tried if chip.count is not None), key=lambda chip: chip.count or 0)


def _count(chips: Iterable[Chip], criteria: Criteria, viewer: Viewer, dropped: Callable[[Chip], Iterable[str]]) -> None:
    """Gives each chip the number of matches of the search without what is dropped for it."""
    query = build(criteria)
    for chip in chips:
        inner = f"SELECT TOP {facets.LIMIT + 1} obs_id FROM {query.source({OBSCONFIG})}{query.where(dropped(chip))}"
        try:
            answer = asking.ask(f"SELECT COUNT(*) AS n FROM ({inner}) AS q", viewer, 1)
        except asking.AskError:
            continue
        found = int(answer.rows[0][0]) if answer.rows else 0
        chip.count, chip.capped = min(found, facets.LIMIT), found > facets.LIMIT
