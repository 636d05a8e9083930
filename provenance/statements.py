"""A graph as statements in the words of the IVOA Provenance DM: what every document is written from.

A statement has a class of the model in the spelling of the voprov package (``datasetEntity``, ``wasGeneratedBy``), an
identifier (empty for relations), references and attributes. Extensions of the gateway have the prefix ``gw``.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, QuerySet

from provenance.graph import CHUNK, MAX_RECORDS, Edge, Graph, Node
from provenance.models import (
    Activity,
    Agent,
    Alternate,
    ConfigFile,
    Entity,
    Parameter,
    Used,
    WasGeneratedBy,
)

Value = str | datetime | bool
M = TypeVar("M", bound=Model)
ENTITY_CLASSES = {"": "entity", "dataset": "datasetEntity", "value": "valueEntity", "collection": "collection"}
# class of a relation: the two roles of its ends
ENDS = {
    "wasGeneratedBy": ("entity", "activity"),
    "used": ("activity", "entity"),
    "wasDerivedFrom": ("generatedEntity", "usedEntity"),
    "wasInformedBy": ("informed", "informant"),
    "wasAssociatedWith": ("activity", "agent"),
    "wasAttributedTo": ("entity", "agent"),
    "hadMember": ("collection", "entity"),
    "wasConfiguredBy": ("configured", "configurator"),
    "isDescribedBy": ("described", "descriptor"),
    "isRelatedTo": ("related", "relator"),
    "hadReference": ("referenced", "referrer"),
}


class TooLarge(Exception):
    """The document would hold more records than one answer may; ``count`` is how many at least."""

    def __init__(self, count: int, exact: bool = True) -> None:
        super().__init__(count)
        self.count, self.exact = count, exact


@dataclass(frozen=True)
class Statement:
    cls: str
    id: str = ""
    refs: tuple[str, ...] = ()
    attributes: tuple[tuple[str, Value], ...] = ()

    @property
    def is_relation(self) -> bool:
        return self.cls in ENDS


@dataclass(frozen=True)
class Contents:
    """What goes into the document beside the graph (ProvSAP's CONFIGURATION and DESCRIPTIONS)."""

    configuration: bool = True
    descriptions: int = 1
    """0 none; 1 of activities and parameters; 2 of entities, uses and generations too"""
    limit: int = MAX_RECORDS


def statements(graph: Graph, contents: Contents = Contents()) -> list[Statement]:
    """Raises TooLarge where the graph was cut or the statements are more than ``contents.limit``."""
    if graph.truncated:
        raise TooLarge(max(len(graph.nodes) + len(graph.edges), contents.limit + 1), exact=False)
    found = list(_Writer(graph, contents).run())
    if len(found) > contents.limit:
        raise TooLarge(len(found))
    return found


class _Writer:
    def __init__(self, graph: Graph, contents: Contents) -> None:
        self.graph, self.contents = graph, contents
        self.described: dict[str, Statement] = {}
        self.related: dict[tuple[str, str], Statement] = {}
        self.other_names: dict[tuple[str, str], list[str]] = defaultdict(list)

    def run(self) -> Iterator[Statement]:
        names = [node.id for node in self.graph.nodes.values() if not node.opaque]
        for alternate in _load(Alternate.objects.order_by("pk"), "identifier__in", names):
            self.other_names[(alternate.kind, alternate.identifier)].append(alternate.name)
        collections = {e.source for e in self.graph.edges if e.relation == "hadMember"}
        for node in self.graph.nodes.values():
            yield from self._node(node, node.ref in collections)
        yield from self._edges()
        if self.contents.configuration:
            yield from self._configuration()
        yield from self.described.values()
        yield from self.related.values()

    def _node(self, node: Node, has_members: bool) -> Iterator[Statement]:
        row = node.row
        if row is None:
            yield Statement(node.kind, node.id, attributes=(("prov:name", "restricted"), ("gw:restricted", True)))
        elif isinstance(row, Entity):
            yield self._entity(row, has_members)
        elif isinstance(row, Activity):
            yield self._activity(row)
        else:
            yield _agent(row, self.other_names[("agent", row.pk)])

    def _entity(self, row: Entity, has_members: bool) -> Statement:
        cls = ENTITY_CLASSES[row.kind]
        attributes: list[tuple[str, Value | None]] = [
            ("prov:name", row.name),
            ("voprov:value", row.value if row.kind == "value" else ""),
            ("voprov:location", row.place),
            ("voprov:generatedAtTime", row.generated_at_time),
            ("voprov:invalidatedAtTime", row.invalidated_at_time),
            ("voprov:comment", row.comment),
            ("gw:sha256", row.sha256),
            ("gw:size", "" if row.size is None else str(row.size)),
            ("gw:contentType", row.content_type),
            ("gw:level", row.level),
            *(("gw:alternate", name) for name in self.other_names[("entity", row.pk)]),
        ]
        if has_members and cls != "collection":
            attributes.append(("gw:isCollection", True))
        if row.description and self.contents.descriptions > 1:
            self._describe(row.pk, row.description)
        return Statement(cls, row.pk, attributes=_given(attributes))

    def _activity(self, row: Activity) -> Statement:
        outcome = getattr(row, "outcome", None)
        attributes: list[tuple[str, Value | None]] = [
            ("prov:startTime", row.start_time),
            ("prov:endTime", row.end_time),
            ("prov:name", row.name),
            ("voprov:comment", row.comment),
        ]
        if outcome is not None:
            attributes += [
                ("gw:succeeded", "" if outcome.succeeded is None else str(outcome.succeeded).lower()),
                ("gw:exitCode", "" if outcome.exit_code is None else str(outcome.exit_code)),
                ("gw:error", outcome.error),
                *(("gw:warning", text) for text in dict.fromkeys(outcome.warnings)),
                *(("gw:software", " ".join(pair).strip()) for pair in outcome.software),
                *(("gw:environment", f"{k}={v}") for k, v in outcome.environment.items() if isinstance(v, str | int)),
            ]
        attributes += [("gw:alternate", name) for name in self.other_names[("activity", row.pk)]]
        if row.description and self.contents.descriptions:
            self._describe(row.pk, row.description)
        return Statement("activity", row.pk, attributes=_given(attributes))

    def _edges(self) -> Iterator[Statement]:
        full = self.contents.descriptions > 1
        rows: dict[str, dict[int, Used | WasGeneratedBy]] = {"used": {}, "wasGeneratedBy": {}}
        links = [edge for edge in self.graph.edges if edge.row and edge.relation in rows]
        for used in _load(Used.objects.select_related("description"), "pk__in", _keys(links, "used")):
            rows["used"][used.pk] = used
        made = WasGeneratedBy.objects.select_related("description")
        for generation in _load(made, "pk__in", _keys(links, "wasGeneratedBy")):
            rows["wasGeneratedBy"][generation.pk] = generation
        for edge in self.graph.edges:
            row = rows.get(edge.relation, {}).get(edge.row)
            hidden = self.graph.nodes[edge.source].opaque or self.graph.nodes[edge.target].opaque
            attributes: list[tuple[str, Value | None]] = [("prov:role", edge.role)]
            if row is not None and not hidden:
                attributes += [("prov:time", getattr(row, "time", None)), ("gw:type", row.type)]
                if full and row.description is not None:
                    attributes.append(("voprov:descriptor", row.description.pk))
                    self._describe("", row.description)
            yield Statement(edge.relation, "", (edge.source[1], edge.target[1]), _given(attributes))

    def _configuration(self) -> Iterator[Statement]:
        ids = [node.id for node in self.graph.of("activity") if not node.opaque]
        parameters = Parameter.objects.select_related("description").order_by("activity_id", "number")
        for row in _load(parameters, "activity__in", ids):
            name = f"{row.activity_id}.parameter-{row.number}"
            yield Statement("parameter", name, attributes=(("prov:name", row.name), ("prov:value", row.value)))
            yield Statement("wasConfiguredBy", "", (row.activity_id, name), (("voprov:artefactType", "Parameter"),))
            if row.description and self.contents.descriptions:
                self._describe(name, row.description)
            if row.value_entity_id and ("entity", row.value_entity_id) in self.graph.nodes:
                yield Statement("hadReference", "", (name, row.value_entity_id))
        files = ConfigFile.objects.select_related("description").order_by("activity_id", "number")
        for file in _load(files, "activity__in", ids):
            name = f"{file.activity_id}.config-{file.number}"
            facts = _given(
                [("prov:name", file.name), ("prov:location", file.location), ("voprov:comment", file.comment)]
            )
            yield Statement("configFile", name, attributes=facts)
            yield Statement("wasConfiguredBy", "", (file.activity_id, name), (("voprov:artefactType", "ConfigFile"),))
            if file.description and self.contents.descriptions:
                self._describe(name, file.description)

    def _describe(self, described: str, description: Model) -> None:
        """The description once, and that it describes; parts of an activity description say whose parts they are."""
        identifier = str(description.pk)
        if identifier not in self.described:
            self.described[identifier] = description_statement(description)
            whole = getattr(description, "activity_description", None)
            if whole is not None:
                self._describe("", whole)
                self.related[(identifier, whole.pk)] = Statement("isRelatedTo", "", (identifier, whole.pk))
        if described:
            self.related[(described, identifier)] = Statement("isDescribedBy", "", (described, identifier))


def description_statement(row: Model) -> Statement:
    """Any description class as a statement."""
    cls = type(row).__name__
    cls = cls[0].lower() + cls[1:]
    kind = getattr(row, "kind", "")
    if cls == "entityDescription" and kind:
        cls = {"dataset": "datasetDescription", "value": "valueDescription"}.get(kind, cls)
    attributes: list[tuple[str, Value | None]] = []
    for name, term in DESCRIPTION_TERMS.items():
        value = getattr(row, name, None)
        if isinstance(value, list):
            attributes += [(term, str(item)) for item in value]
        else:
            attributes.append((term, value))
    return Statement(cls, str(row.pk), attributes=_given(attributes))


DESCRIPTION_TERMS = {
    "name": "prov:name",
    "role": "prov:role",
    "version": "voprov:version",
    "description": "voprov:description",
    "docurl": "voprov:docurl",
    "type": "voprov:type",
    "subtype": "voprov:subtype",
    "multiplicity": "voprov:multiplicity",
    "content_type": "voprov:contentType",
    "value_type": "voprov:valueType",
    "unit": "voprov:unit",
    "ucd": "voprov:ucd",
    "utype": "voprov:utype",
    "minimum": "voprov:min",
    "maximum": "voprov:max",
    "options": "voprov:options",
    "default": "voprov:default",
}


def _agent(row: Agent, other_names: list[str]) -> Statement:
    """A person is named; how to reach the person stays here."""
    attributes: list[tuple[str, Value | None]] = [
        ("prov:name", row.name),
        ("voprov:type", row.type),
        ("voprov:comment", row.comment),
        ("voprov:affiliation", row.affiliation),
        ("voprov:url", row.url),
    ]
    if row.type != Agent.Type.PERSON:
        attributes += [("voprov:email", row.email), ("voprov:address", row.address), ("voprov:phone", row.phone)]
    attributes += [("gw:alternate", name) for name in other_names]
    return Statement("agent", row.pk, attributes=_given(attributes))


def _given(attributes: Iterable[tuple[str, Value | None]]) -> tuple[tuple[str, Value], ...]:
    return tuple((name, value) for name, value in attributes if value is not None and value != "")


def _keys(edges: list[Edge], relation: str) -> list[int]:
    return [edge.row for edge in edges if edge.relation == relation]


def _load(rows: "QuerySet[M]", lookup: str, keys: "list[str] | list[int]") -> Iterator[M]:
    for at in range(0, len(keys), CHUNK):
        yield from rows.filter(**{lookup: keys[at : at + CHUNK]})
