"""Buttons that this room puts on the pages of a product and its history: repeat, edit and repeat, open the job."""

from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from gateway.access.rights import Viewer, visible
from gateway.vo.identifiers import did
from jobs import registry, service
from jobs.errors import Refused
from jobs.models import Job
from jobs.parameters import parameters_of
from jobs.registry import JobType
from provenance.hooks import Action, ActionSource
from provenance.models import Activity, Entity

LONGEST_ADDRESS = 4000


def _run(kind: str, identifier: str, viewer: Viewer) -> str:
    """The activity ``job-UUID`` that this is or that made this; empty where there is none that the viewer may see."""
    rows = Activity.objects.filter(visible(viewer), pk__startswith="job-")
    rows = rows.filter(generated__entity=identifier) if kind == "entity" else rows.filter(pk=identifier)
    return rows.values_list("pk", flat=True).first() or ""


def _job(kind: str, identifier: str, viewer: Viewer) -> Job | None:
    """The job behind it, if it still exists and the viewer may see it."""
    try:
        return service.find(UUID(_run(kind, identifier, viewer).removeprefix("job-")), viewer)
    except (Refused, ValueError):
        return None


class Open(ActionSource):
    def __call__(self, kind: str, identifier: str, viewer: Viewer) -> Action | None:
        job = _job(kind, identifier, viewer)
        if job is None:
            return None
        return Action(_("Open the job"), "box-arrow-up-right", "GET", reverse("jobs:job", args=[job.id]))


class Repeat(ActionSource):
    """Starts a job with the same inputs and values; its page then says whether the products are identical."""

    def __call__(self, kind: str, identifier: str, viewer: Viewer) -> Action | None:
        job = _job(kind, identifier, viewer)
        if job is None or not job.is_finished or registry.get(job.type) is None:
            return None
        return Action(_("Repeat"), "arrow-clockwise", "POST", reverse("jobs:act", args=[job.id, "again"]))


class EditAndRepeat(ActionSource):
    """Leads to the form with the same values; where the job was deleted, with those that its history kept."""

    def __call__(self, kind: str, identifier: str, viewer: Viewer) -> Action | None:
        job = _job(kind, identifier, viewer)
        if job is not None and registry.get(job.type) is not None:
            address = f"{reverse('jobs:new', args=[job.type])}?job={job.id}"
            return Action(_("Edit and repeat"), "pencil", "GET", address)
        address = _recorded(_run(kind, identifier, viewer), viewer)
        return Action(_("Edit and repeat"), "pencil", "GET", address) if address else None


def _recorded(activity_id: str, viewer: Viewer) -> str:
    """The form filled from the record of a run whose job is gone."""
    run = Activity.objects.filter(pk=activity_id).select_related("description").first() if activity_id else None
    job_type = registry.get(run.description.name) if run and run.description else None
    if run is None or job_type is None or job_type.lenient:
        return ""
    pairs = [*_inputs(run, job_type, viewer), *_values(run, job_type)]
    address = f"{reverse('jobs:new', args=[job_type.name])}?{urlencode(pairs)}"
    return address if len(address) <= LONGEST_ADDRESS else ""


def _inputs(run: Activity, job_type: JobType, viewer: Viewer) -> list[tuple[str, str]]:
    names = {parameter.name for parameter in parameters_of(job_type.description) if parameter.is_input}
    used = Entity.objects.filter(visible(viewer), used_by__activity=run, used_by__role__in=names).order_by("pk")
    return [(role, did(key, settings.AUTHORITY)) for role, key in used.values_list("used_by__role", "pk")]


def _values(run: Activity, job_type: JobType) -> list[tuple[str, str]]:
    known = {parameter.name: parameter for parameter in parameters_of(job_type.description)}
    return [
        (row.name, text)
        for row in run.parameters.all()
        if row.name in known
        for text in (row.value.split("; ") if known[row.name].repeatable else [row.value])
    ]
