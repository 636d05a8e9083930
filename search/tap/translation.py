"""From ADQL to SQL for one viewer: which tables exist, which rows of them, what time it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.conf import settings

from gateway.access.rights import Condition, Viewer, visible_conditions
from gateway.vo.dali import DaliError
from gateway.vo.tables import Column, PublishedTable
from search.adql import sqlite
from search.adql import translate as adql
from search.adql.errors import AdqlError
from search.adql.scope import Schema
from search.resolver import service
from search.tap import published
from search.tap.database import engines
from search.tap.uploads import Upload


@dataclass(frozen=True)
class Translated:
    """SQL ready to run, and what it may touch."""

    sql: str
    columns: Sequence[Column]
    tables: frozenset[str]
    """database tables that the second wall lets it read"""


class _Known:
    """The published tables prepared for look-ups; made anew when what is published changes."""

    def __init__(self) -> None:
        self._version: object = None
        self._made: tuple[Schema, tuple[PublishedTable, ...], frozenset[str]] | None = None

    def get(self) -> tuple[Schema, tuple[PublishedTable, ...], frozenset[str]]:
        version = published.version()
        if self._made is None or version != self._version:
            tables = tuple(published.tables())
            self._made = (Schema(tables), tables, sqlite.readable(tables))
            self._version = version
        return self._made


_known = _Known()


def translate(adql_text: str, viewer: Viewer, uploads: Sequence[Upload], *, limit: int) -> Translated:
    """Raises DaliError (400) with line, column and a sentence that helps."""
    schema, tables, readable = _known.get()
    uploaded = [upload.table for upload in uploads]
    try:
        made = adql.translate(
            adql_text,
            schema,
            engines.dialect(),
            uploads=uploaded,
            conditions=_conditions(tables, viewer),
            now=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            public_url=settings.PUBLIC_URL,
            authority=settings.AUTHORITY,
            resolve_name=lambda name: _position(name, viewer),
            limit=limit,
        )
    except AdqlError as error:
        raise DaliError(400, str(error)) from error
    return Translated(made.sql, made.columns, readable | {table.physical for table in uploaded})


def _conditions(tables: Sequence[PublishedTable], viewer: Viewer) -> Mapping[str, Sequence[Condition]]:
    """The viewer's rights, for each physical table that carries a Policy."""
    rights = visible_conditions(viewer)
    columns = {table.policy_column for table in tables if table.policy_column}
    rules = {column: tuple(replace(right, column=column) for right in rights) for column in columns}
    return {table.physical: rules[table.policy_column] for table in tables if table.policy_column}


def _position(name: str, viewer: Viewer) -> tuple[float, float] | None:
    """Right ascension and declination (deg, ICRS) of a named object, for ivo_simbadpoint."""
    try:
        found = service.resolve(name, viewer)
    except service.ResolveError:
        return None
    return found.ra, found.dec
