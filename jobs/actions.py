"""Buttons that this room puts on provenance pages: open the job, repeat it."""

from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from gateway.access.rights import Viewer
from jobs import registry, service
from jobs.errors import Refused
from jobs.models import Job
from provenance.hooks import Action, ActionSource


def _job(kind: str, identifier: str, viewer: Viewer) -> Job | None:
    """The job of an activity ``job-UUID``, if it still exists and the viewer may see it."""
    if kind != "activity" or not identifier.startswith("job-"):
        return None
    try:
        return service.find(UUID(identifier.removeprefix("job-")), viewer)
    except (Refused, ValueError):
        return None


class Open(ActionSource):
    def __call__(self, kind: str, identifier: str, viewer: Viewer) -> Action | None:
        job = _job(kind, identifier, viewer)
        if job is None:
            return None
        return Action(_("Open the job"), "box-arrow-up-right", "GET", reverse("jobs:job", args=[job.id]))


class Repeat(ActionSource):
    """Leads to the form with the same values, where what changed since can be seen before it is run."""

    def __call__(self, kind: str, identifier: str, viewer: Viewer) -> Action | None:
        job = _job(kind, identifier, viewer)
        if job is None or registry.get(job.type) is None:
            return None
        address = f"{reverse('jobs:new', args=[job.type])}?job={job.id}"
        return Action(_("Repeat"), "arrow-clockwise", "GET", address)
