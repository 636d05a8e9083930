"""Pages that work with histories: search, compare, what depends on this, what went wrong, research objects."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from gateway.access.request import viewer as viewer_of
from gateway.access.rights import Viewer, visible
from gateway.vo.identifiers import did
from provenance import comparison, crate, impact
from provenance.finding import FIELDS, BadFilter, Filters, search
from provenance.graph import Kind, Ref
from provenance.lookup import find
from provenance.models import Activity, Entity
from provenance.pages import with_query

PAGE = 200
MOST_SELECTED = 300
MOST_COMPARED = 20


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """``/provenance/``: a box that leads to any history, and the search by what made a product."""
    viewer = viewer_of(request)
    name = request.GET.get("id", "").strip()
    if name:
        found = find(name, viewer)
        if found is not None:
            return HttpResponseRedirect(f"/provenance/{found[0]}/{found[1]}/")
    problem, result, filters = None, None, Filters({})
    try:
        filters = Filters.of(request.GET)
        result = search(filters, viewer) if filters.any else None
    except BadFilter as error:
        problem = error
    fields = [(key, label, words, request.GET.get(key, "")) for key, label, words in FIELDS]
    context = {
        "fields": fields,
        "outcome": request.GET.get("outcome", ""),
        "result": result,
        "problem": problem,
        "unknown": name,
        "next_page": with_query(request.GET, page=filters.page + 1) if result and result.more else "",
        "last_page": with_query(request.GET, page=filters.page - 1) if filters.page > 1 else "",
    }
    return render(request, "provenance/landing.html", context, status=400 if problem else 200)


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """``?a=&b=``: two products, or two runs; with one of them a form that asks for the other."""
    viewer = viewer_of(request)
    a, b = request.GET.get("a", "").strip(), request.GET.get("b", "").strip()
    if runs := _runs(a, b, viewer):
        found_runs = comparison.compare_runs(*runs, viewer)
        return render(request, "provenance/compare_runs.html", {"left": runs[0], "right": runs[1], "found": found_runs})
    left = _entity(a, viewer)
    if left is None:
        raise Http404
    right = _entity(b, viewer) if b else None
    found = comparison.compare(left, right, viewer) if right else None
    context = {"left": left, "right": right, "other": b, "found": found}
    return render(request, "provenance/compare.html", context, status=404 if b and right is None else 200)


@require_safe
def verdict(request: HttpRequest) -> HttpResponse:
    """A sentence about two runs, for the page of a job that repeats another."""
    viewer = viewer_of(request)
    runs = _runs(request.GET.get("a", ""), request.GET.get("b", ""), viewer)
    if runs is None:
        raise Http404
    context = {"left": runs[0], "right": runs[1], "found": comparison.compare_runs(*runs, viewer)}
    return render(request, "provenance/_verdict.html", context)


def _runs(a: str, b: str, viewer: Viewer) -> tuple[Activity, Activity] | None:
    refs = [find(name, viewer, "activity") if name else None for name in (a, b)]
    rows = [Activity.objects.select_related("description", "outcome").get(pk=ref[1]) for ref in refs if ref]
    return (rows[0], rows[1]) if len(rows) == 2 else None


@require_safe
def dependents(request: HttpRequest, kind: Kind, identifier: str) -> HttpResponse:
    viewer = viewer_of(request)
    ref = find(identifier, viewer, kind)
    if ref is None:
        raise Http404
    found = impact.dependents(ref, viewer)
    page = min(max(int(text) if (text := request.GET.get("page", "1")).isdecimal() else 1, 1), 1000)
    start = (page - 1) * PAGE
    context = {
        "ref": ref,
        "row": _row(ref),
        "found": found,
        "nodes": found.nodes[start : start + PAGE],
        "next_page": page + 1 if len(found.nodes) > start + PAGE else None,
        "last_page": page - 1 if page > 1 else None,
        "search": _search_address([node.id for node in found.nodes[:MOST_SELECTED]]),
        "too_many": len(found.nodes) > MOST_SELECTED,
    }
    return render(request, "provenance/dependents.html", context)


@require_POST
def select(request: HttpRequest) -> HttpResponse:
    """The ticked ones as a search; what the visitor may not see is left out."""
    viewer = viewer_of(request)
    wanted = list(dict.fromkeys(request.POST.getlist("key")))[:MOST_SELECTED]
    keys = list(Entity.objects.filter(visible(viewer), pk__in=wanted).values_list("pk", flat=True))
    if not keys:
        messages.error(request, _("Tick what the search is to show."))
        return HttpResponseRedirect(_back(request))
    return HttpResponseRedirect(_search_address(sorted(keys, key=wanted.index)))


@require_POST
def suspects(request: HttpRequest) -> HttpResponse:
    """Marks the chosen entities as suspect, or takes the mark away; staff only."""
    viewer = viewer_of(request)
    if not viewer.is_staff:
        raise PermissionDenied(_("Only staff mark products as suspect."))
    keys = request.POST.getlist("key")[: impact.MAX_MARKED]
    ref = find(request.POST.get("all_of", ""), viewer) if request.POST.get("all_of") else None
    if ref:
        keys = [*(node.id for node in impact.dependents(ref, viewer).nodes), ref[1]]
    reason = request.POST.get("reason", "").strip()
    if request.POST.get("withdraw"):
        number = impact.withdraw(keys, viewer)
        text = ngettext("%(n)s mark was taken away.", "%(n)s marks were taken away.", number)
    elif not reason:
        messages.error(request, _("Say why they are suspect: the owners are told."))
        return HttpResponseRedirect(_back(request))
    else:
        number = impact.mark(keys, reason, viewer)
        if ref and ref[0] == "activity":
            number += impact.mark_run(ref[1], reason, viewer)
        text = ngettext("%(n)s product was marked.", "%(n)s products were marked; owners are told.", number)
    messages.success(request, text % {"n": number})
    return HttpResponseRedirect(_back(request))


@require_safe
def common(request: HttpRequest) -> HttpResponse:
    """``?bad=&bad=&good=``: what the bad products have in common and the good ones have not."""
    viewer = viewer_of(request)
    sides = {}
    unknown = []
    for side in ("bad", "good"):
        names = [n for text in request.GET.getlist(side) for n in text.replace(",", " ").split()][:MOST_COMPARED]
        found = [(name, find(name, viewer, "entity")) for name in names]
        unknown += [name for name, ref in found if ref is None]
        sides[side] = [ref for _name, ref in found if ref is not None]
    shared = impact.common_origins(sides["bad"], sides["good"], viewer)[:PAGE] if len(sides["bad"]) > 1 else []
    context = {**sides, "unknown": unknown, "shared": shared}
    return render(request, "provenance/common.html", context)


@require_safe
def crate_zip(request: HttpRequest, identifier: str) -> HttpResponse | FileResponse:
    viewer = viewer_of(request)
    row = _entity(identifier, viewer)
    if row is None:
        raise Http404
    return FileResponse(crate.write(row, viewer), as_attachment=True, filename=f"{row.pk}.crate.zip")


def _entity(name: str, viewer: Viewer) -> Entity | None:
    ref = find(name, viewer, "entity") if name else None
    return Entity.objects.get(pk=ref[1]) if ref else None


def _row(ref: Ref) -> Entity | Activity:
    return Entity.objects.get(pk=ref[1]) if ref[0] == "entity" else Activity.objects.get(pk=ref[1])


def _search_address(keys: list[str]) -> str:
    names = ", ".join(f"'{did(key, settings.AUTHORITY)}'" for key in keys)
    query = f"SELECT * FROM ivoa.obscore WHERE obs_publisher_did IN ({names})"  # noqa: S608 - KEYs alone
    return f"/search/results/?{urlencode({'adql': query})}" if keys else ""


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    return target if url_has_allowed_host_and_scheme(target, allowed_hosts=None) else "/provenance/"
