"""ObsCore rows of files that lie elsewhere, taken in by the block: checked, indexed, known by their identifiers."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from gateway.access.models import Rights
from gateway.vo.identifiers import InvalidKey, foreign_key, key_of
from search.archive import sky, sky_index
from search.archive.bulk_write import make_indexes, set_indexes_aside, writer
from search.archive.changes import changed
from search.archive.curation import Curation, register_collection
from search.archive.fields.catalogue import OBSCONFIG, OBSCORE, OBSCORE_HEA, Field
from search.archive.models import Product
from search.archive.targets import hashlist

BLOCK = 2000
SHOWN = 20
"""refused rows that are named"""
DEFER_ABOVE = 2_000
"""rows from which the index is made anew at the end instead of row by row"""
FIELDS: dict[str, Field] = {field.name: field for field in (*OBSCORE_HEA, *OBSCONFIG, *OBSCORE)}
TYPES = {"image", "cube", "spectrum", "sed", "timeseries", "visibility", "event", "measurements"}
NEEDED = ("calib_level", "obs_collection", "obs_id", "obs_publisher_did")
OWN = ("key", "policy_id", "storage_key", "file_name", "sha256", "suspect", "terms", "parts", "header", "created")


# Columns that a row gets even where the file has no such column.
ADDED = (*NEEDED, "dataproduct_type", "access_format", "data_rights", "obs_release_date", "simulated", "target_aliases")


_REAL = ("double", "float")
_WHOLE = ("int", "long", "short")
BAD = object()
"""stands for a cell that cannot be read as its column's type"""


class BadRow(ValueError):
    """Why a row is refused."""


@dataclass
class Outcome:
    taken: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)


class Bulk:
    """Writes checked rows by the block; only the columns that the file has, and those that the gateway adds."""

    def __init__(self, curation: Curation, own_collection: bool) -> None:
        self.curation = curation
        self.own_collection = own_collection
        self.policies: dict[tuple[str, str, str | None], int] = {}
        self.now = connection.ops.adapt_datetimefield_value(timezone.now())
        self.names: tuple[str, ...] = ()

    def take(self, rows: Iterable[Mapping[str, Any]], progress: Callable[[int], None]) -> Outcome:
        """Takes all rows in or, when the file breaks off, none."""
        outcome = Outcome()
        numbered = enumerate(rows, 1)
        with transaction.atomic(), writer() as write:
            held, deferred = Product.objects.count(), False
            aside: list[str] = []
            while block := list(islice(numbered, BLOCK)):
                checked = self._checked(block, outcome)
                if checked:
                    write((*OWN, *self.names, *sky.COLUMNS), checked)
                outcome.taken += len(checked)
                progress(block[-1][0])
                # Anew at the end is faster where most rows are new; before that it would only keep readers waiting.
                if not deferred and outcome.taken >= max(DEFER_ABOVE, held):
                    sky_index.drop(connection)
                    aside, deferred = set_indexes_aside(), True
            if deferred:
                sky_index.install(connection)
                make_indexes(aside)
        if outcome.taken:
            changed.send(sender=Product)
        return outcome

    def _checked(self, block: Sequence[tuple[int, Mapping[str, Any]]], outcome: Outcome) -> list[tuple[Any, ...]]:
        """The good rows of a block, ready to be written; the others are counted and the first of them named."""
        good: list[tuple[int, dict[str, Any], list[Any]]] = []
        reasons: dict[int, str] = {}
        typed = _typed_rows([row for _number, row in block])
        for (number, row), given in zip(block, typed, strict=True):
            try:
                good.append((number, *self._values(given or typed_row(row))))
            except BadRow as error:
                reasons[number] = str(error)
        placed, unclear = sky.place_all([given for _number, given, _values in good])
        reasons |= {good[at][0]: f"s_region: {reason}" for at, reason in unclear.items()}
        outcome.refused += len(reasons)
        for number in sorted(reasons)[: SHOWN - len(outcome.reasons)]:
            outcome.reasons.append(f"row {number}: {reasons[number]}")
        return [(*good[at][2], *place) for at, place in enumerate(placed) if at not in unclear]

    def _values(self, row: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """One typed row by name, and its values but for the place on the sky; raises BadRow."""
        if not self.names:
            self.names = tuple(dict.fromkeys((*ADDED, *row)))
        given = _checked({name: value for name, value in row.items() if value is not None}, self.curation.collection)
        if self.own_collection:
            given["obs_collection"] = self.curation.collection
        given["simulated"] = int(bool(given.get("simulated")) or self.curation.simulated)
        given["access_format"] = given.get("access_format") or "application/fits"
        if given.get("target_name"):
            given.setdefault("target_aliases", hashlist([given["target_name"]]))
        policy_id = self._policy(given)
        identifier = str(given["obs_publisher_did"])
        own = (_key(identifier), policy_id, "", "", "", "", self.curation.terms, "[]", "{}", self.now)
        return given, [*own, *map(given.get, self.names)]

    def _policy(self, given: dict[str, Any]) -> int:
        """The row's own rights, where it has some, else those of the options."""
        rights = str(given.get("data_rights") or self.curation.rights)
        if rights not in Rights.values:
            raise BadRow(f"data_rights {rights[:20]!r} is none of {', '.join(Rights.values)}")
        released = given.get("obs_release_date") or self.curation.released
        given["data_rights"], given["obs_release_date"] = rights, released
        known = (str(given["obs_collection"]), rights, released)
        if known not in self.policies:
            try:
                said = replace(self.curation, collection=known[0], rights=rights, release=_moment(released))
            except ValueError:
                raise BadRow(f"obs_release_date {released!r} is no date") from None
            self.policies[known] = said.policy().pk
            register_collection(said)
        return self.policies[known]


def _key(identifier: str) -> str:
    """The own KEY of an own identifier; a foreign one gets a name made of its hash."""
    try:
        return key_of(identifier, settings.AUTHORITY) if identifier.startswith("ivo:") else foreign_key(identifier)
    except InvalidKey:
        return foreign_key(identifier)


def _typed_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with their known columns as the catalogue of fields types them: a column at a time where its cells are
    plain, cell by cell where they are not. A row with a cell that is wrong is empty."""
    names = [name for name in rows[0] if name in FIELDS]
    columns = [_typed_column(FIELDS[name], [row[name] for row in rows]) for name in names]
    made = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)] if names else []
    return [{} if BAD in row.values() else row for row in made] if any(BAD in c for c in columns) else made


def _typed_column(column: Field, values: list[Any]) -> list[Any]:
    kinds = set(map(type, values)) - {type(None)}
    if kinds <= {int} and column.datatype in _WHOLE:
        return values
    if kinds <= {float} and column.datatype in _REAL and math.isfinite(sum(v for v in values if v is not None)):
        return values
    if kinds <= {str} and column.datatype not in (*_WHOLE, *_REAL):
        known = {text: _typed(column, text) for text in set(values)}
        return [known[text] for text in values]
    return [_typed_or_bad(column, value) for value in values]


def _typed_or_bad(column: Field, value: Any) -> Any:
    try:
        return _typed(column, value)
    except BadRow:
        return BAD


def typed_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The known columns of one row as they are typed; raises BadRow with the first that is wrong."""
    return {name: _typed(FIELDS[name], value) for name, value in row.items() if name in FIELDS}


def _typed(column: Field, value: Any) -> Any:
    """The cell as the column's type; empty cells, NaN and masked ones as None."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        if column.datatype in _REAL:
            number = float(value)
            return number if math.isfinite(number) else None
        if column.datatype in _WHOLE:
            return None if isinstance(value, float) and math.isnan(value) else int(value)
        return str(value).strip().replace("\0", "")
    except (TypeError, ValueError, OverflowError):
        raise BadRow(f"{column.name} {str(value)[:40]!r} is no {column.datatype}") from None


def _checked(given: dict[str, Any], collection: str) -> dict[str, Any]:
    given.setdefault("obs_collection", collection)
    if missing := [name for name in NEEDED if given.get(name) is None]:
        raise BadRow(f"{', '.join(missing)} missing")
    if len(str(given["obs_publisher_did"])) > 400:
        raise BadRow("obs_publisher_did is longer than 400 characters")
    return checked_values(given)


def checked_values(given: dict[str, Any]) -> dict[str, Any]:
    """The typed values of a row, if they can be; ``eventlist`` counts as ``event``. Raises BadRow."""
    given["dataproduct_type"] = {"eventlist": "event"}.get(
        given.get("dataproduct_type", ""), given.get("dataproduct_type")
    )
    if given["dataproduct_type"] not in {*TYPES, None}:
        raise BadRow(f"dataproduct_type {given['dataproduct_type'][:30]!r} is no word of ObsCore 1.1")
    if not 0 <= given["calib_level"] <= 4:
        raise BadRow(f"calib_level {given['calib_level']} is not 0 to 4")
    if not 0 <= given.get("s_ra", 0) <= 360 or not -90 <= given.get("s_dec", 0) <= 90:
        raise BadRow(f"s_ra, s_dec {given.get('s_ra')}, {given.get('s_dec')} are no position in degrees")
    for low, high in (("t_min", "t_max"), ("em_min", "em_max")):
        if given.get(low) is not None and given.get(high) is not None and given[low] > given[high]:
            raise BadRow(f"{low} is above {high}")
    return given


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
