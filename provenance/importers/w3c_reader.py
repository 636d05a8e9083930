"""W3C PROV as ``prov`` reads it (PROV-JSON, PROV-XML, PROV-N, PROV-O, PROV-JSONLD), as statements of the IVOA model."""

import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from prov.identifier import QualifiedName
from prov.model import Literal, ProvDocument

from gateway.vo.xmlguard import UnsafeDocument, check
from provenance.errors import Refused
from provenance.statements import Statement, Value
from provenance.w3c import GW, INFLUENCES, OLD_VOPROV, VOPROV, arc_namespace

PROV = "http://www.w3.org/ns/prov#"
FORMATS = {"json": "PROV-JSON", "xml": "PROV-XML", "provn": "PROV-N", "rdf": "PROV-O", "jsonld": "PROV-JSONLD"}
LONGEST = {"provn": 3 * 2**20, "rdf": 10 * 2**20}
# PROV class → (our class, its two ends)
RELATIONS = {
    "Usage": ("used", "activity", "entity"),
    "Generation": ("wasGeneratedBy", "entity", "activity"),
    "Derivation": ("wasDerivedFrom", "generatedEntity", "usedEntity"),
    "Communication": ("wasInformedBy", "informed", "informant"),
    "Association": ("wasAssociatedWith", "activity", "agent"),
    "Attribution": ("wasAttributedTo", "entity", "agent"),
    "Membership": ("hadMember", "collection", "entity"),
}
CLASSES = {
    "DatasetEntity": "datasetEntity",
    "ValueEntity": "valueEntity",
    "Collection": "collection",
    "Parameter": "parameter",
    "ConfigFile": "configFile",
    "ActivityDescription": "activityDescription",
    "EntityDescription": "entityDescription",
    "DatasetDescription": "datasetDescription",
    "ValueDescription": "valueDescription",
    "UsageDescription": "usageDescription",
    "GenerationDescription": "generationDescription",
    "ParameterDescription": "parameterDescription",
    "ConfigFileDescription": "configFileDescription",
}
TERMS = {"prov:label": "prov:name", "prov:location": "voprov:location", "voprov:name": "prov:name"}


def read(content: bytes, form: str) -> list[Statement]:
    """Raises Refused for what is not a document of this form."""
    if len(content) > LONGEST.get(form, len(content)):
        raise Refused(f"{len(content):,} bytes of {FORMATS[form]} are too many; send PROV-JSON")
    options = {"rdf_format": "turtle"} if form == "rdf" else {}
    try:
        if form == "xml":
            check(content)
        found = ProvDocument.deserialize(io.BytesIO(content), format=form, **options)
        return list(statements_of(found.flattened()))
    except UnsafeDocument as error:
        raise Refused(str(error)) from error
    except Exception as error:
        # The library's parsers raise whatever the hostile byte makes them: KeyError, IndexError, RecursionError …
        raise Refused(f"not {FORMATS[form]} that can be read: {str(error)[:300] or type(error).__name__}") from error


def statements_of(document: ProvDocument) -> Iterator[Statement]:
    plans: dict[str, str] = {}
    for record in document.get_records():
        kind = record.get_type().localpart
        if kind in ("Entity", "Activity", "Agent"):
            yield _element(record, kind)
        elif kind in RELATIONS:
            yield from _relation(record, *RELATIONS[kind])
            plan = record.get_attribute("prov:plan") if kind == "Association" else None
            if plan:
                plans[_name(next(iter(record.get_attribute("prov:activity"))))] = _name(next(iter(plan)))
        elif kind == "Influence":
            yield from _influence(record)
    for activity, plan_name in plans.items():
        yield Statement("isDescribedBy", "", (activity, plan_name))


def _element(record: Any, kind: str) -> Statement:
    types = [_term(value) for name, value in record.attributes if _term(name) == "prov:type"]
    attributes = []
    cls = kind.lower()
    for name, value in record.attributes:
        term = _term(name)
        if term == "prov:type":
            continue
        if cls == "activity" and term in ("prov:startTime", "prov:endTime"):
            attributes.append((term, _value(value)))
        else:
            attributes.append((TERMS.get(term, term), _value(value)))
    for word in types:
        local = word.rpartition(":")[2]
        if kind == "Entity" and local in CLASSES and cls in ("entity", "collection"):
            cls = CLASSES[local]
        elif kind == "Agent" and local in ("Person", "Organization", "SoftwareAgent"):
            attributes.append(("voprov:type", local))
    if cls == "valueEntity":
        attributes = [("voprov:value" if n == "prov:value" else n, v) for n, v in attributes]
    if cls in ("usageDescription", "generationDescription"):
        attributes = [("prov:role" if n == "voprov:role" else n, v) for n, v in attributes]
    return Statement(cls, _name(record.identifier), (), _unique(attributes))


def _relation(record: Any, cls: str, first: str, second: str) -> Iterator[Statement]:
    ends = []
    for end in (first, second):
        values = record.get_attribute(f"prov:{end}")
        if not values:
            return
        ends.append(_name(next(iter(values))))
    attributes = []
    for name, value in record.extra_attributes:
        term = _term(name)
        if term in ("voprov:role", "prov:role"):
            attributes.append(("prov:role", _value(value)))
        elif term in ("voprov:descriptor", "gw:type"):
            attributes.append((term, _value(value)))
    attributes += [("prov:time", value) for value in record.get_attribute("prov:time")]
    yield Statement(cls, "", (ends[0], ends[1]), _unique(attributes))


def _influence(record: Any) -> Iterator[Statement]:
    kinds = {f"voprov:{word}": cls for cls, word in INFLUENCES.items()}
    types = [_term(value) for name, value in record.attributes if _term(name) == "prov:type"]
    ends = [_name(next(iter(record.get_attribute(f"prov:{end}")))) for end in ("influencee", "influencer")]
    for word in types:
        if word in kinds:
            yield Statement(kinds[word], "", (ends[0], ends[1]))


def _name(name: QualifiedName) -> str:
    """The local part where it is ours, else the whole address."""
    uri = str(name.uri)
    own = arc_namespace()
    return uri[len(own) :] if uri.startswith(own) else uri


def _term(name: Any) -> str:
    uri = str(name.uri) if isinstance(name, QualifiedName) else str(name)
    for prefix, namespace in (("prov", PROV), ("voprov", VOPROV), ("voprov", OLD_VOPROV), ("gw", GW)):
        if uri.startswith(namespace):
            return f"{prefix}:{uri[len(namespace) :]}"
    return uri


def _value(value: Any) -> Value:
    if isinstance(value, QualifiedName):
        return _name(value)
    if isinstance(value, Literal):
        return str(value.value)
    return value if isinstance(value, bool | datetime) else str(value)


def _unique(attributes: list[tuple[str, Value]]) -> tuple[tuple[str, Value], ...]:
    return tuple(dict.fromkeys(attributes))
