"""The gateway's own form: register descriptions once, then send runs of them (what the client package sends).

``{"descriptions": [{"name", "version", "description", "type", "docurl", "parameters": [{"name", "datatype", "unit",
"description", "default"}], "contacts": [{"id"?, "name", "role", "email"?, "type"?}]}],
"runs": [{"id", "activity", "version", "start", "end", "parameters": {name: value}, "used": [{"id"?, "location",
"role", "sha256", "size"}], "generated": [the same], "agents": [{"name", "role"}], "software": {name: version},
"succeeded", "exit_code", "error", "warnings": [text], "informed_by": [id], "values": {role: value}}]}``
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Q

from gateway.access.rights import may_see, visible
from gateway.vo.identifiers import foreign_key, is_key
from provenance import capture, describe
from provenance.errors import Conflict, Refused, Unknown
from provenance.importers.batch import Batch, Report, Sender  # fmt: skip
from provenance.importers.batch import write as write_batch
from provenance.importers.statements import AGENT_TYPES, moment
from provenance.models import ActivityDescription, DescriptionContact
from provenance.records import (
    ActivityDescriptionRecord,
    ActivityRecord,
    AgentRecord,
    EntityRecord,
    GeneratedRecord,
    ParameterRecord,
    UsedRecord,
)

TEXTS = ("name", "version", "description", "type", "subtype", "docurl")


def write(document: Mapping[str, Any], sender: Sender) -> Report:
    """Raises Refused. The caller holds the transaction."""
    try:
        for item in _dicts(document, "descriptions"):
            _register(item, sender)
        batch = Batch([_run(item, sender) for item in _dicts(document, "runs")])
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(f"the document is not in the form that is described under /help/provenance: {error}") from None
    report = write_batch(batch, sender)
    report.format = "runs"
    return report


def _register(item: Mapping[str, Any], sender: Sender) -> None:
    """A description said again the same changes nothing; said differently it needs a new version."""
    record = ActivityDescriptionRecord(**{name: str(item.get(name) or "") for name in TEXTS})
    if not record.name:
        raise Refused("a description has no name")
    row = describe.activity(record, sender.policy)
    for name in ("description", "type", "docurl"):
        given, known = getattr(record, name), getattr(row, name)
        if given and given != known:
            words = f"{name} {known!r}" if may_see(sender.viewer, row.policy_id) else f"another {name}"
            raise Conflict(f"{row} is registered with {words}: give the new one a new version")
    describe.parameters(row, [_parameter(p) for p in _dicts(item, "parameters")], sender.policy)
    for contact in _dicts(item, "contacts"):
        agent = capture.record_agent(_agent(contact), sender.policy)
        role = str(contact.get("role") or "Contributor")
        DescriptionContact.objects.get_or_create(activity_description=row, agent=agent, role=role)


def _parameter(item: Mapping[str, Any], value: str = "") -> ParameterRecord:
    default = item.get("default")
    return ParameterRecord(
        name=str(item["name"]),
        value=value,
        datatype=str(item.get("datatype") or "char"),
        unit=str(item.get("unit") or ""),
        ucd=str(item.get("ucd") or ""),
        description=str(item.get("description") or ""),
        default=None if default is None else str(default),
        minimum=str(item.get("min", "")),
        maximum=str(item.get("max", "")),
        options=tuple(str(option) for option in item.get("options", ())),
    )


def _run(item: Mapping[str, Any], sender: Sender) -> ActivityRecord:
    name, version = str(item["activity"]), str(item.get("version") or "")
    registered = ActivityDescription.objects.filter(name=name, version=version).first()
    if registered is None:
        raise Unknown(f"{name} {version} is not registered: send its description first")
    identifier = str(item["id"])
    exit_code, succeeded = item.get("exit_code"), item.get("succeeded")
    values = item.get("values") or {}
    return ActivityRecord(
        id=identifier,
        name=str(item.get("name") or name),
        description=ActivityDescriptionRecord(name=name, version=version),
        start=moment(item.get("start")),
        end=moment(item.get("end")),
        comment=str(item.get("comment") or ""),
        parameters=tuple(_given(registered, item.get("parameters") or {}, sender)),
        used=tuple(UsedRecord(entity=_file(f, ""), role=str(f.get("role") or "")) for f in _dicts(item, "used")),
        generated=(
            *(
                GeneratedRecord(entity=_file(f, identifier, moment(item.get("end"))), role=str(f.get("role") or ""))
                for f in _dicts(item, "generated")
            ),
            *(_value(identifier, str(role), value) for role, value in values.items()),
        ),
        agents=tuple((_agent(a), str(a.get("role") or "Operator")) for a in _dicts(item, "agents")),
        software=tuple((str(n), str(v)) for n, v in (item.get("software") or {}).items()),
        environment=item.get("environment") or {},
        informed_by=tuple(str(name) for name in item.get("informed_by", ())),
        succeeded=succeeded if isinstance(succeeded, bool) else None,
        exit_code=exit_code if isinstance(exit_code, int) else None,
        error=str(item.get("error") or ""),
        warnings=tuple(str(text) for text in item.get("warnings", ())),
    )


def _given(registered: ActivityDescription, values: Mapping[str, Any], sender: Sender) -> Iterator[ParameterRecord]:
    known = registered.parameter_descriptions.filter(visible(sender.viewer) | Q(policy=sender.policy))
    described = {row.name: row for row in known}
    for name, value in values.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        row = described.get(name)
        if row is None:
            yield ParameterRecord(name=name, value=text)
        else:
            yield ParameterRecord(
                name=name,
                value=text,
                datatype=row.value_type,
                unit=row.unit,
                ucd=row.ucd,
                utype=row.utype,
                description=row.description,
                default=row.default,
                minimum=row.minimum,
                maximum=row.maximum,
                options=tuple(row.options),
            )


def _file(item: Mapping[str, Any], maker: str, made: Any = None) -> EntityRecord:
    """Known by its identifier, else by its bytes, else by where it lies (and, for a result, who made it)."""
    sha256, location = str(item.get("sha256") or ""), str(item.get("location") or "")
    if item.get("id"):
        identifier = str(item["id"])
    elif sha256:
        identifier = f"urn:sha256:{sha256}"
    elif location:
        identifier = f"file:{location}#{maker}" if maker else f"file:{location}"
    else:
        raise Refused("a file has no id, sha256 or location")
    size = item.get("size")
    return EntityRecord(
        id=identifier,
        name=str(item.get("name") or location.rpartition("/")[2]),
        type=str(item.get("type") or ""),
        content_type=str(item.get("content_type") or ""),
        location=location,
        sha256=sha256,
        size=size if isinstance(size, int) else None,
        level=str(item.get("level") or ""),
        generated_at=made,
    )


def _value(run: str, role: str, value: Any) -> GeneratedRecord:
    entity = EntityRecord(id=f"{run}#{role}", name=role, kind="value", value=str(value), type=role)
    return GeneratedRecord(entity=entity, role=role)


def _agent(item: Mapping[str, Any]) -> AgentRecord:
    name = str(item["name"])
    given = str(item.get("id") or f"person:{name}")
    return AgentRecord(
        id=given if is_key(given) and ":" not in given else foreign_key(given),
        name=name,
        type=AGENT_TYPES.get(str(item.get("type") or "Person"), "Person"),
        email=str(item.get("email") or ""),
        affiliation=str(item.get("affiliation") or ""),
    )


def _dicts(item: Mapping[str, Any], name: str) -> Iterable[Mapping[str, Any]]:
    found = item.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Refused(f"{name} is not a list of objects")
    return found
