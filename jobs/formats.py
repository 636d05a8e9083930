"""Descriptions as documents: JSON, VOTable (an ActivityDescription in the manner of OPUS), WADL; and back from JSON.

The JSON document is the whole description; a Python class of parameters is made from it, so that what was written in
the web editor is checked, shown and recorded exactly like what was written in Python.
"""

import dataclasses
import re
from collections.abc import Mapping
from typing import Annotated, Any
from xml.sax.saxutils import escape, quoteattr

from jobs.description import Description, Input, Output, Param
from jobs.errors import Refused
from jobs.parameters import DATATYPES, Parameter, parameters_of
from jobs.registry import Command, JobType

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
PYTHON: dict[str, type] = {word: python for python, word in DATATYPES.items()}
PLAIN = ("title", "version", "text", "type", "subtype", "docurl", "contact_name", "contact_email", "queue", "duration",
         "max_duration", "memory")  # fmt: skip
XSD = {"double": "xs:double", "int": "xs:long", "boolean": "xs:boolean", "char": "xs:string"}
Json = dict[str, Any]


# --- JSON ------------------------------------------------------------------------------------------------------------


def to_json(job_type: JobType) -> Json:
    description = job_type.description
    document: Json = {"name": description.name} | {name: getattr(description, name) for name in PLAIN}
    document["uws"] = job_type.path
    document["parameters"] = [_parameter(p) for p in parameters_of(description)]
    document["outputs"] = [dataclasses.asdict(output) for output in description.outputs]
    document["test_values"] = dict(description.test_values)
    if job_type.command is not None:
        document["command"] = {"argv": list(job_type.command.argv), "script": job_type.command.script}
    return document


def _parameter(parameter: Parameter) -> Json:
    meta = {
        k: v
        for k, v in dataclasses.asdict(parameter.meta).items()
        if v is not None and v is not False and v not in ("", ())
    }
    return {
        "name": parameter.name,
        "kind": "input" if parameter.is_input else "parameter",
        "datatype": parameter.datatype,
        "repeatable": parameter.repeatable,
        "required": parameter.required,
        "default": list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default,
        **meta,
    }


def from_json(document: Mapping[str, Any]) -> JobType:
    """The job type of a document; ``Refused`` (400) names the member and what is wrong with it."""
    name = str(document.get("name", ""))
    if not NAME.fullmatch(name):
        raise _wrong("name", name, "must be lower-case letters, digits and '_', a letter first")
    members = {key: document[key] for key in PLAIN if key in document}
    for key in ("title", "version", "text"):
        if not isinstance(members.get(key), str) or not members[key]:
            raise _wrong(key, str(members.get(key, "")), "is required")
    if members.get("queue", "short") not in ("short", "long", "io"):
        raise _wrong("queue", str(members["queue"]), "must be short, long or io")
    for key in ("duration", "max_duration", "memory"):
        if not isinstance(members.get(key, 1), int) or members.get(key, 1) < 1:
            raise _wrong(key, str(members[key]), "must be a whole number above 0")
    outputs = tuple(_record(Output, item, "outputs") for item in _list(document, "outputs"))
    description = Description(
        name=name, parameters=_class(name, _list(document, "parameters")), outputs=outputs, **members
    )
    command = document.get("command")
    if not isinstance(command, Mapping) or not command.get("argv"):
        raise _wrong("command", "", "a description from outside needs the command that carries it out")
    argv = tuple(str(word) for word in command["argv"])
    return JobType(description=description, command=Command(argv, str(command.get("script", ""))))


def _list(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    members = document.get(name, [])
    if not isinstance(members, list) or not all(isinstance(member, Mapping) for member in members):
        raise _wrong(name, "", "must be a list of objects")
    return members


def _wrong(name: str, value: str, rule: str) -> Refused:
    return Refused(400, name, value, rule)


def _record(cls: Any, members: Mapping[str, Any], where: str) -> Any:
    known = {f.name for f in dataclasses.fields(cls)}
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in members.items() if k in known}
    try:
        return cls(**values)
    except TypeError as error:
        raise _wrong(where, str(dict(members))[:80], str(error)) from error


def _class(name: str, items: list[Mapping[str, Any]]) -> type:
    """A frozen dataclass with one field a parameter; required ones first, as dataclasses want it."""
    fields: list[Any] = []
    for item in items:
        field_name = str(item.get("name", ""))
        if not NAME.fullmatch(field_name):
            raise _wrong("parameters", field_name, "each needs a name of lower-case letters, digits and '_'")
        python = PYTHON.get(str(item.get("datatype", "char")))
        if python is None:
            raise _wrong(field_name, str(item.get("datatype")), "datatype must be double, int, boolean or char")
        meta = _record(Input if item.get("kind") == "input" else Param, item, field_name)
        hint: Any = tuple[python, ...] if item.get("repeatable") or item.get("kind") == "input" else python  # type: ignore[valid-type] # made at run time
        if item.get("required"):
            fields.append((field_name, Annotated[hint, meta]))
        else:
            default = item.get("default")
            value = tuple(default) if isinstance(default, list) else default
            fields.append((field_name, Annotated[hint, meta], dataclasses.field(default=value)))
    return dataclasses.make_dataclass(name, fields, frozen=True, kw_only=True)


# --- VOTable ---------------------------------------------------------------------------------------------------------


def to_votable(job_type: JobType) -> str:
    """A RESOURCE that is an ActivityDescription with its groups, in the manner of OPUS's job description language."""
    description = job_type.description
    facts = (
        ("doculink", "meta.ref.url", description.docurl),
        ("type", "meta.code.class", description.type),
        ("subtype", "meta.code.class", description.subtype),
        ("version", "meta.version", description.version),
        ("contact_name", "meta.id", description.contact_name),
        ("contact_email", "meta.email", description.contact_email),
        ("executionduration", "time.duration", str(description.duration)),
    )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">',
        f'<RESOURCE ID={quoteattr(description.name)} name={quoteattr(description.name)} type="meta"'
        ' utype="voprov:ActivityDescription">',
        f"<DESCRIPTION>{escape(description.text)}</DESCRIPTION>",
        *(_param(name, "char", value, f' ucd="{ucd}"') for name, ucd, value in facts if value),
        *_group("InputParams", "voprov:ParameterDescription", [_votable_parameter(p) for p in _of(job_type, False)]),
        *_group("Used", "voprov:UsageDescription", [_votable_parameter(p) for p in _of(job_type, True)]),
        *_group("Generated", "voprov:GenerationDescription", [_votable_output(o) for o in description.outputs]),
        "</RESOURCE>",
        "</VOTABLE>",
    ]
    return "\n".join(lines) + "\n"


def _of(job_type: JobType, inputs: bool) -> list[Parameter]:
    return [p for p in parameters_of(job_type.description) if p.is_input == inputs]


def _group(name: str, utype: str, members: list[str]) -> list[str]:
    return [f'<GROUP name="{name}" utype="{utype}">', *members, "</GROUP>"] if members else []


def _param(name: str, datatype: str, value: str, extra: str = "", inner: str = "") -> str:
    array = ' arraysize="*"' if datatype == "char" else ""
    head = f"<PARAM name={quoteattr(name)} datatype={quoteattr(datatype)}{array} value={quoteattr(value)}{extra}"
    return f"{head}>{inner}</PARAM>" if inner else f"{head}/>"


def _votable_parameter(parameter: Parameter) -> str:
    meta = parameter.meta
    extra = "".join(
        f" {name}={quoteattr(value)}"
        for name in ("unit", "ucd", "utype")
        if (value := str(getattr(meta, name, "") or ""))
    )
    inner = f"<DESCRIPTION>{escape(meta.text)}</DESCRIPTION>"
    if isinstance(meta, Param):
        inner += _values(meta)
    datatype = "char" if parameter.repeatable else parameter.datatype
    value = " ".join(parameter.default_texts)
    if not value and datatype != "char":
        value = {"boolean": "false", "int": "0", "double": "NaN"}[datatype]
    return _param(parameter.name, datatype, value, extra, inner)


def _values(meta: Param) -> str:
    low = meta.min if meta.above is None else meta.above
    inner = f'<MIN value="{low!r}" inclusive="{"yes" if meta.above is None else "no"}"/>' if low is not None else ""
    inner += f'<MAX value="{meta.max!r}"/>' if meta.max is not None else ""
    inner += "".join(f"<OPTION value={quoteattr(option)}/>" for option in meta.options)
    return f"<VALUES>{inner}</VALUES>" if inner else ""


def _votable_output(output: Output) -> str:
    inner = f"<DESCRIPTION>{escape(output.text)}</DESCRIPTION>"
    return _param(output.name, "char", output.content_type, ' xtype="content_type"', inner)


# --- WADL ------------------------------------------------------------------------------------------------------------


def to_wadl(job_type: JobType, base: str) -> str:
    """WADL (W3C submission of 2009-08-31) of the job list: what a POST takes and what a job has below it."""
    controls = (("PHASE", "xs:string"), ("RUNID", "xs:string"), ("EXECUTIONDURATION", "xs:int"),
                ("DESTRUCTION", "xs:dateTime"))  # fmt: skip
    params = [_wadl_parameter(p) for p in parameters_of(job_type.description)]
    params += [f'<param name="{name}" style="query" type="{kind}"/>' for name, kind in controls]
    children = ("phase", "executionduration", "destruction", "quote", "owner", "error", "parameters", "results")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<application xmlns="http://wadl.dev.java.net/2009/02" xmlns:xs="http://www.w3.org/2001/XMLSchema">',
        f"<doc title={quoteattr(job_type.description.title)}>{escape(job_type.description.text)}</doc>",
        f"<resources base={quoteattr(base)}>",
        f"<resource path={quoteattr(job_type.path.lstrip('/'))}>",
        '<method name="GET"><response status="200"><representation mediaType="application/xml"/></response></method>',
        '<method name="POST"><request><representation mediaType="application/x-www-form-urlencoded">',
        *params,
        '</representation></request><response status="303"/></method>',
        '<resource path="{job}"><param name="job" style="template" type="xs:string"/><method name="GET"/>'
        '<method name="DELETE"/>',
        *(f'<resource path="{child}"><method name="GET"/></resource>' for child in children),
        "</resource></resource></resources></application>",
    ]
    return "\n".join(lines) + "\n"


def _wadl_parameter(parameter: Parameter) -> str:
    meta = parameter.meta
    facts = {
        "name": parameter.name,
        "style": "query",
        "type": XSD[parameter.datatype],
        "required": "true" if parameter.required else "false",
        "repeating": "true" if parameter.repeatable else "false",
    }
    if parameter.default_texts:
        facts["default"] = " ".join(parameter.default_texts)
    head = " ".join(f"{name}={quoteattr(value)}" for name, value in facts.items())
    options = "".join(f"<option value={quoteattr(option)}/>" for option in getattr(meta, "options", ()))
    return f"<param {head}><doc>{escape(meta.text)}</doc>{options}</param>"
