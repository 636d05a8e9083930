"""Which runs used somebody's data, and what they made: for the PI and the owner of the data."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from gateway.access import usage
from gateway.access.models import Policy
from gateway.access.rights import Viewer, policy_ids
from gateway.access.usage import SHOWN, Use
from provenance.models import Activity, Entity, Used, WasAssociatedWith, WasDerivedFrom


def runs_and_products(policies: Sequence[Policy], viewer: Viewer) -> Iterable[Use]:
    """Each run that used an entity of the policies and made one under another rule, and each of what it made."""
    ids = [policy.pk for policy in policies]
    using = Used.objects.filter(entity__policy__in=ids).exclude(activity__policy__in=ids).values("activity_id")
    runs = list(Activity.objects.filter(pk__in=using).order_by("-start_time")[:SHOWN])
    who = _who(runs)
    seen = policy_ids(viewer, "see")
    for run in runs:
        open_ = seen is None or run.policy_id in seen
        address = f"/provenance/activity/{run.pk}/" if open_ else ""
        yield Use("job", run.start_time, who.get(run.pk, ""), run.name or run.pk, address)
    derived = WasDerivedFrom.objects.filter(used_entity__policy__in=ids).exclude(entity__policy__in=ids)
    # Pictures and logs of a run are no products of their own.
    made = Entity.objects.filter(pk__in=derived.values("entity_id")).exclude(
        was_generated_by__type__in=("Result", "Log")
    )
    for row in made.order_by("-generated_at_time").select_related("was_generated_by__activity")[:SHOWN]:
        open_ = seen is None or row.policy_id in seen
        birth = getattr(row, "was_generated_by", None)
        what = str(row) if open_ else str(birth.activity) if birth else _("a product")
        maker = who.get(birth.activity_id, "") if birth else ""
        address = f"/provenance/entity/{row.pk}/" if open_ else ""
        yield Use("product", row.generated_at_time, maker, what, address)


def _who(runs: Sequence[Activity]) -> dict[str, str]:
    """The person of each run, by agent key."""
    rows = WasAssociatedWith.objects.filter(activity__in=runs, agent__identifier__startswith="agent-").order_by("pk")
    return {row.activity_id: row.agent_id for row in reversed(rows)}


def fill() -> None:
    """Called from ProvenanceConfig.ready()."""
    usage.sources.add("provenance", runs_and_products)
