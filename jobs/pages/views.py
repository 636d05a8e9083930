"""Pages of jobs: list, form, one job with its live part, types."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from gateway.access.request import viewer
from gateway.access.rights import Viewer
from gateway.accounts.csrf import too_large
from jobs import descriptions, fate, parameters, registry, repeat, reuse, service
from jobs.errors import Refused
from jobs.formats import votable, wadl
from jobs.formats.document import to_json
from jobs.limits import limits
from jobs.models import Job, JobResult
from jobs.pages import each, forms, selected, snippets
from jobs.pages.columns import heads, in_order
from jobs.pages.estimate import estimate
from jobs.pages.shown import job_context
from jobs.phases import Phase
from jobs.registry import JobType
from jobs.uws import documents
from jobs.uws.views import uploads_of
from provenance import selection

View = Callable[..., HttpResponseBase]
PAGE_SIZES = (10, 25, 50, 100)
MAX_FOUND = 1000
TABS = ("result", "files", "parameters", "log", "history")


def page(view: View) -> View:
    """A refusal becomes a page; who is not signed in is led to the sign-in and back."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except RequestDataTooBig as error:
            return too_large(request, str(error))
        except Refused as refused:
            if refused.status == 404:
                raise Http404 from refused
            return denied(request, refused)

    return answer


def denied(request: HttpRequest, refused: Refused) -> HttpResponse:
    headings = {401: _("Sign in to go on"), 403: _("You may not do this")}
    context = {
        "status": refused.status,
        "heading": headings.get(refused.status, _("That was refused")),
        "reason": str(refused),
        "sign_in": refused.status == 401,
    }
    return render(request, "jobs/denied.html", context, status=refused.status)


def type_or_404(name: str) -> JobType:
    job_type = registry.get(name)
    if job_type is None:
        raise Http404
    return job_type


def with_page() -> list[JobType]:
    return [t for t in registry.offered() if t.page]


def titles() -> dict[str, str]:
    return {t.name: _(t.description.title) for t in registry.offered()}


# --- list ------------------------------------------------------------------------------------------------------------


@require_safe
@page
def job_list(request: HttpRequest) -> HttpResponse:
    """Own jobs; staff see everybody's and may choose an owner."""
    asker = viewer(request)
    base = Job.objects.filter(service.visible_jobs(asker))
    owner = request.GET.get("owner", "")
    if asker.is_staff:
        base = base.filter(owner_id=asker.user_id) if owner in ("", "me") else base
        if owner not in ("", "me", "all"):
            base = base.filter(owner__username=owner)
    shown = in_order(_found(base, request), request)
    size = _number(request.GET.get("rows"), PAGE_SIZES, 25)
    found = _page_of(shown, size, request)
    made = JobResult.objects.filter(job__in=found.object_list, main=True)
    context = {
        "page": found,
        "made": dict(made.values_list("job_id", "title")),
        "sizes": PAGE_SIZES,
        "size": size,
        "types": with_page(),
        "titles": titles(),
        "type": request.GET.get("type", ""),
        "phases": _phase_counts(base, request),
        "chosen": request.GET.getlist("phase"),
        "asker": asker,
        "owner": owner,
        "heads": heads(request.GET.get("sort", "-created"), with_owner=owner == "all"),
    }
    template = "jobs/list_rows.html" if request.headers.get("HX-Request") else "jobs/list.html"
    return render(request, template, context)


def _page_of(shown: "QuerySet[Job]", size: int, request: HttpRequest) -> Page[Job]:
    """The page's ids come first, from an index; only its own rows are read whole. A search stops at 1,000 matches."""
    ids = shown.values_list("pk", flat=True)
    searched = bool(request.GET.get("q", "").strip())
    page: Page[Any] = Paginator(list(ids[:MAX_FOUND]) if searched else ids, size).get_page(request.GET.get("page"))
    chosen = list(page.object_list)
    rows = {job.pk: job for job in Job.objects.filter(pk__in=chosen).select_related("owner")}
    page.object_list = [rows[pk] for pk in chosen if pk in rows]
    return page


def _found(jobs: "QuerySet[Job]", request: HttpRequest) -> "QuerySet[Job]":
    if type_name := request.GET.get("type"):
        jobs = jobs.filter(type=type_name)
    phases = [p for p in request.GET.getlist("phase") if p in Phase.values]
    jobs = jobs.filter(phase__in=phases) if phases else jobs.exclude(phase=Phase.ARCHIVED)
    if words := request.GET.get("q", "").strip():
        wanted = Q(run_id__icontains=words[:100]) | Q(type__icontains=words[:100]) | Q(step__icontains=words[:100])
        with suppress(ValueError):
            wanted |= Q(pk=UUID(words))
        jobs = jobs.filter(wanted)
    return jobs


def _number(text: str | None, allowed: tuple[int, ...], default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and int(text) in allowed else default


def _phase_counts(jobs: "QuerySet[Job]", request: HttpRequest) -> list[tuple[str, int]]:
    """Counts stop at 10,000: nobody reads more, and a long list must stay quick."""
    if type_name := request.GET.get("type"):
        jobs = jobs.filter(type=type_name)
    counts = dict.fromkeys(Phase.values, 0)
    for phase in jobs.order_by("-created").values_list("phase", flat=True)[:10_000]:
        counts[phase] += 1
    return [(phase, count) for phase, count in counts.items() if count]


# --- form ------------------------------------------------------------------------------------------------------------


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    return render(request, "jobs/choose.html", {"types": with_page(), "query": request.GET.urlencode()})


@page
def new(request: HttpRequest, type_name: str) -> HttpResponseBase:
    """The form, filled in from the address (``?ID=…&ra=…``) or from an earlier job (``?job=``).

    POST makes the job; with ``fill`` it fills the form in, for a selection that is too long for an address.
    """
    job_type = type_or_404(type_name)
    asker = viewer(request)
    if request.method == "POST" and "fill" not in request.POST:
        return _create(request, job_type)
    given = request.POST or request.GET
    values = forms.values_from(job_type, dict(given.lists()))
    if earlier := given.get("job"):
        values = {**_values_of(earlier, request, job_type), **values}
    # One job for each input takes what is left empty from its own input.
    if not each.wanted(job_type, values, given):
        values = forms.filled_from_inputs(job_type, values, asker)
    form = forms.make(job_type, values, asker)
    return _form_page(request, form, values)


def _values_of(earlier: str, request: HttpRequest, job_type: JobType) -> dict[str, list[str]]:
    try:
        job = service.find(UUID(earlier), viewer(request))
    except ValueError as error:
        raise Http404 from error
    if job.type != job_type.name:
        raise Http404
    return {name: [t for t in texts if not documents.is_upload(t)] for name, texts in job.parameters.items()}


def _create(request: HttpRequest, job_type: JobType) -> HttpResponseBase:
    asker = viewer(request)
    values = forms.values_from(job_type, dict(request.POST.lists()))
    if each.wanted(job_type, values, request.POST):
        return _create_each(request, job_type, values)
    uploaded = uploads_of(request)
    draft = request.POST.get("PHASE") != "RUN"
    form = forms.make(job_type, values, asker, judge=True)
    for one in form.inputs:
        if uploaded and any(upload.name == one.name for upload in uploaded) and not one.texts:
            one.error = ""
    if not form.is_valid and not (draft and not any(f.error and f.texts for f in form.fields)):
        return _form_page(request, form, values, status=400)
    try:
        with transaction.atomic():
            job = service.create(
                job_type.name,
                asker,
                values,
                run_id=request.POST.get("RUNID", ""),
                run=not draft,
                duration=request.POST.get("EXECUTIONDURATION"),
                destruction=request.POST.get("DESTRUCTION"),
                uploads=uploaded,
                origin="browser",
                notify="notify" in request.POST,
                webhook=request.POST.get("WEBHOOK", "").strip(),
            )
            selection.keep(job.activity_id, selection.given_by(request.POST))
    except Refused as refused:
        if refused.status == 401:
            raise
        form = forms.Form(job_type, form.fields, fault=str(refused))
        return _form_page(request, form, values, status=refused.status)
    return HttpResponseRedirect(reverse("jobs:job", args=[job.id]))


def _create_each(request: HttpRequest, job_type: JobType, values: dict[str, list[str]]) -> HttpResponseBase:
    """One job for each input, all or none; leads to the list of jobs."""
    try:
        with transaction.atomic():
            made = each.create(job_type, viewer(request), values, request.POST)
            for job in made:
                selection.keep(job.activity_id, selection.given_by(request.POST))
    except each.Unfit as unfit:
        form = each.marked(job_type, values, viewer(request))
        if form.is_valid:
            form = forms.Form(job_type, form.fields, fault=str(unfit))
        return _form_page(request, form, values, status=unfit.status)
    words = ngettext("%(count)d job was made.", "%(count)d jobs were made, one for each input.", len(made))
    messages.success(request, words % {"count": len(made)})
    return HttpResponseRedirect(f"{reverse('jobs:list')}?type={job_type.name}")


def _form_page(
    request: HttpRequest,
    form: forms.Form,
    values: Mapping[str, list[str]],
    status: int = 200,
    edited: Job | None = None,
) -> HttpResponse:
    job_type = form.job_type
    address = request.build_absolute_uri(job_type.path)
    many = each.count(job_type, values) if each.wanted(job_type, values, request.POST or request.GET) else 0
    shown = each.first(job_type, values) if many else values
    context = {
        "form": form,
        "job_type": job_type,
        "description": job_type.description,
        "types": with_page(),
        "estimate": estimate(job_type, viewer(request)),
        "curl": snippets.curl(address, shown),
        "pyvo": snippets.pyvo(address, shown),
        "query": request.GET.urlencode(),
        "each": many,
        "earlier": reuse.earlier(job_type, values, viewer(request)) if status == 200 and values else None,
        "editing": edited is not None,
        "controls": _controls(request, edited),
        "upload_limit": limits().upload_size,
        "may_run": service.may_create(job_type, viewer(request)),
        "chosen": [(name, (request.POST or request.GET).get(name, "")) for name in selection.FIELDS],
    }
    return render(request, "jobs/form.html", context, status=status)


def _controls(request: HttpRequest, edited: Job | None) -> dict[str, str]:
    """What label, time limit and destruction stand at: as sent, else as the edited job has them."""
    known = {"RUNID": "", "EXECUTIONDURATION": "", "DESTRUCTION": ""}
    if edited is not None:
        until = f"{edited.destruction:%Y-%m-%d}" if edited.destruction else ""
        known = {"RUNID": edited.run_id, "EXECUTIONDURATION": str(edited.execution_duration), "DESTRUCTION": until}
    return {name: request.POST.get(name, text) for name, text in known.items()}


# --- one job ---------------------------------------------------------------------------------------------------------


@require_safe
@page
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    found = service.find(job_id, viewer(request))
    tab = request.GET.get("tab", "")
    context = {**job_context(request, found), "tab": tab if tab in TABS else TABS[0], "tabs": _tab_labels()}
    selected.remember(request, found, f"{context['title']} {found.id.hex[:8]}")
    return render(request, "jobs/job.html", context)


def _tab_labels() -> list[tuple[str, str]]:
    return list(zip(TABS, (_("Result"), _("Files"), _("Parameters and inputs"), _("Log"), _("History")), strict=True))


@require_safe
@page
def live(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The part of the page that changes while the job runs."""
    found = service.find(job_id, viewer(request))
    response = render(request, "jobs/live.html", job_context(request, found))
    response["X-Phase"] = found.phase
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@page
def log(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Pieces of the log after ``?after=`` as JSON, for pages that follow it."""
    found = service.find(job_id, viewer(request))
    after = request.GET.get("after", "0")
    pieces = found.log.filter(id__gt=int(after) if after.isascii() and after.isdigit() and len(after) < 18 else 0)
    rows = [
        {"id": p.id, "stream": p.stream, "time": documents.moment(p.time), "text": p.text}
        for p in pieces.order_by("id")[:1000]
    ]
    return JsonResponse({"phase": found.phase, "pieces": rows})


@page
def edit(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """The form of a PENDING job: its parameters replaced by what is sent."""
    asker = viewer(request)
    found = service.find(job_id, asker, change=True)
    job_type = type_or_404(found.type)
    if found.phase != Phase.PENDING:
        raise Refused(403, "", "", _("Only a job that has not been started can be edited; edit and run a new one."))
    if request.method != "POST":
        return _form_page(request, forms.make(job_type, found.parameters, asker), found.parameters, edited=found)
    values = forms.values_from(job_type, dict(request.POST.lists()))
    form = forms.make(job_type, values, asker, judge=True)
    run = request.POST.get("PHASE") == "RUN"
    if not form.is_valid and (run or any(f.error and f.texts for f in form.fields)):
        return _form_page(request, form, values, status=400, edited=found)
    try:
        service.replace_parameters(found, asker, values)
        _change_controls(request, found, asker)
        if run:
            service.run(found, asker)
    except Refused as refused:
        form = forms.Form(job_type, form.fields, fault=str(refused))
        return _form_page(request, form, values, status=refused.status, edited=found)
    return HttpResponseRedirect(reverse("jobs:job", args=[found.id]))


def _change_controls(request: HttpRequest, found: Job, asker: Viewer) -> None:
    """Label, time limit and destruction as the form sent them; what stayed as it was leaves no line of history."""
    label, limit, until = (request.POST.get(name) for name in ("RUNID", "EXECUTIONDURATION", "DESTRUCTION"))
    if label is not None and label != found.run_id:
        service.change_run_id(found, asker, label)
    if limit and limit != str(found.execution_duration):
        service.change_duration(found, asker, limit)
    if until and found.destruction and until != f"{found.destruction:%Y-%m-%d}":
        service.change_destruction(found, asker, until)


@require_POST
@page
def bulk(request: HttpRequest) -> HttpResponseBase:
    """One action on each chosen job; those that refuse it are named, the others go on."""
    asker = viewer(request)
    acts: dict[str, Callable[[Job, Viewer], object]] = {
        "run": service.run,
        "abort": service.abort,
        "delete": service.delete,
        "extend": lambda found, who: service.change_destruction(found, who, ""),
    }
    act_on = acts.get(request.POST.get("action", ""))
    if act_on is None:
        raise Http404
    done, refusals = 0, []
    for text in request.POST.getlist("job")[:200]:
        try:
            act_on(service.find(UUID(text), asker, change=True), asker)
            done += 1
            if act_on is service.delete:
                selected.forget(request, UUID(text))
        except (Refused, ValueError) as error:
            refusals.append(str(error))
    if done:
        messages.success(request, ngettext("%(count)d job done.", "%(count)d jobs done.", done) % {"count": done})
    if refusals:
        messages.warning(request, _("%(count)d refused: %(why)s") % {"count": len(refusals), "why": refusals[0]})
    # Only an own query string: the address of the list is never the request's to choose.
    back = QueryDict(request.POST.get("back", "")[:2000]).urlencode()
    return HttpResponseRedirect(reverse("jobs:list") + (f"?{back}" if back else ""))


@require_POST
@page
def trial(request: HttpRequest, type_name: str) -> HttpResponseBase:
    """ "Create test job": the description's declared test values, started at once."""
    job_type = type_or_404(type_name)
    given = job_type.description.test_values
    values = {
        name: [parameters.text_of(v) for v in (value if isinstance(value, list | tuple) else (value,))]
        for name, value in given.items()
    }
    made = service.create(type_name, viewer(request), values, run_id=_("test job"), run=True, origin="browser")
    return HttpResponseRedirect(reverse("jobs:job", args=[made.id]))


@require_POST
@page
def act(request: HttpRequest, job_id: UUID, action: str) -> HttpResponseBase:
    """Buttons of the page: run, abort, delete, extend, again."""
    asker = viewer(request)
    found = service.find(job_id, asker, change=action != "again")
    here = reverse("jobs:job", args=[found.id])
    match action:
        case "run":
            service.run(found, asker)
        case "abort":
            service.abort(found, asker, "by its page")
        case "delete":
            service.delete(found, asker)
            selected.forget(request, job_id)
            here = reverse("jobs:list")
        case "extend":
            service.change_destruction(found, asker, request.POST.get("DESTRUCTION", ""))
        case "keep":
            fate.keep(found, asker)
        case "share":
            fate.share(found, asker, request.POST.get("group", ""))
        case "publish":
            fate.publish(found, asker)
        case "again":
            here = reverse("jobs:job", args=[repeat.repeat(found, asker).id])
        case _:
            raise Http404
    return HttpResponseRedirect(here)


# --- types -----------------------------------------------------------------------------------------------------------


@require_safe
def types(request: HttpRequest) -> HttpResponse:
    drafts = descriptions.visible(viewer(request)).filter(state__in=(descriptions.DRAFT, descriptions.PROPOSED))
    context = {
        "types": with_page(),
        "drafts": drafts.order_by("-changed")[:100],
        "may_propose": descriptions.may_propose(viewer(request)),
    }
    return render(request, "jobs/types.html", context)


@require_safe
def job_type(request: HttpRequest, type_name: str) -> HttpResponse:
    found = type_or_404(type_name)
    context = {
        "job_type": found,
        "description": found.description,
        "parameters": [forms.Field(p, []) for p in parameters.parameters_of(found.description)],
    }
    return render(request, "jobs/type.html", context)


@require_safe
def description(request: HttpRequest, type_name: str, form: str) -> HttpResponse:
    """The description as JSON, VOTable (``xml``) or WADL."""
    found = type_or_404(type_name)
    document = to_json(found)
    match form:
        case "json":
            return HttpResponse(json.dumps(document, indent=1), content_type="application/json")
        case "xml":
            return HttpResponse(votable.write(document), content_type="application/x-votable+xml")
        case "wadl":
            base = request.build_absolute_uri("/")
            return HttpResponse(wadl.write(document, base), content_type="application/vnd.sun.wadl+xml")
        case _:
            raise Http404
