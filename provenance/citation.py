"""What to cite and thank, collected from everything upstream."""

from dataclasses import dataclass, field

from provenance.graph import Graph
from provenance.models import Activity, Agent, Entity


@dataclass
class Citation:
    credits: list[tuple[str, str]] = field(default_factory=list)
    """(agent, role), people and organisations once each"""
    software: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    restricted: int = 0

    @property
    def text(self) -> str:
        """An acknowledgement in a sentence."""
        names = list(dict.fromkeys(name for name, _ in self.credits))
        parts = [f"This work uses data and results by {_list(names)}."] if names else []
        if self.software:
            parts.append(f"Software: {', '.join(self.software)}.")
        return " ".join([*parts, *self.references])


def collect(graph: Graph) -> Citation:
    found = Citation(restricted=sum(node.opaque for node in graph.nodes.values()))
    software: dict[str, None] = {}
    for edge in graph.edges:
        agent = graph.nodes[edge.target].row if edge.target[0] == "agent" else None
        if isinstance(agent, Agent) and agent.type != Agent.Type.SOFTWARE:
            found.credits.append((agent.name, edge.role))
    for node in graph.nodes.values():
        row = node.row
        if isinstance(row, Activity):
            outcome = getattr(row, "outcome", None)
            software |= dict.fromkeys(" ".join(pair) for pair in (outcome.software if outcome else [])[:4])
        elif isinstance(row, Agent) and row.type == Agent.Type.SOFTWARE:
            software[row.name] = None
        elif isinstance(row, Entity) and row.comment.startswith("cite: "):
            found.references.append(row.comment.removeprefix("cite: "))
    found.credits = list(dict.fromkeys(found.credits))
    found.software = list(software)[:20]
    return found


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
