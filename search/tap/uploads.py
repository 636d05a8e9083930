"""Tables that a query brings along (TAP 1.1, section 2.5): known as ``TAP_UPLOAD.name`` for the query's life."""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from gateway.vo.dali import DaliError
from gateway.vo.tables import Column, PublishedTable

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Its columns are ``c1``, ``c2`` … in the database, so that any FIELD name is harmless there."""

    table: PublishedTable
    rows: Iterable[Sequence[Any]]


def make(name: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Upload:
    """An upload of that name; a name that is no regular identifier is refused."""
    if NAME.fullmatch(name) is None or len(name) > 60:
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
