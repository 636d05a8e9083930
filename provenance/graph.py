"""Walking the graph: level by level in SQL, capped in the query, with the rights of whoever asks.

One level costs one statement for the edges of its entities, one for those of its activities, and one per class for
the rows found. (A recursive query cannot leave out what it has seen already: in a graph full of diamonds it visits a
node once per path.) A row that the viewer may not see becomes an opaque node with an identifier made up for this one
walk, and the walk ends there.
"""

import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from gateway.access.rights import Viewer, visible
from provenance.models import Activity, Agent, Entity

Kind = Literal["entity", "activity", "agent"]
Direction = Literal["BACK", "FORTH", "BOTH"]
Ref = tuple[Kind, str]
Row = Entity | Activity | Agent

MAX_DEPTH = 100
MAX_RECORDS = 10_000
MAX_COUNTED = 100_000
CHUNK = 900


@dataclass(frozen=True)
class Relation:
    """A table that links two nodes; ``near`` depends on ``far``, so that BACK leads from near to far."""

    name: str
    table: str
    near: tuple[Kind, str]
    far: tuple[Kind, str]
    role: bool = False
    responsibility: bool = False
    membership: bool = False


RELATIONS = (
    Relation(
        "wasGeneratedBy", "provenance_wasgeneratedby", ("entity", "entity_id"), ("activity", "activity_id"), role=True
    ),
    Relation("used", "provenance_used", ("activity", "activity_id"), ("entity", "entity_id"), role=True),
    Relation("wasDerivedFrom", "provenance_wasderivedfrom", ("entity", "entity_id"), ("entity", "used_entity_id")),
    Relation("wasInformedBy", "provenance_wasinformedby", ("activity", "activity_id"), ("activity", "informant_id")),
    Relation(
        "wasAssociatedWith",
        "provenance_wasassociatedwith",
        ("activity", "activity_id"),
        ("agent", "agent_id"),
        role=True,
        responsibility=True,
    ),
    Relation(
        "wasAttributedTo",
        "provenance_wasattributedto",
        ("entity", "entity_id"),
        ("agent", "agent_id"),
        role=True,
        responsibility=True,
    ),
    Relation(
        "hadMember", "provenance_hadmember", ("entity", "collection_id"), ("entity", "entity_id"), membership=True
    ),
)


@dataclass
class Node:
    """``row`` None: the viewer may not see it; ``id`` is then made up."""

    kind: Kind
    id: str
    depth: int
    row: Row | None = None

    @property
    def ref(self) -> Ref:
        return (self.kind, self.id)

    @property
    def opaque(self) -> bool:
        return self.row is None


@dataclass(frozen=True)
class Edge:
    """``relation`` from the node that depends to its origin; ``row`` is the relation's primary key (0: inferred)."""

    relation: str
    source: Ref
    target: Ref
    role: str = ""
    row: int = 0


@dataclass
class Graph:
    """What a walk found. ``cut``: (node, relation) → how many there are, where not all were taken."""

    start: tuple[Ref, ...]
    nodes: dict[Ref, Node] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)
    cut: dict[tuple[Ref, str], int] = field(default_factory=dict)
    truncated: bool = False

    @property
    def complete(self) -> bool:
        return not self.truncated and not self.cut

    def of(self, kind: Kind) -> Iterator[Node]:
        return (node for node in self.nodes.values() if node.kind == kind)


@dataclass(frozen=True)
class Walk:
    """How to walk. ``fan``: at most so many neighbours of one node by one relation; ``limit``: nodes in all."""

    depth: int = 1
    direction: Direction = "BACK"
    agents: bool = True
    """agents are named"""
    beyond_agents: bool = False
    """… and what else they did is followed"""
    members: bool = False
    fan: int = MAX_RECORDS
    limit: int = MAX_RECORDS
    bare: bool = False
    """only to count: nodes without their rows"""


def count(start: Iterable[Ref], viewer: Viewer, how: Walk) -> tuple[int, bool]:
    """How many nodes and edges the whole walk has, and whether that is exact (counted up to MAX_COUNTED nodes)."""
    graph = walk(start, viewer, replace(how, bare=True, limit=MAX_COUNTED, fan=MAX_COUNTED))
    return len(graph.nodes) + len(graph.edges), graph.complete


def walk(start: Iterable[Ref], viewer: Viewer, how: Walk) -> Graph:
    """The graph around visible nodes. Nodes of ``start`` that do not exist or are hidden are left out."""
    graph = Graph(tuple(start))
    directions = ("BACK", "FORTH") if how.direction == "BOTH" else (how.direction,)
    for direction in directions:
        _Walker(graph, viewer, how, direction).run()
    graph.start = tuple(ref for ref in graph.start if ref in graph.nodes)
    return graph


def visible_agents(viewer: Viewer) -> Q:
    """Agents that something visible names."""
    if viewer.is_staff:
        return Q()
    rule = visible(viewer)
    activities = Activity.objects.filter(rule, was_associated_with__agent=OuterRef("pk"))
    entities = Entity.objects.filter(rule, was_attributed_to__agent=OuterRef("pk"))
    return Q(Exists(activities)) | Q(Exists(entities))


class _Walker:
    """One direction of one walk."""

    def __init__(self, graph: Graph, viewer: Viewer, how: Walk, direction: str) -> None:
        self.graph, self.how, self.direction = graph, how, direction
        self.rule = visible(viewer)
        self.viewer = viewer
        self.opaque: dict[Ref, Ref] = {}
        self.seen: set[Ref] = set()

    def run(self) -> None:
        frontier = self._take(self.graph.start, 0, start=True)
        for depth in range(1, min(self.how.depth, MAX_DEPTH) + 1):
            if not frontier:
                return
            frontier = self._level(frontier, depth)
        if frontier and self.how.depth > MAX_DEPTH:
            self.graph.truncated = True

    def _level(self, frontier: list[Ref], depth: int) -> list[Ref]:
        links = [link for kind in ("entity", "activity", "agent") for link in self._links(kind, frontier)]
        # What else a person did and the viewer may not see is no origin of anything here: it stays away altogether.
        named = {other for _, here, other, _, _, _ in links if here[0] != "agent"}
        fresh = self._take(dict.fromkeys(other for _, _, other, _, _, _ in links), depth, opaque=named)
        for relation, here, other, forward, role, row in links:
            there = self.opaque.get(other, other)
            if there not in self.graph.nodes:
                continue
            source, target = (here, there) if forward else (there, here)
            hidden = other in self.opaque
            self.graph.edges.setdefault(Edge(relation.name, source, target, "" if hidden else role, row))
        return [ref for ref in fresh if ref[0] != "agent" or self.how.beyond_agents]

    def _take(self, refs: Iterable[Ref], depth: int, start: bool = False, opaque: Collection[Ref] = ()) -> list[Ref]:
        """Loads what is new, up to the limit; returns what may be expanded. Of what is hidden, ``opaque`` is shown."""
        new = [ref for ref in refs if ref not in self.seen]
        room = self.how.limit - len(self.graph.nodes)
        unknown = [ref for ref in new if ref not in self.graph.nodes]
        if len(unknown) > room:
            self.graph.truncated = True
            dropped = set(unknown[max(room, 0) :])
            new = [ref for ref in new if ref not in dropped]
        self.seen.update(new)
        rows = self._load([ref for ref in new if ref not in self.graph.nodes], start)
        for ref in new:
            if ref in rows:
                self.graph.nodes[ref] = Node(*ref, depth, rows[ref])
            elif ref not in self.graph.nodes and ref in opaque:
                hidden: Ref = (ref[0], f"restricted-{secrets.token_hex(8)}")
                self.opaque[ref] = hidden
                self.graph.nodes[hidden] = Node(*hidden, depth)
        may_go_on = [ref for ref in new if ref in self.graph.nodes]
        return may_go_on if not start else [r for r in may_go_on if r[0] != "agent" or self.how.beyond_agents]

    def _load(self, refs: Collection[Ref], start: bool) -> dict[Ref, Row]:
        """The rows that the viewer may see. An agent that is reached over a visible record is visible."""
        found: dict[Ref, Row] = {}
        if self.how.bare:
            return self._load_bare(refs)
        for part in _chunks([name for kind, name in refs if kind == "entity"]):
            entities = Entity.objects.filter(self.rule, pk__in=part).select_related("description")
            found |= {("entity", row.pk): row for row in entities}
        for part in _chunks([name for kind, name in refs if kind == "activity"]):
            activities = Activity.objects.filter(self.rule, pk__in=part).select_related("description", "outcome")
            found |= {("activity", row.pk): row for row in activities}
        for part in _chunks([name for kind, name in refs if kind == "agent"]):
            agents = Agent.objects.filter(visible_agents(self.viewer) if start else Q(), pk__in=part)
            found |= {("agent", row.pk): row for row in agents}
        return found

    def _load_bare(self, refs: Collection[Ref]) -> dict[Ref, Row]:
        """The same without reading the rows: one empty row stands for all."""
        bare = Agent()
        found: dict[Ref, Row] = {ref: bare for ref in refs if ref[0] == "agent"}
        for kind, model in (("entity", Entity), ("activity", Activity)):
            for part in _chunks([name for its_kind, name in refs if its_kind == kind]):
                keys = model._default_manager.filter(self.rule, pk__in=part).values_list("pk", flat=True)
                found |= {(kind, key): bare for key in keys}  # type: ignore[misc] # a literal of Kind
        return found

    def _links(self, kind: Kind, frontier: list[Ref]) -> Iterator[tuple[Relation, Ref, Ref, bool, str, int]]:
        """(relation, node, its neighbour, does the node depend on the neighbour, role, row)"""
        steps = list(self._steps(kind))
        names = [name for its_kind, name in frontier if its_kind == kind]
        for part in _chunks(names) if steps else ():
            for number, row, here, other, role, place, total in self._query(steps, part):
                relation, forward = steps[number]
                if place == self.how.fan and total > place:
                    self.graph.cut[((kind, here), relation.name)] = total
                other_kind = relation.far[0] if forward else relation.near[0]
                yield relation, (kind, here), (other_kind, other), forward, role, row

    def _steps(self, kind: Kind) -> Iterator[tuple[Relation, bool]]:
        """The relations to follow from a node of this kind, and whether from near to far."""
        back = self.direction == "BACK"
        for relation in RELATIONS:
            if relation.membership:
                if kind == "entity":
                    yield relation, False
                    if self.how.members:
                        yield relation, True
            elif relation.responsibility:
                if self.how.agents and relation.near[0] == kind:
                    yield relation, True
                if self.how.beyond_agents and kind == "agent":
                    yield relation, False
            elif (relation.near if back else relation.far)[0] == kind:
                yield relation, back

    def _query(
        self, steps: list[tuple[Relation, bool]], names: list[str]
    ) -> list[tuple[int, int, str, str, str, int, int]]:
        marks = ", ".join(["%s"] * len(names))
        parts: list[str] = []
        values: list[str | int] = []
        for number, (relation, forward) in enumerate(steps):
            here, other = (relation.near[1], relation.far[1]) if forward else (relation.far[1], relation.near[1])
            role = "role" if relation.role else "''"
            # Names of tables and columns are those of RELATIONS, never a caller's.
            parts.append(
                f"SELECT {number} AS step, id, here, other, role, place, total FROM (SELECT id, {here} AS here,"  # noqa: S608
                f" {other} AS other, {role} AS role,"
                f" ROW_NUMBER() OVER (PARTITION BY {here} ORDER BY {other}, id) AS place,"
                f" COUNT(*) OVER (PARTITION BY {here}) AS total"
                f" FROM {relation.table} WHERE {here} IN ({marks})) AS part{number} WHERE place <= %s"
            )
            values += [*names, self.how.fan]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), values)
            rows: list[tuple[int, int, str, str, str, int, int]] = cursor.fetchall()
        return rows


def _chunks(names: list[str]) -> Iterator[list[str]]:
    return (names[at : at + CHUNK] for at in range(0, len(names), CHUNK))
