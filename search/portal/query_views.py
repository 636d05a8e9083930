"""Queries written by hand: the editor's POST, and the export of any result."""

from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gateway.access.request import viewer as viewer_of_request
from gateway.vo.dali import DaliError, Parameters
from search.portal import builder, columns, past, stored
from search.portal.criteria import read
from search.tap import engine
from search.tap.endpoint import streamed
from search.tap.formats import registry
from search.tap.sync import answer_of

EXPORT_ROWS = 500_000


@require_POST
def run(request: HttpRequest) -> HttpResponse:
    """Sends a query to its results' address: in the address if short, else stored under its hash."""
    adql = request.POST.get("adql", "").replace("\r\n", "\n").strip()
    if not adql:
        raise BadRequest(_("The query is empty. Write one, or go back to the form."))
    if len(adql) > stored.MAX_LENGTH:
        raise BadRequest(_("A query has at most %(count)d letters.") % {"count": stored.MAX_LENGTH})
    origin = request.POST.get("from", "")[:4000]
    if origin and is_of_form(adql, origin):
        return HttpResponseRedirect(f"/search/results/?{origin}")
    named = {"adql": adql} if len(adql) <= stored.MAX_IN_ADDRESS else {"q": stored.store(adql)}
    if origin:
        named["from"] = origin
    address = urlencode(named)
    past.remember(request, address, adql, by_hand=True)
    return HttpResponseRedirect(f"/search/results/?{address}")


def is_of_form(adql: str, origin: str) -> bool:
    """Is it, but for blanks, the query of the search with this query part of a results address?"""
    parameters = QueryDict(origin)
    query = builder.build(read(dict(parameters.lists())))
    return columns.query_text(query, parameters.get("sort", "")).split() == adql.split()


def adql_in(parameters: QueryDict) -> str:
    """The whole query that the query part of a results address stands for."""
    by_hand = stored.query_in(parameters)
    if by_hand is not None:
        return by_hand
    criteria = read(dict(parameters.lists()))
    if criteria.problems or criteria.needs_resolving:
        raise BadRequest(_("The search has errors; correct them on the form first."))
    order, tables = columns.order_adql(columns.order(parameters.get("sort", "")))
    return builder.text(builder.build(criteria), order, top=EXPORT_ROWS, extra=tables)


@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """All rows of the result as a file, as this viewer may see them."""
    try:
        form, content_type = registry.chosen(Parameters([("FORMAT", request.GET.get("format", "votable"))]))
        result = engine.run(adql_in(request.GET), viewer_of_request(request), maxrec=EXPORT_ROWS)
    except DaliError as error:
        raise BadRequest(error.message) from error
    answer, _ending = answer_of(result, result.query)
    response = streamed(request, form.write(answer), result.close)
    response["Content-Type"] = content_type
    response["Content-Disposition"] = f'attachment; filename="results.{form.extension}"'
    return response
