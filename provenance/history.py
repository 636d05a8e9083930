"""The flat history of each entity: which version, method, cuts and calibration made it, along the nearest way up.

An activity speaks through its description, its software and its parameters; what it does not say is taken from its
inputs. Several answers stand side by side. A fact of an activity or input that is hidden stays out of a row that more
people may see.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from provenance.governance import is_open
from provenance.models import Activity, Entity, FlowType, History, Outcome, Parameter, Used, WasGeneratedBy

PROCESSING = {"Reduction", "Calibration", "Reconstruction", "Selection", "Simulation"}
WORDS = {
    "pipeline_name": {"pipeline_name", "pipeline"},
    "pipeline_version": {"pipeline_version"},
    "reconstruction_method": {"reconstruction_method", "reconstruction", "reconstructor", "reco_method", "method"},
    "cut_set": {"cut_set", "cuts", "ev_class", "event_selection", "quality_cuts", "selection_cuts", "event_cuts"},
    "calib_version": {"calib_version", "calibration_version", "calibver", "calib"},
}
MOST = 10_000
CHUNK = 500
ASIDE = frozenset({FlowType.LOG.value, FlowType.CONTEXT.value})
"""uses that say nothing of how a product was made"""


@dataclass
class Run:
    """What one activity used, made and was told."""

    activity: Activity
    outcome: Outcome | None = None
    inputs: list[str] = field(default_factory=list)
    made: list[Entity] = field(default_factory=list)
    settings: list[tuple[str, str]] = field(default_factory=list)


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
    runs: dict[str, Run] = {}
    for part in _parts(activities):
        rows = WasGeneratedBy.objects.filter(activity__in=part).order_by("pk")
        for row in rows.select_related(
            "entity__policy", "activity__policy", "activity__description", "activity__outcome"
        ):
            outcome = getattr(row.activity, "outcome", None)
            runs.setdefault(row.activity_id, Run(row.activity, outcome)).made.append(row.entity)
        uses = Used.objects.filter(activity__in=part).exclude(type__in=ASIDE)
        for name, entity in uses.order_by("entity_id").values_list("activity_id", "entity_id"):
            if name in runs:
                runs[name].inputs.append(entity)
        told = Parameter.objects.filter(activity__in=part).order_by("activity_id", "number")
        for name, key, value in told.values_list("activity_id", "name", "value"):
            if name in runs:
                runs[name].settings.append((key, value))
    write(runs)


def write(runs: Mapping[str, Run]) -> None:
    """The histories of what these runs made, by their activities' names."""
    if not runs:
        return
    makers = {entity.pk: name for name, run in runs.items() for entity in run.made}
    known = _known({entity for run in runs.values() for entity in run.inputs if entity not in makers})
    for name in _origins_first(runs, makers):
        run = runs[name]
        before = [known[entity] for entity in dict.fromkeys(run.inputs) if entity in known][:200]
        for entity in run.made:
            known[entity.pk] = _row(entity, run, before)
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


def _origins_first(runs: Mapping[str, Run], makers: Mapping[str, str]) -> Iterator[str]:
    waits = {name: {makers[entity] for entity in run.inputs if entity in makers} - {name} for name, run in runs.items()}
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


def _row(entity: Entity, run: Run, before: list[History]) -> History:
    activity = run.activity
    row = History(entity=entity, obs_publisher_did=entity.obs_publisher_did, policy=entity.policy, level=entity.level)
    told = is_open(activity.policy) or activity.policy_id == entity.policy_id
    known = [h for h in before if is_open(h.policy) or h.policy_id == entity.policy_id]
    if told:
        _own(row, run)
    for name in WORDS:
        if not getattr(row, name):
            values = sorted({getattr(h, name) for h in known} - {""})
            setattr(row, name, ", ".join(values)[:255])
    earlier = dict.fromkeys(step for h in known for step in h.steps.split("; ") if step)
    here = f"{row.activity_name} {row.activity_version}".strip()
    row.steps = "; ".join([*([here] if here else []), *list(earlier)[:50]])[:2000]
    return row


def _own(row: History, run: Run) -> None:
    """What the activity itself says."""
    activity, description = run.activity, run.activity.description
    software: list[list[str]] = run.outcome.software if run.outcome else []
    row.activity_id = activity.pk
    row.activity_name = (description.name if description else activity.name)[:255]
    row.activity_version = description.version if description else ""
    row.activity_type = description.type if description else ""
    row.end_time = activity.end_time
    row.software = "; ".join(" ".join(pair) for pair in software[:20])
    for key, value in run.settings:
        local = key.rsplit(".", 1)[-1].lower()
        for name, words in WORDS.items():
            if local in words and not getattr(row, name):
                setattr(row, name, value[:255])
    if row.activity_type in PROCESSING and not row.pipeline_version:
        first = software[0] if software else [row.activity_name, row.activity_version]
        row.pipeline_name, row.pipeline_version = row.pipeline_name or first[0][:255], first[1][:255]
