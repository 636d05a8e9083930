"""What the page of a map fetches: one plane as FITS or PNG, and the statistics of a circle."""

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gateway.access.noted import note_view
from gateway.access.request import viewer as viewer_of_request
from search.archive import planes
from search.archive.lookup import found_or_404
from search.archive.models import Product
from search.portal import maps, measure
from search.portal.opening import may_open

KEPT = "private, max-age=3600"


def _opened(request: HttpRequest, key: str) -> tuple[Product, JsonResponse | None]:
    """The product, and the refusal where its data are not open to who asks."""
    viewer = viewer_of_request(request)
    row = found_or_404(key, viewer).product
    if may_open(viewer, row):
        return row, None
    status = 403 if viewer.is_authenticated else 401
    return row, JsonResponse({"problem": _("The data of this product are not open to you.")}, status=status)


@require_safe
def image(request: HttpRequest, key: str, form: str) -> HttpResponse:
    """``image.fits`` and ``image.png``: one plane of an image of the product's file, or the sum of its planes."""
    row, refused = _opened(request, key)
    if refused is not None:
        return refused
    try:
        content = (maps.fits_image if form == "fits" else maps.picture)(row, request.GET.dict())
    except planes.NoImage as error:
        return JsonResponse({"problem": str(error)}, status=400)
    note_view(request, row.policy, f"image of {row.key}")
    kind = "application/fits" if form == "fits" else "image/png"
    return HttpResponse(content, content_type=kind, headers={"Cache-Control": KEPT})


@require_safe
def region(request: HttpRequest, key: str) -> HttpResponse:
    """Statistics of the circle ``ra, dec, radius`` (degrees, ICRS) of a map, as JSON for the page's own script."""
    row, refused = _opened(request, key)
    if refused is not None:
        return refused
    try:
        wanted = measure.circle(request.GET.dict())
        if wanted is None:
            raise measure.Unmeasurable(_("Give right ascension, declination and radius as numbers in degrees."))
        found = measure.of(row, wanted, request.GET.get("plane", ""))
    except measure.Unmeasurable as error:
        return JsonResponse({"problem": str(error)}, status=400)
    note_view(request, row.policy, f"measurement of {row.key}")
    return JsonResponse({"statistics": asdict(found), "rows": measure.rows(found)})
