"""What a provenance page shows, gathered once: graph, picture, sentence, chosen node, tabs, downloads."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gateway.access.rights import Viewer
from provenance import bundles, citation, perspective
from provenance.documents.formats import FORMATS
from provenance.graph import MAX_DEPTH, Direction, Graph, Node, Ref, Walk, walk
from provenance.hooks import Action, actions_for, product_page
from provenance.models import Activity, Agent, ConfigFile, Doubt, Entity, Outcome, Parameter
from provenance.places import SITE
from provenance.provsap import BadRequest, address, depth
from provenance.sentence import sentence

FAN = 60
LIMIT = 600
AT_A_GLANCE = 24
UPSTREAM = Walk(depth=20, limit=400, fan=100)
VIEWS = (
    ("all", gettext_lazy("All")),
    ("workflow", gettext_lazy("Workflow")),
    ("dataflow", gettext_lazy("Data flow")),
    ("responsibility", gettext_lazy("Responsibility")),
)
DIRECTIONS: dict[str, Direction] = {"back": "BACK", "forth": "FORTH", "both": "BOTH"}
TABS = (
    ("configuration", gettext_lazy("Configuration")),
    ("agents", gettext_lazy("Agents and roles")),
    ("environment", gettext_lazy("Environment")),
    ("files", gettext_lazy("Files and checksums")),
    ("messages", gettext_lazy("Messages")),
)


@dataclass(frozen=True)
class Choices:
    """The state of the page, all of it in the address."""

    direction: str = "back"
    depth: int | None = None
    """None: as deep as the graph can be read at a glance"""
    view: str = "all"
    show: str = "graph"
    tab: str = "configuration"
    opened: tuple[str, ...] = ()
    expanded: tuple[str, ...] = ()

    @classmethod
    def of(cls, query: QueryDict) -> "Choices":
        """Raises BadRequest."""

        def word(name: str, words: list[str]) -> str:
            text = query.get(name, words[0]).lower()
            if text not in words:
                raise BadRequest(_("%(name)s is one of %(words)s.") % {"name": name, "words": ", ".join(words)})
            return text

        direction = {"forward": "forth", "backward": "back"}.get(query.get("direction", "").lower())
        return cls(
            direction=direction or word("direction", list(DIRECTIONS)),
            depth=depth(query.get("depth", "")) if query.get("depth") else None,
            view=word("view", [name for name, _label in VIEWS]),
            show=word("show", ["graph", "list"]),
            tab=word("tab", [name for name, _label in TABS]),
            opened=tuple(query.getlist("open")[:20]),
            expanded=tuple(query.getlist("expand")[:20]),
        )


@dataclass
class Page:
    """Everything about one node, for the template."""

    ref: Ref
    row: Entity | Activity | Agent
    viewer: Viewer
    choices: Choices = field(default_factory=Choices)

    @cached_property
    def depth(self) -> int:
        """That of the address, or two steps, or one where two are more than the eye takes in."""
        if self.choices.depth is not None:
            return self.choices.depth
        return 2 if len(bundles.picture(self._to_depth(2), self.choices.opened).nodes) <= AT_A_GLANCE else 1

    @cached_property
    def graph(self) -> Graph:
        return self._to_depth(self.depth)

    def _to_depth(self, steps: int) -> Graph:
        how = Walk(
            depth=steps,
            direction=DIRECTIONS[self.choices.direction],
            beyond_agents=self.ref[0] == "agent",
            members=True,
            fan=FAN,
            limit=LIMIT,
        )
        graph = walk([self.ref], self.viewer, how)
        for name in self.choices.expanded:
            kind, _sep, identifier = name.partition(":")
            ref: Ref = (kind, identifier)  # type: ignore[assignment] # only what the graph has is followed
            if ref in graph.nodes and not graph.nodes[ref].opaque:
                more = walk([ref], self.viewer, Walk(1, how.direction, fan=FAN, limit=LIMIT, members=True))
                graph.nodes = {**more.nodes, **graph.nodes}
                graph.edges.update(more.edges)
                graph.cut.update(more.cut)
        return perspective.VIEWS[self.choices.view](graph)

    @cached_property
    def upstream(self) -> Graph:
        """The history, as far as a paragraph and a list of credits need it."""
        return walk([self.ref], self.viewer, UPSTREAM)

    @cached_property
    def picture(self) -> bundles.Picture:
        return bundles.picture(self.graph, self.choices.opened)

    @cached_property
    def sentence(self) -> SafeString:
        how = Walk(depth=4, fan=FAN, limit=LIMIT, beyond_agents=self.ref[0] == "agent")
        return sentence(walk([self.ref], self.viewer, how), self.ref)

    @cached_property
    def citation(self) -> citation.Citation:
        return citation.collect(self.upstream)

    @cached_property
    def step(self) -> Activity | None:
        """The run that the tabs speak of: the activity itself, or the one that made the entity, where visible."""
        if isinstance(self.row, Activity):
            return self.row
        near = walk([self.ref], self.viewer, Walk(depth=1, agents=False, fan=5))
        made = [edge.target for edge in near.edges if edge.relation == "wasGeneratedBy"]
        row = near.nodes[made[0]].row if made else None
        return row if isinstance(row, Activity) else None

    @cached_property
    def outcome(self) -> Outcome | None:
        return Outcome.objects.filter(activity=self.step).first() if self.step else None

    @cached_property
    def doubts(self) -> list[Doubt]:
        """Of this thing and of the run that made it."""
        about = Q(entity=self.ref[1]) if self.ref[0] == "entity" else Q(pk=None)
        if self.step:
            about |= Q(activity=self.step)
        return list(Doubt.objects.filter(about, withdrawn=None))

    @cached_property
    def product_page(self) -> str:
        """Empty for what is no product: values, logs, files that lie elsewhere."""
        if not isinstance(self.row, Entity) or not self.row.location.startswith((f"{SITE}/data/", "http")):
            return ""
        return product_page(self.row.pk, self.viewer) if product_page.filled else ""

    @cached_property
    def parameters(self) -> list[dict[str, Any]]:
        """Changed ones first."""
        rows = Parameter.objects.filter(activity=self.step).select_related("description") if self.step else []
        return sorted(map(_parameter, rows), key=lambda item: not item["changed"])

    @cached_property
    def config_files(self) -> list[ConfigFile]:
        return list(self.step.config_files.select_related("description")) if self.step else []

    @cached_property
    def near(self) -> Graph:
        """One step around the run (or the node itself): agents, inputs and outputs for the tabs."""
        start = [self.ref] if self.step is None else [self.ref, ("activity", self.step.pk)]
        return walk(dict.fromkeys(start), self.viewer, Walk(1, "BOTH", fan=FAN, limit=LIMIT))

    @cached_property
    def agents(self) -> list[tuple[Node, str, str]]:
        """(agent, role, of what)"""
        nodes = self.near.nodes
        return [
            (nodes[edge.target], edge.role, "" if nodes[edge.source].opaque else str(nodes[edge.source].row))
            for edge in self.near.edges
            if edge.target[0] == "agent"
        ]

    @cached_property
    def files(self) -> list[tuple[Node, str]]:
        """(entity, what it is to the run)"""
        nodes = self.near.nodes
        found: dict[Ref, tuple[Node, str]] = {}
        for edge in self.near.edges:
            if edge.relation == "used":
                found[edge.target] = (nodes[edge.target], _("used as %(role)s") % {"role": edge.role or _("input")})
            elif edge.relation == "wasGeneratedBy":
                found[edge.source] = (nodes[edge.source], _("made as %(role)s") % {"role": edge.role or _("result")})
        if isinstance(self.row, Entity) and self.ref not in found:
            found[self.ref] = (nodes[self.ref], "")
        return list(found.values())

    @cached_property
    def actions(self) -> list[Action]:
        return actions_for(self.ref[0], self.ref[1], self.viewer)

    @cached_property
    def listing(self) -> list[dict[str, Any]]:
        """The list view: the same nodes as the graph, nearest first, with how each is linked."""
        links: dict[Ref, list[str]] = {}
        for edge in self.graph.edges:
            for here, there, words in ((edge.source, edge.target, edge.relation), (edge.target, edge.source, "")):
                other = self.graph.nodes[there]
                if words:
                    name = _("something restricted") if other.opaque else str(other.row)
                    links.setdefault(here, []).append(f"{RELATION_WORDS[words]} {name}")
        nodes = sorted(self.graph.nodes.values(), key=lambda node: node.depth)
        return [{"node": node, "row": node.row, "links": links.get(node.ref, [])[:4]} for node in nodes]

    @property
    def downloads(self) -> list[tuple[str, str, str]]:
        """(label, address in the IVOA model, in the W3C model) of exactly this sub-graph."""
        given = {
            "DEPTH": "ALL" if self.depth >= MAX_DEPTH else self.depth,
            "DIRECTION": DIRECTIONS[self.choices.direction],
            "VIEW": "" if self.choices.view == "all" else self.choices.view,
            "MEMBERS": 1,
            "AGENT": 1 if self.ref[0] == "agent" else "",
            "DESCRIPTIONS": 2,
        }
        return [
            (
                item.label,
                address(self.ref, **given, RESPONSEFORMAT=item.name),
                "" if item.picture else address(self.ref, **given, MODEL="W3C", RESPONSEFORMAT=item.name),
            )
            for item in FORMATS
        ]

    def tab_counts(self) -> list[tuple[str, Any, int]]:
        messages = len(self.outcome.warnings) + bool(self.outcome.error) if self.outcome else 0
        counts = (len(self.parameters) + len(self.config_files), len(self.agents), 0, len(self.files), messages)
        return [(name, label, number) for (name, label), number in zip(TABS, counts, strict=True)]

    def elements(self) -> dict[str, Any]:
        """The picture for the drawing code: plain texts only."""
        nodes = [
            {
                "id": node.id,
                "kind": node.kind,
                "label": _("Restricted") if node.opaque and not node.is_bundle else _short(node.label),
                "bundle": node.is_bundle,
                "asked": node.asked,
                "opaque": node.opaque,
                "ref": "" if node.is_bundle or node.opaque else f"{node.members[0].kind}/{node.members[0].id}",
            }
            for node in self.picture.nodes
        ]
        edges = [{"from": a, "to": b, "relation": r, "role": role} for a, b, r, role in self.picture.edges]
        return {"nodes": nodes, "edges": edges}


RELATION_WORDS = {
    "wasGeneratedBy": gettext_lazy("made by"),
    "used": gettext_lazy("used"),
    "wasDerivedFrom": gettext_lazy("derived from"),
    "wasInformedBy": gettext_lazy("ran after"),
    "wasAssociatedWith": gettext_lazy("run by"),
    "wasAttributedTo": gettext_lazy("credited to"),
    "hadMember": gettext_lazy("holds"),
}


def with_query(query: QueryDict, **changes: object) -> str:
    """The page's address with some of its state changed."""
    given = {name: values for name, values in query.lists() if name not in changes}
    given |= {name: [str(value)] for name, value in changes.items() if value not in ("", None)}
    return f"?{urlencode(given, doseq=True)}"


def _short(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _parameter(row: Parameter) -> dict[str, Any]:
    described = row.description
    default = described.default if described else None
    return {
        "name": row.name,
        "value": row.value,
        "unit": described.unit if described else "",
        "default": default,
        "required": described is not None and default is None,
        "changed": default is not None and not same_value(default, row.value),
        "description": described.description if described else "",
    }


def same_value(one: str, other: str) -> bool:
    """``0.50`` and ``0.5`` are one value."""
    if one == other:
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return one.lower() == other.lower() and one.lower() in ("true", "false")
