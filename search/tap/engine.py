"""The one way to query what is published: ``run(adql, viewer)``, for TAP, cone search and the portal alike."""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseProblem
from django.db import connection
from django.utils.translation import gettext as _

from gateway.access.rights import Viewer, visible_conditions
from gateway.vo.dali import DaliError
from gateway.vo.tables import Column
from search.tap import database, translation
from search.tap.pools import pools
from search.tap.stopping import Stop
from search.tap.uploads import Upload

log = logging.getLogger(__name__)
Row = Sequence[Any]


class Result:
    """Columns at once, rows as they come. ``overflow`` is known after the last row; ``close`` ends the query early."""

    def __init__(self, query: str, columns: Sequence[Column], rows: Iterator[Row], maxrec: int) -> None:
        self.query = query
        self.columns = columns
        self.maxrec = maxrec
        self.overflow = maxrec == 0
        self._rows = rows
        self._first = next(rows, None) if maxrec else None

    def __iter__(self) -> Iterator[Row]:
        if self._first is None:
            return
        count = 1
        yield self._first
        for row in self._rows:
            if count == self.maxrec:
                self.overflow = True
                break
            count += 1
            yield row
        self.close()

    def close(self) -> None:
        close = getattr(self._rows, "close", None)
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
) -> Result:
    """Runs one ADQL query as this viewer and returns its rows as they come.

    ``maxrec``: most rows (TAP's MAXREC; the gateway's default if None, never above its limit; 0: columns only).
    ``seconds``: time limit of the database's work. ``wanted``: False once nobody waits for the answer any more.
    Raises DaliError with the status and words for the user; the first row is fetched before this returns, so that
    what goes wrong in the database at the beginning is told by status and not in the middle of an answer.
    """
    limit = settings.TAP_MAXREC if maxrec is None else min(maxrec, settings.TAP_MAXREC_LIMIT)
    translated = translation.translate(adql, viewer, uploads, limit=limit + 1)
    stop = Stop(seconds or settings.TAP_SYNC_SECONDS, wanted)
    rows = _rows(translated, viewer, uploads, stop) if limit else iter(())
    return Result(adql, translated.columns, rows, limit)
