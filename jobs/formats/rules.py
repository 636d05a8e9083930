"""What a description from outside may say. Every refusal (400) names the member, its value and the rule."""

import dataclasses
import json
import keyword
import re
from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any, get_args

from jobs import parameters
from jobs.description import ActivityType, Input, Output, Param, Queue
from jobs.errors import Refused
from jobs.parameters import DATATYPES, parameters_of, text_of
from jobs.registry import JobType

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,31}")
FILE = re.compile(r"[A-Za-z0-9_*][A-Za-z0-9_.*+-]{0,198}")
MULTIPLICITY = re.compile(r"\*|[0-9]{1,4}|[0-9]{1,4}\.\.([0-9]{1,4}|\*)")
URL = re.compile(r"https?://[^\s\"<>]+")
RESERVED = {"phase", "runid", "destruction", "executionduration", "action", "wait", "id", "script", "out", "notify",
            "webhook", "csrfmiddlewaretoken", "job"}  # fmt: skip
"""names that the interface or the command uses itself"""
NOT_TYPES = {"new", "tap", "capabilities", "availability"}
MAX_BYTES, MAX_PARAMETERS, MAX_OUTPUTS, MAX_TEXT, MAX_SCRIPT = 2**20, 200, 100, 10_000, 100_000


def wrong(name: str, value: object, rule: str) -> Refused:
    return Refused(400, name, value if isinstance(value, str) else json.dumps(value, default=str), rule)


def check(document: Mapping[str, Any], *, own: bool = False) -> None:
    """Types, limits and names of every member; the values follow once the class of parameters is made."""
    name = document.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name) or name in NOT_TYPES:
        raise wrong("name", name or "", "must be lower-case letters, digits and '_', a letter first")
    _check_texts(document)
    _check_limits(document)
    inputs_and_parameters = _members(document, "parameters", MAX_PARAMETERS)
    for item in inputs_and_parameters:
        _check_parameter(item, own)
    _no_doubles("parameters", [str(item["name"]) for item in inputs_and_parameters])
    outputs = _members(document, "outputs", MAX_OUTPUTS)
    for item in outputs:
        _check_output(item)
    _no_doubles("outputs", [str(item["name"]) for item in outputs])
    if not isinstance(document.get("test_values") or {}, Mapping):
        raise wrong("test_values", "", "must be an object of names and values")
    _check_command(document, {str(item["name"]) for item in inputs_and_parameters})


def _check_texts(document: Mapping[str, Any]) -> None:
    for key in ("title", "version", "text", "subtype", "docurl", "contact_name", "contact_email"):
        value = document.get(key, "")
        if not isinstance(value, str) or len(value) > MAX_TEXT or parameters.FORBIDDEN.search(value):
            raise wrong(key, value, f"must be text of at most {MAX_TEXT} characters without control characters")
        if key in ("title", "version", "text") and not value.strip():
            raise wrong(key, value, "is required")
    if len(document["title"]) > 200:
        raise wrong("title", document["title"], "must have at most 200 characters")
    if not VERSION.fullmatch(document["version"]):
        raise wrong("version", document["version"], "must be letters, digits and . + _ -, at most 32")
    if document.get("docurl") and not URL.fullmatch(document["docurl"]):
        raise wrong("docurl", document["docurl"], "must be an http or https address")
    for key, allowed in (("queue", get_args(Queue)), ("type", get_args(ActivityType))):
        if document.get(key, allowed[0]) not in allowed:
            raise wrong(key, document[key], f"must be one of {', '.join(allowed)}")


def _check_limits(document: Mapping[str, Any]) -> None:
    for key in ("duration", "max_duration", "memory"):
        value = document.get(key, 1)
        if type(value) is not int or not 0 < value < 2**62:
            raise wrong(key, value, "must be a whole number above 0")
    if document.get("duration", 300) > document.get("max_duration", 3600):
        raise wrong("duration", document.get("duration", 300), "must not be above max_duration")


def _members(document: Mapping[str, Any], name: str, limit: int) -> list[Mapping[str, Any]]:
    members = document.get(name, [])
    if not isinstance(members, list) or not all(isinstance(member, Mapping) for member in members):
        raise wrong(name, "", "must be a list of objects")
    if len(members) > limit:
        raise wrong(name, str(len(members)), f"may have at most {limit} members")
    return members


def _no_doubles(where: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise wrong(where, name, "stands there twice (upper and lower case are one)")
        seen.add(name.lower())


def _check_parameter(item: Mapping[str, Any], own: bool) -> None:
    name = item.get("name")
    if not isinstance(name, str) or not PARAMETER.fullmatch(name) or keyword.iskeyword(name):
        raise wrong("parameters", name or "", "each needs a name of letters, digits and '_', a letter first")
    if name.lower() in RESERVED and not own:
        raise wrong("parameters", name, "is a word of the interface itself")
    if item.get("kind", "parameter") not in ("parameter", "input"):
        raise wrong(name, item["kind"], "kind must be parameter or input")
    if item.get("datatype", "char") not in DATATYPES.values():
        raise wrong(name, item.get("datatype"), "datatype must be double, int, boolean or char")
    for key in ("required", "repeatable"):
        if not isinstance(item.get(key, False), bool):
            raise wrong(name, item[key], f"{key} must be true or false")
    if item.get("kind") == "input":
        _check_input(name, item)
    record(Input if item.get("kind") == "input" else Param, item, name)


def _check_input(name: str, item: Mapping[str, Any]) -> None:
    if item.get("datatype", "char") != "char":
        raise wrong(name, item["datatype"], "an input is named by an identifier: its datatype is char")
    if not MULTIPLICITY.fullmatch(str(item.get("multiplicity", "1"))):
        raise wrong(name, item["multiplicity"], "multiplicity must be like 1, 0..1, 1..* or *")
    url = item.get("url", "")
    if url and (not isinstance(url, str) or "$ID" not in url or not URL.fullmatch(url)):
        raise wrong(name, url, "url must be an http or https address with $ID in it")


def _check_output(item: Mapping[str, Any]) -> None:
    name, file = item.get("name"), item.get("file") or "file"
    for value in (name, file):
        if not isinstance(value, str) or not FILE.fullmatch(value) or value in (".", ".."):
            raise wrong("outputs", value or "", "must be a plain file name of letters, digits and . _ + - *")
    if not isinstance(item.get("content_type", ""), str) or not item.get("content_type"):
        raise wrong(str(name), "", "content_type is required")
    if not MULTIPLICITY.fullmatch(str(item.get("multiplicity", "1"))):
        raise wrong(str(name), item["multiplicity"], "multiplicity must be like 1, 0..1, 1..* or *")


def _check_command(document: Mapping[str, Any], known: set[str]) -> None:
    command = document.get("command")
    if command is None:
        return
    if not isinstance(command, Mapping) or not isinstance(command.get("argv"), list) or not command["argv"]:
        raise wrong("command", "", "must have argv, a list of words")
    script = command.get("script", "")
    if not isinstance(script, str) or len(script) > MAX_SCRIPT or "\x00" in script:
        raise wrong("script", "", f"must be text of at most {MAX_SCRIPT} characters")
    for word in command["argv"]:
        if not isinstance(word, str) or not word or len(word) > 1000 or parameters.FORBIDDEN.search(word):
            raise wrong("command", word, "each word must be text of 1 to 1000 characters")
        for name in placeholders(word):
            if name not in known | {"out"} | ({"script"} if script else set()):
                raise wrong("command", word, f"there is no parameter {name}")


def placeholders(word: str) -> list[str]:
    """Names in braces of a word of the command."""
    try:
        return [name for _text, name, _spec, _conversion in Formatter().parse(word) if name is not None]
    except ValueError as error:
        raise wrong("command", word, f"the braces do not fit: {error}") from error


# --- records ---------------------------------------------------------------------------------------------------------


def record(cls: type[Param] | type[Input] | type[Output], members: Mapping[str, Any], where: str) -> Any:
    """An instance of the record, every value of the declared type."""
    values = {}
    for field in dataclasses.fields(cls):
        if field.name in members:
            values[field.name] = _typed(where, field, members[field.name])
    if not values.get("text"):
        raise wrong(where, "", "text is required")
    return cls(**values)


def _typed(where: str, field: "dataclasses.Field[Any]", value: Any) -> Any:
    rule = f"{field.name} must be "
    if field.type is bool and isinstance(value, bool):
        return value
    if field.type is int and type(value) is int and 0 < value < 2**31:
        return value
    if field.type is str and isinstance(value, str) and len(value) <= MAX_TEXT and not _control(value):
        return value
    if field.type == float | None and (value is None or type(value) in (int, float)):
        return value
    if field.type == tuple[str, ...] and isinstance(value, list) and all(_is_word(v) for v in value):
        return tuple(value)
    names = {bool: "true or false", int: "a whole number above 0", str: f"text of at most {MAX_TEXT} characters"}
    words = names.get(field.type, "a number" if field.type == float | None else "a list of texts")  # type: ignore[arg-type] # a type, or its spelling
    raise wrong(where, value, rule + words)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 1000 and not _control(value)


def _control(text: str) -> bool:
    return parameters.FORBIDDEN.search(text) is not None


# --- values ----------------------------------------------------------------------------------------------------------


def check_values(job_type: JobType) -> None:
    """Defaults and test values keep to the limits that stand beside them."""
    description = job_type.description
    for parameter in parameters_of(description):
        low, high = getattr(parameter.meta, "min", None), getattr(parameter.meta, "max", None)
        if low is not None and high is not None and low > high:
            raise wrong(parameter.name, low, f"min must not be above max ({high:g})")
        options = getattr(parameter.meta, "options", ())
        if options and parameter.datatype != "char":
            raise wrong(parameter.name, list(options), "options are words: the datatype must be char")
        for text in parameter.default_texts:
            parameters.convert(parameter, text)
    given = {name: [text_of(v) for v in value] if isinstance(value, list) else [text_of(value)]
             for name, value in description.test_values.items()}  # fmt: skip
    parameters.check(description, given)
