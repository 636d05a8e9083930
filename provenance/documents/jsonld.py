"""PROV-JSONLD (W3C submission 2024-08-25). As in Turtle, IVOA classes are types of the voprov vocabulary."""

import io

from provenance.documents.source import Source
from provenance.w3c import to_prov


def write(source: Source, model: str) -> bytes:
    stream = io.StringIO()
    to_prov(source.statements).serialize(stream, format="jsonld")
    return stream.getvalue().encode()
