"""A history of any size as PROV-JSON (IVOA model), written in chunks: memory holds identifiers, never the records.

Each class is a member of the document, so each class has a temporary file of its own until the end. An opaque node
has one made-up identifier per chunk that meets it.
"""

import json
import tempfile
from collections.abc import Callable, Iterable
from typing import IO

from gateway.access.rights import Viewer
from provenance.documents.provjson import ivoa
from provenance.graph import MAX_DEPTH, Direction, Ref, Walk, walk
from provenance.statements import Contents, Statement, statements

CHUNK = 500
ENOUGH = 10_000_000
CONTENTS = Contents(limit=ENOUGH)


def write(
    start: Iterable[Ref],
    viewer: Viewer,
    target: IO[bytes],
    direction: Direction = "BACK",
    progress: Callable[[int], None] = lambda _nodes: None,
) -> int:
    """Writes all that is reached from the start, breadth first; returns the number of nodes."""
    step = Walk(depth=1, direction=direction, fan=ENOUGH, limit=ENOUGH)
    parts = _Parts()
    seen: set[Ref] = set(start)
    frontier = list(seen)
    for _level in range(MAX_DEPTH):
        following: list[Ref] = []
        for at in range(0, len(frontier), CHUNK):
            graph = walk(frontier[at : at + CHUNK], viewer, step)
            parts.add(statements(graph, CONTENTS))
            fresh = [ref for ref, node in graph.nodes.items() if ref not in seen and not node.opaque]
            seen.update(fresh)
            following += [ref for ref in fresh if ref[0] != "agent"]
            progress(len(seen))
        frontier = following
        if not frontier:
            break
    parts.join(target)
    return len(seen)


class _Parts:
    """The members of the document, each in a file; what was written before is not written again."""

    def __init__(self) -> None:
        self.files: dict[str, IO[bytes]] = {}
        self.prefix: object = {}
        self.written: set[int] = set()

    def add(self, found: list[Statement]) -> None:
        document = ivoa(found)
        self.prefix = document.pop("prefix")
        for section, records in document.items():
            for key, record in records.items():
                text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
                blank = key.startswith("_:")
                mark = hash((section, text if blank else key))
                if mark not in self.written:
                    self.written.add(mark)
                    self._append(section, f"_:id{len(self.written)}" if blank else key, text)

    def _append(self, section: str, key: str, text: str) -> None:
        comma = "," if section in self.files else ""
        if not comma:
            self.files[section] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in join
        self.files[section].write(f"{comma}{json.dumps(key)}:{text}".encode())

    def join(self, target: IO[bytes]) -> None:
        target.write(b'{"prefix":' + json.dumps(self.prefix).encode())
        for section, file in self.files.items():
            target.write(f",{json.dumps(section)}:{{".encode())
            file.seek(0)
            while block := file.read(2**20):
                target.write(block)
            target.write(b"}")
            file.close()
        target.write(b"}")
