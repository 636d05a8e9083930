"""A history of any size is written in chunks, and says the same as the answer that fits at once."""

import io
import json

import pytest

from gateway.access.rights import ANONYMOUS
from provenance import capture, chunks
from provenance.documents import provjson
from provenance.documents.source import Source
from provenance.graph import Walk, walk
from tests.provenance.builders import chain, entity, run

pytestmark = pytest.mark.django_db


def content(document: dict) -> dict[str, set[str]]:
    return {
        section: {
            ("" if key.startswith("_:") else key) + json.dumps(record, sort_keys=True)
            for key, record in records.items()
        }
        for section, records in document.items()
    }


@pytest.mark.parametrize("direction", ["BACK", "FORTH"])
def test_chunks_make_the_same_document(monkeypatch, direction):
    monkeypatch.setattr(chunks, "CHUNK", 2)
    chain()
    for n in range(20):
        capture.record(run(f"more-{n}", ["cal"], [entity(f"map-{n}")]))
    target = io.BytesIO()
    number = chunks.write([("entity", "cal")], ANONYMOUS, target, direction)
    graph = walk([("entity", "cal")], ANONYMOUS, Walk(depth=50, direction=direction))
    written = json.loads(target.getvalue())
    wanted = json.loads(provjson.write(Source(graph), "IVOA"))
    assert number == len(graph.nodes)
    assert content(written) == content(wanted)


def test_the_job_type_is_offered():
    from jobs import registry

    assert registry.get("provenance_document") is not None
