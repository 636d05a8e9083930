"""What the provenance service offers, in the words of PROV-AQ (W3C Note 2013-04-30, section 5.2)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from provenance.documents import formats

TURTLE = """@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix dcterms: <http://purl.org/dc/terms/> .

<{address}> a prov:ServiceDescription ;
    prov:describesService <{base}/provsap> .

<{base}/provsap> a prov:DirectQueryService ;
    prov:provenanceUriTemplate "{base}/provsap?ID={{uri}}" ;
    dcterms:format {forms} .
"""


@require_safe
def description(request: HttpRequest) -> HttpResponse:
    """``/provenance/service``: where links of the kind ``has_query_service`` lead."""
    base = settings.PUBLIC_URL
    forms = ", ".join(f'"{item.media_type}"' for item in formats.FORMATS)
    text = TURTLE.format(address=f"{base}/provenance/service", base=base, forms=forms)
    return HttpResponse(text, content_type="text/turtle; charset=UTF-8")
