"""What becomes of a result: kept by its owner, shared with a group, published by staff."""

from django.db import transaction
from django.utils.translation import gettext as _

from gateway.access import marks
from gateway.access.models import Metadata, Policy, Rights
from gateway.access.rights import Viewer
from jobs import hooks
from jobs.errors import Refused
from jobs.models import Job
from jobs.phases import Phase
from provenance import capture
from provenance.models import Entity


def keep(job: Job, viewer: Viewer) -> None:
    """Destruction no longer touches it."""
    _require_results(job)
    with transaction.atomic():
        job.kept, job.destruction = True, None
        Job.objects.filter(pk=job.pk).update(kept=True, destruction=None)
        job.note(viewer.username, "kept")


def share(job: Job, viewer: Viewer, group_name: str) -> None:
    """Members of one of the owner's groups may see and fetch it."""
    _require_results(job)
    if job.owner is None:
        raise Refused(403, "", "", _("A job without owner cannot be shared: its address is all that is needed."))
    group = job.owner.groups.filter(name=group_name).first()
    if group is None:
        raise Refused(403, "group", group_name, _("you can share only with a group that you belong to"))
    with transaction.atomic():
        policy = _own(job)
        policy.groups.add(group)
        _give(job, policy)
        job.note(viewer.username, f"shared with {group.name}")
        _mark(job, viewer, policy, f"shares with {group.name}:")


def publish(job: Job, viewer: Viewer) -> None:
    """Staff only: everyone may see and fetch it, and it is kept."""
    if not viewer.is_staff:
        raise Refused(403, "", "", _("Only staff publish; ask them to."))
    _require_results(job)
    with transaction.atomic():
        policy = _own(job)
        policy.rights, policy.metadata = Rights.PUBLIC, Metadata.PUBLIC
        policy.save(update_fields=["rights", "metadata"])
        _give(job, policy)
        Job.objects.filter(pk=job.pk).update(kept=True, destruction=None)
        job.kept, job.destruction = True, None
        job.note(viewer.username, "published")
        _mark(job, viewer, policy, "publishes")


def _mark(job: Job, viewer: Viewer, policy: Policy, what: str) -> None:
    marks.changed(viewer, policy, f"{what} job {job.pk}", as_staff=viewer.is_staff and job.owner_id != viewer.user_id)


def _require_results(job: Job) -> None:
    if job.phase != Phase.COMPLETED:
        rule = _("the job is %(phase)s: only a completed one has a result to keep") % {"phase": job.phase}
        raise Refused(403, "", "", rule)


def _own(job: Job) -> Policy:
    """The Policy of this one job, made when its rights first differ from those of the owner's other results."""
    defaults = {"rights": Rights.PROPRIETARY, "metadata": Metadata.HIDDEN, "owner_id": job.owner_id}
    return Policy.objects.get_or_create(name=f"result of {job.activity_id}", defaults=defaults)[0]


def _give(job: Job, policy: Policy) -> None:
    """Job, products and provenance follow one Policy."""
    if job.policy_id == policy.pk and not job.results.exclude(product_key="").exists():
        return
    Job.objects.filter(pk=job.pk).update(policy=policy)
    job.policy = policy
    for step in Entity.objects.filter(pk__startswith=f"{job.main_key}.step-"):
        capture.set_policy(step.pk, policy.pk)
    for result in job.results.all():
        if result.product_key and hooks.set_policy.filled:
            hooks.set_policy(result.product_key, policy.pk)
        if result.size:
            capture.set_policy(result.product_key or f"{job.main_key}.{result.name}", policy.pk)
