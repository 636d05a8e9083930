"""Nothing is its own origin: checked before a record is kept."""

from collections import defaultdict
from collections.abc import Iterable

from provenance.errors import Refused
from provenance.models import HadMember, Used, WasDerivedFrom, WasGeneratedBy, WasInformedBy

Node = tuple[str, str]
CHUNK = 500


def refuse_cycles(*, entities: Iterable[str] = (), activities: Iterable[str] = ()) -> None:
    """Raises Refused when one of these is among its own origins, or is a member of itself."""
    entities = sorted(entities)
    origins = _origins([*(("e", name) for name in entities), *(("a", name) for name in sorted(activities))])
    for kind, name in _on_a_cycle(origins):
        how = "" if kind == "e" else ": it uses what comes from it"
        raise Refused(f"{name} would be its own origin{how}")
    for name in entities:
        if name in _members(name):
            raise Refused(f"{name} would be a member of itself")


def _origins(start: Iterable[Node]) -> dict[Node, set[Node]]:
    """Everything that is reached from these, with its next origins."""
    found: dict[Node, set[Node]] = {}
    frontier = list(dict.fromkeys(start))
    while frontier:
        found.update({node: set() for node in frontier})
        for at in range(0, len(frontier), CHUNK):
            for node, origin in _step(frontier[at : at + CHUNK]):
                found[node].add(origin)
        frontier = list({origin for node in frontier for origin in found[node] if origin not in found})
    return found


def _step(nodes: list[Node]) -> Iterable[tuple[Node, Node]]:
    entities = [name for kind, name in nodes if kind == "e"]
    activities = [name for kind, name in nodes if kind == "a"]
    if entities:
        for name, maker in WasGeneratedBy.objects.filter(entity__in=entities).values_list("entity_id", "activity_id"):
            yield ("e", name), ("a", maker)
        derived = WasDerivedFrom.objects.filter(entity__in=entities)
        for name, other in derived.values_list("entity_id", "used_entity_id"):
            yield ("e", name), ("e", other)
    if activities:
        for name, used in Used.objects.filter(activity__in=activities).values_list("activity_id", "entity_id"):
            yield ("a", name), ("e", used)
        informed = WasInformedBy.objects.filter(activity__in=activities)
        for name, informant in informed.values_list("activity_id", "informant_id"):
            yield ("a", name), ("a", informant)


def _on_a_cycle(origins: dict[Node, set[Node]]) -> list[Node]:
    """Takes away what has no origin left, again and again; then what nothing left comes from. The rest is cycles."""
    left = _pruned(origins)
    reversed_: dict[Node, set[Node]] = defaultdict(set, {node: set() for node in left})
    for node in left:
        for origin in origins[node] & left:
            reversed_[origin].add(node)
    return sorted(_pruned(reversed_))


def _pruned(links: dict[Node, set[Node]]) -> set[Node]:
    """The nodes from which one can walk for ever."""
    number = {node: len(others & links.keys()) for node, others in links.items()}
    back: dict[Node, list[Node]] = defaultdict(list)
    for node, others in links.items():
        for other in others:
            back[other].append(node)
    ready = [node for node, count in number.items() if count == 0]
    while ready:
        for before in back[ready.pop()]:
            number[before] -= 1
            if number[before] == 0:
                ready.append(before)
    return {node for node, count in number.items() if count > 0}


def _members(collection: str) -> set[str]:
    seen: set[str] = set()
    frontier = [collection]
    while frontier:
        found: set[str] = set()
        for at in range(0, len(frontier), CHUNK):
            part = HadMember.objects.filter(collection__in=frontier[at : at + CHUNK])
            found |= set(part.values_list("entity_id", flat=True))
        frontier = list(found - seen)
        seen |= found
    return seen
