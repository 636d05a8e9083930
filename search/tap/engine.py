"""The one way to query what is published: ``run(adql, viewer)``, for TAP, cone search and the portal alike."""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, OperationalError
from django.utils.translation import gettext as _

from gateway.access.rights import Viewer
from gateway.vo.dali import DaliError, database_gone
from gateway.vo.tables import Column
from search.tap import translation
from search.tap.database import engines
from search.tap.pools import pools
from search.tap.stopping import Stop
from search.tap.translation import Translated
from search.tap.uploads import Upload

log = logging.getLogger(__name__)
Row = Sequence[Any]


class Result:
    """Columns at once, rows as they come. ``overflow`` is known after the last row; ``close`` ends the query early.

    Rows pass in lists, some hundreds at a time, as the database gives them: a step in Python for each row would cost
    as much as reading it.
    """

    def __init__(self, query: str, columns: Sequence[Column], blocks: Iterator[list[Row]], maxrec: int) -> None:
        self.query = query
        self.columns = columns
        self.maxrec = maxrec
        self.overflow = maxrec == 0
        self._blocks = blocks
        self._first = next(blocks, []) if maxrec else []

    def __iter__(self) -> Iterator[Row]:
        return chain.from_iterable(self.blocks())

    def blocks(self) -> Iterator[list[Row]]:
        left = self.maxrec
        block = self._first
        while block:
            yield block[:left]
            left -= len(block)
            if left < 0:
                self.overflow = True
                break
            block = next(self._blocks, [])
        self.close()

    def close(self) -> None:
        close = getattr(self._blocks, "close", None)
        if close:
            close()


def run(
    adql: str,
    viewer: Viewer,
    *,
    maxrec: int | None = None,
    uploads: Sequence[Upload] = (),
    seconds: float | None = None,
    wanted: Callable[[], bool] = lambda: True,
    pooled: bool = True,
) -> Result:
    """Runs one ADQL query as this viewer and returns its rows as they come.

    ``maxrec``: most rows (TAP's MAXREC; the gateway's default if None, never above its limit; 0: columns only).
    ``seconds``: time limit of the database's work. ``wanted``: False once nobody waits for the answer any more.
    ``pooled``: False for a job, whose queue limits what runs at once. Iterate the result to its end or close it.
    Raises DaliError with the status and words for the user; the first row is fetched before this returns, so that
    what goes wrong in the database at the beginning is told by status and not in the middle of an answer.
    """
    limit = min(settings.TAP_MAXREC if maxrec is None else maxrec, settings.TAP_MAXREC_LIMIT)
    translated = translation.translate(adql, viewer, uploads, limit=limit + 1)
    stop = Stop(seconds or settings.TAP_SYNC_SECONDS, wanted)
    blocks = _blocks(translated, viewer, uploads, stop, pooled)
    return Result(adql, translated.columns, blocks, limit)


def _blocks(
    translated: Translated, viewer: Viewer, uploads: Sequence[Upload], stop: Stop, pooled: bool
) -> Iterator[list[Row]]:
    place = pools.enter(viewer) if pooled else None
    try:
        yield from engines.blocks(translated.sql, translated.tables, uploads, stop)
    except (sqlite3.Error, psycopg.Error, DatabaseError, OverflowError) as error:
        raise _in_words(error) from error
    finally:
        if pooled:
            pools.leave(place)


def _in_words(error: Exception) -> DaliError:
    """What the database said, for the person who asked; the log has the rest."""
    if isinstance(error, psycopg.errors.DataError | OverflowError | sqlite3.DataError):
        reason = str(error).partition("\n")[0]
        return DaliError(400, _("A value of the query is out of range: %(reason)s.") % {"reason": reason})
    if isinstance(error, sqlite3.DatabaseError) and "not authorized" in str(error):
        log.error("the second wall refused a translated query", exc_info=error)
        return DaliError(403, _("The database refuses this query; the operators have been told."))
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        log.error("the second wall refused a translated query", exc_info=error)
        return DaliError(403, _("The database refuses this query; the operators have been told."))
    if isinstance(error, sqlite3.OperationalError) and "adql" in str(error):
        return DaliError(400, _("A value of the query is out of range: %(reason)s.") % {"reason": error})
    log.error("the database failed", exc_info=error)
    if isinstance(error, psycopg.OperationalError | sqlite3.OperationalError | OperationalError):
        return database_gone()
    return DaliError(500, _("The database failed on this query; the operators find the cause in the log."))
