"""What the home page says about the archive: collections and the fields of the sky, as the viewer may know them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Avg, Count, Max, Min, Q, QuerySet, Sum

from gateway.access import rights
from gateway.access.models import Policy
from gateway.access.rights import Viewer
from search.archive.models import Collection, Product

CACHE_SECONDS = 60
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


def _visible(viewer: Viewer) -> "QuerySet[Product]":
    return Product.objects.filter(rights.visible(viewer), removed_at__isnull=True, superseded_by__isnull=True)


def _cache_key(what: str, viewer: Viewer) -> str:
    """One entry for all who may see the same; products counted so that an ingest shows at once."""
    newest = Product.objects.order_by("-pk").values_list("pk", flat=True).first()
    ids = rights.policy_ids(viewer, "see")
    return f"home:{what}:{newest}:{viewer.user_id}:{hash(tuple(ids)) if ids is not None else 'all'}"


def collections(viewer: Viewer) -> list[CollectionRow]:
    """One line a collection; counts by access as the viewer stands to them."""
    rows: list[CollectionRow] | None = cache.get(key := _cache_key("collections", viewer))
    if rows is None:
        rows = _collections(viewer)
        cache.set(key, rows, CACHE_SECONDS)
    return rows


def _collections(viewer: Viewer) -> list[CollectionRow]:
    open_to_all = set(rights.policy_ids(rights.ANONYMOUS, "fetch") or [])
    own = set(Policy.objects.filter(owner_id=viewer.user_id).values_list("pk", flat=True)) if viewer.user_id else set()
    known = {collection.name: collection for collection in Collection.objects.all()}
    found = (
        _visible(viewer)
        .values("obs_collection")
        .annotate(
            count=Count("pk"),
            first=Min("t_min"),
            last=Max("t_max"),
            bytes=Sum("size"),
            made_up=Max("simulated"),
            public=Count("pk", filter=Q(policy_id__in=open_to_all)),
            yours=Count("pk", filter=Q(policy_id__in=own - open_to_all)),
        )
        .order_by("-count")
    )
    return [_collection_row(row, known.get(row["obs_collection"])) for row in found]


def _collection_row(row: Mapping[str, Any], collection: Collection | None) -> CollectionRow:
    return CollectionRow(
        name=row["obs_collection"],
        title=(collection.title if collection else "") or row["obs_collection"],
        simulated=collection.simulated if collection else bool(row["made_up"]),
        count=row["count"],
        t_min=row["first"],
        t_max=row["last"],
        size=row["bytes"],
        public=row["public"],
        yours=row["yours"],
        restricted=row["count"] - row["public"] - row["yours"],
    )


def sky(viewer: Viewer) -> list[FieldOnSky]:
    """The targets with most observations, in galactic Hammer projection (longitude grows to the left)."""
    fields: list[FieldOnSky] | None = cache.get(key := _cache_key("sky", viewer))
    if fields is None:
        targets = (
            _visible(viewer)
            .filter(s_ra__isnull=False, s_dec__isnull=False, target_name__isnull=False, dataproduct_type="event")
            .values("target_name")
            .annotate(count=Count("pk"), ra=Min("s_ra"), dec=Avg("s_dec"), made_up=Min("simulated"))
            .order_by("-count", "target_name")[:MAP_FIELDS]
        )
        fields = list(_placed(targets))
        cache.set(key, fields, CACHE_SECONDS)
    return fields


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
