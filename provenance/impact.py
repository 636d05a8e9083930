"""What depends on this, and what to do about it: list, mark as suspect, tell the owners. And the way back: what do
several bad products have in common?"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from gateway.access import marks
from gateway.access.rights import Viewer
from provenance import hooks
from provenance.graph import MAX_DEPTH, Node, Ref, Walk, walk
from provenance.models import Doubt, Entity

DOWNSTREAM = Walk(depth=MAX_DEPTH, direction="FORTH", agents=False, members=True)
UPSTREAM = Walk(depth=MAX_DEPTH, agents=False)
MAX_MARKED = 10_000


@dataclass
class Dependents:
    nodes: list[Node]
    steps: int
    restricted: int
    truncated: bool


def dependents(ref: Ref, viewer: Viewer) -> Dependents:
    """Every entity downstream, nearest first."""
    graph = walk([ref], viewer, DOWNSTREAM)
    found = [node for node in graph.of("entity") if node.ref != ref]
    visible = sorted((n for n in found if not n.opaque), key=lambda n: (n.depth, n.id))
    steps = sum(1 for _node in graph.of("activity"))
    return Dependents(visible, steps, sum(n.opaque for n in found), not graph.complete)


@transaction.atomic
def mark(keys: Iterable[str], reason: str, viewer: Viewer) -> int:
    """Marks entities as suspect (staff) and tells their owners; how many were marked anew."""
    rows = list(Entity.objects.filter(pk__in=list(keys)[:MAX_MARKED]).select_related("policy__owner"))
    known = set(
        Doubt.objects.filter(entity__in=rows, withdrawn=None, reason=reason[:400]).values_list("entity", flat=True)
    )
    fresh = [row for row in rows if row.pk not in known]
    Doubt.objects.bulk_create([Doubt(entity=row, reason=reason[:400], by_id=viewer.user_id) for row in fresh])
    for _key, tell in hooks.suspects.items():
        tell([row.pk for row in fresh], reason[:400])
    if fresh:
        marks.staff_act(viewer, f"marks {len(fresh)} as suspect: {fresh[0].pk} …", why=reason[:200])
    owners: dict[str, list[Entity]] = defaultdict(list)
    for row in fresh:
        if row.policy.owner is not None and row.policy.owner.email:
            owners[row.policy.owner.email].append(row)
    transaction.on_commit(lambda: _notify(owners, reason))
    return len(fresh)


def mark_run(activity_id: str, reason: str, viewer: Viewer) -> int:
    """Marks the run itself; what it made is marked by ``mark``."""
    known = Doubt.objects.filter(activity=activity_id, withdrawn=None, reason=reason[:400])
    if known.exists():
        return 0
    Doubt.objects.create(activity_id=activity_id, reason=reason[:400], by_id=viewer.user_id)
    return 1


def withdraw(keys: Iterable[str], viewer: Viewer) -> int:
    keys = list(keys)
    for _key, tell in hooks.suspects.items():
        tell(keys, "")
    about = Q(entity__in=keys) | Q(activity__in=keys)
    number = Doubt.objects.filter(about, withdrawn=None).update(withdrawn=timezone.now())
    if number:
        marks.staff_act(viewer, f"takes {number} marks of suspicion away: {keys[0]} …")
    return number


def _notify(owners: dict[str, list[Entity]], reason: str) -> None:
    for address, rows in owners.items():
        lines = [f"- {row}: {settings.PUBLIC_URL}/provenance/entity/{row.pk}/" for row in rows[:100]]
        more = [_("… and %(n)s more") % {"n": len(rows) - 100}] if len(rows) > 100 else []
        text = "\n".join([_("Staff marked these products of yours as suspect:"), reason, "", *lines, *more])
        subject = _("%(n)s of your products are suspect") % {"n": len(rows)}
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [address], fail_silently=True)


@dataclass
class Suspect:
    """A common ancestor: how many of the bad and of the good products come from it."""

    node: Node
    bad: int
    good: int


def common_origins(bad: Iterable[Ref], good: Iterable[Ref], viewer: Viewer) -> list[Suspect]:
    """What all bad products share, those that no good one shares first: where did the error come in?"""
    counts: dict[Ref, Suspect] = {}
    bad = list(bad)
    for refs, is_bad in ((bad, True), (list(good), False)):
        for ref in refs:
            for node in walk([ref], viewer, UPSTREAM).nodes.values():
                if node.opaque or (node.ref == ref and is_bad):
                    continue
                suspect = counts.setdefault(node.ref, Suspect(node, 0, 0))
                suspect.bad += is_bad
                suspect.good += not is_bad
    shared = [suspect for suspect in counts.values() if suspect.bad == len(bad)]
    return sorted(shared, key=lambda s: (s.good, s.node.depth, s.node.id))
