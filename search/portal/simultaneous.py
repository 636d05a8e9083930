"""Simultaneous data: for an observation, every archive configured here is asked for what overlaps in time and place."""

from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gateway.access.request import viewer as viewer_of_request
from search.archive.lookup import found_or_404
from search.portal import quantities
from search.portal.elsewhere import services

NAMES = ("ra", "dec", "t_min", "t_max")
RADIUS = 1.0
"""deg: what a narrow instrument points at within the field of a gamma-ray one"""


@require_safe
def go(request: HttpRequest) -> HttpResponse:
    """``/search/simultaneous?ID=``, or ``?ra=&dec=&t_min=&t_max=`` (deg, MJD): leads to the results of all archives."""
    place, radius = _of_product(request) if request.GET.get("ID") else (_typed(request), RADIUS)
    return HttpResponseRedirect(f"/search/results/?{urlencode(asked(*place, radius))}")


def _of_product(request: HttpRequest) -> tuple[tuple[float, float, float, float], float]:
    if len(set(request.GET.getlist("ID"))) > 1:
        raise BadRequest(_("Choose one observation; its time and place are asked for everywhere."))
    row = found_or_404(request.GET["ID"], viewer_of_request(request)).product
    if row.s_ra is None or row.s_dec is None or row.t_min is None or row.t_max is None:
        raise BadRequest(_("It is not known where or when this was observed, so nothing can be simultaneous with it."))
    return (row.s_ra, row.s_dec, row.t_min, row.t_max), min(RADIUS, (row.s_fov or 2 * RADIUS) / 2)


def _typed(request: HttpRequest) -> tuple[float, float, float, float]:
    try:
        ra, dec, t_min, t_max = (quantities.number(request.GET.get(name, "")) for name in NAMES)
    except quantities.QuantityError as error:
        raise BadRequest(_("Time and place are needed: ra, dec, t_min, t_max. %(why)s") % {"why": error}) from error
    return ra, dec, t_min, t_max


def asked(ra: float, dec: float, t_min: float, t_max: float, radius: float) -> list[tuple[str, str]]:
    """The search as parameters of the results page, with every archive that is offered."""
    place = [("ra", f"{ra:.6f}"), ("dec", f"{dec:.6f}"), ("radius", f"{radius:g}")]
    time = [("t_min", f"{t_min:.6f}"), ("t_max", f"{t_max:.6f}")]
    return place + time + [("service", one.name) for one in services.offered()[: services.MOST]]
