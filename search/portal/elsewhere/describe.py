"""What another archive can be asked: its ObsCore table and columns, read from its TAP_SCHEMA."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.core.cache import cache
from django.utils.translation import gettext as _

from search.archive.fields import catalogue
from search.portal.elsewhere.client import Client, Failed

KEPT = 86_400
"""seconds"""
NEW_IN_1_1 = {"s_xel1", "s_xel2", "t_xel", "em_xel", "pol_xel"}
UNITS = {
    one.name: one.unit
    for one in catalogue.OBSCORE
    if one.name in {"s_ra", "s_dec", "s_fov", "t_min", "t_max", "t_exptime", "em_min", "em_max"}
}
"""units of the standard, for the columns that conditions compare with numbers"""
MANDATORY = frozenset(
    {
        "dataproduct_type", "calib_level", "obs_collection", "obs_id", "obs_publisher_did", "access_url",
        "access_format", "access_estsize", "target_name", "s_ra", "s_dec", "s_fov", "s_region", "s_resolution",
        "t_min", "t_max", "t_exptime", "t_resolution", "em_min", "em_max", "em_res_power", "o_ucd", "pol_states",
        "facility_name", "instrument_name",
    }
)  # fmt: skip
TABLES = (
    "SELECT table_name, utype FROM TAP_SCHEMA.tables WHERE table_name LIKE '%bs%ore%' OR table_name LIKE '%BSCORE%'"
    " OR table_name LIKE 'arc.%' OR table_name LIKE 'provenance.%' OR utype LIKE '%bs%ore%'"
)


@dataclass(frozen=True)
class Described:
    """``columns`` of the ObsCore table in lower case with their units; ``tables``: all that conditions may name."""

    table: str
    columns: Mapping[str, str]
    tables: frozenset[str] = frozenset()
    version: str = "1.1"
    others: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """columns of the further tables known here"""

    @property
    def foreign_units(self) -> dict[str, str]:
        """Columns that this archive keeps in another unit than the standard says."""
        return {
            name: unit
            for name, unit in self.columns.items()
            if name in UNITS and unit and not _same_unit(unit, UNITS[name])
        }


def _same_unit(one: str, other: str) -> bool:
    def plain(text: str) -> str:
        words = {"degree": "deg", "degrees": "deg", "day": "d", "days": "d", "mjd": "d", "sec": "s", "second": "s"}
        word = text.strip().lower()
        return words.get(word, word)

    return plain(one) == plain(other)


def generic(table: str = "ivoa.obscore") -> Described:
    """What every ObsCore table has."""
    return Described(table, {name: UNITS.get(name, "") for name in MANDATORY}, frozenset({table.lower()}))


def describe(client: Client, table: str) -> Described:
    """The archive's own words, kept for a day; a table named by hand is asked even where TAP_SCHEMA is mute."""
    key = "elsewhere." + hashlib.sha256(f"{client.url} {table}".encode()).hexdigest()
    known: Described | None = cache.get(key)
    if known is None:
        try:
            known = _read(client, table)
        except Failed:
            if not table:
                raise
            return generic(table)
        cache.set(key, known, KEPT)
    return known


def _read(client: Client, by_hand: str) -> Described:
    rows = [(str(name), str(utype or "")) for name, utype in client.ask(TABLES, 2_000).rows]
    table = by_hand or _choose(rows)
    names = {table, *(name for name, _utype in rows)}
    known = {"arc.obsconfig", "arc.proposal", "ivoa.obscore_hea"} & {name.lower() for name in names}
    wanted = [table, *(name for name in names if name.lower() in known)]
    listed = ", ".join("'" + name.replace("'", "''") + "'" for name in wanted)
    columns_asked = "SELECT table_name, column_name, unit FROM TAP_SCHEMA.columns WHERE table_name IN "
    found = client.ask(f"{columns_asked}({listed})", 5_000)
    units: dict[str, dict[str, str]] = {}
    for of_table, column, unit in found.rows:
        units.setdefault(str(of_table).lower(), {})[str(column).lower().strip('"')] = str(unit or "")
    columns = units.get(table.lower())
    if not columns:
        raise Failed(_("Its TAP_SCHEMA has no columns of a table %(name)s.") % {"name": table})
    return Described(
        table,
        columns,
        frozenset(name.lower() for name in names),
        "1.1" if NEW_IN_1_1 & columns.keys() else "1.0",
        {name: frozenset(units.get(name, {})) for name in known},
    )


def _choose(rows: Iterable[tuple[str, str]]) -> str:
    """``ivoa.obscore`` however it is written, else the table that says by its utype that it is one."""
    listed = list(rows)
    exact = [name for name, _utype in listed if name.lower() == "ivoa.obscore"]
    declared = [name for name, utype in listed if re.search(r"std/obscore", utype, re.IGNORECASE)]
    alike = [name for name, _utype in listed if name.lower().rpartition(".")[2] == "obscore"]
    for name in (*exact, *declared, *alike):
        return name
    raise Failed(
        _("Its TAP_SCHEMA names no ObsCore table. Write the name of its table behind the address, after a blank.")
    )
