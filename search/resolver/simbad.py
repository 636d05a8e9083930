"""What SIMBAD knows of an object: type, names, redshift, distance; asked by astroquery through the guarded way out.

Never while a page renders: the object's page fetches it when it stands. Answers are kept, and so is silence.
astroquery opens no connection of its own here: its one session is replaced by ours (address checked and pinned, size
and time capped, documents scanned before astropy reads them), and the address is that of the settings. Its class for
NED is not used: it keeps answers as pickled files in the home folder; pages link to NED.
"""

import hashlib
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings
from django.core.cache import cache

from gateway.vo.http import Session
from gateway.vo.readable import finite

TOTAL_SECONDS = 6.0
CONNECT_SECONDS = 3.0
MAX_BYTES = 2**20
KEPT, SILENCE_KEPT, BREAKER_SECONDS = 30 * 86_400, 3_600, 60
BREAKER = "resolver.simbad.off"
MAX_NAMES = 40
QUERY = (
    "SELECT TOP 1 b.main_id, b.otype_txt, b.sp_type, b.rvz_redshift, b.rvz_bibcode, b.plx_value, b.plx_err, i.ids"
    " FROM ident AS n JOIN basic AS b ON n.oidref = b.oid LEFT JOIN ids AS i ON i.oidref = b.oid WHERE n.id = '{}'"
)
DISTANCE = (
    "SELECT TOP 1 d.dist, d.unit, d.bibcode FROM ident AS n JOIN mesDistance AS d ON n.oidref = d.oidref"
    " WHERE n.id = '{}'"
)

logger = logging.getLogger(__name__)


class Unreachable(Exception):
    """SIMBAD gave no usable answer."""


@dataclass(frozen=True)
class Known:
    """``distance`` in ``distance_unit`` (kpc, Mpc …) with its ``reference`` (bibcode); parallax in mas."""

    name: str
    kind: str = ""
    redshift: float | None = None
    redshift_reference: str = ""
    parallax: float | None = None
    parallax_error: float | None = None
    distance: float | None = None
    distance_unit: str = ""
    distance_reference: str = ""
    names: tuple[str, ...] = ()


def known(name: str) -> Known | None:
    """What SIMBAD says of the object of this name; None if it knows none. Raises Unreachable within TOTAL_SECONDS."""
    folded = " ".join(name.split())[:200]
    if not folded or not settings.SIMBAD_TAP or cache.get(BREAKER):
        raise Unreachable
    key = "resolver.simbad." + hashlib.sha256(folded.casefold().encode()).hexdigest()
    kept: tuple[Known | None] | None = cache.get(key)
    if kept is not None:
        return kept[0]
    try:
        found = _ask(folded)
    except (requests.RequestException, OSError, ValueError) as error:
        logger.warning("SIMBAD gave no answer for an object: %s", error)
        cache.set(BREAKER, True, BREAKER_SECONDS)
        raise Unreachable from error
    cache.set(key, (found,), KEPT if found else SILENCE_KEPT)
    return found


def _ask(name: str) -> Known | None:
    literal = name.replace("'", "''")
    with Session(
        max_bytes=MAX_BYTES,
        total_seconds=TOTAL_SECONDS / 2,
        connect_seconds=CONNECT_SECONDS,
        read_seconds=TOTAL_SECONDS / 2,
        votable=True,
    ) as session:
        rows = _rows(session, QUERY.format(literal), DISTANCE.format(literal))
        row = next(rows)
        if row is None:
            return None
        far = next(rows) or {}
    names = tuple(dict.fromkeys(_text(one).removeprefix("NAME ") for one in str(row.get("ids") or "").split("|")))
    return Known(
        name=_text(row.get("main_id")).removeprefix("NAME ") or name,
        kind=_text(row.get("otype_txt")),
        redshift=finite(row.get("rvz_redshift")),
        redshift_reference=_text(row.get("rvz_bibcode")),
        parallax=finite(row.get("plx_value")),
        parallax_error=finite(row.get("plx_err")),
        distance=finite(far.get("dist")),
        distance_unit=_text(far.get("unit")),
        distance_reference=_text(far.get("bibcode")),
        names=tuple(one for one in names if one)[:MAX_NAMES],
    )


def _rows(session: Session, *queries: str) -> Iterator[dict[str, Any] | None]:
    """The first row of each answer by column name, or None; asked when it is wanted. Raises ValueError or OSError."""
    from astroquery.simbad import SimbadClass  # noqa: PLC0415 (half a second, once, and only where it is asked)
    from pyvo.dal import DALAccessError, TAPService  # noqa: PLC0415 (as above)

    class Guarded(SimbadClass):  # type: ignore[misc]  # astroquery has no types
        """SIMBAD at the address of the settings, through one session."""

        tap = TAPService(settings.SIMBAD_TAP.rstrip("/"), session=session)
        hardlimit = 1  # rows; else it asks for the capabilities of the service before each query

    asked = Guarded()
    asked._session = session
    try:
        for query in queries:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # astroquery warns of an answer without rows
                table = asked.query_tap(query, maxrec=1)
            yield {name.lower(): _value(table[name][0]) for name in table.colnames} if len(table) else None
    except DALAccessError as error:
        raise ValueError(str(error)[:200]) from error
    finally:
        # It keeps the last 256 answers with their sessions; what is worth keeping is in our cache.
        asked.clear_cache()


def _value(cell: Any) -> Any:
    """Masked cells are None, numbers those of Python."""
    if cell is None or getattr(cell, "mask", False):
        return None
    return cell.item() if hasattr(cell, "item") else cell


def _text(value: Any) -> str:
    return " ".join(str(value or "").split())[:120]
