"""The same inputs and parameters, told by checksum: the earlier result can be offered before anything is run."""

from collections.abc import Mapping, Sequence

from django.db.models import Q

from gateway.access.rights import Viewer, policy_ids, viewer_of
from jobs import code, hooks, parameters
from jobs.errors import Refused
from jobs.models import Job
from jobs.phases import Phase
from jobs.registry import JobType

MAX_INPUTS = 50
"""beyond that the form does not look: each input is a query"""


def earlier(job_type: JobType, values: Mapping[str, Sequence[str]], viewer: Viewer) -> Job | None:
    """The newest completed job that must have given the same, if the viewer may see it."""
    if job_type.lenient or not hooks.inputs.filled:
        return None
    try:
        parameters.complete(job_type.description, values)
        sums = _sums(job_type, values, viewer)
    except (Refused, hooks.InputNotFound, hooks.InputForbidden):
        return None
    return newest(parameters.fingerprint(job_type.description, values, sums, code.mark(job_type)), viewer)


def newest(mark: str, viewer: Viewer, besides: Job | None = None) -> Job | None:
    """The newest completed job with this fingerprint that the viewer may see."""
    same = Job.objects.filter(fingerprint=mark, phase=Phase.COMPLETED, owner__isnull=False)
    if besides is not None:
        same = same.exclude(pk=besides.pk)
    ids = policy_ids(viewer, "see")
    if ids is not None:
        same = same.filter(Q(owner_id=viewer.user_id) | Q(policy_id__in=ids))
    return same.order_by("-created").first()


def before(job: Job, mark: str) -> Job | None:
    """The newest earlier run of this fingerprint: the owner's own, else one that the owner may see."""
    if not mark or job.owner is None:
        return None
    same = Job.objects.filter(fingerprint=mark, phase=Phase.COMPLETED).exclude(pk=job.pk).only("id")
    own = same.filter(owner_id=job.owner_id).order_by("-created").first()
    if own is not None or not same.exists():
        return own
    return newest(mark, viewer_of(job.owner), besides=job)


def _sums(job_type: JobType, values: Mapping[str, Sequence[str]], viewer: Viewer) -> dict[str, list[str]]:
    sums = {}
    for parameter in parameters.parameters_of(job_type.description):
        if parameter.is_input:
            texts = values.get(parameter.name, [])
            if len(texts) > MAX_INPUTS or any(text.startswith("param:") for text in texts):
                raise hooks.InputNotFound
            sums[parameter.name] = [hooks.inputs(text, viewer).sha256 for text in texts]
    return sums
