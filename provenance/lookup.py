"""From a name that someone typed to a node that this viewer may see."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
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


def find_all(names: Iterable[tuple[str, Kind]], viewer: Viewer) -> dict[tuple[str, Kind], str | None]:
    """``find`` for many names at once: the identifier of each, None for what is not known to this viewer."""
    wanted = dict.fromkeys(names)
    keys: dict[tuple[str, Kind], str] = {}
    for name, kind in wanted:
        with suppress(InvalidKey):
            keys[(name, kind)] = key_of(name.strip(), settings.AUTHORITY)
    seen = _seen(((kind, key) for (_, kind), key in keys.items()), viewer)
    others: dict[tuple[str, Kind], str] = {}
    left = [pair for pair in wanted if (pair[1], keys.get(pair, "")) not in seen]
    for part in _parts(sorted({name.strip()[:1000] for name, _ in left})):
        for row in Alternate.objects.filter(name__in=part):
            others[(row.name, row.kind)] = row.identifier  # type: ignore[index] # the words are the same
    seen |= _seen(((kind, key) for (_, kind), key in others.items()), viewer)
    found: dict[tuple[str, Kind], str | None] = {}
    for name, kind in wanted:
        answers = (keys.get((name, kind), ""), others.get((name.strip()[:1000], kind), ""))
        found[(name, kind)] = next((answer for answer in answers if (kind, answer) in seen), None)
    return found


def visible_by_checksum(checksums: set[str], viewer: Viewer) -> dict[str, str]:
    """SHA-256 → the first entity of these bytes that this viewer may see."""
    found: dict[str, str] = {}
    for part in _parts(sorted(checksums)):
        rows = Entity.objects.filter(visible(viewer), sha256__in=part).order_by("-pk")
        found |= dict(rows.values_list("sha256", "pk"))
    return found


def _seen(refs: Iterable[Ref], viewer: Viewer) -> set[Ref]:
    """Those of these entities and activities that the viewer may see."""
    wanted = set(refs)
    found: set[Ref] = set()
    for kind, model in (("entity", Entity), ("activity", Activity)):
        for part in _parts(sorted(name for its, name in wanted if its == kind)):
            rows = model._default_manager.filter(visible(viewer), pk__in=part)
            found |= {(kind, key) for key in rows.values_list("pk", flat=True)}  # type: ignore[misc] # a literal of Kind
    return found


def _parts(names: list[str]) -> Iterator[list[str]]:
    return (names[at : at + 500] for at in range(0, len(names), 500))


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
