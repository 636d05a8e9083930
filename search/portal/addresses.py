"""The addresses of searches: one spelling for one search, so that links, bookmarks and Back agree."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from search.portal.criteria import POSITION, Criteria

RESULTS = "/search/results/"
DROPPED = {"csrfmiddlewaretoken", "radius_unit", "targets", "remote"}

UNITS = {"energy_unit": ("energy_min", "energy_max"), "exposure_unit": ("exposure_min",)}


def pairs(criteria: Criteria, without: Iterable[str] = (), **changes: str | Sequence[str]) -> list[tuple[str, str]]:
    """The parameters that describe the search, positions in degrees."""
    left_out = {*without, *DROPPED, *changes}
    # A unit without its number says nothing, nor does a radius about nothing.
    left_out |= {unit for unit, numbers in UNITS.items() if not any(criteria.first(name) for name in numbers)}
    kept = [
        (name, value)
        for name, values in criteria.typed.items()
        if name not in left_out and (name not in POSITION or name == "region")
        for value in values
    ]
    made: list[tuple[str, str]] = []
    if "target" not in left_out and criteria.target:
        made.append(("target", criteria.target))
    if criteria.has_cone and not {"ra", "dec"} & left_out:
        made += [("ra", _degrees(criteria.ra)), ("dec", _degrees(criteria.dec))]
    if "radius" not in left_out and (criteria.target or criteria.has_cone or criteria.positions):
        made.append(("radius", f"{criteria.radius:.8g}"))
    if criteria.match == "pointing" and "match" not in left_out:
        made.append(("match", "pointing"))
    if criteria.positions and "positions" not in left_out:
        made.append(("positions", ";".join(f"{ra:.6f} {dec:.6f}" for ra, dec in criteria.positions)))
    made += kept
    for name, given in changes.items():
        made += [(name, value) for value in ([given] if isinstance(given, str) else given) if value]
    return made


def _degrees(value: float | None) -> str:
    return f"{round(value or 0.0, 7):.10g}"


def results(criteria: Criteria, without: Iterable[str] = (), **changes: str | Sequence[str]) -> str:
    return f"{RESULTS}?{urlencode(pairs(criteria, without, **changes))}"


def form(criteria: Criteria) -> str:
    return f"/search/?{urlencode(pairs(criteria))}"


def encode(pairs_: Sequence[tuple[str, str]]) -> str:
    return urlencode(pairs_)
