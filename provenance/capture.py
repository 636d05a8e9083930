"""The one way in: ``record(activity)``, ``record_entity(entity)``, ``tombstone(id)``.

Each call is one transaction: all of a record or nothing. Writing the same record again changes nothing; a record may
complete what is known, never contradict it. The rules of the Provenance DM 1.0 that no constraint can hold (times of
use, roles, cycles) are checked here.
"""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from gateway.access.models import Metadata, Policy
from gateway.vo.identifiers import did, is_key
from provenance import describe, history, scrub
from provenance.cycles import refuse_cycles
from provenance.errors import Conflict, Refused, Unknown
from provenance.governance import is_open, joint, public_policy, set_policy
from provenance.models import (
    ID_LENGTH,
    Activity,
    ActivityDescription,
    Agent,
    Alternate,
    ConfigFile,
    Entity,
    HadMember,
    Outcome,
    Parameter,
    Used,
    WasAssociatedWith,
    WasAttributedTo,
    WasConfiguredBy,
    WasDerivedFrom,
    WasGeneratedBy,
    WasInformedBy,
)
from provenance.records import ActivityRecord, AgentRecord, EntityRecord, GeneratedRecord, UsedRecord

__all__ = ["public_policy", "record", "record_agent", "record_entity", "set_policy", "tombstone"]


@transaction.atomic
def record(activity: ActivityRecord, *, strict: bool = False) -> Activity:
    """Writes an activity with its configuration, inputs, outputs, agents and outcome.

    ``strict``: a differing name, comment or location is a Conflict too (imports), not only a differing fact.
    """
    row, created = _activity(activity, strict)
    description = row.description
    if activity.parameters:
        _parameters(row, description, activity, created)
    if activity.config_files:
        _config_files(row, description, activity)
    written: set[tuple[str, str]] = set()
    for used in activity.used:
        _used(row, description, used, strict, written if created else None)
    fresh = True
    for generated in activity.generated:
        fresh &= _generated(row, description, generated, strict)
    _associations(row, activity)
    _informed(row, activity.informed_by)
    _outcome(row, activity, created)
    _alternates("activity", row.pk, activity.alternates)
    if not fresh or activity.informed_by:
        refuse_cycles(activities=[row.pk])
    if activity.generated or not created:
        history.refresh([row.pk], onward=not fresh)
    return row


@transaction.atomic
def record_entity(entity: EntityRecord, *, strict: bool = False) -> Entity:
    """Writes an entity with its members, progenitors and agents; ``Unknown`` when one of these is not known."""
    return _write_entity(entity, strict)[0]


def _write_entity(entity: EntityRecord, strict: bool) -> tuple[Entity, bool]:
    """The row, and whether it is new."""
    if entity.id in entity.members or entity.id in entity.derived_from:
        raise Refused(f"{entity.id} cannot come from itself or be a member of itself")
    row, created = _entity(entity, strict)
    others = [*entity.members, *entity.derived_from]
    known = Entity.objects.select_related("policy").in_bulk(others) if others else {}
    for other in (*entity.members, *entity.derived_from):
        if other not in known:
            raise Unknown(f"{entity.id} speaks of {other}, which is not known")
    _link(row, entity, known)
    for agent, role in entity.attributed_to:
        WasAttributedTo.objects.get_or_create(
            entity=row, agent=record_agent(agent, row.policy), role=role, defaults={"policy": row.policy}
        )
    _alternates("entity", row.pk, entity.alternates)
    if entity.members or (entity.derived_from and not created):
        refuse_cycles(entities=[row.pk])
    return row, created


def _link(row: Entity, entity: EntityRecord, known: dict[str, Entity]) -> None:
    HadMember.objects.bulk_create(
        [HadMember(collection=row, entity=known[key], policy=joint(row, known[key])) for key in entity.members],
        ignore_conflicts=True,
    )
    WasDerivedFrom.objects.bulk_create(
        [
            WasDerivedFrom(entity=row, used_entity=known[key], policy=joint(row, known[key]))
            for key in entity.derived_from
        ],
        ignore_conflicts=True,
    )


def record_agent(agent: AgentRecord, policy: Policy) -> Agent:
    """Writes an agent. One whom a public record names is public."""
    row = Agent.objects.select_related("policy").filter(pk=agent.id).first()
    if row is None:
        facts = {name: scrub.text(getattr(agent, name))[:255] for name in ("name", "email", "affiliation", "url")}
        facts["name"] = facts["name"] or _legal(agent.id)
        return Agent.objects.create(identifier=_legal(agent.id), type=agent.type, policy=policy, **facts)
    if row.policy_id != policy.pk and policy.metadata == Metadata.PUBLIC and row.policy.metadata != Metadata.PUBLIC:
        row.policy = policy
        row.save(update_fields=["policy"])
    return row


def tombstone(entity_id: str) -> bool:
    """The bytes are gone, the record stays. False where no such entity is known; a second call changes nothing."""
    row = Entity.objects.filter(pk=entity_id).first()
    if row is None:
        return False
    if row.invalidated_at_time is None:
        row.invalidated_at_time = max(timezone.now(), row.generated_at_time or timezone.now())
        row.save(update_fields=["invalidated_at_time"])
    return True


# --- parts -----------------------------------------------------------------------------------------------------------


def _legal(identifier: str) -> str:
    if not is_key(identifier) or len(identifier) > ID_LENGTH:
        raise Refused(
            f"{identifier[:80]!r} is no identifier of this gateway: lower-case letters, digits, '_', '-', '.',"
            " a letter first"
        )
    return identifier


def _policy(policy_id: int | None) -> Policy:
    if policy_id is None:
        return describe.once("public policy", public_policy)
    return describe.once(("policy", policy_id), lambda: Policy.objects.get(pk=policy_id))


def _moment(value: datetime | None) -> datetime | None:
    """UTC; a time without zone is taken as UTC."""
    if value is not None and value.tzinfo is None:
        return timezone.make_aware(value, timezone.get_default_timezone())
    return value


def _complete(row: Entity | Activity, facts: dict[str, object], firm: set[str], strict: bool) -> None:
    """Fills what is empty, keeps what is there, refuses what contradicts."""
    changed = []
    for name, value in facts.items():
        known = getattr(row, name)
        if value in ("", None) or value == known:
            continue
        if known in ("", None):
            setattr(row, name, value)
            changed.append(name)
        elif (strict and name != "description_id") or name in firm:
            raise Conflict(f"{row.pk} is known with {name} {known!s:.100}, the record says {value!s:.100}")
    if changed:
        row.save(update_fields=changed)


def _entity(record: EntityRecord, strict: bool) -> tuple[Entity, bool]:
    row = Entity.objects.select_related("policy").filter(pk=record.id).first()
    description = describe.entity(record, row.policy if row else _policy(record.policy_id))
    facts: dict[str, object] = {
        "name": scrub.text(record.name),
        "kind": record.kind,
        "location": scrub.text(record.location),
        "value": scrub.text(record.value),
        "generated_at_time": _moment(record.generated_at),
        "comment": scrub.text(record.comment),
        "sha256": record.sha256.lower(),
        "size": record.size,
        "content_type": record.content_type[:128],
        "level": record.level[:8],
        "description_id": description.pk if description else None,
    }
    if record.size is not None and record.size < 0:
        raise Refused(f"{record.id}: a size of {record.size} bytes is not possible")
    if row is None:
        row = Entity(
            identifier=_legal(record.id),
            policy=_policy(record.policy_id),
            obs_publisher_did=did(record.id, settings.AUTHORITY),
            **facts,
        )
        row.save(force_insert=True)
        row.description = description
        return row, True
    _complete(row, facts, {"value", "sha256", "size"}, strict)
    if description is not None and row.description_id == description.pk:
        row.description = description
    if not strict and record.policy_id not in (None, row.policy_id):
        set_policy(row.pk, record.policy_id)
        row.policy = _policy(record.policy_id)
    return row, False


def _activity(record: ActivityRecord, strict: bool) -> tuple[Activity, bool]:
    """The row, and whether it is new."""
    start, end = _moment(record.start), _moment(record.end)
    if start and end and end < start:
        raise Refused(f"{record.id} ends ({end:%Y-%m-%d %H:%M:%S}) before it starts ({start:%Y-%m-%d %H:%M:%S})")
    row = Activity.objects.select_related("policy", "description").filter(pk=record.id).first()
    policy = row.policy if row else _policy(record.policy_id)
    description = describe.activity(record.description, policy) if record.description else None
    facts: dict[str, object] = {
        "name": scrub.text(record.name),
        "start_time": start,
        "end_time": end,
        "comment": scrub.text(record.comment),
        "description_id": description.pk if description else None,
    }
    created = row is None
    if row is None:
        row = Activity(identifier=_legal(record.id), policy=policy, **facts)
        row.save(force_insert=True)
    else:
        _complete(row, facts, {"start_time", "end_time", "description_id"}, strict)
        if row.start_time and row.end_time and row.end_time < row.start_time:
            raise Refused(f"{record.id} would end before it starts")
    row.description = description or row.description
    return row, created


def _parameters(row: Activity, description: ActivityDescription | None, record: ActivityRecord, created: bool) -> None:
    known = [] if created else [(p.name, p.value) for p in row.parameters.all()]
    given = [(p.name[:255], scrub.text(p.value)) for p in record.parameters if not scrub.is_secret(p.name)]
    if known:
        for pair in given:
            if pair not in known:
                raise Conflict(f"{row.pk} is known with other parameters than {pair[0]} = {pair[1]:.100}")
        return
    kept = [p for p in record.parameters if not scrub.is_secret(p.name)]
    described = describe.parameters(description, kept, row.policy) if description else {}
    rows = Parameter.objects.bulk_create(
        [
            Parameter(
                activity=row,
                number=n,
                name=name,
                value=value,
                description=described.get(kept[n].name),
                policy=row.policy,
            )
            for n, (name, value) in enumerate(given)
        ]
    )
    WasConfiguredBy.objects.bulk_create(
        [WasConfiguredBy(activity=row, artefact_type="Parameter", parameter=p, policy=row.policy) for p in rows]
    )


def _config_files(row: Activity, description: ActivityDescription | None, record: ActivityRecord) -> None:
    known = {(f.name, f.location) for f in row.config_files.all()}
    for name, location, content_type in record.config_files:
        if (name, scrub.text(location)) in known:
            continue
        described = None
        if description and content_type:
            described = describe.config_file(description, name, content_type, row.policy)
        file = ConfigFile.objects.create(
            activity=row,
            number=len(known),
            name=name,
            location=scrub.text(location),
            description=described,
            policy=row.policy,
        )
        known.add((name, file.location))
        WasConfiguredBy.objects.create(activity=row, artefact_type="ConfigFile", config_file=file, policy=row.policy)


def _used(
    row: Activity,
    description: ActivityDescription | None,
    used: UsedRecord,
    strict: bool,
    written: set[tuple[str, str]] | None,
) -> None:
    """``written``: of a new activity, what it used so far."""
    if isinstance(used.entity, str):
        entity = Entity.objects.select_related("policy", "description").filter(pk=used.entity).first()
        if entity is None:
            raise Unknown(f"{row.pk} used {used.entity}, which is not known")
    else:
        entity, _new = _write_entity(used.entity, strict)
    time = _moment(used.time)
    if time and ((row.start_time and time < row.start_time) or (row.end_time and time > row.end_time)):
        raise Refused(f"{row.pk} used {entity.pk} at a time when it was not running")
    role = used.role[:128]
    policy, part = joint(row, entity), None
    if description and role:
        part = describe.usage(description, role, used.type, entity.description, policy)
    facts = {"time": time, "type": used.type, "description": part, "policy": policy}
    if written is None:
        Used.objects.get_or_create(activity=row, entity=entity, role=role, defaults=facts)
    elif (entity.pk, role) not in written:
        written.add((entity.pk, role))
        Used.objects.create(activity=row, entity=entity, role=role, **facts)


def _generated(
    row: Activity, description: ActivityDescription | None, generated: GeneratedRecord, strict: bool
) -> bool:
    """True where the entity was new, so that nothing can have come from it."""
    entity, new = _write_entity(generated.entity, strict)
    role = generated.role[:128]
    policy, part = joint(row, entity), None
    if description and role:
        part = describe.generation(description, role, generated.type, entity.description, policy)
    facts = {"role": role, "type": generated.type, "description": part, "policy": policy}
    if new:
        WasGeneratedBy.objects.create(entity=entity, activity=row, **facts)
        return True
    made, _ = WasGeneratedBy.objects.get_or_create(entity=entity, defaults={"activity": row, **facts})
    if made.activity_id != row.pk:
        raise Conflict(f"{entity.pk} was generated by {made.activity_id}; it cannot be generated by {row.pk} too")
    if strict and made.role != role:
        raise Conflict(f"{entity.pk} is known as {made.role} of {row.pk}, the record says {role}")
    return new


def _associations(row: Activity, record: ActivityRecord) -> None:
    for agent, role in record.agents:
        WasAssociatedWith.objects.get_or_create(
            activity=row, agent=record_agent(agent, row.policy), role=role, defaults={"policy": row.policy}
        )
    described = row.description
    if described is not None:
        contacts = describe.once(
            ("contacts", described.pk), lambda: list(described.contacts.select_related("agent__policy"))
        )
        for contact in contacts:
            known_to = contact.agent.policy
            if known_to.pk != row.policy_id and not is_open(known_to):
                continue
            WasAssociatedWith.objects.get_or_create(
                activity=row, agent_id=contact.agent_id, role=contact.role, defaults={"policy": row.policy}
            )


def _informed(row: Activity, informants: tuple[str, ...]) -> None:
    known = Activity.objects.select_related("policy").in_bulk(list(informants)) if informants else {}
    for informant in informants:
        if informant not in known:
            raise Unknown(f"{row.pk} was informed by {informant}, which is not known")
        if informant == row.pk:
            raise Refused(f"{row.pk} cannot be informed by itself")
        WasInformedBy.objects.get_or_create(
            activity=row, informant=known[informant], defaults={"policy": joint(row, known[informant])}
        )


def _outcome(row: Activity, record: ActivityRecord, new: bool) -> None:
    facts = {
        "succeeded": record.succeeded,
        "exit_code": record.exit_code,
        "error": scrub.text(record.error),
        "warnings": [scrub.text(w) for w in record.warnings],
        "software": [[scrub.text(n), scrub.text(v)] for n, v in record.software],
        "environment": scrub.tree(record.environment),
    }
    if not any(value not in (None, "", [], {}) for value in facts.values()):
        return
    if new:
        Outcome.objects.create(activity=row, policy=row.policy, **facts)
        return
    known, created = Outcome.objects.get_or_create(activity=row, defaults={**facts, "policy": row.policy})
    if not created and None not in (known.succeeded, record.succeeded) and known.succeeded != record.succeeded:
        raise Conflict(f"{row.pk} is known to have {'succeeded' if known.succeeded else 'failed'}")


def _alternates(kind: str, identifier: str, names: Iterable[str]) -> None:
    wanted = dict.fromkeys(scrub.text(name)[:1000] for name in names)
    if not wanted:
        return
    known = dict(Alternate.objects.filter(name__in=wanted, kind=kind).values_list("name", "identifier"))
    for name, other in known.items():
        if other != identifier:
            raise Conflict(f"{name:.200} is known as another name of {other}, not of {identifier}")
    fresh = [Alternate(name=name, kind=kind, identifier=identifier) for name in wanted if name not in known]
    if fresh:
        Alternate.objects.bulk_create(fresh)
