"""Files that come with a request: streamed to storage, counted while they come, never trusted in name or type."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from gateway.vo.identifiers import slug
from jobs import parameters, quota
from jobs.errors import Refused
from jobs.limits import limits
from jobs.models import Job, JobUpload
from jobs.registry import JobType

PART = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")
NUMBER = re.compile(r"-[0-9]{1,4}$")
BLOCK = 2**20


@dataclass(frozen=True)
class Upload:
    """A part of a multipart request."""

    name: str
    file_name: str
    content_type: str
    size: int
    stream: IO[bytes]


def store_uploads(job: Job, job_type: JobType, uploads: Sequence[Upload]) -> None:
    """Stores each part and lets the parameter of that name refer to it, unless ``NAME=param:PART`` does so."""
    if uploads:
        quota.check_room(job, uploads[0].name, sum(upload.size for upload in uploads))
    inputs = {p.name.lower(): p.name for p in parameters.parameters_of(job_type.description) if p.is_input}
    referred = {text[6:] for texts in job.parameters.values() for text in texts if text.startswith("param:")}
    for upload in numbered(uploads):
        name = inputs.get(upload.name.lower()) or inputs.get(NUMBER.sub("", upload.name).lower())
        if not PART.fullmatch(upload.name) or not (name or upload.name in referred or job_type.uploads):
            raise Refused(400, upload.name, upload.file_name, _("this job takes no file under that name"))
        _store(job, upload)
        if name and upload.name not in referred:
            job.parameters[name] = [*job.parameters.get(name, []), f"param:{upload.name}"]
    if uploads and not job_type.lenient:
        parameters.check(job_type.description, job.parameters)
    missing = referred - {upload.name for upload in uploads} if not job_type.lenient else set()
    if missing:
        given = f"param:{sorted(missing)[0]}"
        name = next(name for name, texts in job.parameters.items() if given in texts)
        raise Refused(400, name, given, _("the request has no file part of that name"))
    if uploads:
        job.save(update_fields=["parameters"])


def numbered(uploads: Sequence[Upload]) -> list[Upload]:
    """Several files of one name (a browser sends them so) become ``name``, ``name-2``, ``name-3``."""
    found: list[Upload] = []
    seen: dict[str, int] = {}
    for upload in uploads:
        seen[upload.name] = count = seen.get(upload.name, 0) + 1
        found.append(upload if count == 1 else replace(upload, name=f"{upload.name}-{count}"))
    return found


def _store(job: Job, upload: Upload) -> JobUpload:
    limit = limits().upload_size
    if upload.size > limit:
        rule = _("a file may have at most %(limit)d MB") % {"limit": limit // 10**6}
        raise Refused(413, upload.name, upload.file_name, rule)
    digest = hashlib.sha256()
    for block in iter(lambda: upload.stream.read(BLOCK), b""):
        digest.update(block)
    upload.stream.seek(0)
    file: File[Any] = File(upload.stream)
    key = default_storage.save(f"jobs/{job.id}/uploads/{slug(upload.name)}", file)
    return JobUpload.objects.create(
        job=job,
        name=upload.name,
        file_name=upload.file_name[:255],
        content_type=upload.content_type[:100] or "application/octet-stream",
        size=upload.size,
        sha256=digest.hexdigest(),
        storage_key=key,
    )


def blocks(storage_key: str) -> Iterator[bytes]:
    with default_storage.open(storage_key, "rb") as stream:
        yield from iter(lambda: stream.read(BLOCK), b"")
