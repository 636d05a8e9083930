"""Which policy a row of provenance has, and what happens when one changes."""

from django.db import transaction
from django.db.models import Model, Q, QuerySet

from gateway.access.models import Metadata, Policy, Rights
from provenance.models import (
    Activity,
    ActivityDescription,
    Agent,
    ConfigFile,
    ConfigFileDescription,
    Entity,
    EntityDescription,
    GenerationDescription,
    HadMember,
    History,
    Outcome,
    Parameter,
    ParameterDescription,
    UsageDescription,
    Used,
    WasAssociatedWith,
    WasAttributedTo,
    WasConfiguredBy,
    WasDerivedFrom,
    WasGeneratedBy,
    WasInformedBy,
)

PUBLIC_POLICY = "Provenance open to everyone"
OPEN = Q(metadata=Metadata.PUBLIC) | Q(rights=Rights.PUBLIC)
# relations and the names of their two ends that have a policy
PAIRS: tuple[tuple[type[Model], str, str], ...] = (
    (Used, "activity", "entity"),
    (WasGeneratedBy, "entity", "activity"),
    (WasDerivedFrom, "entity", "used_entity"),
    (WasInformedBy, "activity", "informant"),
    (HadMember, "collection", "entity"),
)
PARTS: tuple[tuple[type[Model], str], ...] = (
    (WasAssociatedWith, "activity"),
    (WasAttributedTo, "entity"),
    (Parameter, "activity"),
    (ConfigFile, "activity"),
    (WasConfiguredBy, "activity"),
    (Outcome, "activity"),
    (History, "entity"),
)
# descriptions and the records that they serve
SERVED: tuple[tuple[type[Model], type[Model]], ...] = (
    (ActivityDescription, Activity),
    (EntityDescription, Entity),
    (UsageDescription, Used),
    (GenerationDescription, WasGeneratedBy),
    (ParameterDescription, Parameter),
    (ConfigFileDescription, ConfigFile),
)


def public_policy() -> Policy:
    policy, _ = Policy.objects.get_or_create(
        name=PUBLIC_POLICY, defaults={"rights": Rights.PUBLIC, "metadata": Metadata.PUBLIC}
    )
    return policy


def is_open(policy: Policy) -> bool:
    """Everyone may know of what it governs."""
    return policy.metadata == Metadata.PUBLIC or policy.rights == Rights.PUBLIC


def joint(*rows: Entity | Activity) -> Policy | None:
    """The policy of a row that speaks of several: the strictest, None where no one policy stands for all."""
    hidden = {row.policy_id: row.policy for row in rows if not is_open(row.policy)}
    if not hidden:
        return rows[0].policy
    return next(iter(hidden.values())) if len(hidden) == 1 else None


@transaction.atomic
def set_policy(entity_id: str, policy_id: int) -> None:
    """A product was shared or published: its entity, and the activity that made it, follow."""
    policy = Policy.objects.get(pk=policy_id)
    Entity.objects.filter(pk=entity_id).update(policy=policy)
    made = list(Activity.objects.filter(generated__entity_id=entity_id).values_list("pk", flat=True))
    Activity.objects.filter(pk__in=made).update(policy=policy)
    if is_open(policy):
        Agent.objects.filter(Q(associations__activity__in=made) | Q(attributions__entity=entity_id)).update(
            policy=policy
        )
    for model, one, other in PAIRS:
        rows: QuerySet[Model] = model._default_manager.filter(Q(**_touches(model, one, entity_id, made)))
        follow(rows | model._default_manager.filter(Q(**_touches(model, other, entity_id, made))), one, other)
    for model, whole in PARTS:
        model._default_manager.filter(Q(**_touches(model, whole, entity_id, made))).update(policy=policy)
    for description, served in SERVED:
        rows = served._default_manager.filter(_speaks_of(served, entity_id, made))
        govern(description, served, rows, policy)


def policy_changed(policy: Policy) -> None:
    """Its rights or what strangers may know were edited: rows that speak of two things are governed anew."""
    for model, one, other in PAIRS:
        touched = Q(**{f"{one}__policy": policy}) | Q(**{f"{other}__policy": policy})
        follow(model._default_manager.filter(touched), one, other)
    for description, served in SERVED:
        govern(description, served, served._default_manager.filter(policy=policy), policy)


def govern(description: type[Model], served: type[Model], rows: "QuerySet[Model]", policy: Policy) -> None:
    """These records have this policy now: an open one opens their descriptions, a closed one closes what no other
    record keeps open. What was declared stays open."""
    found = rows.order_by().exclude(description=None).values_list("description", flat=True).distinct()
    known = list(found)
    opened = Policy.objects.filter(OPEN)
    for at in range(0, len(known), 900):
        touched = description._default_manager.filter(pk__in=known[at : at + 900], declared=False)
        if is_open(policy):
            touched.exclude(pk__in=touched.filter(policy__in=opened)).update(policy=policy)
            continue
        for key in touched.filter(Q(policy=policy) | Q(policy__in=opened)).values_list("pk", flat=True):
            others = served._default_manager.filter(description=key, policy__in=opened).order_by()
            answer = others.values_list("policy", flat=True).first() or policy.pk
            description._default_manager.filter(pk=key).update(policy=answer)


def _speaks_of(model: type[Model], entity_id: str, activities: list[str]) -> Q:
    if model is Entity:
        return Q(pk=entity_id)
    if model is Activity:
        return Q(pk__in=activities)
    rule = Q(activity__in=activities)
    return rule | Q(entity=entity_id) if model in (Used, WasGeneratedBy) else rule


def follow(rows: "QuerySet[Model]", one: str, other: str) -> None:
    """``joint`` in SQL, for many rows: by their two ends."""
    keys = list(rows.order_by().values_list("pk", f"{one}__policy", f"{other}__policy"))
    policies = Policy.objects.in_bulk({pk for _, a, b in keys for pk in (a, b)})
    answers: dict[int | None, list[int]] = {}
    for key, a, b in keys:
        hidden = {pk for pk in (a, b) if not is_open(policies[pk])}
        answer = a if not hidden else (next(iter(hidden)) if len(hidden) == 1 else None)
        answers.setdefault(answer, []).append(key)
    for answer, found in answers.items():
        for at in range(0, len(found), 900):
            rows.model._default_manager.filter(pk__in=found[at : at + 900]).update(policy=answer)


def _touches(model: type[Model], end: str, entity_id: str, activities: list[str]) -> dict[str, object]:
    target = model._meta.get_field(end).related_model
    return {end: entity_id} if target is Entity else {f"{end}__in": activities}
