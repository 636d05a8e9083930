"""Description classes: the same words give the same row, so that registering twice changes nothing.

``policy`` is that of the record that is described. A description that a public record needs is public, and then says
what the public record says of it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import TypeVar

from gateway.access.models import Policy
from gateway.vo.identifiers import slug
from provenance import scrub
from provenance.governance import is_open, public_policy
from provenance.models import (
    ActivityDescription,
    ConfigFileDescription,
    EntityDescription,
    GenerationDescription,
    ParameterDescription,
    UsageDescription,
)
from provenance.present import exists, known
from provenance.records import ActivityDescriptionRecord, EntityRecord, ParameterRecord
from provenance.session import once


def named(prefix: str, name: str, *facts: object) -> str:
    """An identifier that follows from the content: ``pd-on-radius-1f0c…``."""
    digest = hashlib.sha256("\x1f".join([name, *map(str, facts)]).encode()).hexdigest()[:16]
    return f"{prefix}-{slug(name)[:60].strip('-.')}-{digest}"


Described = (
    ActivityDescription
    | ConfigFileDescription
    | EntityDescription
    | GenerationDescription
    | ParameterDescription
    | UsageDescription
)


def _prevail(row: Described, policy: Policy | None, **facts: object) -> None:
    """Opens a row that was known to few; ``facts`` replace what those few said."""
    if policy is None or row.policy_id == policy.pk or not is_open(policy):
        return
    if row.policy is not None and is_open(row.policy):
        return
    for name, value in {**facts, "policy": policy}.items():
        setattr(row, name, value)
    row.save(update_fields=[*facts, "policy"])


def activity(record: ActivityDescriptionRecord, policy: Policy) -> ActivityDescription:
    return once(("ad", record, policy.pk), lambda: _activity(record, policy))


def _activity(record: ActivityDescriptionRecord, policy: Policy) -> ActivityDescription:
    facts = {
        "description": scrub.text(record.description),
        "docurl": scrub.text(record.docurl),
        "type": scrub.text(record.type)[:64],
        "subtype": scrub.text(record.subtype)[:128],
    }
    row, created = ActivityDescription.objects.select_related("policy").get_or_create(
        name=scrub.text(record.name)[:255],
        version=scrub.text(record.version)[:128],
        defaults={"identifier": named("ad", record.name, record.version), "policy": policy, **facts},
    )
    if not created:
        _prevail(row, policy, **facts)
    return row


def parameters(
    of: ActivityDescription, records: Iterable[ParameterRecord], policy: Policy
) -> dict[str, ParameterDescription]:
    """By parameter name. A parameter that changed between two runs of one version has two rows."""
    rows = {record.name: _parameter(of, record, policy) for record in records}
    key = ("pd", policy.pk, *sorted(row.pk for row in rows.values()))
    once(key, lambda: _write_parameters(list(rows.values()), policy))
    return rows


def _parameter(of: ActivityDescription, record: ParameterRecord, policy: Policy) -> ParameterDescription:
    facts = {
        "value_type": record.datatype or "char",
        "description": scrub.text(record.description),
        "unit": record.unit[:64],
        "ucd": record.ucd[:128],
        "utype": record.utype[:128],
        "minimum": record.minimum[:64],
        "maximum": record.maximum[:64],
        "options": list(record.options),
        "default": record.default,
    }
    return ParameterDescription(
        identifier=named("pd", record.name, of.pk, *facts.values()),
        activity_description=of,
        name=record.name[:255],
        policy=policy,
        **facts,
    )


def _write_parameters(rows: list[ParameterDescription], policy: Policy) -> bool:
    keys = [row.pk for row in rows]
    if not is_open(policy) and len(known(ParameterDescription, keys)) == len(set(keys)):
        return True
    there = ParameterDescription.objects.select_related("policy").in_bulk(keys)
    fresh = [row for row in rows if row.pk not in there]
    if fresh:
        ParameterDescription.objects.bulk_create(fresh, ignore_conflicts=True)
    for row in there.values():
        _prevail(row, policy)
    return True


def publish(
    record: ActivityDescriptionRecord,
    settings: Iterable[ParameterRecord],
    uses: Iterable[tuple[str, str]],
    makes: Iterable[tuple[str, str, EntityRecord]],
) -> None:
    """How a thing on offer is done, for everyone, before it was ever done: (role, type) of what it uses, with a sample
    of what it makes. No later run closes it again, and that it can be read tells of no run."""
    policy = public_policy()
    of = activity(record, policy)
    rows: list[Described] = [of, *parameters(of, settings, policy).values()]
    rows += [usage(of, role, kind, None, policy) for role, kind in uses]
    for role, kind, sample in makes:
        made = entity(sample, policy)
        rows += [generation(of, role, kind, made, policy), *([made] if made else [])]
    for row in rows:
        type(row)._default_manager.filter(pk=row.pk).update(declared=True)


Flow = TypeVar("Flow", UsageDescription, GenerationDescription)


def usage(
    of: ActivityDescription, role: str, kind: str, entity: EntityDescription | None, policy: Policy | None
) -> UsageDescription:
    key = ("usage", of.pk, role, kind, entity and entity.pk, policy and policy.pk)
    return once(key, lambda: _flow(UsageDescription, "ud", of, role, kind, entity=entity, policy=policy))


def generation(
    of: ActivityDescription, role: str, kind: str, entity: EntityDescription | None, policy: Policy | None
) -> GenerationDescription:
    key = ("generation", of.pk, role, kind, entity and entity.pk, policy and policy.pk)
    return once(key, lambda: _flow(GenerationDescription, "gd", of, role, kind, entity=entity, policy=policy))


def _flow(
    model: type[Flow],
    prefix: str,
    of: ActivityDescription,
    role: str,
    kind: str,
    *,
    entity: EntityDescription | None,
    policy: Policy | None,
) -> Flow:
    row = _kept(
        model,
        named(prefix, role, of.pk, kind),
        {"activity_description": of, "role": role, "type": kind},
        policy,
    )
    if entity is not None and not _speaks_of(row, entity):
        row.entity_descriptions.add(entity)
    return row


def _speaks_of(flow: UsageDescription | GenerationDescription, entity: EntityDescription) -> bool:
    own = f"{type(flow).__name__.lower()}_id"
    return exists(flow.entity_descriptions.through, **{own: flow.pk, "entitydescription_id": entity.pk})


Kept = TypeVar("Kept", UsageDescription, GenerationDescription, EntityDescription)


def _kept(model: type[Kept], identifier: str, facts: Mapping[str, object], policy: Policy | None) -> Kept:
    """The row of this identifier, which follows from the facts. A record for few changes nothing in one that is there,
    so it is not read."""
    closed = policy is None or not is_open(policy)
    if closed and exists(model, identifier=identifier):
        return model(identifier=identifier, policy=policy, **facts)
    row, created = model.objects.select_related("policy").get_or_create(
        identifier=identifier, defaults={**facts, "policy": policy}
    )
    if not created:
        _prevail(row, policy)
    return row


def config_file(of: ActivityDescription, name: str, content_type: str, policy: Policy) -> ConfigFileDescription:
    return once(("cd", of.pk, name, content_type, policy.pk), lambda: _config_file(of, name, content_type, policy))


def _config_file(of: ActivityDescription, name: str, content_type: str, policy: Policy) -> ConfigFileDescription:
    row, created = ConfigFileDescription.objects.select_related("policy").get_or_create(
        identifier=named("cd", name, of.pk, content_type),
        defaults={"activity_description": of, "name": name, "content_type": content_type, "policy": policy},
    )
    if not created:
        _prevail(row, policy)
    return row


def entity(record: EntityRecord, policy: Policy) -> EntityDescription | None:
    """The description that an entity's type and content type imply; None where the record says neither."""
    content_type = record.content_type if record.kind == "dataset" else ""
    value_type = "char" if record.kind == "value" else ""
    if not (record.type or content_type or value_type):
        return None
    kind = record.kind if content_type or value_type else ""
    name = scrub.text(record.type or content_type or "value")[:128]
    facts = {"kind": kind, "name": name, "type": name, "content_type": content_type, "value_type": value_type}
    return once(("ed", *facts.values(), policy.pk), lambda: _entity(facts, policy))


def _entity(facts: dict[str, str], policy: Policy) -> EntityDescription:
    identifier = named("ed", facts["name"], facts["kind"], facts["content_type"], facts["value_type"])
    return _kept(EntityDescription, identifier, facts, policy)
