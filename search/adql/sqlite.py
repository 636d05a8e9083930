"""SQLite's side: the functions that translated SQL calls, and the second wall.

``register`` once for each connection; then ``wall`` and ``deadline`` before a query from outside runs. The wall must
not depend on the translator being right: it allows reading the listed tables and calling the listed functions.
"""

import math
import re
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from gateway.vo.tables import PublishedTable
from search.adql import index, scalars

SCALARS: dict[str, tuple[int, Callable[..., Any]]] = {
    "point": (2, scalars.point),
    "circle": (3, scalars.circle),
    "polygon": (-1, scalars.polygon),
    "box": (4, scalars.box),
    "dali": (1, scalars.dali),
    "coord1": (1, scalars.coord1),
    "coord2": (1, scalars.coord2),
    "centroid": (1, scalars.centroid),
    "area": (1, scalars.area),
    "distance": (2, scalars.distance),
    "separation": (4, scalars.separation),
    "contains": (2, scalars.contains),
    "intersects": (2, scalars.intersects),
    "round": (2, scalars.round_),
    "truncate": (2, scalars.truncate),
    "like": (2, scalars.like),
    "long": (1, scalars.long),
    "integer_of": (2, scalars.integer_of),
    "integer_of_text": (2, scalars.integer_of_text),
    "double_of_text": (1, scalars.double_of_text),
    "text_of_double": (1, scalars.text_of_double),
    "timestamp_of": (1, scalars.timestamp_of),
    "hasword": (2, scalars.hasword),
    "nocasematch": (2, scalars.nocasematch),
    "hashlist_has": (2, scalars.hashlist_has),
    "interval_overlaps": (4, scalars.interval_overlaps),
    "to_mjd": (1, scalars.to_mjd),
    "to_jd": (1, scalars.to_jd),
    "hms_to_degrees": (1, scalars.hms_to_degrees),
    "dms_to_degrees": (1, scalars.dms_to_degrees),
    "healpix_index": (3, scalars.healpix_index),
    "healpix_center": (2, scalars.healpix_center),
    "epoch_prop_pos": (8, scalars.epoch_prop_pos),
}

# SQLite has these in C where it was built with ENABLE_MATH_FUNCTIONS, as Debian's is.
MATH: dict[str, tuple[int, Callable[..., float]]] = {
    "acos": (1, math.acos),
    "asin": (1, math.asin),
    "atan": (1, math.atan),
    "atan2": (2, math.atan2),
    "ceil": (1, math.ceil),
    "cos": (1, math.cos),
    "degrees": (1, math.degrees),
    "exp": (1, math.exp),
    "floor": (1, math.floor),
    "ln": (1, math.log),
    "log10": (1, math.log10),
    "mod": (2, math.fmod),
    "pi": (0, lambda: math.pi),
    "power": (2, math.pow),
    "radians": (1, math.radians),
    "sin": (1, math.sin),
    "sqrt": (1, math.sqrt),
    "tan": (1, math.tan),
}
BUILT_IN = frozenset("abs avg coalesce count glob like lower max min nullif random row_number substr sum upper".split())
FUNCTIONS = frozenset(f"adql_{name}" for name in (*SCALARS, "string_agg")) | frozenset(MATH) | BUILT_IN

MAX_STATEMENT = 20_000_000
MAX_CELL = 100_000_000


class StringAgg:
    """ivo_string_agg: the texts of a group in the order of their code points; NULLs leave no trace."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.delimiter = ""

    def step(self, value: str | None, delimiter: str | None) -> None:
        if value is not None:
            self.parts.append(value)
            self.delimiter = delimiter or ""

    def finalize(self) -> str | None:
        return self.delimiter.join(sorted(self.parts)) if self.parts else None


def register(connection: sqlite3.Connection) -> None:
    """Give a connection every function that translated SQL may call."""
    for name, (arity, function) in SCALARS.items():
        connection.create_function(f"adql_{name}", arity, scalars.null_safe(function), deterministic=True)
    connection.create_aggregate("adql_string_agg", 2, StringAgg)  # type: ignore[arg-type]  # typeshed wants int steps
    try:
        connection.execute("SELECT pi()")
    except sqlite3.OperationalError:
        for name, (arity, function) in MATH.items():
            connection.create_function(name, arity, scalars.null_safe(function), deterministic=True)


def readable(tables: Iterable[PublishedTable]) -> frozenset[str]:
    """The database tables that queries over these published tables read, with their R*Trees."""
    names: set[str] = set()
    for table in tables:
        names.add(table.physical.rsplit(".", 1)[-1])
        for place in index.places(table):
            if place.rtree:
                names |= {place.rtree, *(f"{place.rtree}_{part}" for part in ("node", "parent", "rowid"))}
    return frozenset(names)


COMMON_TABLE = re.compile(r"w\d+")
"""The name that a table of WITH gets (``select.statement``); SQLite asks for it where no column of it is used."""


def wall(connection: sqlite3.Connection, tables: Collection[str]) -> None:
    """Let the connection do nothing but read ``tables`` (physical names, see ``readable``) by listed functions.

    ``open_wall`` takes it away again. R*Trees are opened first: opening prepares statements of their own, which the
    wall would forbid.
    """
    for name in tables:
        if f"{name}_node" in tables:
            connection.execute(f'SELECT id FROM "{name}" WHERE id = -1').fetchall()
    allowed = frozenset(tables)

    def authorize(action: int, first: str | None, second: str | None, database: str | None, source: str | None) -> int:
        if action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and first in allowed:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and not second and COMMON_TABLE.fullmatch(first or ""):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in FUNCTIONS:
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, MAX_STATEMENT)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.set_authorizer(authorize)


def open_wall(connection: sqlite3.Connection) -> None:
    connection.set_authorizer(None)


def deadline(
    connection: sqlite3.Connection, seconds: float, cancelled: Callable[[], bool] = lambda: False, steps: int = 20_000
) -> None:
    """Stop statements of the connection after ``seconds``, or when ``cancelled()``: they raise OperationalError
    ("interrupted"). Asked every ``steps`` virtual instructions, some milliseconds."""
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: int(time.monotonic() > end or cancelled()), steps)


def no_deadline(connection: sqlite3.Connection) -> None:
    connection.set_progress_handler(None, 0)
