"""Fills SQLite's R*Trees from all rows at once: tiles of neighbours on the sky become full nodes.

A million rows take seconds where inserting one by one takes a minute, and the nodes are fuller, so that a search reads
fewer. The shadow tables and the layout of a node are those of SQLite's R*Tree module (rtree.c, "Node-Structure"); a
test has ``rtreecheck()`` judge what is written here.
"""

import math
import sqlite3
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.vo.tables import PublishedTable, SkyRegion
from search.adql.dialects import quote, quoted
from search.adql.index import Place, places

Boxes = NDArray[np.float32]
_CELL = np.dtype([("id", ">i8"), ("box", ">f4", 6)])
_HEAD = np.dtype([("depth", ">u2"), ("count", ">u2")])


def fill(connection: sqlite3.Connection, table: PublishedTable) -> None:
    """Puts the rows of a table into its R*Trees, in place of what they hold."""
    for place in places(table):
        if place.rtree:
            ids, centres, boxes = _rows(connection, table, place)
            _write(connection, quote(place.rtree)[1:-1], ids, centres, boxes)


def _rows(
    connection: sqlite3.Connection, table: PublishedTable, place: Place
) -> tuple[NDArray[Any], NDArray[Any], Boxes]:
    """Row ids, unit vectors and bounding boxes (x0, x1, y0, y1, z0, z1) of the rows that have a place."""
    radius = quote(place.radius) if isinstance(place, SkyRegion) else "0.0"
    names = [quote(name) for name in (place.x, place.y, place.z)]
    placed = " AND ".join(f"{name} IS NOT NULL" for name in (*names, radius))
    query = f"SELECT {quote(place.id)}, {', '.join(names)}, {radius} FROM {quoted(table.physical)} WHERE {placed}"
    kind = np.dtype([("id", "i8"), ("x", "f8"), ("y", "f8"), ("z", "f8"), ("radius", "f8")])
    cursor = connection.cursor()
    cursor.row_factory = None
    read = np.fromiter(cursor.execute(query), dtype=kind)
    centres = np.column_stack((read["x"], read["y"], read["z"]))
    half = 2 * np.sin(np.radians(read["radius"]) / 2)
    boxes = np.empty((len(read), 6), np.float32)
    for axis in range(3):
        boxes[:, 2 * axis] = _rounded(centres[:, axis] - half, -np.inf)
        boxes[:, 2 * axis + 1] = _rounded(centres[:, axis] + half, np.inf)
    return read["id"], centres, boxes


def _rounded(values: NDArray[Any], towards: float) -> Boxes:
    """32-bit floats, rounded outwards where they are not exact."""
    floats: Boxes = values.astype(np.float32)
    outside = floats > values if towards < 0 else floats < values
    floats[outside] = np.nextafter(floats[outside], np.float32(towards))
    return floats


def _write(connection: sqlite3.Connection, tree: str, ids: NDArray[Any], centres: NDArray[Any], boxes: Boxes) -> None:
    """Level by level: the leaves hold rows, each further level the nodes of the one below; node 1 is the root."""
    (size,) = connection.execute(f'SELECT length(data) FROM "{tree}_node" WHERE nodeno = 1').fetchone()
    capacity = (size - _HEAD.itemsize) // _CELL.itemsize
    for part in ("node", "rowid", "parent"):
        connection.execute(f'DELETE FROM "{tree}_{part}"')
    holders, depth, last = f'"{tree}_rowid"', 0, 1
    while True:
        order = _tiles(centres, capacity)
        ids, centres, boxes = ids[order], centres[order], boxes[order]
        starts = np.arange(0, len(ids), capacity) if len(ids) else np.zeros(1, int)
        is_root = len(starts) == 1
        nodes = np.ones(1, int) if is_root else np.arange(last + 1, last + 1 + len(starts))
        last = int(nodes[-1])
        blobs = _blobs(ids, boxes, starts, capacity, size, depth if is_root else 0)
        connection.executemany(f'INSERT INTO "{tree}_node" VALUES (?, ?)', zip(nodes.tolist(), blobs, strict=True))
        _point(connection, holders, ids, np.repeat(nodes, capacity)[: len(ids)])
        if is_root:
            return
        ids, holders, depth = nodes, f'"{tree}_parent"', depth + 1
        centres = np.add.reduceat(centres, starts)
        boxes = _around(boxes, starts)


def _tiles(centres: NDArray[Any], capacity: int) -> NDArray[Any]:
    """An order in which each run of ``capacity`` rows is a tile of the sky: bands of equal number, cut along them
    (sort-tile-recursive packing, Leutenegger et al. 1997)."""
    order = np.argsort(centres[:, 2], kind="stable")
    tiles = max(1, math.ceil(len(order) / capacity))
    width = math.ceil(math.sqrt(tiles)) * capacity
    band = np.empty(len(order), int)
    band[order] = np.arange(len(order)) // width
    found: NDArray[Any] = np.lexsort((np.arctan2(centres[:, 1], centres[:, 0]), band))
    return found


def _blobs(
    ids: NDArray[Any], boxes: Boxes, starts: NDArray[Any], capacity: int, size: int, depth: int
) -> Iterable[bytes]:
    cells = np.zeros(len(ids), _CELL)
    cells["id"], cells["box"] = ids, boxes
    for start in starts.tolist():
        held = cells[start : start + capacity]
        head = np.array([(depth, len(held))], _HEAD).tobytes()
        yield (head + held.tobytes()).ljust(size, b"\0")


def _point(connection: sqlite3.Connection, holders: str, ids: NDArray[Any], nodes: NDArray[Any]) -> None:
    """Which node holds which row or node; in the order of their keys, as a b-tree likes it."""
    order = np.argsort(ids, kind="stable")
    rows = zip(ids[order].tolist(), nodes[order].tolist(), strict=True)
    connection.executemany(f"INSERT INTO {holders} VALUES (?, ?)", rows)


def _around(boxes: Boxes, starts: NDArray[Any]) -> Boxes:
    """The boxes round each run of boxes."""
    found = np.empty((len(starts), 6), np.float32)
    found[:, 0::2] = np.minimum.reduceat(boxes[:, 0::2], starts)
    found[:, 1::2] = np.maximum.reduceat(boxes[:, 1::2], starts)
    return found
