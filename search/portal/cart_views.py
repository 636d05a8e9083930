"""``/cart/``, its download scripts, and ``/searches/``."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_POST

from gateway.access.request import viewer as viewer_of_request
from jobs import addresses, service
from jobs.description import Description
from jobs.errors import Refused
from jobs.registry import accepting, taking_products
from search.archive.lookup import seen_by
from search.archive.models import Product
from search.portal import cart, saving, scripts, show, watching
from search.portal.models import PastSearch, SavedSearch

LONGEST = 6000
"""letters of an address that may be longer by what else stands in it: servers take some 8,000"""
LINKS_AT_ONCE = 500
"""identifiers that the DataLink service answers in one document"""


def _back(request: HttpRequest, default: str) -> HttpResponseRedirect:
    """To where the form stood, if that is a place of this site."""
    place = request.POST.get("next") or request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(place, {request.get_host()}, request.is_secure())
    return HttpResponseRedirect(place if place and safe else default)


@gzip_page
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The cart; POST adds ``ID``, takes out ``drop`` or, with ``empty``, everything."""
    if request.method == "POST":
        return _change(request)
    rows = cart.products(cart.keys(request), viewer_of_request(request))
    open_rows = [row for row, may in rows if may]
    files = [row for row in open_rows if scripts.has_file(row)]
    dids = [row.obs_publisher_did for row in open_rows]
    away = cart.elsewhere(request)
    taken = [one.address for one in away if not one.refusal]
    context = {
        "away": away,
        "number": len(rows) + len(away),
        "refusals": [one.refusal for one in away if one.refusal],
        "inputs": [*dids, *taken],
        "long": len(urlencode({"ID": [*dids, *taken]}, doseq=True)) > LONGEST,
        "sources": sorted({one.archive for one in away}),
        "rows": [(row, cart.estimate(row), scripts.has_file(row), show.name(row)) for row, _may in rows],
        "size": sum(cart.estimate(row) or 0 for row in files) + sum(one.size or 0 for one in away),
        "unsized": sum(cart.estimate(row) is None for row in files) + sum(one.size is None for one in away),
        "closed": len(rows) - len(open_rows),
        "fileless": len(open_rows) - len(files),
        "dids": dids,
        "job_types": _analyses(open_rows, bool(taken)),
        "kinds": scripts.KINDS,
        "credits": cart.credits(open_rows),
        "links": [dids[first : first + LINKS_AT_ONCE] for first in range(0, len(dids), LINKS_AT_ONCE)],
    }
    return render(request, "portal/cart.html", context)


def _analyses(rows: Sequence[Product], elsewhere: bool) -> list[Description]:
    """The job types that take at least one kind of what is in the cart; the ZIP has its own button. What a file of
    another archive is, only the job will see."""
    found = {one.name: one for kind in {row.dataproduct_type for row in rows} for one in accepting(kind)}
    if elsewhere:
        found |= {one.name: one for one in taking_products()}
    return [one for name, one in sorted(found.items()) if name != "package"]


def _change(request: HttpRequest) -> HttpResponse:
    if "empty" in request.POST:
        cart.drop(request, None)
        messages.success(request, _("The cart is empty."))
        return HttpResponseRedirect("/cart/")
    if request.POST.getlist("drop"):
        cart.drop(request, request.POST.getlist("drop"))
        return HttpResponseRedirect("/cart/")
    new = cart.add(request, request.POST.getlist("ID"))
    words = ngettext("%(count)d product was added to the cart.", "%(count)d products were added to the cart.", new)
    messages.success(request, words % {"count": new} if new else _("These products are in the cart already."))
    return _back(request, "/cart/")


@require_POST
def zipped(request: HttpRequest) -> HttpResponse:
    """One ZIP of what may be fetched, made by a job; leads to the job's page, or says why there is none."""
    viewer = viewer_of_request(request)
    rows = [row for row, may in cart.products(cart.keys(request), viewer) if may and scripts.has_file(row)]
    away = [one.address for one in cart.elsewhere(request) if addresses.is_allowed(one.address)]
    if not rows and not away:
        messages.warning(request, _("Nothing in the cart can be packed: no file of it is open to you."))
        return HttpResponseRedirect("/cart/")
    try:
        made = service.create(
            "package",
            viewer,
            {"observations": [*(row.obs_publisher_did for row in rows), *away]},
            run=True,
            origin="browser",
        )
    except Refused as error:
        if error.status == 401:
            return HttpResponseRedirect("/accounts/login/?next=/cart/")
        messages.error(request, _("No ZIP was made: %(reason)s") % {"reason": error})
        return HttpResponseRedirect("/cart/")
    return HttpResponseRedirect(f"/jobs/{made.pk}/")


@require_http_methods(["GET", "POST"])
def script(request: HttpRequest) -> HttpResponse:
    """A download script for the cart, or for the ``ID`` given."""
    given = request.POST if request.method == "POST" else request.GET
    kind = given.get("kind", "curl")
    if kind not in scripts.KINDS:
        raise BadRequest(_("The script is for curl, wget or pyvo."))
    viewer = viewer_of_request(request)
    chosen = given.getlist("ID")[: cart.MOST]
    keys = cart.keys(request)
    if chosen:
        keys = list(seen_by(viewer).named(chosen).order_by("t_min", "pk").values_list("key", flat=True))
    rows = [row for row, may in cart.products(keys, viewer) if may]
    away = [] if chosen else cart.elsewhere(request)
    if not away and not any(scripts.has_file(row) for row in rows):
        messages.warning(request, _("There is nothing to download: no file of it is open to you."))
        return _back(request, "/cart/")
    response = HttpResponse(
        scripts.script(kind, rows, settings.PUBLIC_URL, away), content_type="text/plain; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{scripts.KINDS[kind]}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def searches(request: HttpRequest) -> HttpResponse:
    """The user's own searches; POST keeps one, that of a visitor after the sign-in. The browser lists a visitor's."""
    if not request.user.is_authenticated:
        if request.method != "POST":
            return render(request, "portal/searches.html")
        if "address" in request.POST:
            saving.put_aside(request)
        return redirect_to_login("/searches/")
    past = PastSearch.objects.filter(owner_id=request.user.pk)
    if "forget" in request.POST:
        past.delete()
        return HttpResponseRedirect("/searches/")
    if request.method == "POST":
        saving.keep(request.user, request.POST.get("address", ""), request.POST.get("name", ""))
        messages.success(request, _("The search is kept under “My searches”."))
        return _back(request, "/searches/")
    own = SavedSearch.objects.filter(owner_id=request.user.pk)
    return render(request, "portal/searches.html", {"searches": own, "past": past})


@login_required
@require_POST
def change_search(request: HttpRequest, identifier: str) -> HttpResponse:
    """Renames, asks for mail about, or deletes one of the user's own searches."""
    own = get_object_or_404(SavedSearch, owner_id=request.user.pk, pk=identifier)
    if "delete" in request.POST:
        own.delete()
    else:
        own.name = request.POST.get("name", own.name).strip()[:200] or own.name
        notify = "notify" in request.POST
        if notify and not own.notify:
            watching.begin(own, viewer_of_request(request))
        own.notify = notify
        own.save()
    return HttpResponseRedirect("/searches/")
