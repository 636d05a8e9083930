"""PROV-JSON (W3C submission 2013-04-24), and the IVOA form of it as OPUS and voprov 0.0.4 write it."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from provenance.documents import w3c_json
from provenance.documents.source import Source
from provenance.statements import ENDS, Statement, Value
from provenance.w3c import GW, VOPROV, arc_namespace

PREFIXES = {
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "voprov": VOPROV,
    "gw": GW,
}
PROV_ENDS = {
    "entity", "activity", "agent", "collection", "generatedEntity", "usedEntity", "informed", "informant",
}  # fmt: skip


def write(source: Source, model: str) -> bytes:
    document = w3c_json.document(source.statements) if model == "W3C" else ivoa(source.statements)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def ivoa(statements: Iterable[Statement]) -> dict[str, Any]:
    """The document as a JSON value: one object per class, relations under blank names."""
    document: dict[str, Any] = {"prefix": {**PREFIXES, "arc": arc_namespace()}}
    for number, statement in enumerate(statements):
        content: dict[str, Any] = {}
        cls = statement.cls
        for end, name in zip(ENDS.get(cls, ()), statement.refs, strict=True):
            content[f"prov:{end}" if end in PROV_ENDS else f"voprov:{end}"] = f"arc:{name}"
        for name, value in statement.attributes:
            _add(content, name, f"arc:{value}" if name == "voprov:descriptor" else plain(value))
        if cls == "collection":
            _add(content, "prov:type", {"$": "voprov:Collection", "type": "prov:QUALIFIED_NAME"})
            cls = "entity"
        key = f"arc:{statement.id}" if statement.id else f"_:id{number}"
        document.setdefault(cls, {})[key] = content
    return document


def plain(value: Value) -> str | bool:
    return value.isoformat() if isinstance(value, datetime) else value


def _add(content: dict[str, Any], name: str, value: Any) -> None:
    """An attribute that comes twice becomes a list."""
    if name not in content:
        content[name] = value
    elif isinstance(content[name], list):
        content[name].append(value)
    else:
        content[name] = [content[name], value]
