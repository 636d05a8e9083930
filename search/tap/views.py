"""The TAP endpoints beside sync and async."""

from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from gateway.access.request import viewer
from gateway.vo import vosi, votable
from gateway.vo.dali import DaliError, Parameters
from jobs import service
from jobs.errors import Refused
from search.tap import capabilities as capability_document
from search.tap import examples as example_queries
from search.tap import published
from search.tap.endpoint import endpoint
from search.tap.models import TableRow
from search.tap.tap_schema import as_typed

JOB_TYPE = "tap"
STARTED = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@endpoint("GET")
def index(request: HttpRequest, base: str) -> HttpResponseBase:
    """For people: what the service is, its tables, how to use it."""
    context = {
        "base": base,
        "url": f"{settings.PUBLIC_URL}/{base}",
        "tables": published.tables(),
        "maxrec": settings.TAP_MAXREC,
        "maxrec_limit": settings.TAP_MAXREC_LIMIT,
        "sync_seconds": settings.TAP_SYNC_SECONDS,
    }
    return render(request, "tap/index.html", context)


@endpoint("GET")
def capabilities(request: HttpRequest, base: str) -> HttpResponseBase:
    return HttpResponse(capability_document.document(base), content_type=vosi.MEDIA_TYPE)


@endpoint("GET")
def availability(request: HttpRequest, base: str) -> HttpResponseBase:
    try:
        described = TableRow.objects.filter(table_name="ivoa.obscore").exists()
        note = _("queries are answered") if described else _("ivoa.obscore is not there; run manage.py migrate")
    except DatabaseError:
        described, note = False, _("the database does not answer")
    content = vosi.availability(described, up_since=STARTED if described else "", notes=[note])
    return HttpResponse(content, content_type=vosi.MEDIA_TYPE)


@endpoint("GET")
def tables(request: HttpRequest, base: str) -> HttpResponseBase:
    detail = Parameters.of_request(request).single("DETAIL") or "max"
    if detail not in ("min", "max"):
        raise DaliError(400, _("detail is min (tables only) or max (with columns)."))
    shown = [as_typed(table) for table in published.tables()]
    return HttpResponse(vosi.tableset(published.schemas(), shown, detail=detail), content_type=vosi.MEDIA_TYPE)


@endpoint("GET")
def table(request: HttpRequest, base: str, name: str) -> HttpResponseBase:
    found = published.find(name)
    if found is None:
        text = _("There is no table %(name)s; /%(base)s/tables lists them.")
        raise DaliError(404, text % {"name": name[:100], "base": base})
    return HttpResponse(vosi.table(as_typed(found)), content_type=vosi.MEDIA_TYPE)


@endpoint("GET")
def examples(request: HttpRequest, base: str) -> HttpResponseBase:
    """DALI examples (section 2.3): XHTML with RDFa."""
    shown = render(request, "tap/examples.html", {"base": base, "examples": example_queries.EXAMPLES})
    shown["Content-Type"] = "application/xhtml+xml; charset=utf-8"
    return shown


@endpoint("GET")
def job_error(request: HttpRequest, base: str, job_id: UUID) -> HttpResponseBase:
    """Why a job failed, as the error document of TAP (section 5.4)."""
    try:
        job = service.find(job_id, viewer(request))
    except Refused as refused:
        raise DaliError(refused.status, str(refused)) from refused
    if job.type != JOB_TYPE or not job.error_type:
        raise DaliError(404, _("This job has no error."))
    return HttpResponse(votable.error(job.error_message), content_type=votable.MEDIA_TYPE)
