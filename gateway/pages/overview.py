"""What the home page says about the archive: collections and the fields of the sky, as the viewer may know them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.access import rights
from gateway.access.models import Policy
from gateway.access.rights import Viewer
from search.archive import holdings
from search.archive.models import Collection

MAP_FIELDS = 60
LETTER = 6.0
"""width of a letter of a label, in units of the picture"""
LABELS = 8
SCALE = 200


@dataclass(frozen=True)
class CollectionRow:
    """A line of "What is here"."""

    name: str
    title: str
    simulated: bool
    count: int
    t_min: float | None
    t_max: float | None
    size: int | None
    public: int
    yours: int
    restricted: int


@dataclass(frozen=True)
class FieldOnSky:
    """A circle of the all-sky map, in the units of its SVG (ellipse with half axes 400 and 200)."""

    name: str
    cx: str
    cy: str
    r: str
    count: int
    simulated: bool
    label: bool
    tx: str
    ty: str
    anchor: str


def collections(viewer: Viewer) -> list[CollectionRow]:
    """One line a collection; counts by access as the viewer stands to them."""
    open_to_all = set(rights.policy_ids(rights.ANONYMOUS, "fetch") or [])
    own = set(Policy.objects.filter(owner_id=viewer.user_id).values_list("pk", flat=True)) if viewer.user_id else set()
    known = {collection.name: collection for collection in Collection.objects.all()}
    made: dict[str, list[Mapping[str, Any]]] = {}
    for row in holdings.COLLECTIONS.rows(viewer):
        access = {"public": row["policy_id"] in open_to_all, "yours": row["policy_id"] in own - open_to_all}
        made.setdefault(row["obs_collection"], []).append(row | access)
    found = [_collection_row(name, rows, known.get(name)) for name, rows in made.items()]
    return sorted(found, key=lambda row: -row.count)


def _collection_row(name: str, rows: list[Mapping[str, Any]], collection: Collection | None) -> CollectionRow:
    """A collection from its rows, one for each policy."""
    count, public, yours = (
        sum(row["count"] for row in rows if which is None or row[which]) for which in (None, "public", "yours")
    )
    sizes = [row["bytes"] for row in rows if row["bytes"] is not None]
    return CollectionRow(
        name=name,
        title=(collection.title if collection else "") or name,
        simulated=collection.simulated if collection else any(row["made_up"] for row in rows),
        count=count,
        t_min=min((row["first"] for row in rows if row["first"] is not None), default=None),
        t_max=max((row["last"] for row in rows if row["last"] is not None), default=None),
        size=sum(sizes) if sizes else None,
        public=public,
        yours=yours,
        restricted=count - public - yours,
    )


def sky(viewer: Viewer) -> list[FieldOnSky]:
    """The targets with most observations, in galactic Hammer projection (longitude grows to the left)."""
    targets: dict[str, dict[str, Any]] = {}
    for row in holdings.TARGETS.rows(viewer):
        known = targets.setdefault(row["target_name"], dict(row))
        if known != row:
            total = known["count"] + row["count"]
            known["dec"] = (known["dec"] * known["count"] + row["dec"] * row["count"]) / total
            known["ra"], known["count"] = min(known["ra"], row["ra"]), total
            known["made_up"] = min(known["made_up"], row["made_up"])
    ordered = sorted(targets.values(), key=lambda target: (-target["count"], target["target_name"]))
    return list(_placed(ordered[:MAP_FIELDS]))


def _placed(targets: Iterable[Mapping[str, Any]]) -> Iterable[FieldOnSky]:
    labelled: list[tuple[float, float]] = []
    for target in targets:
        x, y = hammer(*galactic(target["ra"], target["dec"]))
        # A label is drawn only where no other one is near.
        free = len(labelled) < LABELS and all(abs(x - a) > 0.35 or abs(y - b) > 0.09 for a, b in labelled)
        if free:
            labelled.append((x, y))
        yield _circle(target, SCALE * x, -SCALE * y, free)


def _circle(target: Mapping[str, Any], x: float, y: float, label: bool) -> FieldOnSky:
    radius = min(2.4 + 0.8 * math.sqrt(target["count"]), 8.0)
    # A label that would leave the ellipse stands on the other side.
    edge = 2 * SCALE * math.sqrt(max(0.0, 1 - (y / SCALE) ** 2))
    left = x + radius + LETTER * len(target["target_name"]) > edge
    return FieldOnSky(
        name=target["target_name"],
        cx=f"{x:.1f}",
        cy=f"{y:.1f}",
        r=f"{radius:.1f}",
        count=target["count"],
        simulated=bool(target["made_up"]),
        label=label,
        tx=f"{x - radius - 4 if left else x + radius + 4:.1f}",
        ty=f"{y + 4:.1f}",
        anchor="end" if left else "start",
    )


def galactic(ra: float, dec: float) -> tuple[float, float]:
    """ICRS to galactic longitude and latitude, degrees (pole and centre of Hipparcos, vol. 1, section 1.5.3)."""
    a, d = math.radians(ra), math.radians(dec)
    pole_ra, pole_dec, node = math.radians(192.85948), math.radians(27.12825), 122.93192
    sin_b = math.sin(d) * math.sin(pole_dec) + math.cos(d) * math.cos(pole_dec) * math.cos(a - pole_ra)
    y = math.cos(d) * math.sin(a - pole_ra)
    x = math.sin(d) * math.cos(pole_dec) - math.cos(d) * math.sin(pole_dec) * math.cos(a - pole_ra)
    return (node - math.degrees(math.atan2(y, x))) % 360, math.degrees(math.asin(max(-1.0, min(1.0, sin_b))))


def hammer(longitude: float, latitude: float) -> tuple[float, float]:
    """Hammer projection into an ellipse with half axes 2 and 1 (x to the right, y up), longitude 0 in the middle."""
    half = math.radians((longitude + 180) % 360 - 180) / 2
    b = math.radians(latitude)
    scale = 1 / math.sqrt(1 + math.cos(b) * math.cos(half))
    return -2 * math.cos(b) * math.sin(half) * scale, math.sin(b) * scale


def graticule() -> list[str]:
    """SVG paths of meridians every 60 and parallels every 30 degrees."""
    lines = [[hammer(lon, lat) for lat in range(-90, 91, 5)] for lon in (-120, -60, 0, 60, 120)]
    lines += [[hammer(lon, lat) for lon in range(-179, 180, 6)] for lat in (-60, -30, 0, 30, 60)]
    return ["M" + " L".join(f"{SCALE * x:.1f} {-SCALE * y:.1f}" for x, y in line) for line in lines]
