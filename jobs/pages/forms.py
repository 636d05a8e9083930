"""The form of a job type, made from its description alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from gateway.access.rights import Viewer
from jobs import addresses, hooks, parameters, service
from jobs.description import Input, Param
from jobs.errors import Refused
from jobs.hooks import InputProduct
from jobs.parameters import Parameter
from jobs.registry import JobType

Values = Mapping[str, Sequence[str]]


@dataclass
class Field:
    """One parameter as the form shows it."""

    parameter: Parameter
    texts: list[str]
    error: str = ""
    products: list["Given"] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.parameter.name

    @property
    def value(self) -> str:
        return "\n".join(self.texts)

    @property
    def unit(self) -> str:
        return getattr(self.parameter.meta, "unit", "")

    @property
    def options(self) -> tuple[str, ...]:
        return getattr(self.parameter.meta, "options", ())

    @property
    def kind(self) -> str:
        """Which control fits: inputs, select, checkbox, lines, text."""
        if self.parameter.is_input:
            return "inputs"
        if self.options and not self.parameter.repeatable:
            return "select"
        if self.parameter.datatype == "boolean":
            return "checkbox"
        long = getattr(self.parameter.meta, "max_length", 0) > 1000
        return "lines" if self.parameter.repeatable or long else "text"

    @property
    def checked(self) -> bool:
        return parameters.BOOLEANS.get((self.texts or self.parameter.default_texts or ["false"])[0].lower(), False)

    @property
    def changed(self) -> bool:
        default = self.parameter.default_texts
        return bool(self.texts and default and self.texts != default and not _same(self.texts, default))

    @property
    def range_words(self) -> str:
        """``0 to 360 · default 83.6``"""
        meta = self.parameter.meta
        words = [_limits(meta)] if isinstance(meta, Param) else []
        default = ", ".join(self.parameter.default_texts)
        if default and self.kind != "checkbox":
            words.append(_("default %(value)s") % {"value": default})
        elif self.parameter.required:
            words.append(_("required"))
        return " · ".join(word for word in words if word)


@dataclass(frozen=True)
class Given:
    """An input as it was named, and the product if the viewer may have it."""

    identifier: str
    product: InputProduct | None
    fault: str = ""


@dataclass(frozen=True)
class Group:
    heading: str
    fields: list[Field]


@dataclass(frozen=True)
class Form:
    job_type: JobType
    fields: list[Field]
    fault: str = ""
    """what is wrong with the values together"""

    @property
    def inputs(self) -> list[Field]:
        return [f for f in self.fields if f.kind == "inputs"]

    @property
    def groups(self) -> list[Group]:
        return _grouped([f for f in self.fields if f.kind != "inputs" and not getattr(f.parameter.meta, "advanced", 0)])

    @property
    def advanced(self) -> list[Field]:
        return [f for f in self.fields if getattr(f.parameter.meta, "advanced", False)]

    @property
    def is_valid(self) -> bool:
        return not self.fault and not any(f.error for f in self.fields)


def _limits(meta: Param) -> str:
    low = meta.min if meta.above is None else meta.above
    if meta.above is not None and meta.max is None:
        return _("above %(low)g") % {"low": low}
    if low is None and meta.max is None:
        return ""
    if meta.max is None:
        return _("at least %(low)g") % {"low": low}
    if low is None:
        return _("at most %(high)g") % {"high": meta.max}
    return _("%(low)g to %(high)g") % {"low": low, "high": meta.max}


def _same(texts: Sequence[str], default: Sequence[str]) -> bool:
    """``5`` and ``5.0`` are one value."""
    try:
        return [float(t) for t in texts] == [float(t) for t in default]
    except ValueError:
        return False


def _grouped(fields: list[Field]) -> list[Group]:
    groups: dict[str, list[Field]] = {}
    for one in fields:
        groups.setdefault(getattr(one.parameter.meta, "group", ""), []).append(one)
    return [Group(heading, members) for heading, members in groups.items()]


# --- values ----------------------------------------------------------------------------------------------------------


def values_from(job_type: JobType, query: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Values of a form or an address: names without regard to case, ``ID`` fills the first input, lines are values."""
    known = {p.name.lower(): p for p in parameters.parameters_of(job_type.description)}
    first_input = next((p.name for p in known.values() if p.is_input), "")
    values: dict[str, list[str]] = {}
    for name, texts in query.items():
        parameter = known.get(first_input if name.upper() == "ID" else name.lower())
        if parameter is None:
            continue
        split = parameter.repeatable
        members = [m.strip() for text in texts for m in (text.splitlines() if split else [text.replace("\r\n", "\n")])]
        values.setdefault(parameter.name, []).extend(m for m in members if m)
    return {
        name: list(dict.fromkeys(texts)) if known[name.lower()].is_input else texts for name, texts in values.items()
    }


def filled_from_inputs(job_type: JobType, values: dict[str, list[str]], viewer: Viewer) -> dict[str, list[str]]:
    """The values, with those that the first input's row can give (``Param.from_input``) where none was named."""
    wanted = {
        parameter.name: parameter.meta.from_input
        for parameter in parameters.parameters_of(job_type.description)
        if isinstance(parameter.meta, Param) and parameter.meta.from_input and not values.get(parameter.name)
    }
    first = next(
        (
            values[p.name][0]
            for p in parameters.parameters_of(job_type.description)
            if p.is_input and values.get(p.name)
        ),
        None,
    )
    if not wanted or first is None:
        return values
    try:
        row = hooks.inputs(first, viewer).obscore
    except (hooks.InputNotFound, hooks.InputForbidden):
        return values
    found = {name: [str(row[column])] for name, column in wanted.items() if row.get(column) is not None}
    return {**values, **found}


def make(job_type: JobType, values: Values, viewer: Viewer, *, judge: bool = False) -> Form:
    """The form with these values; ``judge`` also says what is wrong with each."""
    fields = []
    for parameter in parameters.parameters_of(job_type.description):
        texts = list(values.get(parameter.name, []))
        one = Field(parameter, texts or ([] if judge else parameter.default_texts))
        if parameter.is_input:
            one.products = [_given(text, viewer, getattr(parameter.meta, "url", "")) for text in texts]
        if judge:
            one.error = fault_of(parameter, texts, viewer)
        fields.append(one)
    fault = ""
    if judge and not any(f.error for f in fields):
        try:
            parameters.complete(job_type.description, values)
        except Refused as refused:
            fault = refused.rule
    return Form(job_type, fields, fault)


def fault_of(parameter: Parameter, texts: list[str], viewer: Viewer) -> str:
    """Why the values of one parameter are refused, in a sentence, or empty."""
    if not texts:
        return _("A value is needed here.") if parameter.required else ""
    try:
        parameters.check_repeats(parameter, texts)
        for text in texts:
            parameters.convert(parameter, text)
            if parameter.is_input:
                service.check_input(parameter, text, viewer)
    except Refused as refused:
        return str(refused) if isinstance(parameter.meta, Input) else refused.rule.capitalize() + "."
    return ""


def _given(identifier: str, viewer: Viewer, template: str) -> Given:
    """``template``: where the description says that identifiers of no product are fetched from."""
    if not hooks.inputs.filled or identifier.startswith("param:"):
        return Given(identifier, None)
    key = addresses.own_key(identifier)
    if addresses.is_address(identifier) and not key:
        return Given(identifier, None)
    try:
        return Given(identifier, hooks.inputs(key or identifier, viewer))
    except hooks.InputNotFound:
        if template:
            return Given(identifier, None)
        return Given(identifier, None, _("there is no such product"))
    except hooks.InputForbidden as error:
        return Given(identifier, None, str(error))
