"""What every writer of a document is given."""

from dataclasses import dataclass, field
from functools import cached_property

from provenance.graph import Graph
from provenance.statements import Contents, Statement, statements


@dataclass
class Source:
    """A graph and what of it to write. Pictures look at the graph, data formats at the statements."""

    graph: Graph
    contents: Contents = field(default_factory=Contents)
    attributes: bool = True
    """attributes in the picture"""
    rank: str = "LR"
    """direction of the picture, as in dot: LR, RL, TB, BT"""

    @cached_property
    def statements(self) -> list[Statement]:
        return statements(self.graph, self.contents)
