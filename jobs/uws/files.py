"""Bytes of results and uploads on their way out: attachments that no browser runs."""

from collections.abc import Iterable, Iterator
from copy import copy
from urllib.parse import quote

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.utils.translation import gettext as _

from jobs import hooks
from jobs.errors import Refused
from jobs.models import LOG_STREAMS, Job, JobResult
from jobs.phases import FINISHED
from jobs.results import log_text
from jobs.uploads import blocks
from jobs.uws.documents import PROVENANCE_FORMS
from provenance.provsap import provsap

INLINE = frozenset({"image/png", "image/jpeg", "text/plain", "application/json"})
"""types that a browser may show in place; everything else is downloaded"""
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def attachment(content: Iterable[bytes], content_type: str, name: str, size: int | None) -> StreamingHttpResponse:
    plain = content_type.split(";", maxsplit=1)[0].strip().lower()
    response = StreamingHttpResponse(content, content_type=content_type)
    how = "inline" if plain in INLINE else "attachment"
    response["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(name)}"
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    if size is not None:
        response["Content-Length"] = str(size)
    return response


def result(request: HttpRequest, job: Job, name: str) -> HttpResponseBase:
    """A result by its id: stored bytes, a log, the product's file, or the provenance service's document."""
    for known, form, _media in PROVENANCE_FORMS:
        if name == known and job.phase in FINISHED and job.started is not None:
            return _provenance(request, f"ID={job.activity_id}&DEPTH=ALL&RESPONSEFORMAT={form}")
    row: JobResult | None = job.results.filter(name=name).first()
    if row is None:
        raise Refused(404, "", "", _("This job has no such result."))
    if row.name in LOG_STREAMS and not row.storage_key:
        return HttpResponse(log_text(job, row.name), content_type="text/plain; charset=utf-8")
    if row.product_key:
        return _product(request, row.product_key)
    response = attachment(_stored(row), row.content_type, row.name, row.size)
    response["ETag"] = f'"{row.sha256}"'
    return response


def _stored(row: JobResult) -> Iterator[bytes]:
    return blocks(row.storage_key)


def _by_token(request: HttpRequest) -> bool:
    """A token for jobs is good for their results, and for no other address they could be redirected to."""
    return getattr(request, "token", None) is not None


def _product(request: HttpRequest, key: str) -> HttpResponseBase:
    if _by_token(request) and hooks.serve.filled:
        return hooks.serve(request, key)
    return HttpResponseRedirect(f"/data/{key}")


def _provenance(request: HttpRequest, query: str) -> HttpResponseBase:
    if not _by_token(request):
        return HttpResponseRedirect(f"/provsap?{query}")
    asked = copy(request)
    asked.GET = QueryDict(query)
    return provsap(asked)
