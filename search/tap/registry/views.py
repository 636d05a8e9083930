"""``/registry/NAME`` and ``/oai``."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from gateway.vo.dali import DaliError, Parameters
from gateway.vo.xml import document, join, tag
from search.tap.endpoint import endpoint
from search.tap.registry import oai
from search.tap.registry.records import records

XML = "text/xml"


@endpoint("GET")
def index(request: HttpRequest) -> HttpResponseBase:
    """Identifiers of the records, with their addresses here."""
    found = (tag("record", record.ivoid, href=f"/registry/{record.slug}") for record in records())
    return HttpResponse(document(tag("records", join(found))), content_type=XML)


@endpoint("GET")
def record(request: HttpRequest, name: str) -> HttpResponseBase:
    found = next((one for one in records() if one.slug == name), None)
    if found is None:
        raise DaliError(404, _("There is no registry record of that name; /registry/ lists them."))
    return HttpResponse(document(found.xml()), content_type=XML)


@endpoint("GET", "POST")
def harvest(request: HttpRequest) -> HttpResponseBase:
    return HttpResponse(oai.answer(Parameters.of_request(request)), content_type=XML)
