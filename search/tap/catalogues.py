"""Tables that operators publish: columns and rows in, a table of the schema ``catalogs`` out, with its sky index."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import islice
from typing import Any

from django.db import connection, transaction

from gateway.vo.tables import Column, SkyPosition
from search.adql import rtree
from search.adql.index import drop_ddl, index_ddl
from search.tap import prepare, published
from search.tap.database import engines
from search.tap.models import Catalogue

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
BLOCK = 1000
_REAL = ("float", "double")
_WHOLE = ("unsignedByte", "short", "int", "long", "boolean", "bit")
_RA = re.compile(r"pos\.eq\.ra(;|$)")
_DEC = re.compile(r"pos\.eq\.dec(;|$)")


class Unpublishable(ValueError):
    """The table cannot be published; the text says why."""


def publish(name: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]], *, description: str = "") -> Catalogue:
    """Publishes the rows as ``catalogs.NAME``, in one transaction; a table of that name is replaced.

    Rows are sequences in the order of the columns; arrays are DALI text. A column with UCD ``pos.eq.ra`` and one with
    ``pos.eq.dec`` (degrees, ICRS) get the sky index.
    """
    if NAME.fullmatch(name) is None:
        raise Unpublishable(f"{name!r} cannot be the table's name: small letters, digits and _, first a letter.")
    if not columns or len({column.name.lower() for column in columns}) < len(columns):
        raise Unpublishable("The table has no columns, or two of the same name.")
    own = tuple(replace(column, source=f"c{i}") for i, column in enumerate(columns, 1))
    physical = f"catalogue_{name}"
    position = _position(own, physical)
    with transaction.atomic():
        _drop(name)
        _create(physical, own, position is not None)
        count = _insert(physical, own, rows, position)
        catalogue = Catalogue.objects.create(
            name=f"catalogs.{name}",
            physical=physical,
            description=description,
            columns=[asdict(_with_index(column, position)) for column in own],
            position=asdict(position) if position else None,
            row_count=count,
        )
        _index(catalogue)
        prepare.refresh()
    return catalogue


def withdraw(name: str) -> bool:
    """Takes the table back, rows and all; False if there is none of that name."""
    with transaction.atomic():
        found = _drop(name)
        prepare.refresh()
    return found


def _with_index(column: Column, position: SkyPosition | None) -> Column:
    plain = Column(**{name: getattr(column, name) for name in Column.__dataclass_fields__})
    return replace(plain, indexed=bool(position and column.source in (position.ra, position.dec)))


def _position(columns: Sequence[Column], physical: str) -> SkyPosition | None:
    ra = next((column.source for column in columns if _RA.match(column.ucd) and column.datatype in _REAL), None)
    dec = next((column.source for column in columns if _DEC.match(column.ucd) and column.datatype in _REAL), None)
    return SkyPosition(ra=ra, dec=dec, rtree=f"{physical}_pos") if ra and dec else None


def _sql_type(column: Column) -> str:
    if column.arraysize and column.datatype not in ("char", "unicodeChar"):
        return "text"
    return "double precision" if column.datatype in _REAL else "bigint" if column.datatype in _WHOLE else "text"


def _create(physical: str, columns: Sequence[Column], indexed: bool) -> None:
    described = [f'"{column.source}" {_sql_type(column)}' for column in columns]
    vector = ["x double precision", "y double precision", "z double precision"] if indexed else []
    content = ", ".join(["id integer PRIMARY KEY", *described, *vector])
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE TABLE "{physical}" ({content})')


def _insert(
    physical: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]], position: SkyPosition | None
) -> int:
    places = ", ".join(["%s"] * (1 + len(columns) + (3 if position else 0)))
    statement = f'INSERT INTO "{physical}" VALUES ({places})'  # noqa: S608 - the name is made of letters above
    names = [column.source for column in columns]
    numbers = (names.index(position.ra), names.index(position.dec)) if position else None
    count = 0
    iterator = _numbered(rows, numbers)
    with connection.cursor() as cursor:
        while block := list(islice(iterator, BLOCK)):
            cursor.executemany(statement, block)
            count += len(block)
    return count


def _numbered(rows: Iterable[Sequence[Any]], numbers: tuple[int, int] | None) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows, 1):
        yield (number, *row, *(_vector(row[numbers[0]], row[numbers[1]]) if numbers else ()))


def _vector(ra: float | None, dec: float | None) -> tuple[float | None, float | None, float | None]:
    if ra is None or dec is None:
        return None, None, None
    along, up = math.radians(ra), math.radians(dec)
    return math.cos(up) * math.cos(along), math.cos(up) * math.sin(along), math.sin(up)


def _index(catalogue: Catalogue) -> None:
    table = published.table_of(catalogue)
    with connection.cursor() as cursor:
        for statement in index_ddl(table, engines.dialect()):
            cursor.execute(statement)
    if connection.vendor == "sqlite":
        rtree.fill(connection.connection, table)


def _drop(name: str) -> bool:
    catalogue = Catalogue.objects.filter(name=f"catalogs.{name}").first()
    if catalogue is None:
        return False
    with connection.cursor() as cursor:
        for statement in drop_ddl(published.table_of(catalogue), engines.dialect()):
            cursor.execute(statement)
        cursor.execute(f'DROP TABLE "{catalogue.physical}"')
    catalogue.delete()
    return True
