"""VOSI documents of the services beside TAP: DataLink, cone search, cut-outs."""

from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from gateway.vo import vosi
from gateway.vo.xml import Xml, tag
from search.archive.models import Product
from search.tap.endpoint import endpoint

STD = "ivo://ivoa.net/std/"
Content = Callable[[], list[Xml]]


def capabilities_of(content: Content) -> Callable[[HttpRequest], HttpResponseBase]:
    @endpoint("GET")
    def capabilities(request: HttpRequest) -> HttpResponseBase:
        return HttpResponse(vosi.capabilities(content()), content_type=vosi.MEDIA_TYPE)

    return capabilities


@endpoint("GET")
def availability(request: HttpRequest) -> HttpResponseBase:
    try:
        Product.objects.only("pk").first()
        document = vosi.availability(True)
    except DatabaseError:
        document = vosi.availability(False, notes=[_("the database does not answer")])
    return HttpResponse(document, content_type=vosi.MEDIA_TYPE)


def datalink() -> list[Xml]:
    url = f"{settings.PUBLIC_URL}/datalink"
    links = vosi.interface(f"{url}/links", role="std", use="base", version="1.1")
    return [vosi.capability(f"{STD}DataLink#links-1.1", links), *vosi.support(url)]


def soda() -> list[Xml]:
    url = f"{settings.PUBLIC_URL}/soda"
    sync = vosi.interface(f"{url}/sync", role="std", use="base", version="1.0")
    job = vosi.interface(f"{url}/async", role="std", use="base", version="1.0")
    return [
        vosi.capability(f"{STD}SODA#sync-1.0", sync),
        vosi.capability(f"{STD}SODA#async-1.0", job),
        *vosi.support(url),
    ]


def cone_search() -> list[Xml]:
    """The capability of SimpleConeSearch 1.03 as its registry extension 1.0 has it, with a query to try."""
    url = f"{settings.PUBLIC_URL}/scs"
    first = Product.objects.offered().filter(policy__rights="public").exclude(s_ra=None).first()
    ra, dec = (first.s_ra, first.s_dec) if first else (83.633, 22.014)
    trial = tag("testQuery", tag("ra", f"{ra:.4f}"), tag("dec", f"{dec:.4f}"), tag("sr", "1.0"))
    details = (
        tag("maxSR", "180"),
        tag("maxRecords", str(settings.TAP_MAXREC)),
        tag("verbosity", "true"),
        trial,
    )
    base = vosi.interface(f"{url}?", role="std", use="base")
    return [vosi.capability(f"{STD}ConeSearch", base, *details, kind="cs:ConeSearch"), *vosi.support(url)]
