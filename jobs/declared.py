"""What is on offer stands in the provenance tables before the first run, so that everyone may ask how runs are done."""

from collections.abc import Iterator

from django.conf import settings
from django.db import transaction

from jobs import parameters, registry
from jobs.models import LOG_STREAMS
from jobs.records import description_of, parameter_record, result_type
from jobs.registry import JobType
from provenance import describe
from provenance.models import ActivityDescription
from provenance.records import EntityRecord


def publish_new() -> int:
    """How many job types were new, or had a new version."""
    known = set(ActivityDescription.objects.filter(declared=True).values_list("name", "version"))
    fresh = [t for t in registry.offered() if _is_for_all(t) and (t.name, t.description.version) not in known]
    for job_type in fresh:
        _publish(job_type)
    return len(fresh)


def _is_for_all(job_type: JobType) -> bool:
    return not job_type.lenient and job_type.name not in settings.JOB_GROUPS


@transaction.atomic
def _publish(job_type: JobType) -> None:
    declared = parameters.parameters_of(job_type.description)
    describe.publish(
        description_of(job_type, job_type.description.version),
        [parameter_record(one, []) for one in declared if not one.is_input],
        [(one.name, "Main") for one in declared if one.is_input],
        _makes(job_type),
    )


def _makes(job_type: JobType) -> Iterator[tuple[str, str, EntityRecord]]:
    main = next((output.name for output in job_type.description.outputs if output.product), "")
    for output in job_type.description.outputs:
        word = "picture" if output.content_type.startswith("image/") else "result"
        sample = EntityRecord(id="sample", type=word, content_type=output.content_type)
        yield output.name, result_type(output.name, main=output.name == main), sample
    for name in LOG_STREAMS:
        yield name, result_type(name), EntityRecord(id="sample", type="log", content_type="text/plain")
