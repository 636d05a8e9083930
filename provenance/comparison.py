"""Why do two products differ? Both histories side by side, step by step; and their bytes, where they may be read."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from gateway.access.rights import Viewer, may_fetch
from provenance.graph import Graph, Node, Ref, Walk, walk
from provenance.hooks import read_bytes
from provenance.models import Activity, Entity, Parameter
from provenance.pages import same_value

HISTORY = Walk(depth=30, agents=False, limit=1500, fan=300)
MAX_BYTES = 64 * 2**20
# what differs between any two files, whatever their data
IGNORED = [
    "CHECKSUM", "DATASUM", "DATE", "HISTORY", "COMMENT", "CREATOR", "ORIGIN", "FILENAME", "JOB_ID", "PROV*", "CTA *",
    "OBS_PUB*",
]  # fmt: skip


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
    data: list[tuple[str, str]] = field(default_factory=list)
    """(HDU or file, what was found)"""

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


def _data(left: Entity, right: Entity, viewer: Viewer) -> list[tuple[str, str]]:
    """By HDU and by value, for two FITS files that the viewer may have."""
    if not read_bytes.filled or not all(may_fetch(viewer, row.policy_id) for row in (left, right)):
        return []
    if left.sha256 and left.sha256 == right.sha256:
        return [(_("File"), _("identical, byte for byte"))]
    try:
        files = [_bytes(row) for row in (left, right)]
    except (KeyError, OSError, ValueError):
        return []
    return fits_differences(*files) if all(file.startswith((b"SIMPLE  =", b"\x1f\x8b")) for file in files) else []


def _bytes(row: Entity) -> bytes:
    if row.size is None or row.size > MAX_BYTES:
        raise ValueError(row.pk)
    return b"".join(read_bytes(row.pk))


def fits_differences(left: bytes, right: bytes) -> list[tuple[str, str]]:
    """(HDU, what was found): identical data, or how many values differ and how much."""
    from astropy.io import fits  # noqa: PLC0415 - astropy is heavy and rarely needed in a web process

    found: list[tuple[str, str]] = []
    with fits.open(io.BytesIO(left)) as a, fits.open(io.BytesIO(right)) as b:
        sides = [{_label(n, hdu): hdu for n, hdu in enumerate(hdus) if hdu.name != "PROVENANCE"} for hdus in (a, b)]
        for label in dict.fromkeys((*sides[0], *sides[1])):
            if label not in sides[0] or label not in sides[1]:
                found.append((label, _("only in one of the two")))
                continue
            found.append((label, _hdu(sides[0][label], sides[1][label])))
    return found


def _label(number: int, hdu: Any) -> str:
    return f"{number} {hdu.name}".strip()


def _hdu(a: Any, b: Any) -> str:
    from astropy.io import fits  # noqa: PLC0415

    difference = fits.HDUDiff(a, b, ignore_keywords=IGNORED, ignore_comments=["*"])
    if difference.identical:
        return _("identical data")
    data = difference.diff_data
    keywords = difference.diff_headers.diff_keyword_values if difference.diff_headers else {}
    words = [_("data differ: %(total)s values") % {"total": data.diff_total}] if data and data.diff_total else []
    if data is None and not keywords:
        words.append(_("shape or columns differ"))
    words += [f"{key}: {values[0][0]} / {values[0][1]}" for key, values in list(keywords.items())[:10]]
    return "; ".join(words) or _("identical data, headers differ")
