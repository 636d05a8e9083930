"""UWS 1.1 over HTTP (REC 2016-10-24, section 2.2), for any job type under any base address.

Every view takes ``type_name`` and ``base`` (the path of the job list): ``/uws/sleep``, ``/tap/async``,
``/soda/async``. ``jobs.uws.urls.patterns`` makes the addresses.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import parse_qs, quote
from uuid import UUID

from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils.translation import gettext as _

from gateway.access.request import viewer
from gateway.accounts.csrf import protocol_view
from gateway.vo import vosi
from gateway.vo.dali import UNREADABLE, unreadable
from gateway.vo.negotiation import preferred
from jobs import registry, service
from jobs.errors import Refused
from jobs.models import Job
from jobs.phases import Phase
from jobs.registry import JobType
from jobs.uploads import Upload, blocks
from jobs.uws import documents, files
from jobs.uws.documents import Reference
from jobs.uws.wait import seconds_of, waiters

XML, JSON, HTML, TEXT = "application/xml", "application/json", "text/html", "text/plain; charset=utf-8"
CONTROLS = frozenset({"PHASE", "RUNID", "DESTRUCTION", "EXECUTIONDURATION", "ACTION", "WAIT", "WEBHOOK"})
View = Callable[..., HttpResponseBase]
Values = dict[str, list[str]]


# --- what comes in, what goes out ------------------------------------------------------------------------------------


def refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    """In words; as JSON for who asks for it."""
    if preferred(request, (TEXT, JSON)) == JSON:
        content = {"error": refused.rule, "parameter": refused.parameter, "message": str(refused)}
        response: HttpResponse = JsonResponse(content, status=refused.status)
    else:
        response = HttpResponse(f"{refused}\n", status=refused.status, content_type=TEXT)
    if refused.status == 401 and "text/html" not in request.headers.get("Accept", ""):
        response["WWW-Authenticate"] = 'Basic realm="gateway"'
    return response


def uws_view(*methods: str) -> Callable[[View], View]:
    """Refusals become answers; other methods are 405; the CSRF rule is that of protocol addresses."""

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if "type_name" in kwargs:
                kwargs.setdefault("base", f"/uws/{kwargs['type_name']}")
            if request.method == "OPTIONS":
                return HttpResponse(status=204, headers={"Allow": ", ".join((*methods, "OPTIONS"))})
            if request.method not in methods:
                return _not_allowed(request, methods)
            try:
                response = view(request, *args, **kwargs)
            except Refused as refused:
                response = refusal(request, refused)
            except UNREADABLE as error:
                reason = unreadable(error)
                response = refusal(request, Refused(reason.status, "", "", reason.message))
            response.setdefault("Cache-Control", "no-store")
            return response

        return protocol_view(answer)

    return decorate


def _not_allowed(request: HttpRequest, methods: tuple[str, ...]) -> HttpResponse:
    text = _("%(method)s is not possible here; use %(allowed)s.")
    words = text % {"method": request.method, "allowed": ", ".join(methods)}
    return HttpResponse(f"{words}\n", status=405, content_type=TEXT, headers={"Allow": ", ".join(methods)})


FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def form_values(request: HttpRequest) -> Values:
    """Fields of a POST, of its body and of its address."""
    if request.content_type not in FORMS and request.META.get("CONTENT_LENGTH") not in (None, "", "0"):
        words = _("The body of the request cannot be read.")
        raise Refused(415, "Content-Type", request.content_type or "", f"{words} ({', '.join(FORMS)})")
    values: Values = {name: request.GET.getlist(name) for name in request.GET}
    for name in request.POST:
        values[name] = [*values.get(name, []), *request.POST.getlist(name)]
    values.pop("csrfmiddlewaretoken", None)
    return values


def split(values: Values) -> tuple[dict[str, str], Values]:
    """Control parameters by their upper-case names (the last value counts), and the job's own."""
    controls = {name.upper(): texts[-1] for name, texts in values.items() if name.upper() in CONTROLS and texts}
    return controls, {name: texts for name, texts in values.items() if name.upper() not in CONTROLS}


def see_other(request: HttpRequest, path: str) -> HttpResponse:
    response = HttpResponse(status=303)
    response["Location"] = request.build_absolute_uri(quote(path, safe="/"))
    return response


def _to(address: str) -> HttpResponse:
    """A browser is shown the page instead."""
    return HttpResponseRedirect(address)


def the_type(type_name: str, base: str) -> JobType:
    """A type has one job list; elsewhere it does not exist (``tap`` lives only under /tap/async)."""
    job_type = registry.get(type_name)
    if job_type is None or (base.startswith("/uws/") and job_type.path != base):
        raise Refused(404, "", "", _("There is no job type of this name."))
    return job_type


def the_job(request: HttpRequest, type_name: str, base: str, job_id: str, *, change: bool = False) -> Job:
    if registry.get(type_name) is not None:
        the_type(type_name, base)
    # Jobs of a type that was withdrawn keep their address.
    try:
        identifier = UUID(job_id)
    except ValueError as error:
        raise Refused(404, "", "", _("There is no such job.")) from error
    job = service.find(identifier, viewer(request), change=change)
    if job.type != type_name:
        raise Refused(404, "", "", _("There is no such job."))
    return job


# --- the list --------------------------------------------------------------------------------------------------------


@uws_view("GET", "HEAD", "POST")
def job_list(request: HttpRequest, type_name: str, base: str) -> HttpResponseBase:
    the_type(type_name, base)
    return create(request, type_name, base) if request.method == "POST" else list_jobs(request, type_name, base)


def create(request: HttpRequest, type_name: str, base: str) -> HttpResponse:
    controls, values = split(form_values(request))
    phase = controls.get("PHASE", "")
    if phase and phase.upper() != "RUN":
        raise Refused(400, "PHASE", phase, _("a new job takes only RUN"))
    job = service.create(
        type_name,
        viewer(request),
        values,
        run_id=controls.get("RUNID", ""),
        run=bool(phase),
        duration=controls.get("EXECUTIONDURATION"),
        destruction=controls.get("DESTRUCTION"),
        uploads=uploads_of(request),
        webhook=controls.get("WEBHOOK", ""),
    )
    return see_other(request, f"{base}/{job.id}")


def uploads_of(request: HttpRequest) -> list[Upload]:
    return [
        Upload(name, part.name or name, part.content_type or "", part.size or 0, part.file)
        for name in request.FILES
        for part in request.FILES.getlist(name)
        if part.file is not None
    ]


def list_jobs(request: HttpRequest, type_name: str, base: str) -> HttpResponseBase:
    jobs = filtered(Job.objects.filter(service.visible_jobs(viewer(request)), type=type_name), request)
    rows = jobs.values_list("id", "phase", "run_id", "owner__username", "created")
    references = (Reference(str(i), p, r, o or "", c) for i, p, r, o, c in rows.iterator(chunk_size=2000))
    absolute = request.build_absolute_uri(base)
    match preferred(request, (XML, JSON, HTML)):
        case "application/json":
            return JsonResponse(documents.jobs_json(references, absolute))
        case "text/html":
            return _to(f"{reverse('jobs:list')}?type={quote(type_name)}")
        case _:
            return _xml(references, absolute)


def _xml(references: Iterable[Reference], absolute: str) -> HttpResponseBase:
    return StreamingHttpResponse(_in_blocks(documents.jobs_xml(references, absolute)), content_type=XML)


def _in_blocks(pieces: Iterable[str]) -> Iterator[bytes]:
    """One write a few hundred jobs, not one a job."""
    kept: list[str] = []
    for piece in pieces:
        kept.append(piece)
        if len(kept) >= 256:
            yield "".join(kept).encode()
            kept.clear()
    yield "".join(kept).encode()


def filtered(jobs: "QuerySet[Job]", request: HttpRequest) -> "QuerySet[Job]":
    """PHASE (repeatable), AFTER and LAST, all of which must hold (UWS 1.1, section 2.2.2.1)."""
    values: Values = {}
    for name in request.GET:
        values.setdefault(name.upper(), []).extend(request.GET.getlist(name))
    phases = [check_phase(phase) for phase in values.get("PHASE", [])]
    jobs = jobs.filter(phase__in=phases) if phases else jobs.exclude(phase=Phase.ARCHIVED)
    for after in values.get("AFTER", []):
        jobs = jobs.filter(created__gt=_end_of_moment(after))
    jobs = jobs.order_by("-created", "id")
    last = [check_last(text) for text in values.get("LAST", [])]
    return jobs[: min(last)] if last else jobs


def _end_of_moment(text: str) -> datetime:
    """The documents give milliseconds, so "strictly later" is meant on that scale."""
    time = service.parse_time("AFTER", text)
    return time.replace(microsecond=time.microsecond // 1000 * 1000 + 999)


def check_phase(text: str) -> str:
    if text.upper() not in Phase.values:
        raise Refused(400, "PHASE", text, _("must be one of %(phases)s") % {"phases": ", ".join(Phase.values)})
    return text.upper()


def check_last(text: str) -> int:
    if not text.strip().isascii() or not text.strip().isdigit() or len(text) > 9 or int(text) <= 0:
        raise Refused(400, "LAST", text, _("must be a whole number above 0"))
    return int(text)


# --- one job ---------------------------------------------------------------------------------------------------------


@uws_view("GET", "HEAD", "POST", "DELETE")
def job(request: HttpRequest, type_name: str, base: str, job_id: str) -> HttpResponseBase:
    if request.method in ("GET", "HEAD"):
        return show(request, type_name, base, job_id)
    found = the_job(request, type_name, base, job_id, change=True)
    if request.method == "DELETE":
        return destroy(request, found, base)
    controls, values = split(form_values(request))
    action = controls.pop("ACTION", None)
    if action is not None:
        if action.upper() != "DELETE":
            raise Refused(400, "ACTION", action, _("must be DELETE"))
        return destroy(request, found, base)
    apply_changes(request, found, controls, values)
    return see_other(request, f"{base}/{job_id}")


def destroy(request: HttpRequest, found: Job, base: str) -> HttpResponse:
    service.delete(found, viewer(request))
    return see_other(request, base)


def apply_changes(request: HttpRequest, found: Job, controls: Mapping[str, str], values: Values) -> None:
    """Values first, so that PHASE=RUN in the same request runs with them."""
    asker = viewer(request)
    if values:
        service.change_parameters(found, asker, values)
    if "RUNID" in controls:
        service.change_run_id(found, asker, controls["RUNID"])
    if "EXECUTIONDURATION" in controls:
        service.change_duration(found, asker, controls["EXECUTIONDURATION"])
    if "DESTRUCTION" in controls:
        service.change_destruction(found, asker, controls["DESTRUCTION"])
    if "PHASE" in controls:
        change_phase(found, controls["PHASE"], request)
    if not values and not controls:
        raise Refused(400, "", "", _("The request has nothing to change."))


def change_phase(found: Job, word: str, request: HttpRequest) -> None:
    match word.upper():
        case "RUN":
            service.run(found, viewer(request))
        case "ABORT":
            service.abort(found, viewer(request))
        case _:
            raise Refused(400, "PHASE", word, _("must be RUN or ABORT"))


def show(request: HttpRequest, type_name: str, base: str, job_id: str) -> HttpResponseBase:
    found = the_job(request, type_name, base, job_id)
    query = {name.upper(): request.GET[name] for name in request.GET}
    if "WAIT" in query:
        found = _wait(request, found, query)
    href = request.build_absolute_uri(f"{base}/{found.id}")
    page = request.build_absolute_uri(reverse("jobs:job", args=[found.id]))
    results = list(found.results.all())
    match preferred(request, (XML, JSON, HTML)):
        case "application/json":
            return JsonResponse(documents.job_json(found, href, page, results))
        case "text/html":
            return _to(reverse("jobs:job", args=[found.id]))
        case _:
            return HttpResponse(documents.job_xml(found, href, page, results), content_type=XML)


def _wait(request: HttpRequest, found: Job, query: Mapping[str, str]) -> Job:
    try:
        seconds = seconds_of(query["WAIT"])
    except ValueError as error:
        raise Refused(400, "WAIT", query["WAIT"], _("must be a whole number of seconds, or -1")) from error
    known = check_phase(query["PHASE"]) if "PHASE" in query else found.phase
    if known != found.phase or not found.is_waitable:
        return found
    waiters.wait(found.pk, found.phase, seconds, request)
    # It may have been deleted, or given away, meanwhile.
    return service.find(found.pk, viewer(request))


# --- its children ----------------------------------------------------------------------------------------------------


def atom(request: HttpRequest, value: str) -> HttpResponse:
    return HttpResponse(value, content_type=TEXT)


@uws_view("GET", "HEAD", "POST")
def phase(request: HttpRequest, type_name: str, base: str, job_id: str) -> HttpResponseBase:
    return _control(request, (type_name, base, job_id), "PHASE", lambda found: found.phase)


@uws_view("GET", "HEAD", "POST")
def execution_duration(request: HttpRequest, type_name: str, base: str, job_id: str) -> HttpResponseBase:
    return _control(
        request, (type_name, base, job_id), "EXECUTIONDURATION", lambda found: str(found.execution_duration)
    )


@uws_view("GET", "HEAD", "POST")
def destruction(request: HttpRequest, type_name: str, base: str, job_id: str) -> HttpResponseBase:
    return _control(
        request, (type_name, base, job_id), "DESTRUCTION", lambda found: documents.moment(found.destruction)
    )


def _control(request: HttpRequest, where: tuple[str, str, str], name: str, read: Callable[[Job], str]) -> HttpResponse:
    type_name, base, job_id = where
    found = the_job(request, type_name, base, job_id, change=request.method == "POST")
    if request.method != "POST":
        return atom(request, read(found))
    controls, _values = split(form_values(request))
    if name not in controls:
        raise Refused(400, name, "", _("is required"))
    apply_changes(request, found, {name: controls[name]}, {})
    return see_other(request, f"{base}/{job_id}")


@uws_view("GET", "HEAD")
def quote_of(request: HttpRequest, type_name: str, base: str, job_id: str) -> HttpResponseBase:
    return atom(request, documents.moment(the_job(request, type_name, base, job_id).quote))


@uws_view("GET", "HEAD")
def owner(request: HttpRequest, type_name: str, base: str, job_id: str) -> HttpResponseBase:
    return atom(request, the_job(request, type_name, base, job_id).owner_name)


@uws_view("GET", "HEAD")
def error(request: HttpRequest, type_name: str, base: str, job_id: str) -> HttpResponseBase:
    found = the_job(request, type_name, base, job_id)
    if not found.error_type:
        raise Refused(404, "", "", _("This job has no error."))
    return atom(request, "\n".join(part for part in (found.error_message, found.error_detail) if part) + "\n")


@uws_view("GET", "HEAD", "POST")
def parameters(request: HttpRequest, type_name: str, base: str, job_id: str) -> HttpResponseBase:
    found = the_job(request, type_name, base, job_id, change=request.method == "POST")
    if request.method == "POST":
        controls, values = split(form_values(request))
        apply_changes(request, found, {k: v for k, v in controls.items() if k in ("PHASE", "RUNID")}, values)
        return see_other(request, f"{base}/{job_id}")
    values_shown = documents.parameter_values(found, request.build_absolute_uri(f"{base}/{job_id}"))
    if preferred(request, (XML, JSON)) == JSON:
        return JsonResponse({"parameters": documents.job_json(found, f"{base}/{job_id}", "", [])["parameters"]})
    xml = documents.parameters_xml(values_shown, f" {documents.NAMESPACES_ONLY}")
    return HttpResponse(documents.DECLARATION + xml, content_type=XML)


@uws_view("GET", "HEAD", "PUT", "POST")
def parameter(request: HttpRequest, type_name: str, base: str, job_id: str, name: str) -> HttpResponseBase:
    """One value. The standard puts it; a form that posts ``NAME=value`` or ``VALUE=value`` here means the same."""
    found = the_job(request, type_name, base, job_id, change=request.method in ("PUT", "POST"))
    if request.method == "POST":
        given = [texts for known, texts in form_values(request).items() if known.lower() in (name.lower(), "value")]
        if not given:
            raise Refused(400, name[:80], "", _("is required"))
        service.change_parameters(found, viewer(request), {name: given[0]})
        return see_other(request, f"{base}/{job_id}")
    if request.method == "PUT":
        service.change_parameters(found, viewer(request), {name: put_values(request, name)})
        return see_other(request, f"{base}/{job_id}")
    if any(f"{documents.UPLOAD}{name}" in texts for texts in found.parameters.values()):
        return _upload(found, name)
    values = next((texts for known, texts in found.parameters.items() if known.lower() == name.lower()), None)
    if values is None:
        raise Refused(404, name[:80], "", _("the job has no such parameter"))
    if len(values) == 1 and documents.is_upload(values[0]):
        return _upload(found, values[0].removeprefix(documents.UPLOAD))
    return atom(request, "\n".join(values))


def put_values(request: HttpRequest, name: str) -> list[str]:
    """The body is the value, or a form with the parameter in it."""
    body = request.body.decode()
    if request.content_type == "application/x-www-form-urlencoded":
        form = parse_qs(body, keep_blank_values=True)
        for known, texts in form.items():
            if known.lower() in (name.lower(), "value"):
                return texts
    return [body]


def _upload(found: Job, part: str) -> HttpResponseBase:
    upload = found.uploads.filter(name=part).first()
    if upload is None:
        raise Refused(404, part, "", _("the file is gone"))
    return files.attachment(blocks(upload.storage_key), upload.content_type, upload.file_name, upload.size)


@uws_view("GET", "HEAD")
def results(request: HttpRequest, type_name: str, base: str, job_id: str) -> HttpResponseBase:
    found = the_job(request, type_name, base, job_id)
    links = documents.result_links(found, request.build_absolute_uri(f"{base}/{job_id}"), found.results.all())
    if preferred(request, (XML, JSON)) == JSON:
        content = [{"id": x.name, "href": x.href, "mime-type": x.content_type, "size": x.size} for x in links]
        return JsonResponse({"results": content})
    xml = documents.results_xml(links, f" {documents.NAMESPACES_ONLY}")
    return HttpResponse(documents.DECLARATION + xml, content_type=XML)


@uws_view("GET", "HEAD")
def result(request: HttpRequest, type_name: str, base: str, job_id: str, name: str) -> HttpResponseBase:
    found = the_job(request, type_name, base, job_id)
    return files.result(request, found, name)


@uws_view("GET", "HEAD")
def types(request: HttpRequest) -> HttpResponseBase:
    """The types whose job lists lie under this address."""
    listed = [t for t in registry.offered() if t.path.startswith("/uws/")]
    content = [
        {
            "name": t.name,
            "title": t.description.title,
            "href": request.build_absolute_uri(t.path),
            "description": request.build_absolute_uri(f"/jobs/types/{t.name}.json"),
        }
        for t in listed
    ]
    if preferred(request, (JSON, HTML)) == HTML:
        return _to(reverse("jobs:types"))
    return HttpResponse(json.dumps({"types": content}, indent=1), content_type=JSON)


@uws_view("GET", "HEAD")
def capabilities(request: HttpRequest) -> HttpResponseBase:
    """VOSI: one UWS 1.1 capability for each job list under this address."""
    base = request.build_absolute_uri("/uws")
    lists = [t.path for t in registry.offered() if t.path.startswith("/uws/")]
    ways = ("", vosi.BASIC)
    found = [
        vosi.capability(
            "ivo://ivoa.net/std/UWS#rest-1.1",
            *(
                vosi.interface(request.build_absolute_uri(path), role="std", use="base", version="1.1", security=way)
                for way in ways
            ),
        )
        for path in lists
    ]
    return HttpResponse(vosi.capabilities([*found, *vosi.support(base)]), content_type=vosi.MEDIA_TYPE)


@uws_view("GET", "HEAD")
def availability(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse(vosi.availability(True), content_type=vosi.MEDIA_TYPE)
