"""The one way in: ``record(activity)``, ``record_entity(entity)``, ``tombstone(id)``.

Each call is one transaction, or part of the session that goes on: all of a record or nothing. Writing the same record
again changes nothing; a record may complete what is known, never contradict it. The rules of the Provenance DM 1.0 that
no constraint can hold (times of use, roles, cycles) are checked here.
"""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from gateway.access.models import Metadata, Policy
from gateway.vo.identifiers import did, is_key
from provenance import describe, places, scrub, session
from provenance.errors import Conflict, Refused, Unknown
from provenance.governance import is_open, joint, public_policy, set_policy
from provenance.history import ASIDE, Run
from provenance.models import (
    ID_LENGTH,
    Activity,
    ActivityDescription,
    Agent,
    Alternate,
    ConfigFile,
    DescriptionContact,
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
from provenance.present import exists
from provenance.records import ActivityRecord, AgentRecord, EntityRecord, GeneratedRecord, UsedRecord
from provenance.session import Session

__all__ = ["public_policy", "record", "record_agent", "record_entity", "set_policy", "tombstone"]


def record(activity: ActivityRecord, *, strict: bool = False) -> Activity:
    """Writes an activity with its configuration, inputs, outputs, agents and outcome.

    ``strict``: a differing name, comment or location is a Conflict too (imports), not only a differing fact.
    """
    with session.opened() as to:
        expect(to, [activity])
        row, created = _activity(to, activity, strict)
        if not created:
            to.flush()
        description = row.description
        settings = _parameters(to, row, description, activity, created) if activity.parameters else []
        if activity.config_files:
            _config_files(to, row, description, activity, created)
        for used in activity.used:
            _used(to, row, description, used, strict)
        to.makers(made.entity.id for made in activity.generated)
        fresh = True
        for generated in activity.generated:
            fresh &= _generated(to, row, description, generated, strict)
        _associations(to, row, activity)
        _informed(to, row, activity.informed_by)
        outcome = _outcome(to, row, activity, created)
        _alternates(to, "activity", row.pk, activity.alternates)
        if not fresh or activity.informed_by:
            to.activities.add(row.pk)
        if activity.generated or not created:
            to.made_anew[row.pk] = not fresh or to.made_anew.get(row.pk, False)
        if created and fresh:
            to.runs[row.pk] = _told(to, Run(row, outcome, settings=settings), activity)
        else:
            to.runs.pop(row.pk, None)
    return row


def _told(to: Session, run: Run, record: ActivityRecord) -> Run:
    """With what a new activity used and made, as the store will have it."""
    used = (u.entity if isinstance(u.entity, str) else u.entity.id for u in record.used if u.type not in ASIDE)
    run.inputs = sorted(set(used))
    run.made = [entity for made in record.generated if (entity := to.entity(made.entity.id))]
    return run


def record_entity(entity: EntityRecord, *, strict: bool = False) -> Entity:
    """Writes an entity with its members, progenitors and agents; ``Unknown`` when one of these is not known."""
    with session.opened() as to:
        return _write_entity(to, entity, strict)[0]


def expect(to: Session, activities: Iterable[ActivityRecord], entities: Iterable[EntityRecord] = ()) -> None:
    """Looks up at once all that these records speak of."""
    runs = list(activities)
    uses = [used.entity for run in runs for used in run.used]
    things = [
        *entities,
        *(entity for entity in uses if not isinstance(entity, str)),
        *(made.entity for run in runs for made in run.generated),
    ]
    others = [name for thing in things for name in (*thing.members, *thing.derived_from)]
    agents = [agent for run in runs for agent, _ in run.agents]
    agents += [agent for thing in things for agent, _ in thing.attributed_to]
    to.expect(
        entities=[*(e for e in uses if isinstance(e, str)), *(thing.id for thing in things), *others],
        activities=[*(run.id for run in runs), *(name for run in runs for name in run.informed_by)],
        agents=[agent.id for agent in agents],
        alternates=[
            *(("entity", scrub.text(name)[:1000]) for thing in things for name in thing.alternates),
            *(("activity", scrub.text(name)[:1000]) for run in runs for name in run.alternates),
        ],
    )


def _write_entity(to: Session, entity: EntityRecord, strict: bool) -> tuple[Entity, bool]:
    """The row, and whether it is new."""
    if entity.id in entity.members or entity.id in entity.derived_from:
        raise Refused(f"{entity.id} cannot come from itself or be a member of itself")
    expect(to, (), [entity])
    row, created = _entity(to, entity, strict)
    for other in (*entity.members, *entity.derived_from):
        known = to.entity(other)
        if known is None:
            raise Unknown(f"{entity.id} speaks of {other}, which is not known")
        if other in entity.members:
            to.add(HadMember(collection=row, entity=known, policy=joint(row, known)))
        if other in entity.derived_from:
            to.add(WasDerivedFrom(entity=row, used_entity=known, policy=joint(row, known)))
    for agent, role in entity.attributed_to:
        to.add(WasAttributedTo(entity=row, agent=_agent(to, agent, row.policy), role=role, policy=row.policy))
    _alternates(to, "entity", row.pk, entity.alternates)
    if entity.members or (entity.derived_from and not created):
        to.entities.add(row.pk)
    return row, created


def record_agent(agent: AgentRecord, policy: Policy) -> Agent:
    """Writes an agent. One whom a public record names is public."""
    with session.opened() as to:
        return _agent(to, agent, policy)


def _agent(to: Session, agent: AgentRecord, policy: Policy) -> Agent:
    row = to.agent(agent.id)
    if row is None:
        facts = {name: scrub.text(getattr(agent, name))[:255] for name in ("name", "email", "affiliation", "url")}
        facts["name"] = facts["name"] or _legal(agent.id)
        row = Agent(identifier=_legal(agent.id), type=agent.type, policy=policy, **facts)
        to.add(row)
    elif row.policy_id != policy.pk and policy.metadata == Metadata.PUBLIC and row.policy.metadata != Metadata.PUBLIC:
        to.flush()
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
        return session.once("public policy", public_policy)
    return session.once(("policy", policy_id), lambda: Policy.objects.get(pk=policy_id))


def expect_policy(policy: Policy) -> None:
    """What the caller has at hand is not read again in this session."""
    session.once(("policy", policy.pk), lambda: policy)


def _moment(value: datetime | None) -> datetime | None:
    """UTC; a time without zone is taken as UTC."""
    if value is not None and value.tzinfo is None:
        return timezone.make_aware(value, timezone.get_default_timezone())
    return value


def _complete(to: Session, row: Entity | Activity, facts: dict[str, object], firm: set[str], strict: bool) -> None:
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
        to.flush()
        row.save(update_fields=changed)


def _entity(to: Session, record: EntityRecord, strict: bool) -> tuple[Entity, bool]:
    row = to.entity(record.id)
    description = describe.entity(record, row.policy if row else _policy(record.policy_id))
    facts: dict[str, object] = {
        "name": scrub.text(record.name),
        "kind": record.kind,
        "location": places.stored(scrub.text(record.location)),
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
        row.description = description
        to.add(row)
        return row, True
    _complete(to, row, facts, {"value", "sha256", "size"}, strict)
    if description is not None and row.description_id == description.pk:
        row.description = description
    if not strict and record.policy_id not in (None, row.policy_id):
        to.flush()
        set_policy(row.pk, record.policy_id)
        to.forget_runs()
        row.policy = _policy(record.policy_id)
    return row, False


def _activity(to: Session, record: ActivityRecord, strict: bool) -> tuple[Activity, bool]:
    """The row, and whether it is new."""
    start, end = _moment(record.start), _moment(record.end)
    if start and end and end < start:
        raise Refused(f"{record.id} ends ({end:%Y-%m-%d %H:%M:%S}) before it starts ({start:%Y-%m-%d %H:%M:%S})")
    row = to.activity(record.id)
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
        to.add(row)
    else:
        _complete(to, row, facts, {"start_time", "end_time", "description_id"}, strict)
        if row.start_time and row.end_time and row.end_time < row.start_time:
            raise Refused(f"{record.id} would end before it starts")
    row.description = description or row.description
    return row, created


def _parameters(
    to: Session, row: Activity, description: ActivityDescription | None, record: ActivityRecord, created: bool
) -> list[tuple[str, str]]:
    """Names and values as they are kept, secrets left out."""
    known = [] if created else [(p.name, p.value) for p in row.parameters.all()]
    kept = [p for p in record.parameters if not scrub.is_secret(p.name)]
    given = [(p.name[:255], scrub.text(p.value)) for p in kept]
    if known:
        for pair in given:
            if pair not in known:
                raise Conflict(f"{row.pk} is known with other parameters than {pair[0]} = {pair[1]:.100}")
        return given
    described = describe.parameters(description, kept, row.policy) if description else {}
    for n, (name, value) in enumerate(given):
        parameter = Parameter(
            activity=row,
            number=n,
            name=name,
            value=value,
            description=described.get(kept[n].name),
            policy=row.policy,
        )
        to.add(parameter)
        to.add(WasConfiguredBy(activity=row, artefact_type="Parameter", parameter=parameter, policy=row.policy))
    return given


def _config_files(
    to: Session, row: Activity, description: ActivityDescription | None, record: ActivityRecord, created: bool
) -> None:
    known = set() if created else {(f.name, f.location) for f in row.config_files.all()}
    for name, location, content_type in record.config_files:
        if (name, scrub.text(location)) in known:
            continue
        described = None
        if description and content_type:
            described = describe.config_file(description, name, content_type, row.policy)
        file = ConfigFile(
            activity=row,
            number=len(known),
            name=name,
            location=scrub.text(location),
            description=described,
            policy=row.policy,
        )
        known.add((name, file.location))
        to.add(file)
        to.add(WasConfiguredBy(activity=row, artefact_type="ConfigFile", config_file=file, policy=row.policy))


def _used(to: Session, row: Activity, description: ActivityDescription | None, used: UsedRecord, strict: bool) -> None:
    if isinstance(used.entity, str):
        entity = to.entity(used.entity)
        if entity is None:
            raise Unknown(f"{row.pk} used {used.entity}, which is not known")
    else:
        entity, _new = _write_entity(to, used.entity, strict)
    time = _moment(used.time)
    if time and ((row.start_time and time < row.start_time) or (row.end_time and time > row.end_time)):
        raise Refused(f"{row.pk} used {entity.pk} at a time when it was not running")
    role = used.role[:128]
    policy, part = joint(row, entity), None
    if description and role:
        part = describe.usage(description, role, used.type, entity.description, policy)
    to.add(Used(activity=row, entity=entity, role=role, time=time, type=used.type, description=part, policy=policy))


def _generated(
    to: Session, row: Activity, description: ActivityDescription | None, generated: GeneratedRecord, strict: bool
) -> bool:
    """True where the entity was new, so that nothing can have come from it."""
    entity, new = _write_entity(to, generated.entity, strict)
    role = generated.role[:128]
    policy, part = joint(row, entity), None
    if description and role:
        part = describe.generation(description, role, generated.type, entity.description, policy)
    made = to.maker(entity.pk)
    if made is None:
        to.add(
            WasGeneratedBy(entity=entity, activity=row, role=role, type=generated.type, description=part, policy=policy)
        )
    elif made.activity_id != row.pk:
        raise Conflict(f"{entity.pk} was generated by {made.activity_id}; it cannot be generated by {row.pk} too")
    elif strict and made.role != role:
        raise Conflict(f"{entity.pk} is known as {made.role} of {row.pk}, the record says {role}")
    return new


def _associations(to: Session, row: Activity, record: ActivityRecord) -> None:
    for agent, role in record.agents:
        to.add(WasAssociatedWith(activity=row, agent=_agent(to, agent, row.policy), role=role, policy=row.policy))
    described = row.description
    if described is None:
        return
    for contact in session.once(("contacts", described.pk), lambda: _contacts(described)):
        known_to = contact.agent.policy
        if known_to.pk == row.policy_id or is_open(known_to):
            to.add(WasAssociatedWith(activity=row, agent=contact.agent, role=contact.role, policy=row.policy))


def _contacts(of: ActivityDescription) -> list[DescriptionContact]:
    if not exists(DescriptionContact, activity_description_id=of.pk):
        return []
    return list(of.contacts.select_related("agent__policy"))


def _informed(to: Session, row: Activity, informants: tuple[str, ...]) -> None:
    for name in informants:
        informant = to.activity(name)
        if informant is None:
            raise Unknown(f"{row.pk} was informed by {name}, which is not known")
        if name == row.pk:
            raise Refused(f"{row.pk} cannot be informed by itself")
        to.add(WasInformedBy(activity=row, informant=informant, policy=joint(row, informant)))


def _outcome(to: Session, row: Activity, record: ActivityRecord, new: bool) -> Outcome | None:
    facts = {
        "succeeded": record.succeeded,
        "exit_code": record.exit_code,
        "error": scrub.text(record.error),
        "warnings": [scrub.text(w) for w in record.warnings],
        "software": [[scrub.text(n), scrub.text(v)] for n, v in record.software],
        "environment": scrub.tree(record.environment),
    }
    if not any(value not in (None, "", [], {}) for value in facts.values()):
        return None
    if new:
        made = Outcome(activity=row, policy=row.policy, **facts)
        to.add(made)
        return made
    known, created = Outcome.objects.get_or_create(activity=row, defaults={**facts, "policy": row.policy})
    if not created and None not in (known.succeeded, record.succeeded) and known.succeeded != record.succeeded:
        raise Conflict(f"{row.pk} is known to have {'succeeded' if known.succeeded else 'failed'}")
    return known


def _alternates(to: Session, kind: str, identifier: str, names: Iterable[str]) -> None:
    for name in dict.fromkeys(scrub.text(name)[:1000] for name in names):
        other = to.alternate(kind, name)
        if other is None:
            to.add(Alternate(name=name, kind=kind, identifier=identifier))
        elif other != identifier:
            raise Conflict(f"{name:.200} is known as another name of {other}, not of {identifier}")
