"""What the archive holds, counted once for everyone who asks: home page and form.

Each part is kept by policy, never by person, so that a viewer's share is picked out in Python and a signed-in visitor
costs no more than an anonymous one. With a million rows a part takes seconds: then the last one serves, and the keeper
makes it anew (``renew``) while nobody waits.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Avg, Count, Max, Min, Sum

from gateway.access import rights
from gateway.access.rights import Viewer
from gateway.vo.together import together
from search.archive.models import Product

EVERY = 30.0
"""s between two looks of the keeper"""
DEAR = 0.5
"""s; what took longer is not made while a visitor waits, if there is an older one"""
OLD = 3600.0
"""s; made anew even so: no keeper runs"""
REST = 20
"""the keeper rests so many times as long as a part took"""
MAX_OPTIONS = 60
MAX_TARGETS = 300
# Columns whose values are options of the form.
FEW_VALUED = (
    "obs_collection",
    "sub_array_name",
    "pointing_mode",
    "obs_mode",
    "pipeline_name",
    "pipeline_version",
    "reconstruction_method",
    "cut_set",
    "calib_version",
    "proposal_id",
    "access_format",
)
EXAMPLE = "example"
"""no column: one product whose target, version and time belong together"""
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Kept:
    """``newest``: the last product that was there; ``made`` in s since 1970; ``took`` in s."""

    newest: int | None
    made: float
    took: float
    rows: Rows


@dataclass(frozen=True)
class Part:
    """``good`` s is it good for where nothing new came."""

    name: str
    good: float
    make: Callable[[], Rows]

    @property
    def key(self) -> str:
        return f"holdings:{self.name}"

    def rows(self, viewer: Viewer) -> Rows:
        """The rows of the policies whose products the viewer may see."""
        ids = rights.policy_ids(viewer, "see")
        known = self._known().rows
        return known if ids is None else [row for row in known if row["policy_id"] in set(ids)]

    def _known(self) -> Kept:
        newest, kept = newest_product(), self._kept()
        if kept is not None:
            age = time.time() - kept.made
            if (kept.newest == newest and age < self.good) or (kept.took > DEAR and age < OLD):
                return kept
        return together(self.key, lambda: self._make(newest))

    def renew(self) -> bool:
        """Makes it anew where it is no longer good and visitors would have to wait for it; for the keeper."""
        newest, kept = newest_product(), self._kept()
        if kept is not None:
            age = time.time() - kept.made
            if kept.took <= DEAR or age < REST * kept.took or (kept.newest == newest and age < self.good):
                return False
        self._make(newest)
        return True

    def _kept(self) -> Kept | None:
        kept: Kept | None = cache.get(self.key)
        return kept

    def _make(self, newest: int | None) -> Kept:
        begun = time.perf_counter()
        rows = self.make()
        kept = Kept(newest, time.time(), time.perf_counter() - begun, rows)
        cache.set(self.key, kept, None)
        return kept


def newest_product() -> int | None:
    return Product.objects.order_by("-pk").values_list("pk", flat=True).first()


def _collections() -> Rows:
    found = (
        Product.objects.offered()
        .values("policy_id", "obs_collection")
        .annotate(count=Count("pk"), first=Min("t_min"), last=Max("t_max"), bytes=Sum("size"), made_up=Max("simulated"))
        .order_by()
    )
    return [dict(row) for row in found]


def _targets() -> Rows:
    """The targets with most event lists, of each policy."""
    found = (
        Product.objects.offered()
        .filter(s_ra__isnull=False, s_dec__isnull=False, target_name__isnull=False, dataproduct_type="event")
        .values("policy_id", "target_name")
        .annotate(count=Count("pk"), ra=Min("s_ra"), dec=Avg("s_dec"), made_up=Min("simulated"))
        .order_by("-count", "target_name")
    )
    made: Rows = []
    places: dict[int, int] = {}
    for row in found.iterator():
        place = places[row["policy_id"]] = places.get(row["policy_id"], 0) + 1
        if place <= MAX_TARGETS:
            made.append(dict(row))
    return made


def _options() -> Rows:
    """The values of each column of few values, at most ``MAX_OPTIONS`` of a policy."""
    made: Rows = []
    for name in FEW_VALUED:
        places: dict[int, int] = {}
        rows = Product.objects.filter(removed_at=None).exclude(**{name: None}).exclude(**{name: ""})
        for policy, value in rows.order_by().values_list("policy_id", name).distinct().iterator():
            place = places[policy] = places.get(policy, 0) + 1
            if place <= MAX_OPTIONS:
                made.append({"policy_id": policy, "column": name, "value": str(value)})
    return made + _examples()


def _examples() -> Rows:
    """Target name, pipeline version and start (MJD) of one product of each policy, for the worked examples."""
    usable = Product.objects.offered().filter(
        target_name__isnull=False, pipeline_version__isnull=False, t_min__isnull=False, s_ra__isnull=False
    )
    firsts = usable.order_by().values("policy_id").annotate(first=Min("pk")).values("first")
    rows = Product.objects.filter(pk__in=firsts).order_by("pk")
    return [
        {"policy_id": policy, "column": EXAMPLE, "value": json.dumps(whole)}
        for policy, *whole in rows.values_list("policy_id", "target_name", "pipeline_version", "t_min")
    ]


COLLECTIONS = Part("collections", 60.0, _collections)
TARGETS = Part("targets", 60.0, _targets)
OPTIONS = Part("options.2", 300.0, _options)
PARTS = (COLLECTIONS, TARGETS, OPTIONS)


def renew() -> int:
    """A chore of the keeper; one part at a time, so that its other chores do not wait long."""
    return 1 if any(part.renew() for part in PARTS) else 0
