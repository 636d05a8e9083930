"""A search of the form as ADQL for another archive: what it cannot be asked is left out and named. Pure."""

import re
from dataclasses import dataclass, field

from search.archive.fields import catalogue
from search.portal import builder
from search.portal.builder import Condition
from search.portal.criteria import Criteria
from search.portal.elsewhere.describe import Described

_KNOWN = {one.name for one in (*catalogue.OBSCORE, *catalogue.OBSCORE_HEA, *catalogue.OBSCONFIG)}
_TABLES = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+\.[a-z_]+)", re.IGNORECASE)
_LITERAL = re.compile(r"'(?:[^']|'')*'")


@dataclass
class Asked:
    """``left_out``: parameters whose constraint this archive does not know; ``units``: left out for their units."""

    adql: str
    left_out: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    nothing: bool = False
    """no constraint is left of those that the search has"""


def columns_of(text: str) -> set[str]:
    """The columns that a condition names, outside of its literals."""
    return set(re.findall(r"[a-z_0-9]+", _LITERAL.sub("''", text))) & _KNOWN


def translate(criteria: Criteria, described: Described, *, top: int, generic: bool, footprints: bool = True) -> Asked:
    """``generic``: only columns that every ObsCore table has. ``footprints``: False asks by pointings alone."""
    asked = Asked("")
    query = builder.build(_older(criteria, described) if described.version == "1.0" else criteria)
    kept = []
    for condition in query.conditions:
        why = _obstacle(condition, described, generic)
        if why == "units":
            asked.units.extend(condition.parameters[:1])
        elif why:
            asked.left_out.extend(condition.parameters[:1])
        else:
            kept.append(Condition(condition.parameters, _portable(condition.text, footprints), condition.tables))
    asked.nothing = bool(query.conditions) and not kept
    query.conditions = kept
    asked.adql = f"SELECT TOP {top} *\nFROM {query.source(table=described.table)}{query.where()}"
    return asked


def _obstacle(condition: Condition, described: Described, generic: bool) -> str:
    """Why this archive cannot be asked: "unknown" or "units"; empty where it can."""
    from search.portal.elsewhere.describe import MANDATORY  # noqa: PLC0415 (kept beside the reader of TAP_SCHEMA)

    named = columns_of(condition.text)
    inner = {name.lower() for name in _TABLES.findall(condition.text)}
    if generic and (condition.tables or inner or named - MANDATORY):
        return "unknown"
    if not (condition.tables | inner) <= described.tables:
        return "unknown"
    further = set().union(*(described.others.get(name, frozenset()) for name in condition.tables | inner))
    if not inner and not named <= set(described.columns) | further:
        return "unknown"
    return "units" if named & described.foreign_units.keys() else ""


def _portable(text: str, footprints: bool) -> str:
    """ADQL 2.0: every geometry names its frame."""
    if not footprints:
        text = re.sub(r"INTERSECTS\(s_region,", "CONTAINS(POINT('ICRS', s_ra, s_dec),", text)
    return re.sub(r"\b(CIRCLE|POLYGON|POINT)\((?!')", r"\1('ICRS', ", text)


def _older(criteria: Criteria, described: Described) -> Criteria:
    """ObsCore 1.0 has no calibration level 4 and no type "measurements": the nearest that it has."""
    levels = criteria.lists.get("calib_level")
    if not levels or "4" not in levels:
        return criteria
    lists = criteria.lists | {"calib_level": list(dict.fromkeys("3" if one == "4" else one for one in levels))}
    copied = Criteria(**{**vars(criteria), "lists": lists})
    return copied
