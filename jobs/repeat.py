"""The same again: inputs, parameters and files of an earlier run in a new job that knows what it repeats."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from gateway.access.rights import Viewer
from jobs import service
from jobs.errors import Refused
from jobs.models import Job
from jobs.uploads import Upload


def repeat(job: Job, viewer: Viewer) -> Job:
    """A new job, QUEUED, with ``same_as`` set; raises Refused as ``service.create`` does.

    It runs with the version of the description that is offered now; a comparison says where that differs.
    """
    words = _("repeat of %(id)s") % {"id": job.id.hex[:8]}
    with _uploads(job) as uploads:
        return service.create(
            job.type, viewer, job.parameters, run_id=words, run=True, origin="browser", uploads=uploads, same_as=job
        )


@contextmanager
def _uploads(job: Job) -> Iterator[list[Upload]]:
    """The files that came with the earlier request, opened."""
    with ExitStack() as opened:
        found = []
        for row in job.uploads.all():
            if not default_storage.exists(row.storage_key):
                rule = _("this file came with the request and is no longer here: edit and repeat, and send it again")
                raise Refused(409, row.name, row.file_name, rule)
            stream = opened.enter_context(default_storage.open(row.storage_key, "rb"))
            found.append(Upload(row.name, row.file_name, row.content_type, row.size, stream))
        yield found
