"""Values of a job's parameters, from its description alone: which there are, what is wrong, what the code gets.

Values travel and are stored as the texts that were given (``name -> [text, …]``); they become numbers only for the
run. Every refusal names the parameter, the value and the rule.
"""

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from django.utils.translation import gettext as _

from jobs.description import Description, Input, Param
from jobs.errors import Refused

Datatype = Literal["double", "int", "boolean", "char"]
DATATYPES: Mapping[type, Datatype] = {float: "double", int: "int", bool: "boolean", str: "char"}
BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
# Line ends and tabs belong to text (ADQL, for one); no other control character does.
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
MAX_REPEAT = 1000
Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Parameter:
    """One field of a description's parameter class, read once."""

    name: str
    datatype: Datatype
    repeatable: bool
    required: bool
    default: Any
    meta: Param | Input

    @property
    def is_input(self) -> bool:
        return isinstance(self.meta, Input)

    @property
    def label(self) -> str:
        return self.meta.label or self.name.replace("_", " ").capitalize()

    @property
    def default_texts(self) -> list[str]:
        if self.default is None or self.required:
            return []
        values = self.default if isinstance(self.default, tuple) else (self.default,)
        return [text_of(value) for value in values]


def text_of(value: Any) -> str:
    """A Python value in the spelling that the checks read back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def parameters_of(description: Description) -> tuple[Parameter, ...]:
    return _parameters(description.parameters)


@lru_cache(maxsize=500)
def _parameters(record: type) -> tuple[Parameter, ...]:
    hints = get_type_hints(record, include_extras=True)
    return tuple(_parameter(field, hints[field.name]) for field in dataclasses.fields(record))


def _parameter(field: "dataclasses.Field[Any]", hint: Any) -> Parameter:
    meta = next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Param | Input)), None)
    if meta is None:
        raise TypeError(f"{field.name} needs Annotated[..., Param(...)] or Annotated[..., Input(...)]")
    inner = get_args(hint)[0]
    if get_origin(inner) in (Union, UnionType):
        inner = next(member for member in get_args(inner) if member is not NoneType)
    repeatable = get_origin(inner) is tuple
    base = get_args(inner)[0] if repeatable else inner
    default: Any = None
    if field.default is not dataclasses.MISSING:
        default = field.default
    elif field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    if isinstance(meta, Input) and meta.multiplicity.startswith("0"):
        required = False
    return Parameter(field.name, DATATYPES[base], repeatable, required, default, meta)


# --- one value -------------------------------------------------------------------------------------------------------


def convert(parameter: Parameter, text: str) -> Any:
    """The Python value of a text, or ``Refused`` (400)."""
    if FORBIDDEN.search(text):
        raise _refused(parameter, text, _("control characters are not allowed"))
    match parameter.datatype:
        case "double":
            return _number(parameter, text)
        case "int":
            return _integer(parameter, text)
        case "boolean":
            return _boolean(parameter, text)
        case _:
            return _text(parameter, text)


def _refused(parameter: Parameter, text: str, rule: str) -> Refused:
    return Refused(400, parameter.name, text, rule)


def _number(parameter: Parameter, text: str) -> float:
    try:
        # float() also reads digits of other scripts and underscores; the standards do not.
        value = float(text) if re.fullmatch(r"[0-9eE.+\-\s]+", text, re.ASCII) else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _refused(parameter, text, _("must be a finite number"))
    _within(parameter, text, value)
    return value


def _integer(parameter: Parameter, text: str) -> int:
    if not INTEGER.fullmatch(text.strip()):
        raise _refused(parameter, text, _("must be a whole number"))
    value = int(text)
    _within(parameter, text, value)
    return value


def _within(parameter: Parameter, text: str, value: float) -> None:
    meta = parameter.meta
    if not isinstance(meta, Param):
        return
    unit = f" {meta.unit}" if meta.unit else ""
    if meta.above is not None and value <= meta.above:
        raise _refused(parameter, text, _("must be above %(limit)g%(unit)s") % {"limit": meta.above, "unit": unit})
    if meta.min is not None and value < meta.min:
        raise _refused(parameter, text, _("must be at least %(limit)g%(unit)s") % {"limit": meta.min, "unit": unit})
    if meta.max is not None and value > meta.max:
        raise _refused(parameter, text, _("must be at most %(limit)g%(unit)s") % {"limit": meta.max, "unit": unit})


def _boolean(parameter: Parameter, text: str) -> bool:
    value = BOOLEANS.get(text.strip().lower())
    if value is None:
        raise _refused(parameter, text, _("must be true or false"))
    return value


def _text(parameter: Parameter, text: str) -> str:
    meta = parameter.meta
    if isinstance(meta, Param) and meta.options and text not in meta.options:
        raise _refused(parameter, text, _("must be one of %(options)s") % {"options": ", ".join(meta.options)})
    limit = meta.max_length if isinstance(meta, Param) else 2000
    if len(text) > limit:
        raise _refused(parameter, text, _("must have at most %(limit)d characters") % {"limit": limit})
    return text


# --- all values ------------------------------------------------------------------------------------------------------


def check(description: Description, given: Values) -> dict[str, list[str]]:
    """The given values under their declared names, or ``Refused``. What is missing is judged at RUN (``complete``)."""
    known = {parameter.name.lower(): parameter for parameter in parameters_of(description)}
    clean: dict[str, list[str]] = {}
    for name, texts in given.items():
        parameter = known.get(name.lower())
        if parameter is None:
            rule = _("%(type)s has no such parameter; it has %(names)s") % {
                "type": description.name,
                "names": ", ".join(p.name for p in known.values()) or _("none"),
            }
            raise Refused(400, name[:100], " ".join(texts)[:100], rule)
        values = [*clean.get(parameter.name, []), *(text for text in texts if text.strip())]
        if values:
            clean[parameter.name] = values
    for parameter in known.values():
        check_repeats(parameter, clean.get(parameter.name, []))
        for text in clean.get(parameter.name, []):
            convert(parameter, text)
    return clean


def check_repeats(parameter: Parameter, texts: Sequence[str]) -> None:
    if not parameter.repeatable and len(texts) > 1:
        raise _refused(parameter, ", ".join(texts), _("may be given only once"))
    limit = parameter.meta.max_count if isinstance(parameter.meta, Input) else MAX_REPEAT
    if len(texts) > limit:
        raise _refused(parameter, str(len(texts)), _("may be given at most %(limit)d times") % {"limit": limit})


def complete(description: Description, given: Values) -> Any:
    """The instance of the parameter class for a run, or ``Refused`` (400) where a value is missing or they clash."""
    values: dict[str, Any] = {}
    for parameter in parameters_of(description):
        texts = given.get(parameter.name, [])
        if texts:
            converted = tuple(convert(parameter, text) for text in texts)
            values[parameter.name] = converted if parameter.repeatable else converted[0]
        elif parameter.required:
            raise _refused(parameter, "", _("is required"))
        else:
            values[parameter.name] = parameter.default
    try:
        return description.parameters(**values)
    except ValueError as error:
        raise Refused(400, "", "", str(error)) from error


def effective(description: Description, given: Values) -> dict[str, list[str]]:
    """Given values and the defaults of the others, as texts."""
    return {p.name: list(given.get(p.name, [])) or p.default_texts for p in parameters_of(description)}


def fingerprint(
    description: Description, given: Values, input_sums: Mapping[str, Sequence[str]], code: str = ""
) -> str:
    """SHA-256 of type, version, code, every effective value and the inputs' checksums: equal means same result."""
    values: dict[str, Any] = {}
    for parameter in parameters_of(description):
        if not parameter.is_input:
            texts = given.get(parameter.name, []) or parameter.default_texts
            values[parameter.name] = [text_of(convert(parameter, text)) for text in texts]
    sums = {name: sorted(members) for name, members in input_sums.items()}
    text = json.dumps([description.name, description.version, code, values, sums], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
