"""A research object (RO-Crate 1.1): product, references of its inputs, descriptions, provenance, and a verifier.

The verifier needs Python alone: ``python verify.py`` in the unpacked folder compares every checksum.
"""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from django.conf import settings

from gateway.access.rights import Viewer, may_fetch
from gateway.vo import zips
from provenance.citation import collect
from provenance.documents import formats
from provenance.documents.source import Source
from provenance.graph import MAX_DEPTH, Graph, Walk, walk
from provenance.hooks import read_bytes
from provenance.models import Activity, Entity
from provenance.statements import Contents

MAX_PRODUCT = 2**30
CONTEXT = ["https://w3id.org/ro/crate/1.1/context", {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}]
VERIFIER = '''"""Checks this research object: python verify.py [FOLDER]"""
import hashlib, json, pathlib, sys

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
bad = here = 0
for item in graph:
    if item.get("@type") != "File" or "sha256" not in item:
        continue
    path = folder / item["@id"]
    if not path.is_file():
        print("elsewhere", item["@id"], item["sha256"])
        continue
    here += 1
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    good = digest == item["sha256"]
    bad += not good
    print("ok       " if good else "DIFFERS  ", item["@id"])
print(f"{here - bad} of {here} files match their checksums")
sys.exit(1 if bad else 0)
'''


def write(entity: Entity, viewer: Viewer) -> IO[bytes]:
    """A zip file at its beginning. The product itself is in it where the viewer may have it."""
    graph = walk([("entity", entity.pk)], viewer, Walk(depth=MAX_DEPTH, limit=3000))
    graph.truncated = False
    target: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as crate:
        files = list(_documents(entity, graph, crate))
        files += _product(entity, viewer, crate)
        crate.writestr(_entry(entity, "ro-crate-metadata.json"), json.dumps(_metadata(entity, graph, files), indent=1))
    target.seek(0)
    return target


def _entry(entity: Entity, name: str) -> zipfile.ZipInfo:
    return zips.entry(name, entity.generated_at_time)


def _documents(entity: Entity, graph: Graph, crate: zipfile.ZipFile) -> Iterator[dict[str, Any]]:
    source = Source(graph, Contents(descriptions=2, limit=100_000))
    for name, form, model in (
        ("provenance.json", "PROV-JSON", "W3C"),
        ("provenance-ivoa.json", "PROV-JSON", "IVOA"),
        ("provenance.provn", "PROV-N", "W3C"),
    ):
        item = formats.find(form)
        assert item is not None
        text = item.write(source, "W3C" if model == "W3C" else "IVOA")
        crate.writestr(_entry(entity, name), text)
        yield _file(name, f"{item.label}, {model} model", item.media_type.split(";")[0], text)
    crate.writestr(_entry(entity, "verify.py"), VERIFIER)
    yield _file("verify.py", "Checks every checksum: python verify.py", "text/x-python", VERIFIER.encode())


def _product(entity: Entity, viewer: Viewer, crate: zipfile.ZipFile) -> list[dict[str, Any]]:
    name = f"data/{entity.pk}{'.fits' if entity.content_type.endswith('fits') else ''}"
    item = {
        "@id": name,
        "@type": "File",
        "name": str(entity),
        "identifier": entity.obs_publisher_did,
        "url": f"{settings.PUBLIC_URL}/data/{entity.pk}",
        "encodingFormat": entity.content_type or "application/octet-stream",
        **({"sha256": entity.sha256} if entity.sha256 else {}),
        **({"contentSize": str(entity.size)} if entity.size is not None else {}),
    }
    if not (read_bytes.filled and may_fetch(viewer, entity.policy_id)) or (entity.size or 0) > MAX_PRODUCT:
        return [item]
    try:
        blocks = read_bytes(entity.pk)
        with crate.open(_entry(entity, name), "w", force_zip64=True) as out:
            for block in blocks:
                out.write(block)
    except (KeyError, OSError):
        return [item]
    return [item]


def _file(name: str, words: str, media_type: str, text: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(text).hexdigest()
    return {"@id": name, "@type": "File", "name": words, "encodingFormat": media_type, "sha256": digest}


def _metadata(entity: Entity, graph: Graph, files: list[dict[str, Any]]) -> dict[str, Any]:
    inputs = list(_inputs(entity, graph))
    actions = list(_actions(graph))
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{entity} and its history",
        "identifier": entity.obs_publisher_did,
        "description": f"A product of {settings.SITE_NAME} with the provenance that its makers recorded",
        "datePublished": (entity.generated_at_time.date().isoformat() if entity.generated_at_time else ""),
        "license": f"{settings.PUBLIC_URL}/products/{entity.pk}/",
        "creditText": collect(graph).text,
        "hasPart": [{"@id": item["@id"]} for item in files],
        "mentions": [{"@id": item["@id"]} for item in actions],
        "isBasedOn": [{"@id": item["@id"]} for item in inputs],
    }
    head = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }
    return {"@context": CONTEXT, "@graph": [head, root, *files, *inputs, *actions]}


def _inputs(entity: Entity, graph: Graph) -> Iterator[dict[str, Any]]:
    for node in graph.of("entity"):
        row = node.row
        if isinstance(row, Entity) and row.pk != entity.pk:
            yield {
                "@id": row.obs_publisher_did or f"{settings.PUBLIC_URL}/provenance/entity/{row.pk}/",
                "@type": "CreativeWork",
                "name": str(row),
                **({"sha256": row.sha256} if row.sha256 else {}),
            }


def _actions(graph: Graph) -> Iterator[dict[str, Any]]:
    for node in graph.of("activity"):
        row = node.row
        if isinstance(row, Activity):
            yield {
                "@id": f"{settings.PUBLIC_URL}/provenance/activity/{row.pk}/",
                "@type": "CreateAction",
                "name": str(row),
                **({"description": row.description.description} if row.description else {}),
                **({"startTime": row.start_time.isoformat()} if row.start_time else {}),
                **({"endTime": row.end_time.isoformat()} if row.end_time else {}),
            }
