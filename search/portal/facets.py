"""Facets with counts, from one query: the rows of the search grouped by all facet columns at once.

Each facet's counts leave out its own choice (so that one sees what else there is) and respect all others. Exact up to
``LIMIT`` rows; beyond it the counts say so.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.cache import cache
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gateway.access.rights import Viewer, visible_conditions
from gateway.vo.together import together
from search.portal import addresses, asking, form
from search.portal.builder import OBSCONFIG, Query, build
from search.portal.criteria import Criteria
from search.resolver import sources

LIMIT = 50_000
GROUPS = LIMIT + 1
SHOWN = 6
KEPT = 60
"""seconds"""
MOST_KEPT = 2_000
"""groups"""
FACETS: tuple[tuple[str, Promise], ...] = (
    ("obs_collection", gettext_lazy("Collection")),
    ("dataproduct_type", gettext_lazy("Product type")),
    ("dataproduct_level", gettext_lazy("Data level")),
    ("data_rights", gettext_lazy("Access")),
    ("simulated", gettext_lazy("Simulated")),
    ("target_class", gettext_lazy("Target class")),
    ("sub_array_name", gettext_lazy("Sub-array")),
    ("pointing_mode", gettext_lazy("Pointing mode")),
    ("quality", gettext_lazy("Quality")),
)
NAMES = tuple(name for name, _label in FACETS)
# Facets whose values form a tree: what stands between a value and its parent's.
TREES = {"target_class": sources.SEPARATOR, "pointing_mode": "-"}
MODES = ("parallel", "divergent", "convergent")
"""pointing modes that may carry an angle behind the word"""


@dataclass
class Value:
    """``url``: the search with this value chosen or not chosen."""

    value: str
    label: str
    count: int
    chosen: bool
    url: str
    depth: int = 0
    """of its place in a tree; its count holds all below it"""


@dataclass
class Facet:
    name: str
    label: str
    values: list[Value]

    @property
    def first(self) -> list[Value]:
        return self.values[:SHOWN]

    @property
    def rest(self) -> list[Value]:
        return self.values[SHOWN:]


@dataclass
class Counts:
    """``total`` is exact unless ``capped``."""

    total: int = 0
    simulated: int = 0
    capped: bool = False
    facets: list[Facet] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_one(self) -> bool:
        return self.total == 1 and not self.capped


def adql(query: Query, without: Sequence[str]) -> str:
    columns = ", ".join(NAMES)
    inner = f"SELECT TOP {LIMIT + 1} {columns} FROM {query.source({OBSCONFIG})}{query.where(without)}"
    return f"SELECT {columns}, COUNT(*) AS n FROM ({inner}) AS q GROUP BY {columns}"


@dataclass
class Grouped:
    """Rows by all facet columns at once."""

    groups: list[tuple[tuple[str, ...], int]]
    overflow: bool
    seconds: float

    @property
    def total(self) -> int:
        return sum(n for _key, n in self.groups)


def _ask(text: str, viewer: Viewer) -> Grouped:
    """Counts that are not exact anyway, the dearest of all, are kept for a minute for all who may see the same."""
    name = "facets:" + hashlib.sha256(repr((text, visible_conditions(viewer))).encode()).hexdigest()
    kept: Grouped | None = cache.get(name)
    if kept is not None:
        return kept
    return together(name, lambda: _asked(name, text, viewer))


def _asked(name: str, text: str, viewer: Viewer) -> Grouped:
    answer = asking.ask(text, viewer, GROUPS)
    found = Grouped([(_texts(row[:-1]), int(row[-1])) for row in answer.rows], answer.overflow, answer.seconds)
    if found.total > LIMIT and len(found.groups) <= MOST_KEPT:
        cache.set(name, found, KEPT)
    return found


def total(criteria: Criteria, viewer: Viewer) -> Counts:
    """The number of matches alone, at half the price of the facets; raises asking.AskError."""
    query = build(criteria)
    inner = f"SELECT TOP {LIMIT + 1} simulated FROM {query.source()}{query.where()}"
    answer = _ask(f"SELECT simulated, COUNT(*) AS n FROM ({inner}) AS q GROUP BY simulated", viewer)
    simulated = sum(n for key, n in answer.groups if key[0] == "1")
    return Counts(min(answer.total, LIMIT), simulated, answer.total > LIMIT, seconds=answer.seconds)


def count(criteria: Criteria, viewer: Viewer) -> Counts:
    """The number of matches and the facets; raises asking.AskError."""
    query = build(criteria)
    chosen = _chosen(criteria)
    answer = _ask(adql(query, list(chosen)), viewer)
    # Too many rows without the facets' own choices: count with them, so that at least the total is good.
    if chosen and answer.total > LIMIT:
        answer, chosen = _ask(adql(query, ()), viewer), {}
    matching = [(key, n) for key, n in answer.groups if _passes(key, chosen, "")]
    total = sum(n for _key, n in matching)
    place = NAMES.index("simulated")
    return Counts(
        total=min(total, LIMIT),
        simulated=sum(n for key, n in matching if key[place] == "1"),
        capped=total > LIMIT or answer.overflow,
        facets=_facets(criteria, answer.groups, chosen),
        seconds=answer.seconds,
    )


def _chosen(criteria: Criteria) -> dict[str, list[str]]:
    """What is chosen in each facet; a class that is no place of the tree is an ordinary constraint."""
    chosen = {name: criteria.lists[name] for name in NAMES if criteria.lists.get(name)}
    kind = sources.kind_of(criteria.texts.get("target_class", ""))
    if kind is not None:
        chosen["target_class"] = [sources.class_path(kind)]
    return chosen


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    return tuple("" if value is None else str(value) for value in values)


def _passes(key: tuple[str, ...], chosen: dict[str, list[str]], but: str) -> bool:
    return all(_wanted(key[NAMES.index(name)], values) for name, values in chosen.items() if name != but)


def _wanted(value: str, values: list[str]) -> bool:
    """As the query builder reads the list: "!value" leaves out, a prefix covers "divergent-5d"."""
    yes = [one for one in values if not one.startswith("!")]
    no = [one[1:] for one in values if one.startswith("!")]
    return (not yes or any(_same(value, one) for one in yes)) and not any(_same(value, one) for one in no)


def _same(value: str, wanted: str) -> bool:
    return value == wanted or value.startswith((f"{wanted}-", f"{wanted}{sources.SEPARATOR}"))


def lineage(name: str, value: str) -> list[str]:
    """The value with all that it belongs to, broadest first."""
    separator = TREES.get(name)
    if separator is None or (name == "pointing_mode" and not value.startswith(MODES)):
        return [value]
    parts = value.split(separator)
    return [separator.join(parts[:end]) for end in range(1, len(parts) + 1)]


def _facets(criteria: Criteria, groups: list[tuple[tuple[str, ...], int]], chosen: dict[str, list[str]]) -> list[Facet]:
    made = []
    for place, (name, label) in enumerate(FACETS):
        counts: Counter[str] = Counter()
        for key, n in groups:
            if _passes(key, chosen, name):
                for value in lineage(name, key[place]):
                    counts[value] += n
        selected = [one for one in chosen.get(name, criteria.lists.get(name, [])) if not one.startswith("!")]
        for value in selected:
            counts.setdefault(value, 0)
        counts.pop("", None)
        if len(counts) > 1 or selected:
            made.append(Facet(name, str(label), _values(criteria, name, counts, selected)))
    return made


def _values(criteria: Criteria, name: str, counts: Counter[str], selected: list[str]) -> list[Value]:
    ordered = sorted(counts.items(), key=lambda item: (item[0] not in selected, -item[1], item[0]))
    if name in ("dataproduct_level", "quality", "simulated"):
        ordered.sort(key=lambda item: item[0])
    if name in TREES:
        ordered = _as_tree(name, counts)
    return [
        Value(
            value,
            words(name, value),
            n,
            value in selected,
            _toggled(criteria, name, value, selected),
            len(lineage(name, value)) - 1,
        )
        for value, n in ordered
    ]


def _as_tree(name: str, counts: Counter[str]) -> list[tuple[str, int]]:
    """Parents before their children, the fullest branch first."""
    rank = {value: [(-counts[one], one) for one in lineage(name, value)] for value in counts}
    return [(value, counts[value]) for value in sorted(counts, key=lambda value: rank[value])]


def _toggled(criteria: Criteria, name: str, value: str, selected: list[str]) -> str:
    if name == "target_class":
        return addresses.results(criteria, [name], **({} if value in selected else {name: value}))
    values = [one for one in selected if one != value] if value in selected else [*selected, value]
    kept = [one for one in criteria.lists.get(name, []) if one.startswith("!")] + values
    return addresses.results(criteria, [name], **{name: kept})


def words(name: str, value: str) -> str:
    """A facet's value in plain words."""
    fixed = {"dataproduct_type": form.TYPES, "data_rights": form.RIGHTS}
    if name in fixed:
        return str(dict(fixed[name]).get(value, value)).capitalize()
    if name == "simulated":
        return _("simulated") if value == "1" else _("Observed")
    if name == "target_class":
        return value.rsplit(sources.SEPARATOR, 1)[-1]
    if name == "quality":
        return {"0": _("Good"), "1": _("Usable")}.get(value, _("Quality %(value)s") % {"value": value})
    return value
