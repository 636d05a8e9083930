"""Why do two products differ? Both histories side by side, step by step; and their bytes, where they may be read."""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from gateway.access.rights import Viewer, may_fetch, visible
from provenance import contents
from provenance.contents import Finding
from provenance.graph import Graph, Node, Ref, Walk, walk
from provenance.hooks import read_bytes
from provenance.models import Activity, Entity, Parameter, WasGeneratedBy
from provenance.pages import same_value

HISTORY = Walk(depth=30, agents=False, limit=1500, fan=300)
MAX_BYTES = 64 * 2**20


@dataclass
class Step:
    """One kind of step on both sides; ``None`` where a side has none."""

    name: str
    left: Activity | None = None
    right: Activity | None = None
    differences: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(kind, what, left, right)"""


@dataclass
class Comparison:
    steps: list[Step]
    only_left: list[Node]
    only_right: list[Node]
    common: int
    restricted: int
    same_bytes: bool | None
    data: list[Finding] = field(default_factory=list)

    @property
    def same(self) -> bool:
        return not self.only_left and not self.only_right and not any(step.differences for step in self.steps)


def compare(left: Entity, right: Entity, viewer: Viewer) -> Comparison:
    graphs = [walk([("entity", row.pk)], viewer, HISTORY) for row in (left, right)]
    steps = [_by_name(graph) for graph in graphs]
    names = dict.fromkeys((*steps[0], *steps[1]))
    inputs = [_inputs(graph, row.pk) for graph, row in zip(graphs, (left, right), strict=True)]
    shared = set(inputs[0]) & set(inputs[1])
    return Comparison(
        steps=[step for name in names for step in _pairs(name, steps[0].get(name, []), steps[1].get(name, []))],
        only_left=[node for key, node in inputs[0].items() if key not in shared],
        only_right=[node for key, node in inputs[1].items() if key not in shared],
        common=len(shared),
        restricted=sum(node.opaque for graph in graphs for node in graph.nodes.values()),
        same_bytes=left.sha256 == right.sha256 if left.sha256 and right.sha256 else None,
        data=_data(left, right, viewer),
    )


@dataclass
class Pair:
    """One result of two runs of the same kind; a side is None where that run made no such thing."""

    role: str
    left: Entity | None
    right: Entity | None
    findings: list[Finding]

    @property
    def same(self) -> bool:
        return bool(self.findings) and all(finding.same for finding in self.findings)

    @property
    def compared(self) -> bool:
        return bool(self.findings)


@dataclass
class Runs:
    """A run and its repetition: what differs in how they went, and in what they made."""

    step: Step
    pairs: list[Pair]

    @property
    def same(self) -> bool:
        """Something was compared, and all that was is the same."""
        compared = [pair for pair in self.pairs if pair.compared]
        return bool(compared) and all(pair.same for pair in compared)

    @property
    def not_compared(self) -> int:
        return sum(not pair.compared for pair in self.pairs)

    @property
    def different(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.compared and not pair.same]


def compare_runs(left: Activity, right: Activity, viewer: Viewer) -> Runs:
    """What two runs made, result by result (by role), and what differs in their versions and parameters."""
    made = [_results(run, viewer) for run in (left, right)]
    step = Step(str(left), left, right, _differences(left, right))
    return Runs(
        step,
        [_pair(role, made[0].get(role), made[1].get(role), viewer) for role in dict.fromkeys((*made[0], *made[1]))],
    )


def _results(run: Activity, viewer: Viewer) -> dict[str, Entity]:
    """By role, logs left out: they tell times."""
    rows = WasGeneratedBy.objects.filter(activity=run, entity__in=Entity.objects.filter(visible(viewer)))
    return {row.role: row.entity for row in rows.exclude(type="Log").select_related("entity").order_by("pk")}


def _pair(role: str, left: Entity | None, right: Entity | None, viewer: Viewer) -> Pair:
    if left is None or right is None:
        return Pair(role, left, right, [Finding("", _("made by one of the two alone"), False)])
    return Pair(role, left, right, _data(left, right, viewer))


def _by_name(graph: Graph) -> dict[str, list[Activity]]:
    found: dict[str, list[Activity]] = {}
    for node in sorted(graph.of("activity"), key=lambda node: node.depth):
        if isinstance(node.row, Activity):
            found.setdefault(node.row.description.name if node.row.description else node.row.name, []).append(node.row)
    return found


def _inputs(graph: Graph, own: str) -> dict[str, Node]:
    """Everything upstream by its bytes, or by name where these are not known."""
    found: dict[str, Node] = {}
    own_makers = {edge.target for edge in graph.edges if edge.source == ("entity", own)}
    siblings: set[Ref] = {e.source for e in graph.edges if e.relation == "wasGeneratedBy" and e.target in own_makers}
    for node in graph.of("entity"):
        if isinstance(node.row, Entity) and node.ref not in siblings:
            found[node.row.sha256 or node.id] = node
    return found


def _pairs(name: str, left: list[Activity], right: list[Activity]) -> Iterable[Step]:
    """The same run on both sides is no difference; the others are compared in order."""
    shared = {a.pk for a in left} & {b.pk for b in right}
    mine = [a for a in left if a.pk not in shared]
    theirs = [b for b in right if b.pk not in shared]
    for number in range(max(len(mine), len(theirs), 1 if shared and not (mine or theirs) else 0)):
        a = mine[number] if number < len(mine) else None
        b = theirs[number] if number < len(theirs) else None
        if a is None and b is None:
            same = next(row for row in left if row.pk in shared)
            yield Step(name, same, same)
        else:
            yield Step(name, a, b, _differences(a, b))


def _differences(a: Activity | None, b: Activity | None) -> list[tuple[str, str, str, str]]:
    if a is None or b is None:
        return [(_("step"), "", _("ran") if a else _("did not run"), _("ran") if b else _("did not run"))]
    found = []
    versions = [row.description.version if row.description else "" for row in (a, b)]
    if versions[0] != versions[1]:
        found.append((_("version"), "", versions[0], versions[1]))
    for kind, one, other in (
        (_("software"), _software(a), _software(b)),
        (_("parameter"), _parameters(a), _parameters(b)),
    ):
        for name in sorted({*one, *other}):
            if not same_value(one.get(name, ""), other.get(name, "")):
                found.append((kind, name, one.get(name, "–"), other.get(name, "–")))
    return found


def _software(row: Activity) -> dict[str, str]:
    outcome = getattr(row, "outcome", None)
    return {name: version for name, version in outcome.software} if outcome else {}  # noqa: C416 - lists of JSON


def _parameters(row: Activity) -> dict[str, str]:
    return dict(Parameter.objects.filter(activity=row).values_list("name", "value"))


def _data(left: Entity, right: Entity, viewer: Viewer) -> list[Finding]:
    """By HDU or part and by value, for two files that the viewer may have; nothing where they cannot be read."""
    if left.sha256 and left.sha256 == right.sha256:
        return [Finding("", _("identical, byte for byte"), True)]
    if not read_bytes.filled or not all(may_fetch(viewer, row.policy_id) for row in (left, right)):
        return []
    try:
        return contents.differences(*(_bytes(row) for row in (left, right)))
    except (KeyError, OSError, ValueError, zipfile.BadZipFile):
        return []


def _bytes(row: Entity) -> bytes:
    if row.size is None or row.size > MAX_BYTES:
        raise ValueError(row.pk)
    return b"".join(read_bytes(row.pk))
