"""The portal's one door to the own archive: an ADQL text in, rows out, failures in words with their place."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.access.rights import Viewer
from gateway.vo.dali import DaliError
from gateway.vo.tables import Column
from search.tap import engine

PATIENCE = 20.0
"""seconds for one query of a page"""


class AskError(Exception):
    """The query was refused or failed. ``line`` and ``column`` count from 1, 0 where unknown."""

    def __init__(self, reason: str, status: int = 400, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.status, self.line, self.column = reason, status, line, column


@dataclass
class Answer:
    columns: Sequence[Column]
    rows: list[Sequence[Any]] = field(default_factory=list)
    overflow: bool = False
    seconds: float = 0.0


def ask(adql: str, viewer: Viewer, maxrec: int) -> Answer:
    """Runs the query as this viewer and reads the rows; raises AskError."""
    start = time.perf_counter()
    try:
        result = engine.run(adql, viewer, maxrec=maxrec, seconds=PATIENCE)
        rows = list(result)
    except DaliError as error:
        place = re.search(r"line (\d+), column (\d+)", error.message)
        line, column = (int(place[1]), int(place[2])) if place else (0, 0)
        raise AskError(error.message, error.status, line, column) from error
    return Answer(result.columns, rows, result.overflow, time.perf_counter() - start)
