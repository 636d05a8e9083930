"""The sky index of a published table: DDL for both databases, for the migration of the room that owns the table.

SQLite: R*Trees over the unit vectors, with triggers that keep them in step; ``search.adql.rtree`` fills them where the
table has rows already. PostgreSQL: GiST over two flat boxes, one of x and y and one of z: built in a seventh of the
time of one over ``cube``, a quarter as large, and sooner to find its rows.
"""

from gateway.vo.tables import PublishedTable, SkyPosition, SkyRegion
from search.adql.dialects import DialectName, quote, quoted
from search.adql.shapes import place_boxes

Place = SkyPosition | SkyRegion


def places(table: PublishedTable) -> tuple[Place, ...]:
    return (*table.positions, *table.regions)


def index_ddl(table: PublishedTable, dialect: DialectName) -> list[str]:
    """Statements that make the index of an existing table; on SQLite ``rtree.fill`` must follow if it has rows."""
    statements: list[str] = []
    for place in places(table):
        statements += _sqlite(table, place) if dialect == "sqlite" else [_postgresql(table, place)]
    return statements


def drop_ddl(table: PublishedTable, dialect: DialectName) -> list[str]:
    """Statements that take the index away."""
    if dialect == "postgresql":
        return [f"DROP INDEX IF EXISTS {quote(_name(table, place))}" for place in places(table)]
    statements = []
    for place in places(table):
        if place.rtree:
            statements += [f"DROP TRIGGER IF EXISTS {quote(f'{place.rtree}_{event}')}" for event in EVENTS]
            statements.append(f"DROP TABLE IF EXISTS {quote(place.rtree)}")
    return statements


EVENTS = ("insert", "update", "delete")


def _bounds(place: Place, row: str) -> str:
    """The six numbers of an R*Tree cell from a row."""
    axes = [f"{row}{quote(name)}" for name in (place.x, place.y, place.z)]
    if isinstance(place, SkyPosition):
        return ", ".join(f"{axis}, {axis}" for axis in axes)
    half = f"2*sin(radians({row}{quote(place.radius)})/2)"
    return ", ".join(f"{axis} - {half}, {axis} + {half}" for axis in axes)


def _placed(place: Place, row: str) -> str:
    """Has the row a place on the sky?"""
    names = [place.x, place.y, place.z] + ([place.radius] if isinstance(place, SkyRegion) else [])
    return " AND ".join(f"{row}{quote(name)} IS NOT NULL" for name in names)


def _sqlite(table: PublishedTable, place: Place) -> list[str]:
    if not place.rtree:
        return []
    tree, physical, key = quote(place.rtree), quoted(table.physical), quote(place.id)
    names = [place.id, place.x, place.y, place.z] + ([place.radius] if isinstance(place, SkyRegion) else [])
    insert = f"INSERT OR REPLACE INTO {tree} SELECT NEW.{key}, {_bounds(place, 'NEW.')} WHERE {_placed(place, 'NEW.')};"
    delete = f"DELETE FROM {tree} WHERE id = OLD.{key};"

    def trigger(event: str, when: str, body: str) -> str:
        name = quote(f"{place.rtree}_{event}")
        return f"CREATE TRIGGER {name} AFTER {when} ON {physical} BEGIN {body} END"

    return [
        f"CREATE VIRTUAL TABLE {tree} USING rtree(id, x0, x1, y0, y1, z0, z1)",
        trigger("insert", "INSERT", insert),
        trigger("update", f"UPDATE OF {', '.join(map(quote, names))}", f"{delete} {insert}"),
        trigger("delete", "DELETE", delete),
    ]


def _name(table: PublishedTable, place: Place) -> str:
    return f"{table.physical.rsplit('.', 1)[-1]}_{place.x}_sky"[:63]


def _postgresql(table: PublishedTable, place: Place) -> str:
    names = (place.x, place.y, place.z, *([place.radius] if isinstance(place, SkyRegion) else []))
    cells = ", ".join(f"({cell})" for cell in place_boxes(*map(quote, names)))
    return f"CREATE INDEX {quote(_name(table, place))} ON {quoted(table.physical)} USING gist ({cells})"
