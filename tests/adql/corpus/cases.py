"""What the parts of the corpus share.

A valid case is ``(query, expected)``: a number of rows, the rows, a set of values of the first column, or None where
the agreement of the two databases is the test.
"""

from typing import Any

from tests.adql import sky
from tests.adql.world import VISIBLE, sources

V = VISIBLE
Case = tuple[str, Any]
FROM = "FROM ivoa.obscore"


def sizes(keep: Any) -> set[int]:
    return {row["size"] for row in V if keep(row)}


def near_sources(radius: float) -> int:
    rows, stars = sky.placed(), sources()
    return sum(
        int((sky.separation([r["s_ra"] for r in rows], [r["s_dec"] for r in rows], s["ra"], s["dec"]) <= radius).sum())
        for s in stars
    )
