"""``/datalink/links``: the {links} endpoint of DataLink 1.1, and its VOSI documents."""

from collections.abc import Sequence
from dataclasses import astuple

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from gateway.access.request import viewer as viewer_of_request
from gateway.vo import votable
from gateway.vo.dali import DaliError, Parameters
from gateway.vo.tables import Column
from gateway.vo.xml import Xml, join
from jobs.registry import offered
from search.archive.lookup import find_all
from search.datalink import descriptors
from search.datalink.rows import DATALINK_TYPE, Asked, Link, links, not_found, unusable
from search.tap.endpoint import endpoint

STANDARD_ID = "ivo://ivoa.net/std/DataLink#links-1.1"
MAX_IDS = 500
VOTABLE_WORDS = {"", "votable", "application/x-votable+xml", "text/xml"}


def _text(name: str, ucd: str, description: str) -> Column:
    return Column(name=name, datatype="char", arraysize="*", ucd=ucd, description=description)


# The order of the members of Link.
COLUMNS = (
    _text("ID", "meta.id;meta.main", "identifier that was asked for"),
    _text("semantics", "meta.code", "how the link relates to it: a term of http://www.ivoa.net/rdf/datalink/core"),
    _text("description", "meta.note", "the link in words"),
    _text("access_url", "meta.ref.url", "where to get it"),
    _text("service_def", "meta.ref", "XML ID of a service descriptor of this document"),
    _text("error_message", "meta.code.error", "why there is no link"),
    _text("content_type", "meta.code.mime", "media type of what the link gives"),
    Column(
        name="content_length", datatype="long", unit="byte", ucd="phys.size;meta.file", description="size of the file"
    ),
    _text("content_qualifier", "", "nature of the product: a term of http://www.ivoa.net/rdf/product-type, or a URI"),
    _text("local_semantics", "meta.id.assoc", "the same word for the same kind of link of every product"),
    _text("link_auth", "meta.code", "must one sign in: false, optional, true"),
    Column(name="link_authorized", datatype="boolean", ucd="meta.code", description="may you use the link now"),
)


@endpoint("GET", "POST")
def links_document(request: HttpRequest) -> HttpResponseBase:
    """The links of every ID given; an unknown (or hidden) one gets an error row."""
    try:
        parameters = Parameters.of_request(request)
    except TooManyFieldsSent:
        raise DaliError(
            413, _("Too many parameters; ask for %(count)s identifiers at a time.") % {"count": MAX_IDS}
        ) from None
    wanted = parameters.single("RESPONSEFORMAT").partition(";")[0].strip().lower()
    if wanted not in VOTABLE_WORDS:
        raise DaliError(415, _("RESPONSEFORMAT %(format)r is not offered; use votable.") % {"format": wanted[:60]})
    identifiers = list(dict.fromkeys(parameters.all("ID")))
    shown, status = identifiers[:MAX_IDS], votable.OK
    if len(identifiers) > MAX_IDS:
        text = _("only the first %(count)s identifiers are answered") % {"count": MAX_IDS}
        status = votable.Info(name="QUERY_STATUS", value="OVERFLOW", text=text)
    rows, services = _answer(request, shown)
    content = votable.write(
        COLUMNS,
        (tuple(value if value != "" else None for value in astuple(row)) for row in rows),
        infos=(votable.OK, votable.Info(name="standardID", value=STANDARD_ID)),
        trailer=lambda: () if status is votable.OK else (status,),
        resources_after=join((*services, descriptors.itself())) + "\n",
        name="links",
    )
    response = StreamingHttpResponse(content, content_type=DATALINK_TYPE)
    response["Vary"] = "Authorization, Cookie"
    # A browser saves what it cannot show; "links" alone would open with nothing.
    response["Content-Disposition"] = 'inline; filename="datalink.vot"'
    return response


def _answer(request: HttpRequest, identifiers: Sequence[str]) -> tuple[list[Link], list[Xml]]:
    """Rows of one identifier stand together; descriptors of cut-outs follow."""
    viewer = viewer_of_request(request)
    found = find_all(identifiers, viewer)
    rows: list[Link] = []
    services: list[Xml] = []
    job_types = tuple(offered())
    for number, identifier in enumerate(identifiers):
        match = found.get(identifier)
        if match is None:
            rows.append(not_found(identifier) if identifier.strip() else unusable(identifier or " "))
            continue
        cuttable = match.part is None and descriptors.has_cutouts(match.product)
        asked = Asked(identifier, match, viewer, str(number) if cuttable else "", job_types)
        rows += links(asked)
        if cuttable:
            services.append(descriptors.cutout(match.product, match.product.obs_publisher_did, str(number)))
    return rows, services
