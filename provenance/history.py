"""The flat history of each entity: which version, method, cuts and calibration made it, along the nearest way up.

An activity speaks through its description, its software and its parameters; what it does not say is taken from its
inputs. Several answers stand side by side. A fact of an activity or input that is hidden stays out of a row that more
people may see.
"""

from collections.abc import Iterable

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
MOST = 10_000


def refresh(activities: Iterable[str], onward: bool = True) -> None:
    """Makes the rows of what these activities generated anew, and (``onward``) of what was made from that."""
    frontier, seen = list(activities), set[str]()
    while frontier and len(seen) < MOST:
        seen.update(frontier)
        made = [entity for activity in frontier for entity in _refresh_one(activity)]
        if not onward or not made:
            return
        users = Used.objects.filter(entity__in=made).values_list("activity_id", flat=True).distinct()
        frontier = [activity for activity in users if activity not in seen]


def _refresh_one(identifier: str) -> list[str]:
    made = list(
        WasGeneratedBy.objects.filter(activity=identifier).select_related(
            "entity__policy", "activity__policy", "activity__description", "activity__outcome"
        )
    )
    if not made:
        return []
    activity = made[0].activity
    before = [use.entity.history for use in _inputs(activity)]
    parameters = list(activity.parameters.all())
    rows = [_row(generated.entity, activity, before, parameters) for generated in made]
    names = [f.name for f in History._meta.fields if not f.primary_key]
    History.objects.bulk_create(rows, update_conflicts=True, unique_fields=["entity"], update_fields=names)
    return [generated.entity_id for generated in made]


def _inputs(activity: Activity) -> list[Used]:
    main = activity.used.filter(entity__history__isnull=False).exclude(type__in=[FlowType.LOG, FlowType.CONTEXT])
    return list(main.select_related("entity__history__policy").order_by("entity_id")[:200])


def _row(entity: Entity, activity: Activity, before: list[History], parameters: list[Parameter]) -> History:
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


def _own(row: History, activity: Activity, parameters: list[Parameter]) -> None:
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
    for parameter in parameters:
        local = parameter.name.rsplit(".", 1)[-1].lower()
        for name, words in WORDS.items():
            if local in words and not getattr(row, name):
                setattr(row, name, parameter.value[:255])
    if row.activity_type in PROCESSING and not row.pipeline_version:
        first = software[0] if software else [row.activity_name, row.activity_version]
        row.pipeline_name, row.pipeline_version = row.pipeline_name or first[0][:255], first[1][:255]
