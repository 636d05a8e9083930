"""``/sed/``: spectra of the archive and a table brought along, laid over each other."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods

from gateway.access.noted import note_view
from gateway.access.request import viewer as viewer_of_request
from search.archive.lookup import seen_by
from search.archive.models import Product
from search.portal import curves, sed, show
from search.portal.opening import may_open

MAX_OFFERED = 30


@gzip_page
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """``ID`` (repeatable) names the spectra; POST adds ``table``, which is drawn and not kept."""
    given = request.POST if request.method == "POST" else request.GET
    viewer = viewer_of_request(request)
    wanted = list(dict.fromkeys(given.getlist("ID")))[: sed.MAX_SPECTRA]
    rows = list(seen_by(viewer).named(wanted).select_related("policy").order_by("t_min", "pk")) if wanted else []
    problems: list[str] = []
    spectra: list[tuple[str, curves.Points]] = []
    for row in rows:
        try:
            if not may_open(viewer, row):
                raise sed.NoSpectrum(_("The data of %(name)s are not open to you.") % {"name": show.name(row)})
            spectra.append((show.name(row), sed.of_product(row)))
            note_view(request, row.policy, f"plot of {row.key}")
        except sed.NoSpectrum as error:
            problems.append(str(error))
    upload = request.FILES.get("table") if request.method == "POST" else None
    if upload is not None:
        name = (upload.name or _("your table"))[:60]
        try:
            spectra.append((name, sed.of_upload(name, upload.read(sed.MAX_UPLOAD + 1))))
        except sed.NoSpectrum as error:
            problems.append(str(error))
    chosen = {row.pk for row in rows}
    context: dict[str, Any] = {
        "chosen": [(row, show.name(row)) for row in rows],
        "offered": [(row, show.name(row)) for row in _offered(request, rows) if row.pk not in chosen],
        "problems": problems,
        "curve": _curve(spectra) if spectra else None,
    }
    return render(request, "portal/sed.html", context, status=400 if problems and not spectra else 200)


def _curve(spectra: list[tuple[str, curves.Points]]) -> curves.Curve:
    head = [(_("Spectrum"), ""), (_("Energy"), "TeV"), ("E² dN/dE", curves.FLUX_WORDS)]
    return curves.Curve(_("Spectral energy distribution"), sed.figure(spectra), head, sed.rows(spectra))


def _offered(request: HttpRequest, rows: list[Product]) -> list[Product]:
    """Other flux points that one may see: those of the same targets first, else the newest."""
    found = seen_by(viewer_of_request(request)).offered().filter(dataproduct_type="sed").select_related("policy")
    targets = {row.target_name for row in rows if row.target_name}
    if targets:
        found = found.filter(target_name__in=targets)
    return list(found.defer("header", "parts", "t_intervals").order_by("-created", "pk")[:MAX_OFFERED])
