"""Which importer reads a document, and what becomes of it."""

import json

from gateway.access.rights import ANONYMOUS, Viewer
from provenance.errors import Refused
from provenance.importers import ctapipe, fits_headers, ivoa_reader, w3c_reader
from provenance.importers.batch import MAX_BYTES, Batch, Report, Sender, write
from provenance.importers.statements import to_batch

EXTENSIONS = {"provn": "provn", "ttl": "rdf", "jsonld": "jsonld", "provx": "xml", "xml": "xml", "json": "json"}


def import_document(content: bytes, sender: Sender, name: str = "", media_type: str = "") -> Report:
    """Reads a document of any known form and writes all of it or nothing. Raises Refused."""
    form, batch = read(content, name, media_type, sender.viewer)
    report = write(batch, sender)
    report.format = form
    return report


def read(content: bytes, name: str = "", media_type: str = "", viewer: Viewer = ANONYMOUS) -> tuple[str, Batch]:
    """(form, records). Raises Refused."""
    if len(content) > MAX_BYTES:
        raise Refused(f"{len(content):,} bytes; at most {MAX_BYTES:,} at once")
    if fits_headers.recognises(content, name):
        batch, embedded = fits_headers.read(content, name)
        return "FITS", _joined(batch, embedded) if embedded else batch
    if ctapipe.recognises(content, name):
        return "ctapipe", ctapipe.read(content, name, viewer)
    form = _form(content, name, media_type)
    if form == "json":
        return _json(content)
    if form == "xml" and ivoa_reader.is_ivoa_xml(content):
        return "IVOA PROV-XML", to_batch(ivoa_reader.read_xml(content))
    if form == "provn":
        text = content.decode(errors="replace")
        if ivoa_reader.is_ivoa_provn(text):
            return "IVOA PROV-N", to_batch(ivoa_reader.read_provn(text))
    return w3c_reader.FORMATS[form], to_batch(w3c_reader.read(content, form))


def _joined(headers: Batch, embedded: bytes) -> Batch:
    """A file that carries its whole history needs no guess from its header."""
    _form_name, batch = _json(embedded)
    return batch if batch.activities or batch.entities else headers


def _json(content: bytes) -> tuple[str, Batch]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refused(f"not JSON: {str(error)[:200]}") from None
    if isinstance(document, dict) and "@graph" in document:
        return "PROV-JSONLD", to_batch(w3c_reader.read(content, "jsonld"))
    if ivoa_reader.is_ivoa_json(document):
        return "IVOA PROV-JSON", to_batch(ivoa_reader.read_json(content))
    return "PROV-JSON", to_batch(w3c_reader.read(content, "json"))


def _form(content: bytes, name: str, media_type: str) -> str:
    start = content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        return "json"
    if start.startswith(b"<"):
        return "xml"
    if start.startswith(b"document"):
        return "provn"
    if start.startswith((b"@prefix", b"@base", b"PREFIX")):
        return "rdf"
    found = EXTENSIONS.get(name.rpartition(".")[2].lower())
    if found:
        return found
    for part, form in (("provenance-notation", "provn"), ("turtle", "rdf"), ("xml", "xml"), ("json", "json")):
        if part in media_type:
            return form
    raise Refused("the form of the document is not known: PROV-JSON, PROV-XML, PROV-N, PROV-O (Turtle), PROV-JSONLD,"
                  " a ctapipe log or a FITS file")  # fmt: skip
