"""The three views: workflow (activities), data flow (datasets), responsibility (agents and credits).

A view is a graph again, so that every format can show it. What a view leaves out it closes by inference, as PROV-DM
does: an activity that used what another made was informed by it; what an activity made derives from what it used.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

from provenance.graph import Edge, Graph, Node, Ref

MAX_INFERRED = 20_000


def workflow(graph: Graph) -> Graph:
    makers = {edge.source: edge.target for edge in graph.edges if edge.relation == "wasGeneratedBy"}
    inferred = (
        Edge("wasInformedBy", edge.source, makers[edge.target])
        for edge in graph.edges
        if edge.relation == "used" and edge.target in makers and makers[edge.target] != edge.source
    )
    return _part(graph, {"activity", "agent"}, {"wasInformedBy", "wasAssociatedWith"}, inferred)


def dataflow(graph: Graph) -> Graph:
    inputs: dict[Ref, list[Ref]] = defaultdict(list)
    for edge in graph.edges:
        if edge.relation == "used":
            inputs[edge.source].append(edge.target)
    inferred = (
        Edge("wasDerivedFrom", edge.source, origin)
        for edge in graph.edges
        if edge.relation == "wasGeneratedBy"
        for origin in inputs[edge.target]
        if origin != edge.source
    )
    return _part(graph, {"entity"}, {"wasDerivedFrom", "hadMember"}, inferred)


def responsibility(graph: Graph) -> Graph:
    relations = {"wasAssociatedWith", "wasAttributedTo"}
    kept = {ref for edge in graph.edges if edge.relation in relations for ref in (edge.source, edge.target)}
    kept |= set(graph.start)
    part = _part(graph, {"entity", "activity", "agent"}, relations, ())
    part.nodes = {ref: node for ref, node in part.nodes.items() if ref in kept}
    return part


def _part(graph: Graph, kinds: set[str], relations: set[str], inferred: Iterable[Edge]) -> Graph:
    nodes: dict[Ref, Node] = {ref: node for ref, node in graph.nodes.items() if node.kind in kinds}
    part = Graph(graph.start, nodes, cut=graph.cut, truncated=graph.truncated)
    known = set()
    for edge in graph.edges:
        if edge.relation in relations and edge.source in nodes and edge.target in nodes:
            part.edges[edge] = None
            known.add((edge.relation, edge.source, edge.target))
    room = MAX_INFERRED
    for edge in inferred:
        if (edge.relation, edge.source, edge.target) in known:
            continue
        known.add((edge.relation, edge.source, edge.target))
        part.edges[edge] = None
        room -= 1
        if room == 0:
            part.truncated = True
            break
    return part


VIEWS: dict[str, Callable[[Graph], Graph]] = {
    "": lambda graph: graph,
    "all": lambda graph: graph,
    "workflow": workflow,
    "dataflow": dataflow,
    "responsibility": responsibility,
}
