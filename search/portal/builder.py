"""From criteria to ONE ADQL text: what the form shows, what is run, what is shared. Pure.

Every value passes through ``quoted`` or a number format; names come from this file. The ``generic`` mode uses only
what each ObsCore 1.1 service has, and leaves out (and names) what it cannot ask.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from search.portal import filters
from search.portal.criteria import Criteria
from search.portal.filters import HEA, OBSCONFIG, OBSCORE, quoted
from search.portal.quantities import HC
from search.resolver import sources

__all__ = ["HEA", "OBSCONFIG", "OBSCORE", "Condition", "Query", "build", "pattern", "quoted", "text"]
MAX_ROWS = 10_000
TOLERANCE = 1e-9
"""relative, of wavelengths: a file that ends at 50 TeV sharp reaches 50 TeV however it was rounded"""
# Column of each list parameter, and the table that has it.
COLUMNS: dict[str, tuple[str, str]] = {
    "dataproduct_type": ("dataproduct_type", OBSCORE),
    "calib_level": ("calib_level", OBSCORE),
    "obs_collection": ("obs_collection", OBSCORE),
    "obs_id": ("obs_id", OBSCORE),
    "data_rights": ("data_rights", OBSCORE),
    "proposal_id": ("proposal_id", OBSCORE),
    "access_format": ("access_format", OBSCORE),
    "instrument_name": ("instrument_name", OBSCORE),
    "simulated": ("simulated", OBSCORE),
    "dataproduct_level": ("dataproduct_level", OBSCONFIG),
    "sub_array_name": ("sub_array_name", OBSCONFIG),
    "pointing_mode": ("pointing_mode", OBSCONFIG),
    "obs_mode": ("obs_mode", OBSCONFIG),
    "quality": ("quality", OBSCONFIG),
    "pipeline_name": ("pipeline_name", OBSCONFIG),
    "pipeline_version": ("pipeline_version", OBSCONFIG),
    "reconstruction_method": ("reconstruction_method", OBSCONFIG),
    "cut_set": ("cut_set", OBSCONFIG),
    "calib_version": ("calib_version", OBSCONFIG),
}
WHOLE = {"calib_level", "quality", "simulated"}
# Modes carry an angle behind the word: "divergent" means "divergent-5d" too.
PREFIXED = {"pointing_mode"}
TELESCOPES = {"lst": "n_lst", "mst": "n_mst", "sst": "n_sst"}
STANDARD = {
    "dataproduct_type",
    "calib_level",
    "obs_collection",
    "obs_id",
    "access_format",
    "instrument_name",
}
"""list parameters that each ObsCore service understands"""


@dataclass
class Condition:
    """One line of the WHERE clause; ``parameters`` made it (dropping them drops it)."""

    parameters: tuple[str, ...]
    text: str
    tables: frozenset[str] = frozenset()


@dataclass
class Query:
    """``left_out``: parameters that the generic mode cannot ask."""

    conditions: list[Condition] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def tables(self, extra: Iterable[str] = ()) -> list[str]:
        used = set(extra).union(*(condition.tables for condition in self.conditions))
        return [name for name in (OBSCONFIG, HEA) if name in used]

    def source(self, extra: Iterable[str] = (), table: str = OBSCORE) -> str:
        return table + "".join(f" NATURAL JOIN {name}" for name in self.tables(extra))

    def where(self, without: Iterable[str] = ()) -> str:
        dropped = set(without)
        kept = [one.text for one in self.conditions if not dropped.intersection(one.parameters)]
        return "\nWHERE " + "\n  AND ".join(kept) if kept else ""


def pattern(text: str) -> str:
    """``LIKE`` pattern that contains the text; its % and _ stay wild, as ADQL has no escape."""
    return quoted(f"%{text.lower()}%")


def number(value: float) -> str:
    """Without loss, and without an exponent where none is needed."""
    return repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def build(criteria: Criteria, *, generic: bool = False) -> Query:
    """The conditions of a search."""
    query = Query()
    for make in _MAKERS:
        for condition in make(criteria):
            own = bool(condition.tables) or not _is_standard(condition)
            if generic and own:
                query.left_out.extend(condition.parameters)
            else:
                query.conditions.append(condition)
    return query


def _is_standard(condition: Condition) -> bool:
    own = {
        "target_class",
        "data_rights",
        "proposal_id",
        "simulated",
        "pi",
        "proposal_keywords",
        "creation_date",
        "history",
    }
    return not own.intersection(condition.parameters) and not condition.parameters[0].startswith(filters.PREFIX)


def _position(criteria: Criteria) -> list[Condition]:
    places = list(criteria.positions)
    if not places and criteria.ra is not None and criteria.dec is not None:
        places = [(criteria.ra, criteria.dec)]
    texts = [_cone(criteria, ra, dec) for ra, dec in places]
    made = []
    if texts:
        text = texts[0] if len(texts) == 1 else "(" + "\n    OR ".join(texts) + ")"
        made.append(Condition(("target", "ra", "dec", "radius", "radius_unit", "match", "positions"), text))
    if criteria.region:
        geometry = criteria.region.adql
        if criteria.match == "pointing":
            text = f"1 = CONTAINS(POINT(s_ra, s_dec), {geometry})"
        else:
            text = f"1 = INTERSECTS(s_region, {geometry})"
        made.append(Condition(("region",), text))
    return made


def _cone(criteria: Criteria, ra: float, dec: float) -> str:
    circle = f"CIRCLE('ICRS', {number(round(ra, 7))}, {number(round(dec, 7))}, {number(criteria.radius)})"
    if criteria.match == "pointing":
        return f"1 = CONTAINS(POINT('ICRS', s_ra, s_dec),\n    {circle})"
    return f"1 = INTERSECTS(s_region,\n    {circle})"


def _lists(criteria: Criteria) -> list[Condition]:
    made = []
    for name, (column, table) in COLUMNS.items():
        values = criteria.lists.get(name, [])
        if values:
            tables = frozenset() if table == OBSCORE else frozenset({table})
            made.append(Condition((name,), _any_of(column, values, name), tables))
    return made


def _any_of(column: str, values: list[str], name: str) -> str:
    """Wanted values as IN, unwanted ones as NOT IN that keeps rows without a value."""
    wanted = [value for value in values if not value.startswith("!")]
    unwanted = [value[1:].strip() for value in values if value.startswith("!")]
    parts = []
    if wanted:
        parts.append(_equal(column, wanted, name))
    if unwanted:
        parts.append(f"({column} IS NULL OR NOT {_equal(column, unwanted, name)})")
    return " AND ".join(parts)


def _equal(column: str, values: list[str], name: str) -> str:
    if name in PREFIXED:
        texts = [f"{column} = {quoted(value)} OR {column} LIKE {quoted(value + '-%')}" for value in values]
        return f"({' OR '.join(texts)})"
    literals = [str(int(value)) if name in WHOLE else quoted(value) for value in values]
    return f"{column} = {literals[0]}" if len(literals) == 1 else f"{column} IN ({', '.join(literals)})"


def _target(criteria: Criteria) -> list[Condition]:
    made = []
    name = criteria.texts.get("target_name")
    if name:
        known = sources.lookup(name)
        plain = known.name if known else name
        text = f"(target_name = {quoted(plain)} OR LOWER(target_name) LIKE {pattern(plain)})"
        made.append(Condition(("target_name",), text))
    wanted = criteria.texts.get("target_class")
    if wanted:
        made.append(Condition(("target_class",), _class(wanted)))
    return made


def _class(wanted: str) -> str:
    kind = sources.kind_of(wanted)
    if kind is None:
        return f"LOWER(target_class) LIKE {pattern(wanted)}"
    path = sources.class_path(kind)
    return f"(target_class = {quoted(path)} OR target_class LIKE {quoted(path + sources.SEPARATOR + '%')})"


def _people(criteria: Criteria) -> list[Condition]:
    made = []
    pi = criteria.texts.get("pi")
    if pi:
        made.append(Condition(("pi",), f"LOWER(pi_name) LIKE {pattern(pi)}", frozenset({OBSCONFIG})))
    words = criteria.texts.get("proposal_keywords")
    if words:
        meant = f"LOWER(keywords) LIKE {pattern(words)} OR LOWER(title) LIKE {pattern(words)}"
        text = f"proposal_id IN (SELECT proposal_id FROM arc.proposal WHERE {meant})"
        made.append(Condition(("proposal_keywords",), text))
    return made


def _energy(criteria: Criteria) -> list[Condition]:
    """Overlap with the range: high energies are short wavelengths, so the bounds change places."""
    low, high = criteria.energy
    texts = []
    if low is not None:
        texts.append(f"em_min <= {HC / low * (1 + TOLERANCE):.10g}")
    if high is not None:
        texts.append(f"em_max >= {HC / high * (1 - TOLERANCE):.10g}")
    return [Condition(("energy_min", "energy_max", "energy_unit"), "\n  AND ".join(texts))] if texts else []


def _time(criteria: Criteria) -> list[Condition]:
    low, high = criteria.time
    texts = []
    if low is not None:
        texts.append(f"t_max >= {number(round(low, 8))}")
    if high is not None:
        texts.append(f"t_min <= {number(round(high, 8))}")
    return [Condition(("t_min", "t_max"), "\n  AND ".join(texts))] if texts else []


def _numbers(criteria: Criteria) -> list[Condition]:
    columns = {
        "zenith_min": "zenith >=",
        "zenith_max": "zenith <=",
        "n_tels_min": "n_tels >=",
        "exposure_min": "t_exptime >=",
    }
    made = [
        Condition(
            (name, "exposure_unit") if name == "exposure_min" else (name,),
            f"{columns[name]} {number(value)}",
            frozenset() if name == "exposure_min" else frozenset({OBSCONFIG}),
        )
        for name, value in criteria.numbers.items()
    ]
    wanted = [TELESCOPES[word.lower()] for word in criteria.lists.get("includes", []) if word.lower() in TELESCOPES]
    if wanted:
        text = " AND ".join(f"{column} > 0" for column in wanted)
        made.append(Condition(("includes",), text, frozenset({OBSCONFIG})))
    return made


def _history(criteria: Criteria) -> list[Condition]:
    made = []
    low, high = criteria.created
    texts = [f"obs_creation_date >= {quoted(low)}"] if low else []
    texts += [f"obs_creation_date < {quoted(high)}"] if high else []
    if texts:
        made.append(Condition(("creation_date",), " AND ".join(texts)))
    wanted = criteria.texts.get("history")
    if wanted:
        made.append(Condition(("history",), f"obs_publisher_did IN (\n    {_in_history(wanted)})"))
    return made


def _in_history(wanted: str) -> str:
    """Products made by a run with this parameter (``name=value``), or with this word in their software and steps."""
    name, equals, value = wanted.partition("=")
    if equals and name.strip():
        return (
            "SELECT h.obs_publisher_did FROM provenance.product_history AS h"
            "\n    JOIN provenance.parameter AS p ON p.activity_id = h.activity_id"
            f"\n    WHERE LOWER(p.name) = {quoted(name.strip().lower())}"
            f" AND LOWER(p.p_value) = {quoted(value.strip().lower())}"
        )
    columns = ("software", "steps", "pipeline_name", "pipeline_version", "activity_name")
    words = " OR ".join(f"LOWER({column}) LIKE {pattern(wanted)}" for column in columns)
    return f"SELECT obs_publisher_did FROM provenance.product_history\n    WHERE {words}"


def _filters(criteria: Criteria) -> list[Condition]:
    return [
        Condition(
            (filters.PREFIX + one.key,), one.adql, frozenset() if one.table == OBSCORE else frozenset({one.table})
        )
        for one in criteria.filters.values()
    ]


_MAKERS: tuple[Callable[[Criteria], list[Condition]], ...] = (
    _position,
    _lists,
    _target,
    _people,
    _energy,
    _time,
    _numbers,
    _history,
    _filters,
)


def text(
    query: Query, order: str = "t_min", *, top: int = MAX_ROWS, table: str = OBSCORE, extra: Iterable[str] = ()
) -> str:
    """The ADQL that the page shows, runs elsewhere and hands to other tools; ``extra``: tables of ``order``."""
    ordering = f"\nORDER BY {order}" if order else ""
    return f"SELECT TOP {top} *\nFROM {query.source(extra, table)}{query.where()}{ordering}"
