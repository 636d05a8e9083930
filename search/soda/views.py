"""``/soda/sync`` answers at once; ``/soda/async`` makes an ``event_cutout`` job of the same request."""

import logging
import math
from collections.abc import Callable
from functools import wraps

from django.db import InterfaceError, OperationalError
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from gateway.access.noted import note_fetch
from gateway.access.request import viewer as viewer_of_request
from gateway.access.rights import may_fetch
from gateway.accounts.csrf import protocol_view
from gateway.vo.dali import UNREADABLE, DaliError, Parameters, database_gone, unreadable
from jobs import service
from jobs.errors import Refused
from jobs.uws import views as uws
from search.adql import geometry
from search.archive import denial, files
from search.archive.lookup import find
from search.archive.models import Product
from search.datalink.descriptors import has_cutouts
from search.soda.parameters import Cut, SodaError, read

logger = logging.getLogger(__name__)
JOB_TYPE = "event_cutout"
BASE = "/soda/async"
MAX_SIZE = 300 * 2**20
"""bytes of a file that is cut while the client waits"""
EVERYWHERE = 180.0
Fields = dict[str, list[str]]
View = Callable[[HttpRequest], HttpResponseBase]


def soda_errors(view: View) -> View:
    """Errors in the words of SODA 1.0, section 3.4, as plain text."""

    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponseBase:
        try:
            response = view(request)
        except SodaError as error:
            response = _words(error.status, error.word, error.message)
        except DaliError as error:
            response = _words(error.status, "UsageError", error.message)
        except Refused as error:
            response = _words(error.status, _word_of(error.status), str(error))
        except UNREADABLE as error:
            reason = unreadable(error)
            response = _words(reason.status, "UsageError", reason.message)
        except (OperationalError, InterfaceError):
            logger.exception("%s %s: the database is out of reach", request.method, request.path)
            response = _words(503, "ServiceUnavailable", database_gone().message)
        response["Access-Control-Allow-Origin"] = "*"
        return response

    return protocol_view(answer)


@soda_errors
def sync(request: HttpRequest) -> HttpResponseBase:
    """The cut event list, or 204 where the cut has nothing in common with the data."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
    cut = read(Parameters.of_request(request))
    product = _product(request, cut)
    if (product.size or 0) > MAX_SIZE:
        text = _("The file is too large to be cut while you wait; use /soda/async.")
        raise SodaError("UsageError", text, 413)
    # astropy is loaded with the first cut-out, not with the site.
    from search.soda.cutting import cut_out  # noqa: PLC0415

    try:
        stream = cut_out(product, cut)
    except (KeyError, ValueError, OSError):
        logger.exception("no cut-out of %s", product.key)
        raise SodaError(
            "Error", _("This event list cannot be cut; the operators find the cause in the log."), 500
        ) from None
    if stream is None:
        return HttpResponse(status=204)
    note_fetch(request, product.policy, f"cut-out of {product.key}")
    marked = "simulated_" if product.simulated else ""
    name = f"{marked}{product.key}.cut-out.fits"
    response = FileResponse(stream, content_type="application/fits", filename=name, as_attachment=True)
    if product.simulated:
        response["X-Simulated"] = "true"
    return response


def _product(request: HttpRequest, cut: Cut) -> Product:
    """The product to cut, if the viewer may have it."""
    viewer = viewer_of_request(request)
    found = find(cut.identifier, viewer)
    if found is None:
        raise SodaError("UsageError", _("There is no product of this identifier here."), 404)
    product = found.product
    if not may_fetch(viewer, product.policy_id):
        reason = denial.explain(product, viewer)
        raise SodaError(_word_of(reason.status), reason.text, reason.status)
    if not has_cutouts(product) or found.part is not None:
        raise SodaError("UsageError", _("Cut-outs are made of event lists; this is something else."))
    if not files.exists(product.storage_key):
        raise SodaError("ServiceUnavailable", _("The file is not in the storage; try again later."), 503)
    return product


@soda_errors
def asynchronous(request: HttpRequest) -> HttpResponseBase:
    """The job list: GET lists, POST with SODA's parameters makes a job."""
    if request.method != "POST":
        return uws.job_list(request, type_name=JOB_TYPE, base=BASE)
    controls, values = uws.split(uws.form_values(request))
    parameters = Parameters.of_mapping(values)
    cut = read(parameters)
    phase = controls.get("PHASE", "")
    if phase.upper() not in ("", "RUN"):
        raise SodaError("UsageError", _("A new job takes only PHASE=RUN."))
    job = service.create(
        JOB_TYPE,
        viewer_of_request(request),
        _job_parameters(cut, _product(request, cut)),
        run_id=controls.get("RUNID", ""),
        run=bool(phase),
        duration=controls.get("EXECUTIONDURATION"),
        destruction=controls.get("DESTRUCTION"),
    )
    return uws.see_other(request, f"{BASE}/{job.id}")


def _job_parameters(cut: Cut, product: Product) -> Fields:
    """SODA's parameters as those of the job type."""
    ra, dec, radius = _cone(cut, product)
    given: Fields = {
        "observations": [product.obs_publisher_did],
        "ra": [repr(ra % 360)],
        "dec": [repr(dec)],
        "radius": [repr(radius)],
    }
    if cut.shape is not None and cut.shape.kind != "CIRCLE":
        given["region"] = [f"{cut.shape.kind} {' '.join(map(repr, cut.shape.numbers))}"]
    for names, interval in ((("energy_min", "energy_max"), cut.energy), (("t_min", "t_max"), cut.time)):
        for name, value in zip(names, interval or (), strict=False):
            if math.isfinite(value) and value > 0:
                given[name] = [repr(value)]
    return given


def _cone(cut: Cut, product: Product) -> tuple[float, float, float]:
    """The circle, or one that holds the whole region, in degrees."""
    if cut.shape is None or cut.shape.kind == "RANGE":
        return product.s_ra or 0.0, product.s_dec or 0.0, EVERYWHERE
    if cut.shape.kind == "CIRCLE":
        ra, dec, radius = cut.shape.numbers
        return ra, dec, radius
    try:
        cap = geometry.cap(geometry.from_numbers("polygon", cut.shape.numbers))
    except geometry.BadShape as error:
        raise SodaError("UsageError", str(error)) from None
    return *geometry.position(cap.vector), min(cap.radius * 1.001, EVERYWHERE)


def _word_of(status: int) -> str:
    return {401: "AuthenticationError", 403: "AuthorizationError", 503: "ServiceUnavailable"}.get(status, "UsageError")


def _words(status: int, word: str, text: str) -> HttpResponse:
    response = HttpResponse(f"{word}: {text}\n", status=status, content_type="text/plain; charset=utf-8")
    if status == 401:
        response["WWW-Authenticate"] = 'Basic realm="gateway"'
    return response
