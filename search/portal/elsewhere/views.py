"""The tabs of other archives above the results, and the page of what one of them answered."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.exceptions import BadRequest, ObjectDoesNotExist, ValidationError
from django.core.files.storage import default_storage
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gateway.access.request import viewer as viewer_of_request
from gateway.vo import votable
from gateway.vo.dali import DaliError, Parameters
from gateway.vo.readable import finite
from gateway.vo.tables import Column
from gateway.vo.votable_reader import Table, read
from jobs import service
from jobs.errors import Refused
from jobs.models import Job
from jobs.phases import Phase
from jobs.registry import taking_products
from search.portal import cart, form, results, show, side, stored
from search.portal.criteria import Criteria
from search.portal.elsewhere import files, services
from search.portal.elsewhere.job import MOST_ROWS, RESULT
from search.portal.samp_views import LIFETIME, MAPPED_ROWS, refused
from search.tap.endpoint import streamed
from search.tap.formats import registry
from search.tap.formats.base import Answer

SALT = "search.portal.elsewhere"
SESSION = "archives"
REMEMBERED = 60
VIEW = ("service", "generic", "page", "size", "sort", "columns", "from", "filters")
MAX_BYTES = 200 * 2**20
MOST_INPUTS = 50
"""files that one address of a form carries"""
MOST_REFUSALS = 5


@dataclass
class Tab:
    """One archive and how far it is; ``job`` is None before it is asked."""

    target: services.Target
    job: Job | None = None
    refused: str = ""

    @property
    def waiting(self) -> bool:
        return not self.target.fault and not self.refused and (self.job is None or not self.job.is_finished)

    @property
    def failure(self) -> str:
        if self.target.fault or self.refused:
            return self.target.fault or self.refused
        if self.job is None or not self.job.is_finished or self.job.phase == Phase.COMPLETED:
            return ""
        return self.job.error_message or _("It was not asked to the end.")

    @property
    def summary(self) -> dict[str, Any]:
        return (self.job.summary or {}) if self.job else {}

    @property
    def left_out(self) -> str:
        """What the archive was not asked, in the words of the form."""
        names = [*self.summary.get("left_out", []), *self.summary.get("units", [])]
        return ", ".join(str(form.LABELS.get(name, name)).lower() for name in names)


def asked_of(address: QueryDict, target: services.Target) -> dict[str, list[str]]:
    """The parameters of the job that asks this archive what the address describes."""
    by_hand = stored.query_in(address)
    search = address.copy()
    for name in VIEW:
        search.pop(name, None)
    given = {"query": [by_hand]} if by_hand else {"search": [search.urlencode()]}
    generic = "true" if target.generic or address.get("generic") else "false"
    return {**given, "service": [f"{target.url} {target.table}".strip()], "generic": [generic]}


def _mark(values: dict[str, list[str]]) -> str:
    return hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()[:20]


def tabs(request: HttpRequest, address: QueryDict) -> list[Tab]:
    """The archives of a search with the jobs by which this visitor asked them."""
    remembered: dict[str, str] = request.session.get(SESSION, {}) if address.getlist("service") else {}
    made = []
    for target in services.chosen(address.getlist("service")):
        word = remembered.get(_mark(asked_of(address, target)), "")
        job = Job.objects.filter(pk=word).first() if re.fullmatch(r"[0-9a-f-]{36}", word) else None
        made.append(Tab(target, job, "" if job or not word.startswith("!") else word[1:]))
    return made


@require_http_methods(["GET", "HEAD", "POST"])
def asking(request: HttpRequest) -> HttpResponse:
    """The tabs; POST asks the archives that were not asked yet, ``again`` one that was."""
    if request.method != "POST":
        context = {"archives": tabs(request, request.GET), "searched": request.GET.urlencode()}
        return render(request, "portal/archives.html", context)
    address = QueryDict(request.POST.get("address", "")[:20_000])
    again = request.POST.get("again", "")
    remembered: dict[str, str] = dict(list(request.session.get(SESSION, {}).items())[-REMEMBERED:])
    for tab in tabs(request, address):
        if tab.target.fault or (tab.job and again != tab.target.given):
            continue
        values = asked_of(address, tab.target)
        try:
            job = service.create("archive_query", viewer_of_request(request), values, run=True, origin="browser")
            remembered[_mark(values)] = str(job.pk)
        except Refused as refusal:
            remembered[_mark(values)] = f"!{refusal}"
    request.session[SESSION] = remembered
    return HttpResponseRedirect(f"/search/results/?{address.urlencode()}")


def _answer(request: HttpRequest, identifier: UUID) -> tuple[Job, Table]:
    try:
        job = service.find(identifier, viewer_of_request(request))
    except Refused as refusal:
        raise Http404(str(refusal)) from refusal
    row = job.results.filter(name=RESULT).first() if job.type == "archive_query" else None
    if row is None or not row.storage_key:
        raise Http404(_("This archive's answer is not here: it failed, is not ready, or its time is over."))
    with default_storage.open(row.storage_key) as stream:
        return job, read(stream, max_bytes=MAX_BYTES, max_rows=MOST_ROWS)


@require_safe
def page(request: HttpRequest, identifier: UUID) -> HttpResponse:
    """The rows that one archive sent, as it sent them, with a box on each."""
    job, table = _answer(request, identifier)
    number, size = results.paging(request.GET.dict())
    start = (number - 1) * size
    rows = [
        (Place.of(table, row, start + place), _cells(table, row))
        for place, row in enumerate(table.rows[start : start + size])
    ]
    shown = results.Page(number=number, size=size, more=len(table.rows) > start + size)
    context = {
        "job": job, "tab": Tab(services.typed(job.parameters["service"][0]), job), "table": table, "rows": rows,
        "page": shown, "pages": results.pages(shown, len(table.rows)),
        "searched": (job.parameters.get("search") or [""])[0],
        "formats": ("votable", "csv", "tsv", "fits", "json"),
        "job_types": tuple((one.name, one.title, one.text) for one in taking_products()),
        "has_files": any(column.name.lower() == "access_url" for column in table.columns),
        "sky": side.sky([place for place, _cells in rows], Criteria()),
    }  # fmt: skip
    return render(request, "portal/archive.html", context)


@dataclass(frozen=True)
class Place:
    """Where and when a row was observed, for sky and simultaneous data; its number stands for an identifier."""

    number: int
    obs_title: str
    s_ra: float | None
    s_dec: float | None
    s_fov: float | None
    t_min: float | None
    t_max: float | None
    simulated: int = 0

    @property
    def obs_publisher_did(self) -> str:
        return str(self.number)

    @classmethod
    def of(cls, table: Table, row: Sequence[Any], number: int) -> "Place":
        named = {column.name.lower(): value for column, value in zip(table.columns, row, strict=True)}
        ra, dec, fov, start, end = (finite(named.get(one)) for one in ("s_ra", "s_dec", "s_fov", "t_min", "t_max"))
        title = str(named.get("obs_title") or named.get("obs_id") or _("row %(n)d") % {"n": number + 1})
        good = ra is not None and dec is not None and -360 <= ra <= 360 and -90 <= dec <= 90
        fov = fov if fov is not None and 0 < fov <= 180 else None
        return cls(number, title[:80], ra if good else None, dec if good else None, fov, start, end)


@require_POST
def sign(request: HttpRequest, identifier: UUID) -> JsonResponse:
    """A link by which SAMP programs fetch this table, like that of own results."""
    job, table = _answer(request, identifier)
    token = signing.dumps(str(job.pk), salt=SALT)
    return JsonResponse(
        {
            "url": f"{settings.PUBLIC_URL}/search/archives/signed/{token}/results.vot",
            "table_id": f"distiller-{job.pk}",
            "rows": [str(number) for number in range(min(len(table.rows), MAPPED_ROWS))],
            "seconds": LIFETIME,
        }
    )


@require_safe
def signed(request: HttpRequest, token: str) -> HttpResponseBase:
    """The table of a signed link; refusals are plain words for programs."""
    try:
        identifier = signing.loads(token, salt=SALT, max_age=LIFETIME)
        row = Job.objects.get(pk=identifier, type="archive_query").results.get(name=RESULT)
        stream = default_storage.open(row.storage_key)
    except signing.SignatureExpired:
        return refused(_("This link was valid for ten minutes and has expired. Send the table again."))
    except (signing.BadSignature, ObjectDoesNotExist, ValidationError, OSError, ValueError):
        return refused(_("This is not a link that the gateway has made, or its table is gone."))
    response = FileResponse(stream, content_type=votable.MEDIA_TYPE)
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


def _cells(table: Table, row: Sequence[Any]) -> list[tuple[Column, tuple[str, str]]]:
    return [(column, _cell(column.name, value)) for column, value in zip(table.columns, row, strict=True)]


def _cell(name: str, value: Any) -> tuple[str, str]:
    """What is shown, and where it leads: only addresses of the web become links."""
    text = show.raw(value)
    link = text if name.lower().endswith("url") and re.match(r"https?://[^\s<>\"]+$", text) else ""
    return text[:300], link


def _chosen(given: QueryDict, table: Table) -> list[int]:
    """The numbers of the rows that were ticked, here or on other pages."""
    words = dict.fromkeys([*given.getlist("row"), *given.getlist("ID")])
    numbers = (int(one) for one in words if re.fullmatch(r"[0-9]{1,6}", one))
    return [one for one in numbers if one < len(table.rows)]


def _picked(request: HttpRequest, identifier: UUID) -> list[files.Away]:
    """The files of the ticked rows; the visitor is told of rows that name none."""
    job, table = _answer(request, identifier)
    archive = services.typed(job.parameters["service"][0]).title
    found, without = files.of(table, _chosen(request.POST, table), archive)
    if without:
        words = ngettext("%(n)d row names no file.", "%(n)d rows name no file.", without)
        messages.warning(request, words % {"n": without})
    elif not found:
        messages.warning(request, _("Tick the rows first."))
    return found


@require_POST
def to_cart(request: HttpRequest, identifier: UUID) -> HttpResponse:
    """Puts the files of the ticked rows into the cart."""
    found = _picked(request, identifier)
    if found:
        new = cart.add_elsewhere(request, found)
        words = ngettext("%(count)d file was added to the cart.", "%(count)d files were added to the cart.", new)
        if new:
            messages.success(request, words % {"count": new})
        held = {one.key for one in cart.elsewhere(request)}
        if any(one.key not in held for one in found):
            most = _("The cart is full: it holds at most %(most)d files of other archives.") % {"most": cart.MOST_AWAY}
            messages.warning(request, most)
        elif not new:
            messages.success(request, _("These files are in the cart already."))
    return HttpResponseRedirect(f"/search/archives/{identifier}/")


@require_POST
def analyse(request: HttpRequest, identifier: UUID) -> HttpResponse:
    """Leads to the form of the job type, filled with the files of the ticked rows that jobs here may fetch."""
    found = _picked(request, identifier)
    taken = [one for one in found if not one.refusal]
    refusals = [one.refusal for one in found if one.refusal]
    for refusal in refusals[:MOST_REFUSALS]:
        messages.warning(request, refusal)
    if len(refusals) > MOST_REFUSALS:
        messages.warning(request, _("Of %(n)d more files the same holds.") % {"n": len(refusals) - MOST_REFUSALS})
    if len(taken) > MOST_INPUTS:
        messages.warning(request, _("Only the first %(most)d of these files were taken.") % {"most": MOST_INPUTS})
    kind = request.POST.get("type", "")
    if kind not in {one.name for one in taking_products()}:
        raise BadRequest(_("There is no such analysis."))
    if not taken:
        return HttpResponseRedirect(f"/search/archives/{identifier}/")
    return HttpResponseRedirect(f"/jobs/new/{kind}?{urlencode([('ID', one.address) for one in taken[:MOST_INPUTS]])}")


@require_http_methods(["GET", "POST"])
def export(request: HttpRequest, identifier: UUID) -> HttpResponseBase:
    """All rows, or those whose numbers are given as ``row``, in any format of TAP."""
    given = request.POST if request.method == "POST" else request.GET
    _job, table = _answer(request, identifier)
    asked = bool(given.getlist("row") or given.getlist("ID"))
    rows = [table.rows[one] for one in _chosen(given, table)] if asked else table.rows
    try:
        kind, content_type = registry.chosen(Parameters([("FORMAT", given.get("format", "votable"))]))
    except DaliError as error:
        raise BadRequest(error.message) from error
    answer = Answer(columns=table.columns, rows=rows, infos=(votable.OK,), trailer=tuple)
    response = streamed(request, kind.write(answer), lambda: None)
    response["Content-Type"] = content_type
    response["Content-Disposition"] = f'attachment; filename="archive.{kind.extension}"'
    return response
