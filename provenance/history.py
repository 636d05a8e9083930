"""The flat history of each entity: which version, method, cuts and calibration made it, along the nearest way up.

An activity speaks through its description, its software and its parameters; what it does not say is taken from its
inputs. Several answers stand side by side. A fact of an activity or input that is hidden stays out of a row that more
people may see.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from provenance.governance import is_open
from provenance.models import Activity, Entity, FlowType, History, Parameter, Used, WasGeneratedBy

PROCESSING = {"Reduction", "Calibration", "Reconstruction", "Selection", "Simulation"}
WORDS = {
    "pipeline_name": {"pipeline_name", "pipeline"},
    "pipeline_version": {"pipeline_version"},
    "reconstruction_method": {"reconstruction_method", "reconstruction", "reconstructor", "reco_method", "method"},
    "cut_set": {"cut_set", "cuts", "ev_class", "event_selection", "quality_cuts", "selection_cuts", "event_cuts"},
    "calib_version": {"calib_version", "calibration_version", "calibver", "calib"},
}
TOLD = ("entity__policy", "activity__policy", "activity__description", "activity__outcome")
MOST = 10_000
CHUNK = 500


def refresh(activities: Iterable[str], onward: bool = True) -> None:
    """Makes the rows of what these activities generated anew, and (``onward``) of what was made from that."""
    named = dict.fromkeys(activities)
    frontier = list(named) if onward else []
    while frontier and len(named) < MOST:
        users: dict[str, None] = {}
        for part in _parts(frontier):
            found = Used.objects.filter(entity__was_generated_by__activity__in=part).order_by("activity_id")
            users |= dict.fromkeys(found.values_list("activity_id", flat=True).distinct())
        frontier = [name for name in users if name not in named]
        named |= dict.fromkeys(frontier)
    if named:
        _refresh(list(named))


def _refresh(activities: list[str]) -> None:
    """Origins first, so that each finds what its inputs say by then."""
    made: dict[str, list[WasGeneratedBy]] = defaultdict(list)
    inputs: dict[str, list[str]] = defaultdict(list)
    settings: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for part in _parts(activities):
        rows = WasGeneratedBy.objects.filter(activity__in=part).order_by("pk")
        for row in rows.select_related(
            "entity__policy", "activity__policy", "activity__description", "activity__outcome"
        ):
            made[row.activity_id].append(row)
        uses = Used.objects.filter(activity__in=part).exclude(type__in=[FlowType.LOG, FlowType.CONTEXT])
        for name, entity in uses.order_by("entity_id").values_list("activity_id", "entity_id"):
            inputs[name].append(entity)
        told = Parameter.objects.filter(activity__in=part).order_by("activity_id", "number")
        for name, key, value in told.values_list("activity_id", "name", "value"):
            settings[name].append((key, value))
    makers = {row.entity_id: name for name, rows in made.items() for row in rows}
    known = _known({entity for name in made for entity in inputs[name] if entity not in makers})
    for name in _origins_first(made, inputs, makers):
        before = [known[entity] for entity in dict.fromkeys(inputs[name]) if entity in known][:200]
        for generated in made[name]:
            known[generated.entity_id] = _row(generated.entity, generated.activity, before, settings[name])
    fields = [f.name for f in History._meta.fields if not f.primary_key]
    fresh = [known[entity] for entity in makers if entity in known]
    History.objects.bulk_create(
        fresh, batch_size=CHUNK, update_conflicts=True, unique_fields=["entity"], update_fields=fields
    )


def _known(entities: set[str]) -> dict[str, History]:
    found: dict[str, History] = {}
    for part in _parts(sorted(entities)):
        found |= History.objects.select_related("policy").in_bulk(part)
    return found


def _origins_first(
    made: Mapping[str, object], inputs: Mapping[str, list[str]], makers: Mapping[str, str]
) -> Iterator[str]:
    waits = {name: {makers[entity] for entity in inputs[name] if entity in makers} - {name} for name in made}
    follow: dict[str, list[str]] = defaultdict(list)
    for name, others in waits.items():
        for other in others:
            follow[other].append(name)
    ready = [name for name, others in waits.items() if not others]
    while ready:
        name = ready.pop()
        yield name
        for after in follow[name]:
            waits[after].discard(name)
            if not waits[after]:
                ready.append(after)


def _parts(names: list[str]) -> Iterator[list[str]]:
    return (names[at : at + CHUNK] for at in range(0, len(names), CHUNK))


def _row(entity: Entity, activity: Activity, before: list[History], parameters: list[tuple[str, str]]) -> History:
    row = History(entity=entity, obs_publisher_did=entity.obs_publisher_did, policy=entity.policy, level=entity.level)
    told = is_open(activity.policy) or activity.policy_id == entity.policy_id
    known = [h for h in before if is_open(h.policy) or h.policy_id == entity.policy_id]
    if told:
        _own(row, activity, parameters)
    for name in WORDS:
        if not getattr(row, name):
            values = sorted({getattr(h, name) for h in known} - {""})
            setattr(row, name, ", ".join(values)[:255])
    earlier = dict.fromkeys(step for h in known for step in h.steps.split("; ") if step)
    here = f"{row.activity_name} {row.activity_version}".strip()
    row.steps = "; ".join([*([here] if here else []), *list(earlier)[:50]])[:2000]
    return row


def _own(row: History, activity: Activity, parameters: list[tuple[str, str]]) -> None:
    """What the activity itself says."""
    description = activity.description
    outcome = getattr(activity, "outcome", None)
    software: list[list[str]] = outcome.software if outcome else []
    row.activity_id = activity.pk
    row.activity_name = (description.name if description else activity.name)[:255]
    row.activity_version = description.version if description else ""
    row.activity_type = description.type if description else ""
    row.end_time = activity.end_time
    row.software = "; ".join(" ".join(pair) for pair in software[:20])
    for key, value in parameters:
        local = key.rsplit(".", 1)[-1].lower()
        for name, words in WORDS.items():
            if local in words and not getattr(row, name):
                setattr(row, name, value[:255])
    if row.activity_type in PROCESSING and not row.pipeline_version:
        first = software[0] if software else [row.activity_name, row.activity_version]
        row.pipeline_name, row.pipeline_version = row.pipeline_name or first[0][:255], first[1][:255]
