"""The origin of a thing in one paragraph: what, by which step and version, from how many inputs, by whom, when."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from provenance.bundles import word
from provenance.graph import Edge, Graph, Node, Ref
from provenance.models import Activity, Agent, Entity


def address(ref: Ref) -> str:
    return f"/provenance/{ref[0]}/{ref[1]}/"


def sentence(graph: Graph, subject: Ref) -> SafeString:
    """For the node at the start of a walk back of depth 2 or more."""
    return _Teller(graph).tell(subject)


class _Teller:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.out: dict[tuple[str, Ref], list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            self.out[(edge.relation, edge.source)].append(edge)

    def tell(self, subject: Ref) -> SafeString:
        node = self.graph.nodes[subject]
        if isinstance(node.row, Agent):
            return self._agent(node)
        if isinstance(node.row, Activity):
            return self._join([self._run(node), *self._earlier(self._inputs(subject))])
        return self._entity(node)

    def _entity(self, node: Node) -> SafeString:
        makers = [edge.target for edge in self.out[("wasGeneratedBy", node.ref)]]
        if not makers:
            return self._join([self._without_maker(node)])
        maker = self.graph.nodes[makers[0]]
        if maker.opaque:
            return self._join([format_html(_("{} was made by a step that is restricted to you."), self.link(node))])
        parts = [format_html(_("{} was made by {}{}"), self.link(node), self._step(maker), self._when(maker))]
        parts[0] = format_html("{}{}{}.", parts[0], self._by(maker), self._from(maker.ref))
        return self._join([*parts, *self._earlier(self._inputs(maker.ref)), *self._gone(node)])

    def _without_maker(self, node: Node) -> SafeString:
        sources = [edge.target for edge in self.out[("wasDerivedFrom", node.ref)]]
        people = self._people("wasAttributedTo", node.ref)
        if sources:
            return format_html(_("{} was derived from {}."), self.link(node), self._several(sources))
        if people:
            return format_html(_("{} comes from {}; nothing earlier is recorded."), self.link(node), people)
        return format_html(_("How {} came about is not recorded."), self.link(node))

    def _run(self, node: Node) -> SafeString:
        return format_html(_("{} ran{}{}{}."), self._step(node), self._when(node), self._by(node), self._from(node.ref))

    def _agent(self, node: Node) -> SafeString:
        runs = self._number(node, "wasAssociatedWith")
        products = self._number(node, "wasAttributedTo")
        return format_html(
            _("{} took part in {} and is credited with {}."),
            self.link(node),
            ngettext("%(n)s step", "%(n)s steps", runs) % {"n": f"{runs:,}"},
            ngettext("%(n)s product", "%(n)s products", products) % {"n": f"{products:,}"},
        )

    def _number(self, agent: Node, relation: str) -> int:
        return sum(edge.target == agent.ref for edge in self.graph.edges if edge.relation == relation)

    def _step(self, node: Node) -> SafeString:
        row = node.row
        if not isinstance(row, Activity):
            return format_html("<strong>{}</strong>", _("a restricted step"))
        outcome = getattr(row, "outcome", None)
        packages = [" ".join(pair) for pair in outcome.software][:2] if outcome else []
        name = format_html('<a href="{}">{}</a>', address(node.ref), row.description or row)
        return format_html("{} ({})", name, ", ".join(packages)) if packages else name

    def _when(self, node: Node) -> SafeString:
        row = node.row
        moment = row.end_time or row.start_time if isinstance(row, Activity) else None
        return format_html(_(" on {} UTC"), moment.strftime("%Y-%m-%d %H:%M")) if moment else SafeString("")

    def _by(self, node: Node) -> SafeString:
        people = self._people("wasAssociatedWith", node.ref)
        return format_html(_(", run by {}"), people) if people else SafeString("")

    def _people(self, relation: str, of: Ref) -> SafeString | None:
        edges = self.out[(relation, of)]
        if not edges:
            return None
        return format_html_join(
            ", ",
            '<a href="{}">{}</a>',
            ((address(e.target), self.graph.nodes[e.target].row) for e in edges[:4]),
        )

    def _inputs(self, activity: Ref) -> list[Ref]:
        return [edge.target for edge in self.out[("used", activity)]]

    def _from(self, activity: Ref) -> SafeString:
        inputs = self._inputs(activity)
        total = self.graph.cut.get((activity, "used"), len(inputs))
        return format_html(_(", from {}"), self._several(inputs, total - len(inputs))) if inputs else SafeString("")

    def _several(self, refs: Iterable[Ref], more: int = 0) -> SafeString:
        """``Run 1``, or ``4 event lists and a region``: by sort, linked where there is one of it."""
        sorts: dict[str, list[Node]] = defaultdict(list)
        for ref in refs:
            node = self.graph.nodes[ref]
            sorts["" if node.opaque else word(node)].append(node)
        parts = []
        for sort, nodes in sorts.items():
            number = len(nodes) + (more if len(sorts) == 1 else 0)
            if not sort:
                parts.append(format_html("<strong>{}</strong>", _("data that are restricted")))
            elif number == 1:
                parts.append(self.link(nodes[0]))
            else:
                parts.append(format_html("{} × {}", f"{number:,}", sort))
        if more and len(sorts) > 1:
            parts.append(format_html(_("{} more"), f"{more:,}"))
        return format_html_join(_(" and "), "{}", ((part,) for part in parts))

    def _earlier(self, inputs: list[Ref]) -> list[SafeString]:
        """One more sentence: which steps made the inputs."""
        makers: Counter[str] = Counter()
        example: dict[str, Node] = {}
        for ref in inputs:
            for edge in self.out[("wasGeneratedBy", ref)]:
                node = self.graph.nodes[edge.target]
                name = "" if node.opaque else str(getattr(node.row, "description", None) or node.row)
                makers[name] += 1
                example.setdefault(name, node)
        parts = [self._step(example[name]) for name, _number in makers.most_common(3)]
        if not parts:
            return []
        what = _("The input was made by {}.") if len(inputs) == 1 else _("The inputs were made by {}.")
        return [format_html(what, format_html_join(_(" and "), "{}", ((part,) for part in parts)))]

    def _gone(self, node: Node) -> list[SafeString]:
        row = node.row
        if isinstance(row, Entity) and row.invalidated_at_time:
            day = row.invalidated_at_time.strftime("%Y-%m-%d")
            return [format_html(_("Its bytes are gone since {}; its history stays."), day)]
        return []

    def link(self, node: Node) -> SafeString:
        if node.opaque:
            return format_html("<strong>{}</strong>", _("data that are restricted"))
        return format_html('<a href="{}">{}</a>', address(node.ref), node.row)

    @staticmethod
    def _join(parts: Iterable[SafeString]) -> SafeString:
        return format_html_join(" ", "{}", ((part,) for part in parts))
