"""``/search/results/``: one search, its rows, facets, sky and distributions."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from gateway.access.request import viewer as viewer_of_request
from gateway.access.rights import Viewer
from jobs.description import Description, Input
from jobs.parameters import parameters_of
from jobs.registry import types
from search.archive.models import Product
from search.portal import asking, builder, chips, columns, facets, results, side, snippets, stored
from search.portal.criteria import Criteria
from search.portal.elsewhere import views as elsewhere
from search.portal.search_views import criteria_of, form_context
from search.resolver import sources

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
    criteria = criteria_of(request)
    if criteria.needs_resolving and not criteria.problems:
        return HttpResponseRedirect(f"/search/go?{request.GET.urlencode()}")
    if criteria.problems:
        return render(request, "portal/search.html", form_context(request, criteria), status=400)
    return _searched(request, criteria)


def _searched(request: HttpRequest, criteria: Criteria) -> HttpResponse:
    viewer = viewer_of_request(request)
    number, size = results.paging(request.GET.dict())
    orders = columns.order(request.GET.get("sort", ""))
    view = results.View(columns.chosen(request.GET.get("columns", "")), orders, number, size)
    query = builder.build(criteria)
    context = _context(
        request, viewer, builder.text(query, columns.order_adql(orders)[0].removesuffix(", obs_publisher_did"))
    )
    try:
        found = results.search(query, viewer, view)
        counts = facets.count(criteria, viewer)
    except asking.AskError as error:
        return render(
            request, "portal/results.html", context | {"failure": error, "criteria": criteria}, status=error.status
        )
    context |= {
        "criteria": criteria,
        "known": sources.lookup(criteria.target) if criteria.target else None,
        "page": found,
        "counts": counts,
        "pages": results.pages(found, counts.total),
        "chips": chips.make(criteria),
        "heads": columns.heads(list(view.columns), orders),
        "presets": [(key, words, key == request.GET.get("columns")) for key, (words, _keys) in columns.PRESETS.items()],
        "all_columns": [(column, column in view.columns) for column in columns.ALL.values()],
        "orders": orders,
    }
    if not found.rows and not counts.total:
        context["ways_out"] = chips.with_counts(criteria, viewer)
    return render(request, _template(request), context)


def _by_hand(request: HttpRequest, adql: str) -> HttpResponse:
    viewer = viewer_of_request(request)
    number, size = results.paging(request.GET.dict())
    context = _context(request, viewer, adql) | {"by_hand": True}
    try:
        found = results.by_hand(adql, viewer, number, size)
    except asking.AskError as error:
        context |= {"failure": error, "marked": stored.marked(adql, error.line, error.column)}
        return render(request, "portal/results.html", context, status=error.status)
    counts = facets.Counts(total=found.total or builder.MAX_ROWS, capped=found.total is None)
    return render(
        request,
        _template(request),
        context | {"page": found, "counts": counts, "pages": results.pages(found, found.total)},
    )


def analyses() -> list[Description]:
    """The job types that take products of the archive."""
    return [
        job_type.description
        for _name, job_type in types.items()
        if job_type.page and any(one.is_input for one in parameters_of(job_type.description))
    ]


def analyses_for(product: Product) -> list[Description]:
    """Those that take a product of this type."""
    return [
        description
        for description in analyses()
        if any(
            isinstance(one.meta, Input)
            and (not one.meta.product_types or product.dataproduct_type in one.meta.product_types)
            for one in parameters_of(description)
        )
    ]


def _context(request: HttpRequest, viewer: Viewer, adql: str) -> dict[str, Any]:
    tap = f"{settings.PUBLIC_URL}/tap"
    return {
        "query": adql,
        "origin_query": request.GET.get("from", "") or ("" if "adql" in request.GET else request.GET.urlencode()),
        "snippets": snippets.every(adql, tap),
        "formats": FORMATS,
        "sizes": results.SIZES,
        "page_number": results.paging(request.GET.dict())[0],
        "address": request.build_absolute_uri(),
        "job_types": analyses(),
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
    context: dict[str, Any] = {"criteria": criteria}
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
            context["sky"] = side.sky(shown, criteria.ra, criteria.dec)
    return render(request, "portal/beside.html", context)
