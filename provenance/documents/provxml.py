"""PROV-XML (W3C Note 2013-04-30), and the IVOA form of it as voprov 0.0.4 writes it."""

import io
from collections.abc import Iterable
from datetime import datetime

from lxml import etree

from provenance.documents.provjson import PREFIXES, PROV_ENDS
from provenance.documents.source import Source
from provenance.statements import ENDS, Statement, Value
from provenance.w3c import VOPROV, arc_namespace, to_prov


def write(source: Source, model: str) -> bytes:
    if model == "W3C":
        stream = io.BytesIO()
        to_prov(source.statements).serialize(stream, format="xml")
        return stream.getvalue()
    return ivoa(source.statements)


def ivoa(statements: Iterable[Statement]) -> bytes:
    root = etree.Element(f"{{{VOPROV}}}document", nsmap={**PREFIXES, "arc": arc_namespace()})
    for statement in statements:
        _add(root, statement)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _add(root: etree._Element, statement: Statement) -> None:
    element = etree.SubElement(root, f"{{{VOPROV}}}{statement.cls}")
    if statement.id:
        element.set(f"{{{VOPROV}}}id", f"arc:{statement.id}")
    for end, name in zip(ENDS.get(statement.cls, ()), statement.refs, strict=True):
        _reference(element, f"prov:{end}" if end in PROV_ENDS else f"voprov:{end}", name)
    for name, value in statement.attributes:
        if name == "voprov:descriptor":
            _reference(element, name, str(value))
        else:
            etree.SubElement(element, _tag(name)).text = _text(value)


def _reference(element: etree._Element, name: str, target: str) -> None:
    etree.SubElement(element, _tag(name)).set(f"{{{VOPROV}}}ref", f"arc:{target}")


def _tag(name: str) -> str:
    prefix, local = name.split(":", 1)
    return f"{{{PREFIXES[prefix]}}}{local}"


def _text(value: Value) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else value
