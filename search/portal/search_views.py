"""The search form: page, live preview, and ``/search/go``."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_POST, require_safe

from gateway.access.request import viewer as viewer_of_request
from gateway.vo.tables import PublishedTable, published
from search.portal import addresses, asking, builder, columns, examples, facets, form, going, past, stored, targets
from search.portal.criteria import Criteria, Problem, read
from search.portal.elsewhere import services
from search.portal.query_views import is_of_form
from search.resolver import service
from search.tap import examples as tap_examples

MAX_ADDRESS = 6_000
"""characters of an address that browsers and servers carry safely"""
TOO_LONG = _("The search is too long for an address. Leave out some of its values.")


def criteria_of(request: HttpRequest) -> Criteria:
    return read(dict(request.GET.lists()))


def form_context(request: HttpRequest, criteria: Criteria) -> dict[str, Any]:
    known, asked = services.known(), criteria.typed.get("service", [])
    values = form.archive_values(viewer_of_request(request))
    fields = form.make(criteria, values)
    return {
        "criteria": criteria,
        "fields": fields,
        "summaries": form.summaries(fields),
        "column_filters": [(columns.ALL[key].label, one.text) for key, one in criteria.filters.items()],
        "examples": examples.offered(values),
        "targets": request.GET.get("targets") or "\n".join(f"{ra:.10g} {dec:+.10g}" for ra, dec in criteria.positions),
        "hide_quick_search": False,
        "energy_units": ("TeV", "GeV", "MeV", "keV", "m", "Hz"),
        "query": builder.text(builder.build(criteria)),
        "origin_query": addresses.encode(addresses.pairs(criteria)),
        "shapes": [("circle", _("circle")), ("box", _("box")), ("polygon", _("polygon"))],
        "services": services.offered(),
        "known_services": known,
        "asked_services": asked,
        "typed_service": next((one for one in asked if "/" in one and one not in {row.given for row in known}), ""),
        "tap_url": f"{settings.PUBLIC_URL}/tap",
    }


@gzip_page
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The form, filled from the address."""
    criteria = criteria_of(request)
    context = form_context(request, criteria)
    if request.GET.get("mode") == "adql" or request.GET.get("adql") or request.GET.get("q"):
        context |= _editor(request, criteria, context["query"])
        return render(request, "portal/adql.html", context)
    return render(request, "portal/search.html", context)


def _place(table: PublishedTable) -> tuple[bool, bool]:
    """Observations stand first, histories last."""
    return table.name.startswith("provenance."), not table.name.startswith("ivoa.")


def _editor(request: HttpRequest, criteria: Criteria, query: str) -> dict[str, Any]:
    """The editor with the tables that can be asked, and the way back to the form."""
    line, column = (request.GET.get(name, "") for name in ("line", "column"))
    origin = request.GET.get("from") or addresses.encode(addresses.pairs(criteria))
    given = stored.query_of(request)
    return {
        "adql": given or query,
        "origin": origin,
        "by_hand": given is not None and not (origin and is_of_form(given, origin)),
        "tables": sorted((table for _name, table in published.items()), key=_place),
        "worked": tap_examples.EXAMPLES,
        "line": line if line.isdecimal() else "",
        "column": column if column.isdecimal() else "",
    }


@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """The live part beside the form: number of matches and the ADQL. Names known nearby are resolved, no others."""
    criteria = criteria_of(request)
    viewer = viewer_of_request(request)
    waiting = False
    if request.GET.get("targets", "").strip():
        going.resolve_list(criteria, request.GET["targets"][:20_000], viewer, seconds=0)
        waiting = "targets" in criteria.problems
    elif criteria.needs_resolving:
        try:
            found = service.resolve(criteria.target, viewer, remote=False)
            criteria.ra, criteria.dec = found.ra, found.dec
        except service.NotAsked:
            waiting = True
        except service.ResolveError as error:
            criteria.problems["target"] = Problem(error.reason)
    context: dict[str, Any] = {"criteria": criteria, "waiting": waiting}
    context["named_problems"] = [(name, form.LABELS.get(name, ""), why) for name, why in criteria.problems.items()]
    context["query"] = builder.text(builder.build(criteria))
    context["origin_query"] = addresses.encode(addresses.pairs(criteria))
    waiting = context["waiting"] = waiting or "target" in criteria.problems
    try:
        context["counts"] = facets.Counts() if waiting else facets.total(criteria, viewer)
    except asking.AskError as error:
        context["failure"] = error.reason
    return render(request, "portal/preview.html", context)


@require_POST
def targets_in_file(request: HttpRequest) -> JsonResponse:
    """``{"lines": […]}`` of an uploaded list of targets, or 400 with why it cannot be used."""
    file = request.FILES.get("file")
    try:
        lines = targets.of_file(file.read(targets.MAX_BYTES + 1) if file else b"")
    except targets.ListError as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({"lines": lines})


@require_safe
def go(request: HttpRequest) -> HttpResponse:
    """Resolves the name (about 4 s at most) and redirects to the results; else the form, with why."""
    criteria = criteria_of(request)
    viewer = viewer_of_request(request)
    failure: service.ResolveError | None = None
    if request.GET.get("targets", "").strip():
        going.resolve_list(criteria, request.GET["targets"][:20_000], viewer)
    elif criteria.needs_resolving:
        straight = going.direct(criteria.target, viewer)
        if straight:
            return HttpResponseRedirect(straight)
        failure = going.resolve_target(criteria, viewer)
    if not criteria.problems:
        address = addresses.results(criteria) + _view(request)
        if len(address) <= MAX_ADDRESS:
            past.remember(request, address.partition("?")[2], builder.text(builder.build(criteria)))
            return HttpResponseRedirect(address)
        criteria.problems["targets"] = Problem(str(TOO_LONG))
    context = form_context(request, criteria) | {"failure": failure, "offers": _offers(criteria, failure)}
    unknown = isinstance(failure, service.Unknown)
    return render(request, "portal/search.html", context, status=404 if unknown else 400)


def _offers(criteria: Criteria, failure: service.ResolveError | None) -> list[dict[str, Any]]:
    """What may be meant instead, each with the address of the same search for it."""
    if failure is None:
        return []
    offers: list[dict[str, Any]] = [
        {"name": one.name, "ra": f"{one.ra:.10g}", "dec": f"{one.dec:.10g}", "found": one} for one in failure.choices
    ] or [{"name": name} for name in failure.suggestions]
    for offer in offers:
        given = {"target": offer["name"]} | {name: offer[name] for name in ("ra", "dec") if name in offer}
        offer["url"] = f"/search/go?{addresses.encode(addresses.pairs(criteria, **given))}"
    return offers


def _view(request: HttpRequest) -> str:
    """How results are looked at survives the way through ``go``."""
    kept = [(name, request.GET[name]) for name in ("sort", "size", "columns") if request.GET.get(name)]
    return f"&{addresses.encode(kept)}" if kept else ""
