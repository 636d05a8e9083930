"""A description as one JSON document, and back.

The document is the whole description; a Python class of parameters is made from it, so that what was written in the
web editor is checked, shown and recorded exactly like what was written in Python. VOTable and WADL are other spellings
of this document.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from jobs.description import Description, Input, Output, Param
from jobs.errors import Refused
from jobs.formats import rules
from jobs.parameters import DATATYPES, Parameter, parameters_of
from jobs.registry import Command, JobType

PYTHON: dict[str, type] = {word: python for python, word in DATATYPES.items()}
PLAIN = ("title", "version", "text", "type", "subtype", "docurl", "contact_name", "contact_email", "queue", "duration",
         "max_duration", "memory")  # fmt: skip
Json = dict[str, Any]


def to_json(job_type: JobType) -> Json:
    description = job_type.description
    document: Json = {"name": description.name} | {name: getattr(description, name) for name in PLAIN}
    document["uws"] = job_type.path
    document["parameters"] = [_parameter(p) for p in parameters_of(description)]
    document["outputs"] = [_told(output) for output in description.outputs]
    document["test_values"] = _plain(dict(description.test_values))
    if job_type.command is not None:
        document["command"] = {"argv": list(job_type.command.argv), "script": job_type.command.script}
    return document


def _parameter(parameter: Parameter) -> Json:
    default = None if parameter.required else _plain(parameter.default)
    return {
        "name": parameter.name,
        "kind": "input" if parameter.is_input else "parameter",
        "datatype": parameter.datatype,
        "repeatable": parameter.repeatable,
        "required": parameter.required,
        "default": default,
        **_told(parameter.meta),
    }


def _told(record: Any) -> Json:
    """The members that say something (what is left out has its standard value)."""
    return {
        field.name: _plain(value)
        for field in dataclasses.fields(record)
        if (value := getattr(record, field.name)) != field.default or field.name in ("text", "multiplicity")
    }


def _plain(value: Any) -> Any:
    """As JSON gives it back: lists for tuples."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, tuple | list) else value


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the document, whatever the order of its members."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def from_json(document: Mapping[str, Any], *, needs_command: bool = True, own: bool = False) -> JobType:
    """The job type of a document; ``Refused`` (400) names the member and what is wrong with it.

    ``needs_command``: without it a draft is read too, of which nobody has written yet how it is carried out.
    ``own``: it was written in Python, where words of the interface may be names of parameters.
    """
    rules.check(document, own=own)
    members = {key: document[key] for key in PLAIN if key in document}
    parameters = _class(str(document["name"]), document.get("parameters", []))
    description = Description(
        name=str(document["name"]),
        parameters=parameters,
        outputs=tuple(rules.record(Output, item, str(item.get("name"))) for item in document.get("outputs", [])),
        test_values=document.get("test_values") or {},
        **members,
    )
    command = document.get("command")
    if command is None and needs_command:
        raise Refused(400, "command", "", "a description from outside needs the command that carries it out")
    job_type = JobType(
        description=description,
        command=Command(tuple(command["argv"]), command.get("script", "")) if command is not None else None,
    )
    rules.check_values(job_type)
    return job_type


def _class(name: str, items: list[Mapping[str, Any]]) -> type:
    """A frozen dataclass with one field a parameter."""
    fields: list[Any] = []
    for item in items:
        is_input = item.get("kind") == "input"
        python = PYTHON[str(item.get("datatype", "char"))]
        meta = rules.record(Input if is_input else Param, item, str(item["name"]))
        hint: Any = tuple[python, ...] if item.get("repeatable") or is_input else python  # type: ignore[valid-type] # made at run time
        if item.get("required"):
            fields.append((item["name"], Annotated[hint, meta]))
            continue
        default = item.get("default")
        value: Any = tuple(default) if isinstance(default, list) else default
        if value is None and (is_input or item.get("repeatable")):
            value = ()
        fields.append((item["name"], Annotated[hint, meta], dataclasses.field(default=value)))
    return dataclasses.make_dataclass(name, fields, frozen=True, kw_only=True)


def canonical(document: Mapping[str, Any], *, needs_command: bool = False) -> Json:
    """The document with every member in its place, as ``to_json`` would write it."""
    return to_json(from_json(document, needs_command=needs_command))


@lru_cache(maxsize=200)
def cached(text: str, own: bool = False) -> JobType:
    """The job type of a stored document, made once a process."""
    return from_json(json.loads(text), needs_command=False, own=own)
