"""PROV-JSON in the W3C model, written straight from the statements.

The same document as ``w3c.to_prov`` gives to ``prov`` (a test compares the two), in a tenth of the time: a history of
10,000 records is read by a program that waits for it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from provenance.statements import ENDS, Statement, Value
from provenance.w3c import AGENT_TYPES, GW, INFLUENCES, VOPROV, arc_namespace, class_name

TERMS = {
    "prov:name": "prov:label",
    "voprov:location": "prov:location",
    "prov:location": "prov:location",
    "voprov:value": "prov:value",
}
# said of the activity's plan or by the class of the relation, or unknown to W3C
DROPPED = {"prov:time", "voprov:artefactType"}
WITHOUT_ATTRIBUTES = {"hadMember", "wasDerivedFrom", "wasInformedBy", *INFLUENCES}


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """The document as a JSON value."""
    known = list(statements)
    kinds = {s.id: s.cls for s in known if s.id}
    plans = {
        s.refs[0]: s.refs[1]
        for s in known
        if s.cls == "isDescribedBy" and kinds.get(s.refs[1]) == "activityDescription"
    }
    found: dict[str, Any] = {"prefix": {"arc": arc_namespace(), "voprov": VOPROV, "gw": GW}}
    number = 0
    for statement in known:
        if statement.is_relation:
            number += 1
            section, content = _relation(statement, plans)
            found.setdefault(section, {})[f"_:id{number}"] = content
        else:
            section, content = _thing(statement)
            found.setdefault(section, {})[f"arc:{statement.id}"] = content
    associated = {s.refs[0] for s in known if s.cls == "wasAssociatedWith"}
    for activity, plan in plans.items():
        if activity not in associated:
            number += 1
            content = {"prov:activity": f"arc:{activity}", "prov:plan": f"arc:{plan}"}
            found.setdefault("wasAssociatedWith", {})[f"_:id{number}"] = content
    return found


def _thing(statement: Statement) -> tuple[str, dict[str, Any]]:
    cls, types = statement.cls, []
    content: dict[str, Any] = {}
    if cls == "activity":
        for name, value in statement.attributes:
            if name in ("prov:startTime", "prov:endTime") and isinstance(value, datetime):
                content[name] = value.isoformat()
        times = set(content)
        _add_all(content, ((n, v) for n, v in statement.attributes if n not in times))
        return "activity", content
    if cls == "agent":
        types = [f"prov:{value}" for name, value in statement.attributes if _is_type(name, value)]
        _add_all(content, ((n, v) for n, v in statement.attributes if not _is_type(n, v)))
    else:
        _add_all(content, (("voprov:role" if n == "prov:role" else n, v) for n, v in statement.attributes))
        if cls == "collection" or ("gw:isCollection", True) in statement.attributes:
            types.append("prov:Collection")
        if cls not in ("entity", "collection"):
            types.append(f"voprov:{class_name(cls)}")
        if cls == "activityDescription":
            types.append("prov:Plan")
    for name in types:
        _add(content, "prov:type", _name(name))
    return ("agent" if cls == "agent" else "entity"), content


def _relation(statement: Statement, plans: dict[str, str]) -> tuple[str, dict[str, Any]]:
    cls = statement.cls
    ends = ("influencee", "influencer") if cls in INFLUENCES else ENDS[cls]
    content: dict[str, Any] = {f"prov:{end}": f"arc:{name}" for end, name in zip(ends, statement.refs, strict=True)}
    if cls in INFLUENCES:
        content["prov:type"] = _name(f"voprov:{INFLUENCES[cls]}")
        return "wasInfluencedBy", content
    if cls == "used":
        time = dict(statement.attributes).get("prov:time")
        if isinstance(time, datetime):
            content["prov:time"] = time.isoformat()
    if cls == "wasAssociatedWith" and statement.refs[0] in plans:
        content["prov:plan"] = f"arc:{plans[statement.refs[0]]}"
    if cls not in WITHOUT_ATTRIBUTES:
        attributed = cls == "wasAttributedTo"
        for name, value in statement.attributes:
            if name == "voprov:descriptor":
                _add(content, name, _name(f"arc:{value}"))
            elif name not in DROPPED:
                _add(content, "voprov:role" if attributed and name == "prov:role" else name, _value(value))
    return cls, content


def _is_type(name: str, value: Value) -> bool:
    return name == "voprov:type" and value in AGENT_TYPES


def _add_all(content: dict[str, Any], attributes: Iterable[tuple[str, Value]]) -> None:
    for name, value in attributes:
        _add(content, TERMS.get(name, name), _value(value))


def _value(value: Value) -> Any:
    return {"$": value.isoformat(), "type": "xsd:dateTime"} if isinstance(value, datetime) else value


def _name(name: str) -> dict[str, str]:
    return {"$": name, "type": "xsd:QName"}


def _add(content: dict[str, Any], name: str, value: Any) -> None:
    """An attribute that comes twice becomes a list; the same value twice is one."""
    if name not in content:
        content[name] = value
    elif not isinstance(content[name], list):
        if content[name] != value:
            content[name] = [content[name], value]
    elif value not in content[name]:
        content[name].append(value)
