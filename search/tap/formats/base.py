"""What an output format is (TAP 1.1, section 2.7.3; DALI 1.1, section 3.4.3)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.vo.tables import Column
from gateway.vo.votable import Info


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A result on its way out. ``trailer`` is asked after the last row: overflow, or why it ended early."""

    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    infos: Sequence[Info]
    trailer: Callable[[], Sequence[Info]]
    resources_after: str = ""


@dataclass(frozen=True, kw_only=True)
class Format:
    """``media_type`` as capabilities show it; ``aliases`` are short names and other spellings that are accepted."""

    media_type: str
    aliases: tuple[str, ...]
    extension: str
    write: Callable[[Answer], Iterator[bytes]]
    ivo_id: str = ""
    streams: bool = True
    """False: the whole result passes through a temporary file first"""


class RowsFailed(Exception):
    """The rows ended with an error; a format without a place for it must break off, so that nobody takes a part for
    the whole."""


def checked(answer: Answer) -> Iterator[Sequence[Any]]:
    """The rows, for a format that has no place for an error after them."""
    yield from answer.rows
    for info in answer.trailer():
        if info.value == "ERROR":
            raise RowsFailed(info.text)
