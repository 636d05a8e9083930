"""The sky index beneath ``ivoa.obscore``: R*Trees kept by triggers on SQLite, GiST over ``cube`` on PostgreSQL.

``search.archive.published`` names its tables; queries reach it through ``search.adql``.
"""

from collections.abc import Iterator
from typing import Any

from search.adql.shapes import cube, region_cube

TABLE = "archive_product"
# h = 2 sin(radius/2): the chord from the centre to the edge bounds every coordinate of the cap.
# SQLite has sin() only where it was compiled in, so the box uses the arc: radius in radians is never less than h.
_HALF = "({row}.region_radius * 0.017453292519943296)"
TREES = {
    "archive_product_pos": (("x", "y", "z"), ""),
    "archive_product_region": (("region_x", "region_y", "region_z"), _HALF),
}


def _box(columns: tuple[str, ...], half: str, row: str) -> str:
    grow = half.format(row=row)
    pairs = []
    for column in columns:
        name = f"{row}.{column}"
        pairs += [f"{name} - {grow}", f"{name} + {grow}"] if half else [name, name]
    return ", ".join(pairs)


def sqlite_tables() -> Iterator[str]:
    for tree in TREES:
        yield f"CREATE VIRTUAL TABLE IF NOT EXISTS {tree} USING rtree(id, x0, x1, y0, y1, z0, z1)"


def sqlite_triggers() -> Iterator[str]:
    """Dropped and made anew: SQLite loses the triggers of a table that a migration rewrites."""
    for tree, (columns, half) in TREES.items():
        put = f"INSERT INTO {tree} SELECT NEW.id, {_box(columns, half, 'NEW')} WHERE NEW.{columns[0]} IS NOT NULL"
        drop = f"DELETE FROM {tree} WHERE id = OLD.id"  # noqa: S608 - names from this module
        watched = ", ".join(("id", *columns, *(("region_radius",) if half else ())))
        for event, body in (
            ("insert", f"AFTER INSERT ON {TABLE} BEGIN {put}; END"),
            ("update", f"AFTER UPDATE OF {watched} ON {TABLE} BEGIN {drop}; {put}; END"),
            ("delete", f"AFTER DELETE ON {TABLE} BEGIN {drop}; END"),
        ):
            yield f"DROP TRIGGER IF EXISTS {tree}_{event}"
            yield f"CREATE TRIGGER {tree}_{event} {body}"


def sqlite_fill() -> Iterator[str]:
    """Rebuilds both trees from the rows."""
    for tree, (columns, half) in TREES.items():
        yield f"DELETE FROM {tree}"  # noqa: S608 - as above
        boxes = f"SELECT t.id, {_box(columns, half, 't')} FROM {TABLE} t WHERE t.{columns[0]} IS NOT NULL"  # noqa: S608
        yield f"INSERT INTO {tree} {boxes}"


def postgresql() -> Iterator[str]:
    # The expressions must be the very ones that translated queries use.
    yield "CREATE EXTENSION IF NOT EXISTS cube"
    yield f"CREATE INDEX IF NOT EXISTS archive_product_pos ON {TABLE} USING gist (({cube('x', 'y', 'z')}))"
    cells = region_cube("region_x", "region_y", "region_z", "region_radius")
    yield f"CREATE INDEX IF NOT EXISTS archive_product_region ON {TABLE} USING gist (({cells}))"


def statements(vendor: str) -> list[str]:
    if vendor == "postgresql":
        return list(postgresql())
    return [*sqlite_tables(), *sqlite_triggers(), *sqlite_fill()]


def install(schema_editor: Any) -> None:
    """Makes the index; may be run again (a migration that rewrites the table on SQLite should)."""
    with schema_editor.connection.cursor() as cursor:
        for statement in statements(schema_editor.connection.vendor):
            cursor.execute(statement)


def ensure_triggers(connection: Any) -> None:
    """After any migration: the triggers are there (SQLite)."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE name IN (%s, %s)", [TABLE, "archive_product_pos"])
        if len(cursor.fetchall()) < 2:
            return
        for statement in sqlite_triggers():
            cursor.execute(statement)
