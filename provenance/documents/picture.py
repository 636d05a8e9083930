"""SVG and PNG by graphviz ``dot``, under a hard limit of nodes, time and size.

Shared agents, software and configuration are labels on a node, never nodes of their own: one hub makes the layout take
a minute. Every text is escaped; the picture has no links, so that none of them can be a script.
"""

import html
import subprocess
from collections import defaultdict
from datetime import datetime

from provenance.documents.source import Source
from provenance.graph import Edge, Graph, Node, Ref
from provenance.models import Activity, Entity

MAX_NODES = 600
MAX_EDGES = 3000
MAX_BYTES = 8 * 2**20
SECONDS = 10
COLOURS = {
    "entity": ("#fff6cc", "#8a6d00", "ellipse"),
    "activity": ("#dfe6fb", "#3f57b5", "box"),
    "agent": ("#fde7d3", "#a9540f", "house"),
}
OPAQUE = ("#e9edf1", "#74818d")
WORDS = {
    "wasGeneratedBy": "made by",
    "wasDerivedFrom": "derived from",
    "wasInformedBy": "after",
    "hadMember": "member",
}


class NotDrawn(Exception):
    """The graph is too large for a picture; the text says what to do."""


def write_svg(source: Source, model: str) -> bytes:
    return _dot(source, "svg")


def write_png(source: Source, model: str) -> bytes:
    return _dot(source, "png")


def _dot(source: Source, output: str) -> bytes:
    graph = source.graph
    if len(graph.nodes) > MAX_NODES or len(graph.edges) > MAX_EDGES:
        raise NotDrawn(f"{len(graph.nodes)} nodes and {len(graph.edges)} edges are too many to draw: reduce the depth")
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the text is data
            ["dot", f"-T{output}"],  # noqa: S607 - found where the system has it
            input=dot_text(source).encode(),
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise NotDrawn(f"drawing takes more than {SECONDS} s: reduce the depth") from None
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotDrawn("the picture could not be drawn; take another format") from error
    if len(done.stdout) > MAX_BYTES:
        raise NotDrawn("the picture is too large: reduce the depth")
    return done.stdout


def dot_text(source: Source) -> str:
    """The graph in the language of dot; arrows point to the origin, which lies left."""
    graph = source.graph
    numbers = {ref: f"n{i}" for i, ref in enumerate(graph.nodes)}
    credits = _credits(graph)
    rank = {"LR": "RL", "RL": "LR", "TB": "BT", "BT": "TB"}.get(source.rank, "RL")
    lines = [
        "digraph provenance {",
        f'graph [rankdir={rank}, bgcolor="white", fontname="sans-serif", nodesep=0.2, ranksep=0.5];',
        'node [style=filled, fontname="sans-serif", fontsize=11, fontcolor="#18212b"];',
        'edge [color="#52606d", fontname="sans-serif", fontsize=9, fontcolor="#52606d", arrowsize=0.7];',
    ]
    drawn = {ref for ref, node in graph.nodes.items() if not (node.kind == "agent" and ref in credits.drawn_as_label)}
    lines += [
        _node(numbers[ref], node, ref in graph.start, credits.of.get(ref, []), source.attributes)
        for ref, node in graph.nodes.items()
        if ref in drawn
    ]
    lines += [_edge(numbers, edge) for edge in graph.edges if edge.source in drawn and edge.target in drawn]
    note = _cut_note(graph)
    if note:
        lines.append(f'label="{_escape(note)}"; labelloc=b;')
    return "\n".join([*lines, "}"])


class _Credits:
    def __init__(self) -> None:
        self.of: dict[Ref, list[str]] = defaultdict(list)
        self.drawn_as_label: set[Ref] = set()


def _credits(graph: Graph) -> _Credits:
    """Who is a label: an agent with more than one link, which would be a hub."""
    credits = _Credits()
    links: dict[Ref, list[Edge]] = defaultdict(list)
    for edge in graph.edges:
        if edge.target[0] == "agent":
            links[edge.target].append(edge)
    for agent, edges in links.items():
        if len(edges) > 1 and agent not in graph.start:
            credits.drawn_as_label.add(agent)
            for edge in edges:
                role = f" ({edge.role})" if edge.role else ""
                credits.of[edge.source].append(f"{graph.nodes[agent].row}{role}")
    return credits


def _node(number: str, node: Node, asked: bool, credits: list[str], attributes: bool) -> str:
    fill, line, shape = COLOURS[node.kind]
    if node.opaque:
        return (
            f'{number} [label="restricted", shape={shape}, style="filled,dashed", fillcolor="{OPAQUE[0]}",'
            f' color="{OPAQUE[1]}", fontcolor="#52606d"];'
        )
    label = [_short(str(node.row)), *(_facts(node) if attributes else []), *credits[:3]]
    text = "\\n".join(_escape(part) for part in label)
    width = 3 if asked else 1.2
    return f'{number} [label="{text}", shape={shape}, fillcolor="{fill}", color="{line}", penwidth={width}];'


def _facts(node: Node) -> list[str]:
    row = node.row
    if isinstance(row, Entity):
        return [fact for fact in (row.level, _day(row.generated_at_time), _short(row.value)) if fact]
    if isinstance(row, Activity):
        return [fact for fact in (str(row.description or ""), _day(row.start_time)) if fact]
    return []


def _day(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else ""


def _edge(numbers: dict[Ref, str], edge: Edge) -> str:
    label = edge.role or WORDS.get(edge.relation, "")
    style = "dashed" if edge.target[0] == "agent" else "solid"
    return f'{numbers[edge.source]} -> {numbers[edge.target]} [label="{_escape(_short(label, 24))}", style={style}];'


def _cut_note(graph: Graph) -> str:
    if graph.cut:
        return f"shortened: not all neighbours of {len({ref for ref, _ in graph.cut})} nodes are drawn"
    return "shortened: more nodes than can be drawn" if graph.truncated else ""


def _short(text: str, length: int = 40) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _escape(text: str) -> str:
    """For a quoted string of dot, which reads backslashes and HTML entities."""
    plain = html.escape(text, quote=False).replace("\\", "\\\\").replace('"', '\\"')
    return "".join(sign if sign >= " " else " " for sign in plain)
