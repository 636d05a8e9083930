"""A description as a VOTable whose RESOURCE is an ActivityDescription: the job description language of OPUS.

Parameters are PARAMs of the GROUP ``InputParams`` (as in a DataLink service descriptor), inputs and results are GROUPs
of ``Used`` and ``Generated``. What this language has no place for stands in the GROUP ``Details`` (see
``jobs.formats.details``).
"""

import math
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

from gateway.vo.xml import VOTABLE, Xml, document, join, maybe, tag
from jobs.description import ActivityType, Description
from jobs.formats import details
from jobs.formats.rules import wrong
from jobs.formats.xml import child_text, children, local, parse

Json = dict[str, Any]
STANDARD = {f.name: f.default for f in Description.__dataclass_fields__.values()}
FACTS = {
    "doculink": ("docurl", "voprov:ActivityDescription.doculink"),
    "type": ("type", "voprov:ActivityDescription.type"),
    "subtype": ("subtype", "voprov:ActivityDescription.subtype"),
    "version": ("version", "voprov:ActivityDescription.version"),
    "contact_name": ("contact_name", "voprov:Agent.name"),
    "contact_email": ("contact_email", "voprov:Agent.email"),
}
DURATION = "executionDuration"
EMPTY = {"boolean": "false", "int": "0", "double": "NaN"}
"""a PARAM must have a value"""


# --- write -----------------------------------------------------------------------------------------------------------


def write(described: Mapping[str, Any]) -> bytes:
    """The document of ``jobs.formats.document`` as a VOTable."""
    plain = _votable(described, {})
    return _votable(described, details.difference(described, _plain_reading(parse(plain))))


def _votable(described: Mapping[str, Any], more: Mapping[str, str]) -> bytes:
    parameters = described.get("parameters", [])
    facts = [_text(name, str(described.get(key) or ""), utype) for name, (key, utype) in FACTS.items()]
    facts.append(tag("PARAM", name=DURATION, datatype="int", value=str(described.get("duration", 300)),
                     utype="uws:Job.executionDuration"))  # fmt: skip
    command = described.get("command") or {}
    if command:
        facts += [_text("script", command.get("script", "")), _text("argv", shlex.join(command["argv"]))]
    resource = tag(
        "RESOURCE",
        maybe("DESCRIPTION", described["text"]),
        *facts,
        _group("InputParams", [_parameter(p) for p in parameters if p["kind"] != "input"]),
        _group("Used", [_input(p) for p in parameters if p["kind"] == "input"]),
        _group("Generated", [_output(o) for o in described.get("outputs", [])]),
        _group("Details", [_text(path, text) for path, text in more.items()]),
        ID=described["name"],
        name=described["name"],
        type="meta",
        utype="voprov:ActivityDescription",
    )
    return document(tag("VOTABLE", Xml("\n"), resource, version="1.4", xmlns=VOTABLE))


def _text(name: str, value: str, utype: str = "") -> Xml:
    # ``tag`` leaves an empty attribute out, and a PARAM must have its value.
    shown = tag("PARAM", name=name, datatype="char", arraysize="*", value=value, utype=utype)
    return shown if value else Xml(shown.replace(" arraysize=", ' value="" arraysize=', 1))


def _group(name: str, members: Iterable[Xml]) -> Xml:
    inside = list(members)
    return tag("GROUP", *inside, name=name) if inside else Xml("")


def _parameter(p: Mapping[str, Any]) -> Xml:
    datatype = "char" if p["repeatable"] else p["datatype"]
    value = _words(p["default"]) or EMPTY.get(datatype, "")
    inner = join([maybe("DESCRIPTION", p["text"]), _values(p)])
    values = {"name": p["name"], "ID": p["name"], "datatype": datatype, "value": value,
              "arraysize": "*" if datatype == "char" else "", "type": "" if p["required"] else "no_query",
              "unit": p.get("unit", ""), "ucd": p.get("ucd", ""), "utype": p.get("utype", "")}  # fmt: skip
    shown = tag("PARAM", inner, **values)
    return shown if value else Xml(shown.replace(" datatype=", ' value="" datatype=', 1))


def _words(default: Any) -> str:
    members = default if isinstance(default, list) else [default]
    return " ".join(str(m).lower() if isinstance(m, bool) else str(m) for m in members if m is not None)


def _values(p: Mapping[str, Any]) -> Xml:
    low = p.get("above", p.get("min"))
    parts = [
        tag("MIN", value=repr(low), inclusive="no" if "above" in p else "yes") if low is not None else Xml(""),
        tag("MAX", value=repr(p["max"])) if p.get("max") is not None else Xml(""),
        *(tag("OPTION", value=option) for option in p.get("options", ())),
    ]
    return tag("VALUES", *parts) if any(parts) else Xml("")


def _input(p: Mapping[str, Any]) -> Xml:
    members = [
        maybe("DESCRIPTION", p["text"]),
        _text("role", p.get("type", ""), "voprov:UsedDescription.role"),
        _text("multiplicity", p.get("multiplicity", "1"), "voprov:UsedDescription.multiplicity"),
        _text("content_type", " ".join(p.get("content_types", ())), "voprov:EntityDescription.content_type"),
        _text("url", p.get("url", ""), "voprov:EntityDescription.url"),
    ]
    return tag("GROUP", *members, name=p["name"], utype="voprov:UsedDescription")


def _output(o: Mapping[str, Any]) -> Xml:
    members = [
        maybe("DESCRIPTION", o["text"]),
        _text("role", o.get("type", ""), "voprov:WasGeneratedByDescription.role"),
        _text("multiplicity", o.get("multiplicity", "1"), "voprov:WasGeneratedByDescription.multiplicity"),
        _text("default", o.get("file", ""), "voprov:Entity.id"),
        _text("content_type", o["content_type"], "voprov:EntityDescription.content_type"),
    ]
    return tag("GROUP", *members, name=o["name"], utype="voprov:WasGeneratedBy")


# --- read ------------------------------------------------------------------------------------------------------------


def read(content: bytes) -> Json:
    """The document of a VOTable, not yet checked; ``Refused`` (400) where it is no job description."""
    root = parse(content)
    return details.apply(_plain_reading(root), _details(root))


def _resource(root: etree._Element) -> etree._Element:
    for element in root.iter():
        if local(element) == "RESOURCE" and "activitydescription" in (element.get("utype") or "").lower():
            return element
    raise wrong("document", local(root), "has no RESOURCE that is an ActivityDescription")


def _details(root: etree._Element) -> dict[str, str]:
    return {p.get("name", ""): p.get("value", "") for p in _in(_resource(root), "Details", "PARAM")}


def _in(resource: etree._Element, group: str, kind: str) -> list[etree._Element]:
    return [m for found in children(resource, "GROUP") if found.get("name") == group for m in children(found, kind)]


def _plain_reading(root: etree._Element) -> Json:
    resource = _resource(root)
    facts = {p.get("name", ""): p.get("value", "") for p in children(resource, "PARAM")}
    name = resource.get("name") or resource.get("ID") or ""
    text = child_text(resource, "DESCRIPTION")
    read: Json = {"name": name.lower(), "title": name, "text": text or name, "version": facts.get("version") or "1"}
    read |= {key: facts.get(fact, "") for fact, (key, _utype) in FACTS.items() if key != "version"}
    # OPUS's classes are free text; the Provenance DM has its own words.
    read["type"] = read["type"] if read["type"] in ActivityType.__args__ else "Analysis"  # type: ignore[attr-defined] # typing.Literal has it
    duration = facts.get(DURATION, "")
    read["duration"] = int(duration) if duration.isascii() and duration.isdigit() and len(duration) < 10 else 300
    read |= {"queue": "short", "max_duration": max(3600, read["duration"]), "memory": STANDARD["memory"]}
    used = [_read_input(group) for group in _in(resource, "Used", "GROUP")]
    # A file is listed among the parameters too; it is one thing.
    names = {item["name"] for item in used}
    params = [_read_parameter(p) for p in _in(resource, "InputParams", "PARAM")]
    read["parameters"] = [p for p in params if p["name"] not in names] + used
    read["outputs"] = [_read_output(group) for group in _in(resource, "Generated", "GROUP")]
    read["test_values"] = {}
    if command := _read_command(facts):
        read["command"] = command
    return read


def _read_command(facts: Mapping[str, str]) -> Json | None:
    script = facts.get("script", "").replace("\r\n", "\n")
    try:
        argv = shlex.split(facts.get("argv", ""))
    except ValueError as error:
        raise wrong("argv", facts["argv"], str(error)) from error
    if not argv and script:
        # OPUS hands the values of the parameters to its script as variables of the shell.
        argv = ["/bin/bash", "{script}"]
    return {"argv": argv, "script": script} if argv else None


def _read_parameter(param: etree._Element) -> Json:
    datatype = param.get("datatype", "char")
    datatype = {"float": "double", "long": "int", "short": "int", "unicodeChar": "char"}.get(datatype, datatype)
    name, value = param.get("name", ""), param.get("value", "")
    required = param.get("type") != "no_query"
    read: Json = {"name": name, "kind": "parameter", "datatype": datatype, "repeatable": False, "required": required,
                  "default": None if required else _value(datatype, value),
                  "text": child_text(param, "DESCRIPTION") or name}  # fmt: skip
    read |= {key: param.get(key) for key in ("unit", "ucd", "utype") if param.get(key)}
    for values in children(param, "VALUES"):
        for limit in children(values, "MIN"):
            read["above" if limit.get("inclusive") == "no" else "min"] = _number(name, limit.get("value", ""))
        for limit in children(values, "MAX"):
            read["max"] = _number(name, limit.get("value", ""))
        if options := [option.get("value", "") for option in children(values, "OPTION")]:
            read["options"] = options
    return read


def _value(datatype: str, text: str) -> Any:
    if datatype == "boolean":
        return text.lower() in ("true", "t", "1")
    if datatype in ("int", "double"):
        number = _number("value", text or "NaN")
        return None if math.isnan(number) else number
    return text or None


def _number(name: str, text: str) -> float | int:
    """A whole number stays one."""
    try:
        return int(text) if text.lstrip("+-").isdigit() and len(text) < 20 else float(text)
    except ValueError as error:
        raise wrong(name, text, "must be a number") from error


def _group_facts(group: etree._Element) -> dict[str, str]:
    return {p.get("name", ""): p.get("value", "") for p in children(group, "PARAM")}


def _read_input(group: etree._Element) -> Json:
    facts, name = _group_facts(group), group.get("name", "")
    many = facts.get("multiplicity") or "1"
    optional = many.startswith(("0", "*"))
    read: Json = {"name": name, "kind": "input", "datatype": "char", "repeatable": True,
                  "required": not optional, "default": [] if optional else None,
                  "text": child_text(group, "DESCRIPTION") or name, "multiplicity": many}  # fmt: skip
    if facts.get("content_type"):
        read["content_types"] = facts["content_type"].split()
    # ``file://$ID`` is OPUS's word for an upload, which every input takes here.
    if facts.get("url", "").startswith("http"):
        read["url"] = facts["url"]
    return read


def _read_output(group: etree._Element) -> Json:
    facts, name = _group_facts(group), group.get("name", "")
    read: Json = {"name": name, "text": child_text(group, "DESCRIPTION") or name,
                  "content_type": facts.get("content_type") or "application/octet-stream",
                  "multiplicity": facts.get("multiplicity") or "1"}  # fmt: skip
    if facts.get("default"):
        read["file"] = facts["default"]
    return read
