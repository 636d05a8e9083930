"""A graph for the eye: siblings that stand in for one another become one bundle, and what was cut is said.

Nodes are siblings when they are of one kind and type and have the same edges to the same neighbours.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from provenance.graph import Graph, Node, Ref
from provenance.models import Activity, Entity

SMALLEST = 5
MAX_DRAWN = 200


@dataclass
class Drawn:
    """A node of the picture: one node of the graph, or a bundle of several."""

    id: str
    kind: str
    label: str
    members: list[Node] = field(default_factory=list)
    more: int = 0
    """how many further ones are not in ``members``"""
    asked: bool = False
    opaque: bool = False

    @property
    def count(self) -> int:
        return len(self.members) + self.more

    @property
    def is_bundle(self) -> bool:
        return self.count > 1


@dataclass
class Picture:
    nodes: list[Drawn]
    edges: list[tuple[str, str, str, str]]
    """(from, to, relation, role)"""
    shortened: bool = False

    @property
    def bundles(self) -> int:
        return sum(node.is_bundle for node in self.nodes)

    @property
    def bundled(self) -> int:
        return sum(node.count for node in self.nodes if node.is_bundle)

    @property
    def count(self) -> int:
        return sum(node.count for node in self.nodes)


def picture(graph: Graph, opened: Collection[str] = ()) -> Picture:
    """``opened``: identifiers of bundles whose members are wanted one by one."""
    groups = _groups(graph)
    left_out, homeless = _left_out(graph, groups)
    drawn: list[Drawn] = []
    place: dict[Ref, str] = {}
    for signature, nodes in groups.items():
        name, more = f"bundle-{nodes[0].id}", left_out.get(signature, 0)
        if (len(nodes) < SMALLEST and not more) or name in opened:
            for node in nodes:
                place[node.ref] = f"n{len(drawn)}"
                drawn.append(_single(graph, node, place[node.ref]))
            continue
        place |= {node.ref: name for node in nodes}
        label = f"{len(nodes) + more:,} × {signature[1]}"
        drawn.append(Drawn(name, signature[0], label, nodes, more, opaque=nodes[0].opaque))
    edges = dict.fromkeys((place[e.source], place[e.target], e.relation, e.role) for e in graph.edges)
    for number, (neighbour, relation, outwards, kind, more) in enumerate(homeless):
        name = f"more-{number}"
        drawn.append(Drawn(name, kind, f"{more:,} more", [], more))
        ends = (place[neighbour], name) if outwards else (name, place[neighbour])
        edges[(*ends, relation, "")] = None
    shown = {node.id for node in drawn[:MAX_DRAWN]}
    return Picture(
        drawn[:MAX_DRAWN],
        [edge for edge in edges if edge[0] in shown and edge[1] in shown],
        shortened=len(drawn) > MAX_DRAWN or graph.truncated,
    )


Signature = tuple[Any, ...]


def _groups(graph: Graph) -> dict[Signature, list[Node]]:
    links: dict[Ref, set[tuple[str, bool, Ref, str]]] = defaultdict(set)
    for edge in graph.edges:
        links[edge.source].add((edge.relation, True, edge.target, edge.role))
        links[edge.target].add((edge.relation, False, edge.source, edge.role))
    groups: dict[Signature, list[Node]] = defaultdict(list)
    for ref, node in graph.nodes.items():
        alone: object = ref if ref in graph.start or node.kind == "agent" else None
        groups[(node.kind, word(node), alone, frozenset(links[ref]))].append(node)
    return groups


def _left_out(
    graph: Graph, groups: dict[Signature, list[Node]]
) -> tuple[dict[Signature, int], list[tuple[Ref, str, bool, str, int]]]:
    """Neighbours that the walk cut off: of a group, where all that were taken are one group; else on their own."""
    of_group: dict[Signature, int] = {}
    homeless: list[tuple[Ref, str, bool, str, int]] = []
    for (neighbour, relation), total in graph.cut.items():
        taken = [e for e in graph.edges if e.relation == relation and neighbour in (e.source, e.target)]
        others = {e.target if e.source == neighbour else e.source for e in taken}
        home = [signature for signature, nodes in groups.items() if others == {node.ref for node in nodes}]
        more = total - len(others)
        if home:
            of_group[home[0]] = more
        elif taken:
            outwards = taken[0].source == neighbour
            homeless.append((neighbour, relation, outwards, next(iter(others))[0], more))
    return of_group, homeless


def _single(graph: Graph, node: Node, number: str) -> Drawn:
    label = "" if node.opaque else str(node.row)
    return Drawn(number, node.kind, label, [node], asked=node.ref in graph.start, opaque=node.opaque)


def word(node: Node) -> str:
    """What sort of thing it is, in a word: the description's name, else the kind."""
    row = node.row
    if row is None:
        return "restricted"
    if isinstance(row, Activity):
        return row.description.name if row.description else row.name or "activity"
    if isinstance(row, Entity):
        return (row.description.type or row.description.name) if row.description else (row.get_kind_display().lower())
    return row.get_type_display()
