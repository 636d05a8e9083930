"""What users do with jobs: create, change, run, abort, delete. Every door (UWS, pages, other rooms) comes here.

Each function checks who asks and what the phase allows, writes one transaction with a line of history, and raises
``Refused`` with the HTTP status of DESIGN's refusals.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from gateway.access import marks
from gateway.access.groups import belongs
from gateway.access.models import Metadata, Policy, Rights
from gateway.access.rights import Viewer, policy_ids
from jobs import addresses, descriptions, hooks, parameters, past, quota, registry
from jobs.errors import Refused
from jobs.limits import limits
from jobs.models import Job, JobEvent
from jobs.phases import FINISHED, Act, Phase, phases_before
from jobs.queue import SLURM
from jobs.registry import JobType
from jobs.slurm.config import queue_of
from jobs.uploads import Upload, store_uploads
from jobs.webhook import checked as checked_webhook

log = logging.getLogger(__name__)
LONGEST = 2**31 - 1
"""xs:int of executionDuration"""


# --- who may ---------------------------------------------------------------------------------------------------------


def visible_jobs(viewer: Viewer) -> Q:
    """Jobs that stand in the viewer's lists. Jobs without owner stand in none."""
    if viewer.is_staff:
        return Q(owner__isnull=False)
    if not viewer.is_authenticated:
        return Q(pk__in=[])
    return Q(owner_id=viewer.user_id)


def may_read(viewer: Viewer, job: Job) -> bool:
    """Owner, staff, whoever its policy names, and anyone who holds the address of a job without owner."""
    if viewer.is_staff or job.owner_id is None or job.owner_id == viewer.user_id:
        return True
    ids = policy_ids(viewer, "see")
    return ids is None or job.policy_id in ids


def may_change(viewer: Viewer, job: Job) -> bool:
    return viewer.is_staff or job.owner_id is None or job.owner_id == viewer.user_id


def find(job_id: UUID, viewer: Viewer, *, change: bool = False) -> Job:
    """The job, or 404 unknown, 401 not signed in, 403 somebody else's."""
    job = Job.objects.select_related("owner", "policy").filter(pk=job_id).first()
    if job is None:
        raise Refused(404, "", "", _("There is no such job; it may have been deleted."))
    if (may_change if change else may_read)(viewer, job):
        _mark_staff(viewer, job, change)
        return job
    if not viewer.is_authenticated:
        raise Refused(401, "", "", _("This job belongs to somebody: sign in to see it."))
    raise Refused(403, "", "", _("This job belongs to somebody else; ask its owner to share it."))


def _mark_staff(viewer: Viewer, job: Job, change: bool) -> None:
    """Somebody else's job, by the power of staff: each change is marked, of looks one an hour."""
    if not viewer.is_staff or job.owner_id in (None, viewer.user_id):
        return
    if change:
        marks.staff_act(viewer, f"changes job {job.pk} of {job.owner_name}")
    else:
        marks.staff_look(viewer, job.policy, f"job {job.pk}")


def may_create(job_type: JobType, viewer: Viewer) -> bool:
    try:
        _may_create(job_type, viewer)
    except Refused:
        return False
    return True


def _may_create(job_type: JobType, viewer: Viewer) -> None:
    if not viewer.is_authenticated and not open_to_visitors(job_type):
        raise Refused(401, "", "", _("Sign in to start jobs."))
    names = settings.JOB_GROUPS.get(job_type.name)
    if names and not viewer.is_staff and not belongs(viewer, names):
        rule = _("This analysis is for the groups %(names)s; ask the operators.") % {"names": ", ".join(names)}
        raise Refused(401 if not viewer.is_authenticated else 403, "", "", rule)


def open_to_visitors(job_type: JobType) -> bool:
    return job_type.anonymous or bool(settings.ANONYMOUS_JOBS)


VISITORS = "jobs of visitors"


def own_policy(viewer: Viewer) -> Policy:
    """The Policy of the viewer's own results: nobody else may know of them. Those of visitors are for staff only."""
    name = f"results of {viewer.user_id}" if viewer.user_id else VISITORS
    defaults = {"rights": Rights.PROPRIETARY, "metadata": Metadata.HIDDEN, "owner_id": viewer.user_id}
    return Policy.objects.get_or_create(name=name, defaults=defaults)[0]


# --- create ----------------------------------------------------------------------------------------------------------


def create(
    type_name: str,
    viewer: Viewer,
    values: Mapping[str, Sequence[str]],
    *,
    run_id: str = "",
    run: bool = False,
    duration: str | int | None = None,
    destruction: str | None = None,
    uploads: Sequence[Upload] = (),
    origin: str = "api",
    notify: bool = False,
    webhook: str = "",
    same_as: Job | None = None,
) -> Job:
    """A new job, PENDING, or QUEUED with ``run``. Nothing is stored when it is refused.

    ``duration`` and ``destruction`` are the texts of EXECUTIONDURATION and DESTRUCTION; both are clipped to the
    limits of the type and of the gateway. ``same_as``: the job that this one repeats.
    """
    job_type = registry.get(type_name)
    if job_type is None:
        raise Refused(404, "", "", _("There is no job type %(name)s.") % {"name": type_name[:64]})
    _may_create(job_type, viewer)
    clean = checked(job_type, viewer, values)
    now = timezone.now()
    description = job_type.description
    job = Job(
        type=description.name,
        version=description.version,
        owner_id=viewer.user_id,
        run_id=checked_run_id(run_id),
        origin=origin,
        created=now,
        destruction=checked_destruction(destruction, now),
        execution_duration=checked_duration(job_type, duration),
        parameters=clean,
        queue=description.queue,
        priority=1 if viewer.is_staff else 0,
        notify=notify,
        webhook=(address := checked_webhook(webhook)),
        webhook_due=now if address else None,
        same_as=same_as,
    )
    with transaction.atomic():
        descriptions.keep(job_type)
        job.policy = own_policy(viewer)
        _store(job, job_type, viewer.username or "anonymous", uploads, run=run)
    return job


def _store(job: Job, job_type: JobType, who: str, uploads: Sequence[Upload], *, run: bool) -> None:
    # Files are stored for a job that exists; without any, one that is to run is queued from its first moment.
    at_once = run and not uploads
    if at_once:
        _check_run(job, job_type, who)
        job.phase, job.queued, job.queue = Phase.QUEUED, job.created, queue_of(job_type)
        job.quote = past.quote(job)
    job.save(force_insert=True)
    store_uploads(job, job_type, uploads)
    lines = [("created", job.origin), *([(Phase.QUEUED.lower(), "")] if at_once else [])]
    JobEvent.objects.bulk_create([JobEvent(job=job, who=who, what=what, why=why) for what, why in lines])
    if at_once:
        _announce_later(job)
    elif run:
        _queue(job, job_type, who)


def checked(job_type: JobType, viewer: Viewer, values: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Values under their declared names, with inputs that the viewer may fetch."""
    if job_type.lenient:
        return {name: list(texts) for name, texts in values.items()}
    clean = parameters.check(job_type.description, values)
    for parameter in parameters.parameters_of(job_type.description):
        if parameter.is_input:
            for identifier in clean.get(parameter.name, []):
                check_input(parameter, identifier, viewer)
    return clean


def check_input(parameter: parameters.Parameter, identifier: str, viewer: Viewer) -> None:
    """An uploaded part is checked when it is stored; a product must exist, be of a fitting type, and be fetchable."""
    if identifier.startswith("param:"):
        return
    if addresses.is_address(identifier) and not addresses.own_key(identifier):
        addresses.address_of(parameter, identifier)
        return
    try:
        product = hooks.inputs(addresses.own_key(identifier) or identifier, viewer)
    except hooks.InputNotFound as error:
        if addresses.address_of(parameter, identifier) and not addresses.own_key(identifier):
            return
        raise Refused(400, parameter.name, identifier, _("there is no such product")) from error
    except hooks.InputForbidden as error:
        raise Refused(403, parameter.name, identifier, str(error)) from error
    wanted = getattr(parameter.meta, "product_types", ())
    if wanted and product.product_type not in wanted:
        rule = _("must be of type %(wanted)s, not %(type)s") % {
            "wanted": ", ".join(wanted),
            "type": product.product_type or _("unknown"),
        }
        raise Refused(400, parameter.name, identifier, rule)


def checked_run_id(text: str) -> str:
    if len(text) > 255 or parameters.FORBIDDEN.search(text):
        raise Refused(400, "RUNID", text, _("must have at most 255 characters and no control characters"))
    return text


def checked_duration(job_type: JobType, text: str | int | None) -> int:
    """Seconds; 0 asks for no limit and gets the type's maximum, as does what exceeds it."""
    description = job_type.description
    if text is None or str(text).strip() == "":
        return description.duration
    if not parameters.INTEGER.fullmatch(str(text).strip()) or int(text) < 0:
        raise Refused(400, "EXECUTIONDURATION", str(text), _("must be a whole number of seconds, 0 or more"))
    longest = description.max_duration or LONGEST
    return min(int(text) or longest, longest) if description.max_duration else min(int(text), LONGEST)


def parse_time(name: str, text: str) -> datetime:
    """ISO 8601 in UTC, from a year alone to fractions of seconds, with or without ``Z``; no other offset."""
    plain = text.strip()
    if plain.endswith(("Z", "z")):
        plain = plain[:-1]
    if len(plain) == 4 and plain.isdigit():
        plain += "-01-01"
    if len(plain) == 7 and plain[4] == "-":
        plain += "-01"
    try:
        time = datetime.fromisoformat(plain)
    except ValueError as error:
        raise Refused(400, name, text, _("must be a time such as 2026-11-21T09:00:00Z")) from error
    if time.tzinfo is not None:
        raise Refused(400, name, text, _("must be in UTC, without an offset"))
    return time.replace(tzinfo=UTC)


def checked_destruction(text: str | None, now: datetime) -> datetime:
    """The asked time, not before now and not beyond the gateway's limit."""
    if text is None or not text.strip():
        return now + limits().keep
    return min(max(parse_time("DESTRUCTION", text), now), now + limits().max_keep)


# --- run, abort, delete ----------------------------------------------------------------------------------------------


def run(job: Job, viewer: Viewer) -> Job:
    """PHASE=RUN: checks that nothing is missing and that the owner is within the limits, then queues."""
    job_type = registry.get(job.type, job.version)
    if job_type is None:
        raise Refused(403, "PHASE", "RUN", _("This job type is no longer offered."))
    _may_create(job_type, viewer)
    with transaction.atomic():
        _queue(job, job_type, viewer.username or "anonymous")
    job.refresh_from_db()
    return job


def _check_run(job: Job, job_type: JobType, who: str) -> None:
    if job.phase not in phases_before(Act.RUN):
        raise Refused(403, "PHASE", "RUN", _("a job that is %(phase)s cannot be started") % {"phase": job.phase})
    if not job_type.lenient:
        parameters.complete(job_type.description, job.parameters)
    version = job_type.description.version
    if job.version != version:
        descriptions.keep(job_type)
        job.note(who, f"runs with version {version} of its description, not {job.version}")
        Job.objects.filter(pk=job.pk).update(version=version)
        job.version = version
    quota.check(job)


def _queue(job: Job, job_type: JobType, who: str) -> None:
    _check_run(job, job_type, who)
    now = timezone.now()
    waiting = Job.objects.filter(pk=job.pk, phase__in=phases_before(Act.RUN))
    job.queue = queue_name = queue_of(job_type)
    job.quote = past.quote(job)
    if not waiting.update(phase=Phase.QUEUED, queued=now, not_before=None, queue=queue_name, claim="", quote=job.quote):
        raise Refused(403, "PHASE", "RUN", _("the job was started or ended meanwhile"))
    job.phase, job.queued, job.queue = Phase.QUEUED, now, queue_name
    job.note(who, Phase.QUEUED.lower())
    _announce_later(job)


def _announce_later(job: Job) -> None:
    queue_name = job.queue
    if queue_name != SLURM:
        transaction.on_commit(lambda: announce(queue_name))


def announce(queue_name: str) -> None:
    """Says "work in class X". A broker that is away costs time, never a job: the keeper says it again."""
    from jobs.tasks import announce as send  # noqa: PLC0415 (tasks import the worker, which imports this module)

    send(queue_name)


def abort(job: Job, viewer: Viewer, why: str = "") -> Job:
    """PHASE=ABORT: the row says so at once; the worker that sees it ends every process of the run."""
    changed = _abort(job, viewer.username or "anonymous", why)
    if not changed:
        job.refresh_from_db()
        rule = _("a job that is %(phase)s cannot be aborted") % {"phase": job.phase}
        raise Refused(403, "PHASE", "ABORT", rule)
    job.refresh_from_db()
    return job


def _abort(job: Job, who: str, why: str) -> bool:
    with transaction.atomic():
        rows = Job.objects.filter(pk=job.pk, phase__in=phases_before(Act.ABORT))
        # Clients read the reason from the error of the job (pyvo: "No useful error from server" where there is none).
        message = f"The job was aborted by {who}{f': {why}' if why else '.'}"
        changed = rows.update(
            phase=Phase.ABORTED, ended=timezone.now(), lease=None, error_type="transient", error_message=message
        )
        if changed:
            job.note(who, "aborted", why)
    return bool(changed)


def delete(job: Job, viewer: Viewer) -> None:
    """DELETE: stops it, removes results that were not kept (products leave a tombstone), forgets the job."""
    from jobs.results import remove_files  # noqa: PLC0415 (results import the worker's half)

    if job.phase not in FINISHED:
        _abort(job, viewer.username or "anonymous", "deleted")
    remove_files(job)
    job.delete()


# --- changes ---------------------------------------------------------------------------------------------------------


def change_parameters(job: Job, viewer: Viewer, values: Mapping[str, Sequence[str]]) -> Job:
    """Replaces the given parameters of a PENDING job; the others stay."""
    job_type = registry.get(job.type, job.version)
    if job.phase != Phase.PENDING or job_type is None:
        name = next(iter(values), "")
        rule = _("parameters can be changed only while the job is PENDING; it is %(phase)s") % {"phase": job.phase}
        raise Refused(403, name, "", rule)
    given = {name.lower() for name in values}
    kept = {name: texts for name, texts in job.parameters.items() if name.lower() not in given}
    clean = checked(job_type, viewer, {**kept, **values})
    with transaction.atomic():
        if not Job.objects.filter(pk=job.pk, phase=Phase.PENDING).update(parameters=clean):
            raise Refused(403, "", "", _("the job was started meanwhile"))
        job.note(viewer.username or "anonymous", f"changed {', '.join(sorted(values))[:250]}")
    job.parameters = clean
    return job


def replace_parameters(job: Job, viewer: Viewer, values: Mapping[str, Sequence[str]]) -> Job:
    """The form's way: what is not given goes back to its default (files that came with the job stay)."""
    uploads = {n: t for n, t in job.parameters.items() if any(text.startswith("param:") for text in t)}
    job.parameters = {**uploads}
    return change_parameters(job, viewer, values or {})


def change_run_id(job: Job, viewer: Viewer, text: str) -> Job:
    """The client's label (UWS 1.1, section 2.1.4); it may be given as long as the job is PENDING."""
    if job.phase != Phase.PENDING:
        raise Refused(403, "RUNID", text, _("the job was started already"))
    job.run_id = checked_run_id(text)
    Job.objects.filter(pk=job.pk).update(run_id=job.run_id)
    job.note(viewer.username or "anonymous", "RUNID changed")
    return job


def change_duration(job: Job, viewer: Viewer, text: str) -> Job:
    job_type = registry.get(job.type, job.version)
    if job_type is None or job.is_finished:
        raise Refused(403, "EXECUTIONDURATION", text, _("the job has ended"))
    seconds = checked_duration(job_type, text)
    if job.queue == SLURM and job.claim and job.execution_duration and not 0 < seconds <= job.execution_duration:
        # Slurm lets only its administrators lengthen a job (scontrol(1), TimeLimit).
        rule = _("the cluster gave this job %(n)d s; it can be made shorter, not longer") % {
            "n": job.execution_duration
        }
        raise Refused(403, "EXECUTIONDURATION", text, rule)
    job.execution_duration = seconds
    Job.objects.filter(pk=job.pk).update(execution_duration=job.execution_duration)
    job.note(viewer.username or "anonymous", f"time limit set to {job.execution_duration} s")
    return job


def change_destruction(job: Job, viewer: Viewer, text: str) -> Job:
    if job.phase == Phase.ARCHIVED:
        raise Refused(403, "DESTRUCTION", text, _("the job is archived"))
    job.destruction = checked_destruction(text, timezone.now())
    Job.objects.filter(pk=job.pk).update(destruction=job.destruction, warned=False)
    job.note(viewer.username or "anonymous", f"destruction set to {job.destruction:%Y-%m-%d %H:%M:%S} UTC")
    return job


def soon() -> timedelta:
    """How long before destruction the owner is told."""
    return timedelta(days=3)
