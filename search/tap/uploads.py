"""Tables that a query brings along (TAP 1.1, section 2.5): known as ``TAP_UPLOAD.name`` for the query's life."""

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import requests
from django.conf import settings
from django.utils.translation import gettext as _

from gateway.vo import votable_reader
from gateway.vo.dali import DaliError, Parameters
from gateway.vo.http import Session
from gateway.vo.tables import Column, PublishedTable
from gateway.vo.votable_reader import BadVOTable

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
# An address may hold a semicolon itself.
NEXT = re.compile(r";(?=[^;,:/?&]*,)")
MAX_TABLES = 16
Part = Callable[[str], Any]
"""the file part of that name (something with ``read``), None if the request has none"""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Its columns are ``c1``, ``c2`` … in the database, so that any FIELD name is harmless there."""

    table: PublishedTable
    rows: Iterable[Sequence[Any]]


def make(name: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Upload:
    """An upload of that name; a name that is no regular identifier is refused."""
    if NAME.fullmatch(name) is None:
        text = _("%(name)s cannot be the name of an uploaded table: letters, digits and _, first a letter.")
        raise DaliError(400, text % {"name": repr(name[:80])})
    own = tuple(replace(column, source=f"c{i}", expression="") for i, column in enumerate(columns, 1))
    table = PublishedTable(
        name=f"tap_upload.{name.lower()}",
        physical=f"tap_upload_{uuid.uuid4().hex[:12]}",
        columns=own,
        description="uploaded with the query",
    )
    return Upload(table=table, rows=rows)


def of_parameters(parameters: Parameters, part: Part) -> list[Upload]:
    """The uploads that UPLOAD names: ``name,param:PART`` or ``name,https://…``, with ``;`` between several."""
    words = [word.strip("; ") for value in parameters.all("UPLOAD") for word in NEXT.split(value)]
    words = [word for word in words if word]
    if len(words) > MAX_TABLES:
        raise DaliError(400, _("At most %(count)d tables can be uploaded with a query.") % {"count": MAX_TABLES})
    made = [_one(word, part) for word in words]
    names = [upload.table.name for upload in made]
    if len(set(names)) < len(names):
        raise DaliError(400, _("Two uploaded tables have the same name; give each its own."))
    return made


def _one(word: str, part: Part) -> Upload:
    name, comma, uri = word.partition(",")
    if not comma:
        text = _("UPLOAD is %(given)s; write it as name,param:PART or name,https://….")
        raise DaliError(400, text % {"given": repr(word[:80])})
    name, uri = name.strip(), uri.strip()
    try:
        table = _inline(uri[6:], part) if uri.startswith("param:") else _fetched(uri)
    except BadVOTable as error:
        text = _("The uploaded table %(name)s cannot be read. %(reason)s")
        raise DaliError(400, text % {"name": name[:60], "reason": error}) from error
    return make(name, table.columns, table.rows)


def _inline(name: str, part: Part) -> votable_reader.Table:
    stream = part(name)
    if stream is None:
        text = _("UPLOAD names the part %(part)s, but the request has no file of that name (multipart/form-data).")
        raise DaliError(400, text % {"part": repr(name[:80])})
    # Two names may stand for one part.
    stream.seek(0)
    return _read(stream)


def _fetched(uri: str) -> votable_reader.Table:
    """A table from the network, through the guard: public addresses only, capped in size and time."""
    try:
        with Session(max_bytes=settings.TAP_UPLOAD_BYTES, total_seconds=30, votable=True) as session:
            answer = session.get(uri, stream=True)
            answer.raise_for_status()
            return _read(answer.iter_content(2**16))
    except (requests.RequestException, ValueError) as error:
        if isinstance(error, BadVOTable):
            raise
        text = _("The table at %(uri)s could not be fetched: %(reason)s")
        raise DaliError(400, text % {"uri": uri[:200], "reason": error}) from error


def _read(stream: BinaryIO | Iterable[bytes]) -> votable_reader.Table:
    return votable_reader.read(stream, max_bytes=settings.TAP_UPLOAD_BYTES, max_rows=settings.TAP_UPLOAD_ROWS)
