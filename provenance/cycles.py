"""Nothing is its own origin: checked before a record is kept."""

from collections.abc import Iterable

from provenance.errors import Refused
from provenance.models import HadMember, Used, WasDerivedFrom, WasGeneratedBy, WasInformedBy

Node = tuple[str, str]
CHUNK = 500


def refuse_cycles(*, entities: Iterable[str] = (), activities: Iterable[str] = ()) -> None:
    """Raises Refused when one of these is reached by walking from it to its origins, or is a member of itself."""
    for identifier in entities:
        if ("e", identifier) in _origins([("e", identifier)]):
            raise Refused(f"{identifier} would be its own origin")
        if identifier in _members(identifier):
            raise Refused(f"{identifier} would be a member of itself")
    for identifier in activities:
        if ("a", identifier) in _origins([("a", identifier)]):
            raise Refused(f"{identifier} would be its own origin: it uses what comes from it")


def _origins(start: Iterable[Node]) -> set[Node]:
    seen: set[Node] = set()
    frontier = list(start)
    while frontier:
        found = {node for at in range(0, len(frontier), CHUNK) for node in _step(frontier[at : at + CHUNK])}
        frontier = list(found - seen)
        seen |= found
    return seen


def _step(nodes: list[Node]) -> set[Node]:
    entities = [name for kind, name in nodes if kind == "e"]
    activities = [name for kind, name in nodes if kind == "a"]
    found: set[Node] = set()
    if entities:
        made = WasGeneratedBy.objects.filter(entity__in=entities).values_list("activity_id", flat=True)
        derived = WasDerivedFrom.objects.filter(entity__in=entities).values_list("used_entity_id", flat=True)
        found |= {("a", name) for name in made} | {("e", name) for name in derived}
    if activities:
        used = Used.objects.filter(activity__in=activities).values_list("entity_id", flat=True)
        informed = WasInformedBy.objects.filter(activity__in=activities).values_list("informant_id", flat=True)
        found |= {("e", name) for name in used} | {("a", name) for name in informed}
    return found


def _members(collection: str) -> set[str]:
    seen: set[str] = set()
    frontier = [collection]
    while frontier:
        found = set(HadMember.objects.filter(collection__in=frontier).values_list("entity_id", flat=True))
        frontier = list(found - seen)
        seen |= found
    return seen
