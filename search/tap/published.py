"""Which tables there are now: those that the rooms publish, those of operators, TAP_SCHEMA itself."""

from dataclasses import replace
from functools import lru_cache

from django.conf import settings
from django.db import connection

from gateway.vo import tables as registry
from gateway.vo.tables import Column, PublishedSchema, PublishedTable, SkyPosition
from search.tap import tap_schema
from search.tap.models import Catalogue

OWN_SCHEMA = PublishedSchema(name="catalogs", description="Catalogues that the operators of this gateway publish")


def tables() -> list[PublishedTable]:
    """All published tables, in the order in which to show them."""
    own = [_with_aliases(table) for _name, table in registry.published.items()]
    return [*own, *(table_of(catalogue) for catalogue in Catalogue.objects.order_by("name")), *tap_schema.OWN_TABLES]


def version() -> object:
    """Changes when what is published changes."""
    # Asked before each query: Django's own aggregate costs five times as much as the database's answer.
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*), MAX(published_at) FROM {Catalogue._meta.db_table}")  # noqa: S608
        own = cursor.fetchone()
    return (len(registry.published.items()), tuple(settings.TAP_ALIASES), own)


def schemas() -> list[PublishedSchema]:
    """The schemas of these tables; a schema without words of its own gets its name alone."""
    known = dict(registry.schemas.items())
    known |= {OWN_SCHEMA.name: OWN_SCHEMA, tap_schema.SCHEMA.name: tap_schema.SCHEMA}
    used = dict.fromkeys(table.schema for table in tables())
    return [known.get(name, PublishedSchema(name=name)) for name in used]


def find(name: str) -> PublishedTable | None:
    """By name or alias, in any case."""
    wanted = name.lower()
    return next((table for table in tables() if wanted in (table.name, *table.aliases)), None)


def _with_aliases(table: PublishedTable) -> PublishedTable:
    extra = tuple(alias for alias, target in aliases().items() if target == table.name)
    return replace(table, aliases=table.aliases + extra) if extra else table


@lru_cache(maxsize=1)
def _parsed_aliases(words: tuple[str, ...]) -> dict[str, str]:
    pairs = (word.split("=", 1) for word in words)
    return {alias.strip().lower(): target.strip().lower() for alias, target in pairs}


def aliases() -> dict[str, str]:
    """``TAP_ALIASES=cta.vo_obscore=ivoa.obscore,…`` as a mapping."""
    return _parsed_aliases(tuple(settings.TAP_ALIASES))


def table_of(catalogue: Catalogue) -> PublishedTable:
    columns = tuple(Column(**members) for members in catalogue.columns)
    positions = (SkyPosition(**catalogue.position),) if catalogue.position else ()
    return PublishedTable(
        name=catalogue.name,
        physical=catalogue.physical,
        columns=columns,
        description=catalogue.description,
        positions=positions,
    )


def refresh() -> None:
    """Brings TAP_SCHEMA up to date (after a migration, after publishing a table)."""
    tap_schema.fill(schemas(), tables())
