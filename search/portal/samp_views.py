"""What SAMP needs of the server: links that other programs can open without a cookie, and that die in minutes."""

from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gateway.access.request import viewer as viewer_of_request
from gateway.access.rights import ANONYMOUS, Viewer, viewer_of
from gateway.vo.dali import DaliError
from search.portal import asking, stored
from search.portal.models import StoredQuery
from search.portal.query_views import adql_in
from search.tap import engine
from search.tap.endpoint import streamed
from search.tap.formats.votable import TABLEDATA
from search.tap.sync import answer_of

SALT = "search.portal.samp"
LIFETIME = 600
"""seconds"""
MOST_ROWS = 10_000
MAPPED_ROWS = 2_000
"""rows whose identifiers the page learns, so that a row marked elsewhere is found here"""


@require_POST
def sign_table(request: HttpRequest) -> JsonResponse:
    """``address`` (query part of the results page) to ``{url, table_id, rows}``: rows in the order of the VOTable."""
    address = request.POST.get("address", "")[:20_000]
    adql = adql_in(QueryDict(address))
    viewer = viewer_of_request(request)
    try:
        answer = asking.ask(adql, viewer, MAPPED_ROWS)
    except asking.AskError as error:
        raise BadRequest(error.reason) from error
    name = stored.store(adql)
    token = signing.dumps({"q": name, "u": str(viewer.user_id or "")}, salt=SALT)
    place = next((i for i, column in enumerate(answer.columns) if column.name == "obs_publisher_did"), None)
    rows = [] if place is None else [str(row[place]) for row in answer.rows]
    url = f"{settings.PUBLIC_URL}/search/signed/{token}/results.vot"
    return JsonResponse({"url": url, "table_id": f"distiller-{name}", "rows": rows, "seconds": LIFETIME})


@require_safe
def signed_table(request: HttpRequest, token: str) -> HttpResponseBase:
    """The table of a signed link. Refusals are plain words: the caller is a program."""
    try:
        content = signing.loads(token, salt=SALT, max_age=LIFETIME)
        viewer = _viewer(str(content["u"]))
        adql = StoredQuery.objects.get(hash=content["q"]).adql
    except signing.SignatureExpired:
        return refused(_("This link was valid for ten minutes and has expired. Send the table again."))
    except (signing.BadSignature, KeyError, TypeError, ValueError, LookupError, StoredQuery.DoesNotExist):
        return refused(_("This is not a link that the gateway has made."))
    if request.method == "HEAD":
        return HttpResponse(content_type=TABLEDATA.media_type)
    try:
        result = engine.run(adql, viewer, maxrec=MOST_ROWS)
    except DaliError as error:
        return refused(error.message)
    answer, _ending = answer_of(result, adql)
    response = streamed(request, TABLEDATA.write(answer), result.close)
    response["Content-Type"] = TABLEDATA.media_type
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


def _viewer(user: str) -> Viewer:
    if not user:
        return ANONYMOUS
    person = get_user_model().objects.filter(pk=UUID(user), is_active=True).first()
    if person is None:
        raise LookupError(user)
    return viewer_of(person)


def refused(text: str) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=403, content_type="text/plain; charset=utf-8")
