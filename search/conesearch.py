"""``/scs``: Simple Cone Search 1.03 over the pointings of ``ivoa.obscore``, by the one query engine."""

import math
from collections.abc import Iterator
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from gateway.access.request import viewer as viewer_of_request
from gateway.vo import votable
from gateway.vo.dali import DaliError, Parameters
from gateway.vo.xml import DECLARATION, VOTABLE, tag
from search.archive.fields.catalogue import OBSCORE
from search.tap import descriptors, engine
from search.tap.endpoint import endpoint, streamed

MEDIA_TYPE = "text/xml;content=x-votable"
# UCDs that exactly one field must have (SCS 1.03, section 2.2 with its errata).
MAIN = {
    "obs_publisher_did": "meta.id;meta.main",
    "s_ra": "pos.eq.ra;meta.main",
    "s_dec": "pos.eq.dec;meta.main",
}
BRIEF = (*MAIN, "target_name", "dataproduct_type", "t_min", "t_exptime", "access_url", "access_format")
EVERYTHING = tuple(field.name for field in OBSCORE)
USUAL = tuple(
    dict.fromkeys((*BRIEF, *(field.name for field in OBSCORE if field.principal and field.name not in BRIEF)))
)
COLUMNS_OF = {1: BRIEF, 2: USUAL, 3: EVERYTHING}


@endpoint("GET", "POST")
def search(request: HttpRequest) -> HttpResponseBase:
    """RA, DEC, SR in degrees (ICRS); VERB 1 to 3; MAXREC."""
    parameters = Parameters.of_request(request)
    try:
        query, maxrec = _query(parameters)
        result = engine.run(query, viewer_of_request(request), maxrec=maxrec)
    except DaliError as error:
        return _refusal(error)
    columns = [replace(column, ucd=MAIN.get(column.name, column.ucd)) for column in result.columns]

    def ending() -> Iterator[votable.Info]:
        if result.overflow and maxrec != 0:
            yield votable.OVERFLOW

    content = votable.write(
        columns, iter(result), trailer=ending, resources_after=descriptors.for_columns(columns), name="cone"
    )
    response = streamed(request, content, result.close)
    response["Content-Type"] = MEDIA_TYPE
    return response


def _query(parameters: Parameters) -> tuple[str, int | None]:
    ra = _degrees(parameters, "RA")
    dec = _degrees(parameters, "DEC")
    radius = _degrees(parameters, "SR")
    if not -360 <= ra <= 360:
        raise DaliError(400, _("RA is out of range: %(value)g. Give 0 to 360 degrees.") % {"value": ra})
    if not -90 <= dec <= 90:
        raise DaliError(400, _("DEC is out of range: %(value)g. Give -90 to 90 degrees.") % {"value": dec})
    if not 0 <= radius <= 180:
        raise DaliError(400, _("SR is out of range: %(value)g. Give 0 to 180 degrees.") % {"value": radius})
    columns = ", ".join(COLUMNS_OF[_verbosity(parameters)])
    where = f"DISTANCE(s_ra, s_dec, {ra % 360!r}, {dec!r}) <= {radius!r}"
    maxrec = 0 if radius == 0 else parameters.maxrec()
    return f"SELECT {columns} FROM ivoa.obscore WHERE {where}", maxrec  # noqa: S608 - numbers only


def _degrees(parameters: Parameters, name: str) -> float:
    text = parameters.required(name, {"RA": "83.633", "DEC": "22.014", "SR": "1"}[name]).strip()
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text:
        words = {"name": name, "value": repr(text[:40])}
        raise DaliError(400, _("%(name)s is %(value)s; give a number of degrees.") % words)
    return value


def _verbosity(parameters: Parameters) -> int:
    """VERB 1, 2 or 3; what is none of these counts as 2."""
    text = parameters.single("VERB").strip()
    return int(text) if text in ("1", "2", "3") else 2


def _refusal(error: DaliError) -> HttpResponse:
    """The stub of SCS 1.03 (INFO named Error) and DALI's QUERY_STATUS in one document.

    Status 200: clients of 1.03 read the stub only then.
    """
    status = tag("INFO", error.message, name="QUERY_STATUS", value="ERROR")
    content = tag(
        "VOTABLE",
        tag("INFO", ID="Error", name="Error", value=error.message),
        tag("RESOURCE", status, type="results"),
        version="1.4",
        xmlns=VOTABLE,
    )
    return HttpResponse(DECLARATION + content, content_type=MEDIA_TYPE, status=200 if error.status < 500 else 503)
