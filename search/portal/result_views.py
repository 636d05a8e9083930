"""``/search/results/``: one search, its rows, facets, sky and distributions."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from gateway.access.request import viewer as viewer_of_request
from gateway.access.rights import Viewer
from jobs.registry import taking_products
from search.portal import (
    addresses,
    asking,
    builder,
    chips,
    columns,
    facets,
    past,
    presets,
    results,
    side,
    snippets,
    stored,
)
from search.portal.criteria import Criteria
from search.portal.elsewhere import views as elsewhere
from search.portal.search_views import criteria_of, form_context
from search.resolver import service as resolver
from search.resolver.positions import separation

FORMATS = (
    ("votable", "VOTable"),
    ("csv", "CSV"),
    ("tsv", "TSV"),
    ("fits", "FITS"),
    ("json", "JSON"),
    ("parquet", "Parquet"),
)


@gzip_page
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """A page of results; a name without position goes through ``/search/go`` first."""
    by_hand = stored.query_of(request)
    if by_hand is not None:
        return _by_hand(request, by_hand)
    if request.GET.getlist("column"):
        return HttpResponseRedirect(_with_columns(request))
    criteria = criteria_of(request)
    if criteria.needs_resolving and not criteria.problems:
        return HttpResponseRedirect(f"/search/go?{request.GET.urlencode()}")
    if criteria.problems:
        return render(request, "portal/search.html", form_context(request, criteria), status=400)
    return _searched(request, criteria)


def _with_columns(request: HttpRequest) -> str:
    """The boxes of the column chooser, one parameter each, as the one parameter that addresses have."""
    given = request.GET.copy()
    given["columns"] = ",".join(key for key in given.pop("column") if key in columns.ALL)
    return f"{addresses.RESULTS}?{given.urlencode()}"


def _searched(request: HttpRequest, criteria: Criteria) -> HttpResponse:
    viewer = viewer_of_request(request)
    number, size = results.paging(request.GET.dict())
    orders = columns.order(request.GET.get("sort", ""))
    view = results.View(columns.chosen(request.GET.get("columns", ""), bool(criteria.target)), orders, number, size)
    query = builder.build(criteria)
    context = _context(request, viewer, columns.query_text(query, request.GET.get("sort", "")))
    try:
        found = results.search(query, viewer, view)
        counts = facets.count(criteria, viewer)
    except asking.AskError as error:
        return render(
            request, "portal/results.html", context | {"failure": error, "criteria": criteria}, status=error.status
        )
    results.add_jobs(found, viewer)
    heads = columns.heads(list(view.columns), orders, criteria)
    context |= _filtering(request, criteria, heads)
    context |= {
        "criteria": criteria,
        "known": how_known(criteria, viewer),
        "reach": chips.angle(criteria.radius),
        "page": found,
        "counts": counts,
        "pages": results.pages(found, counts.total),
        "chips": chips.make(criteria),
        "heads": heads,
        "presets": [(key, words, key == request.GET.get("columns")) for key, (words, _keys) in columns.PRESETS.items()],
        "own_presets": presets.of(request),
        "shown_columns": list(view.columns),
        "shown_keys": tuple(column.key for column in view.columns),
        "filter_row": tuple((head["column"].key, head["filter"]) for head in heads),
        "other_columns": columns.boxes(view.columns),
        "most_rows": builder.MAX_ROWS,
        "orders": orders,
        "sorts": tuple(columns.sorts(heads)),
    }
    if not request.user.is_authenticated:
        context["past_words"] = past.words(criteria.target, builder.text(query))
    if not found.rows and not counts.total:
        context["ways_out"] = chips.with_counts(criteria, viewer)
        if not context["ways_out"]:
            context["alone"] = chips.alone(criteria, viewer)
    return render(request, _template(request), context)


def how_known(criteria: Criteria, viewer: Viewer) -> resolver.Resolved | None:
    """Where the target's position comes from, asked of what is known here alone; None where the address gives a
    position that its name does not have."""
    if not criteria.target or criteria.ra is None or criteria.dec is None:
        return None
    try:
        found = resolver.resolve(criteria.target, viewer, remote=False)
    except resolver.ResolveError:
        return None
    near = separation(found.ra, found.dec, criteria.ra, criteria.dec) < resolver.SAME_OBJECT
    return found if near else None


def _filtering(request: HttpRequest, criteria: Criteria, heads: list[dict[str, Any]]) -> dict[str, Any]:
    """The row of filters: is it shown, which parameters its form keeps, and the search without any of them."""
    written = {head["filter"].name for head in heads if head["filter"]} | {"filters", "page"}
    pairs = [(name, value) for name, values in request.GET.lists() for value in values]
    plain = [(name, value) for name, value in pairs if not columns.is_filter(name) and name not in ("filters", "page")]
    return {
        "filtering": bool(criteria.filters or criteria.filter_problems or request.GET.get("filters")),
        "kept": [(name, value) for name, value in pairs if name not in written],
        "unfiltered": f"{addresses.RESULTS}?{addresses.encode(plain)}",
    }


def _by_hand(request: HttpRequest, adql: str) -> HttpResponse:
    viewer = viewer_of_request(request)
    number, size = results.paging(request.GET.dict())
    context = _context(request, viewer, adql) | {"by_hand": True}
    try:
        found = results.by_hand(adql, viewer, number, size)
    except asking.AskError as error:
        context |= {"failure": error, "marked": stored.marked(adql, error.line, error.column)}
        return render(request, "portal/results.html", context, status=error.status)
    counts = facets.Counts(total=builder.MAX_ROWS if found.total is None else found.total, capped=found.total is None)
    return render(
        request,
        _template(request),
        context
        | {
            "page": found,
            "counts": counts,
            "pages": results.pages(found, found.total),
            "past_words": "" if request.user.is_authenticated else past.words("", adql, by_hand=True),
        },
    )


def _context(request: HttpRequest, viewer: Viewer, adql: str) -> dict[str, Any]:
    tap = f"{settings.PUBLIC_URL}/tap"
    return {
        "query": adql,
        "asked": timezone.now().isoformat(timespec="seconds"),
        "origin_query": request.GET.get("from", "") or ("" if "adql" in request.GET else request.GET.urlencode()),
        "snippets": snippets.every(adql, tap),
        "formats": FORMATS,
        "sizes": results.SIZES,
        "page_number": results.paging(request.GET.dict())[0],
        "address": request.build_absolute_uri(),
        "job_types": tuple((one.name, one.title, one.text) for one in taking_products()),
        "archives": elsewhere.tabs(request, request.GET),
        "searched": request.GET.urlencode(),
    }


def _template(request: HttpRequest) -> str:
    """The part that changes, for a request of the page's own script; else the whole page."""
    return "portal/results_body.html" if request.headers.get("HX-Request") else "portal/results.html"


@gzip_page
@require_safe
def beside(request: HttpRequest) -> HttpResponse:
    """Sky and distributions, fetched after the table so that the table does not wait for them."""
    viewer = viewer_of_request(request)
    criteria = criteria_of(request)
    left_out = ("target", "ra", "dec", "radius", "radius_unit", "match", "positions", "region", "page")
    context: dict[str, Any] = {
        "criteria": criteria,
        "shapes": [("circle", _("circle")), ("box", _("box")), ("polygon", _("polygon"))],
        "kept": [(name, value) for name, values in request.GET.lists() if name not in left_out for value in values],
    }
    if not criteria.problems and not criteria.needs_resolving:
        number, size = results.paging(request.GET.dict())
        orders = columns.order(request.GET.get("sort", ""))
        query = builder.build(criteria)
        try:
            found = results.search(query, viewer, results.View([], orders, number, size))
            context["histograms"] = side.distributions(query, viewer)
        except asking.AskError as error:
            context["failure"] = error.reason
        else:
            shown = [row.product for row in found.rows if row.product is not None]
            context["sky"] = side.sky(shown, criteria)
    # Without JavaScript it is a page of its own.
    whole = not request.headers.get("HX-Request")
    return render(request, "portal/beside_page.html" if whole else "portal/beside.html", context)
