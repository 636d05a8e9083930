"""PROV-O (W3C REC 2013-04-30) as Turtle. RDF has one form: the IVOA classes are types of the voprov vocabulary."""

import io

from provenance.documents.source import Source
from provenance.w3c import to_prov


def write(source: Source, model: str) -> bytes:
    stream = io.StringIO()
    to_prov(source.statements).serialize(stream, format="rdf", rdf_format="turtle")
    return stream.getvalue().encode()
