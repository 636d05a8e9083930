"""From a name that someone typed to a node that this viewer may see."""

from typing import Any

from django.conf import settings

from gateway.access import marks
from gateway.access.rights import Viewer, visible
from gateway.vo.identifiers import InvalidKey, key_of
from provenance.graph import Kind, Ref, visible_agents
from provenance.models import Activity, Agent, Alternate, Entity

_MODELS: dict[str, Any] = {"entity": Entity, "activity": Activity, "agent": Agent}


def find(name: str, viewer: Viewer, kind: Kind | None = None) -> Ref | None:
    """The node called so: by KEY, identifier, QName or a name it has elsewhere; None as well for what is hidden."""
    found = _find(name.strip(), viewer, kind)
    if found and viewer.is_staff:
        row = _MODELS[found[0]].objects.select_related("policy").get(pk=found[1])
        marks.staff_look(viewer, row.policy, f"provenance of {found[1]}")
    return found


def _find(name: str, viewer: Viewer, kind: Kind | None) -> Ref | None:
    try:
        return _known(key_of(name, settings.AUTHORITY), viewer, kind) or _alternate(name, viewer, kind)
    except InvalidKey:
        return _alternate(name, viewer, kind)


def _known(key: str, viewer: Viewer, kind: Kind | None) -> Ref | None:
    rule = visible(viewer)
    if kind in (None, "entity") and Entity.objects.filter(rule, pk=key).exists():
        return ("entity", key)
    if kind in (None, "activity") and Activity.objects.filter(rule, pk=key).exists():
        return ("activity", key)
    if kind in (None, "agent") and Agent.objects.filter(visible_agents(viewer), pk=key).exists():
        return ("agent", key)
    return None


def _alternate(name: str, viewer: Viewer, kind: Kind | None) -> Ref | None:
    rows = Alternate.objects.filter(name=name[:1000])
    for row in rows.filter(kind=kind) if kind else rows:
        found = _known(row.identifier, viewer, row.kind)  # type: ignore[arg-type] # the words are the same
        if found:
            return found
    return None
