"""Between the IVOA model and W3C PROV (IVOA Provenance DM 1.0, its mapping; PROV-DM 2013-04-30).

Only what is valid in every W3C serialisation is written: no ``prov:role`` on an attribution, no
``prov:generatedAtTime`` on an entity, no attributes on a membership, identifiers that are NCNames.
"""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from prov.constants import PROV, PROV_LABEL, PROV_LOCATION, PROV_ROLE, PROV_TYPE, PROV_VALUE
from prov.identifier import Namespace, QualifiedName
from prov.model import ProvDocument

from provenance.statements import Statement, Value

VOPROV = "http://www.ivoa.net/documents/ProvenanceDM/index.html#"
OLD_VOPROV = "http://www.ivoa.net/documents/dm/provdm/voprov/"
GW = "urn:distiller:provenance#"

INFLUENCES = {
    "isDescribedBy": "DescriptionRelation",
    "isRelatedTo": "RelatedToRelation",
    "wasConfiguredBy": "ConfigurationRelation",
    "hadReference": "HadReference",
}
AGENT_TYPES = ("Person", "Organization", "SoftwareAgent")
# IVOA term → W3C term, where they differ, by class of the subject
COMMON_TERMS = {"prov:name": PROV_LABEL, "voprov:location": PROV_LOCATION, "prov:location": PROV_LOCATION}


def arc_namespace() -> str:
    return f"ivo://{settings.AUTHORITY}/arc?"


def class_name(cls: str) -> str:
    """``datasetEntity`` as ``DatasetEntity``."""
    return cls[0].upper() + cls[1:]


def to_prov(statements: Iterable[Statement]) -> ProvDocument:
    """The statements as a W3C PROV document."""
    return _Mapper().document(list(statements))


class _Mapper:
    def __init__(self) -> None:
        self.arc = Namespace("arc", arc_namespace())
        self.voprov = Namespace("voprov", VOPROV)
        self.gw = Namespace("gw", GW)
        self.doc: Any = ProvDocument(namespaces=[self.arc, self.voprov, self.gw])
        self.plans: dict[str, str] = {}
        self.kinds: dict[str, str] = {}

    def document(self, statements: list[Statement]) -> ProvDocument:
        self.kinds = {s.id: s.cls for s in statements if s.id}
        self.plans = {
            s.refs[0]: s.refs[1]
            for s in statements
            if s.cls == "isDescribedBy" and self.kinds.get(s.refs[1]) == "activityDescription"
        }
        associated = {s.refs[0] for s in statements if s.cls == "wasAssociatedWith"}
        for statement in statements:
            self._add(statement)
        for activity, plan in self.plans.items():
            if activity not in associated:
                self.doc.wasAssociatedWith(self.arc[activity], None, self.arc[plan])
        document: ProvDocument = self.doc
        return document

    def _add(self, statement: Statement) -> None:
        if statement.is_relation:
            self._relation(statement)
        elif statement.cls == "activity":
            times = {k: v for k, v in statement.attributes if k in ("prov:startTime", "prov:endTime")}
            rest = [a for a in statement.attributes if a[0] not in times]
            self.doc.activity(
                self.arc[statement.id],
                times.get("prov:startTime"),
                times.get("prov:endTime"),
                self._attributes(rest),
            )
        elif statement.cls == "agent":
            types = [PROV[str(v)] for k, v in statement.attributes if k == "voprov:type" and v in AGENT_TYPES]
            rest = [a for a in statement.attributes if not (a[0] == "voprov:type" and a[1] in AGENT_TYPES)]
            self.doc.agent(self.arc[statement.id], [*self._attributes(rest), *((PROV_TYPE, t) for t in types)])
        else:
            self.doc.entity(self.arc[statement.id], self._entity(statement))

    def _entity(self, statement: Statement) -> list[tuple[QualifiedName, Any]]:
        attributes = self._role_as_voprov(self._attributes(statement.attributes))
        if statement.cls == "collection" or ("gw:isCollection", True) in statement.attributes:
            attributes.append((PROV_TYPE, PROV["Collection"]))
        if statement.cls not in ("entity", "collection"):
            attributes.append((PROV_TYPE, self.voprov[class_name(statement.cls)]))
        if statement.cls == "activityDescription":
            attributes.append((PROV_TYPE, PROV["Plan"]))
        return attributes

    def _role_as_voprov(self, attributes: list[tuple[QualifiedName, Any]]) -> list[tuple[QualifiedName, Any]]:
        """PROV-XML knows roles of use, generation and association only."""
        return [(self.voprov["role"] if term == PROV_ROLE else term, value) for term, value in attributes]

    def _attributes(self, attributes: Iterable[tuple[str, Value]]) -> list[tuple[QualifiedName, Any]]:
        return [(self._term(name), value) for name, value in attributes]

    def _term(self, name: str) -> QualifiedName:
        if name in COMMON_TERMS:
            return COMMON_TERMS[name]
        prefix, local = name.split(":", 1)
        if name == "voprov:value":
            return PROV_VALUE
        return {"prov": PROV, "voprov": self.voprov, "gw": self.gw}[prefix][local]

    def _relation(self, statement: Statement) -> None:
        first, second = (self.arc[name] for name in statement.refs)
        extra = [
            (self._term(k), self.arc[str(v)] if k == "voprov:descriptor" else v)
            for k, v in statement.attributes
            if k not in ("prov:time", "voprov:artefactType")
        ]
        match statement.cls:
            case "used":
                self.doc.used(first, second, dict(statement.attributes).get("prov:time"), other_attributes=extra)
            case "wasGeneratedBy":
                self.doc.wasGeneratedBy(first, second, other_attributes=extra)
            case "wasAssociatedWith":
                plan = self.plans.get(statement.refs[0])
                self.doc.wasAssociatedWith(first, second, self.arc[plan] if plan else None, other_attributes=extra)
            case "wasAttributedTo":
                self.doc.wasAttributedTo(first, second, other_attributes=self._role_as_voprov(extra))
            case "hadMember":
                self.doc.hadMember(first, second)
            case "wasDerivedFrom":
                self.doc.wasDerivedFrom(first, second)
            case "wasInformedBy":
                self.doc.wasInformedBy(first, second)
            case _:
                kind = (PROV_TYPE, self.voprov[INFLUENCES[statement.cls]])
                self.doc.wasInfluencedBy(first, second, other_attributes=[kind])
