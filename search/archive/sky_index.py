"""The sky index beneath ``ivoa.obscore``: R*Trees kept by triggers on SQLite, GiST over boxes on PostgreSQL.

``search.archive.published`` names its tables; ``search.adql`` writes its statements and reaches it in queries.
"""

from typing import Any

from search.adql import rtree
from search.adql.index import EVENTS, drop_ddl, index_ddl
from search.archive.published import FOOTPRINT, OBSCORE_TABLE, POINTING, PRODUCT_TABLE

TREES = (POINTING.rtree, FOOTPRINT.rtree)
TRIGGERS = {f"{tree}_{event}" for tree in TREES for event in EVENTS}


def install(connection: Any) -> None:
    """Makes the index from the rows that are there, in place of an older one."""
    with connection.cursor() as cursor:
        for statement in (*drop_ddl(OBSCORE_TABLE, connection.vendor), *index_ddl(OBSCORE_TABLE, connection.vendor)):
            cursor.execute(statement)
    if connection.vendor == "sqlite":
        rtree.fill(connection.connection, OBSCORE_TABLE)


def drop(connection: Any) -> None:
    """For a bulk of rows: ``install`` makes the index anew, faster than row by row."""
    with connection.cursor() as cursor:
        for statement in drop_ddl(OBSCORE_TABLE, connection.vendor):
            cursor.execute(statement)


def ensure(connection: Any) -> None:
    """A migration that rewrites the product table on SQLite loses its triggers: then the index is made anew."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger')")
        names = {name for (name,) in cursor.fetchall()}
    if PRODUCT_TABLE in names and not names >= TRIGGERS and POINTING.rtree in names:
        install(connection)
