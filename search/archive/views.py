"""Addresses of files: ``/data/KEY``, ``/data?ID=``, ``/packages/KEY``, ``/previews/KEY``, ``/signed/TOKEN``; and the
fate of results."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from gateway.access import releases, service
from gateway.access.noted import note_fetch
from gateway.access.request import person
from gateway.access.request import viewer as viewer_of_request
from gateway.access.rights import Viewer, may_fetch
from gateway.accounts.csrf import protocol_view
from gateway.vo.identifiers import InvalidKey
from search.archive import denial, download, files, life, members, package, previews, signed
from search.archive.hooks import content_type
from search.archive.lookup import Found, find, found_or_404, seen_by
from search.archive.models import Product

SAME_TARGET_SHOWN = 6


@protocol_view
@require_safe
def data(request: HttpRequest, key: str) -> HttpResponseBase:
    """The bytes, or why not."""
    viewer = viewer_of_request(request)
    found = found_or_404(key, viewer)
    product = found.product
    refused = _withheld(request, product, viewer)
    if refused is not None:
        return refused
    note_fetch(request, product.policy, found.key)
    if found.part is not None:
        return members.respond(request, product, found.part)
    return download.respond(request, product)


def _withheld(request: HttpRequest, product: Product, viewer: Viewer) -> HttpResponse | None:
    """Why this viewer does not get the file, or where it is instead; None if the viewer gets it."""
    if not may_fetch(viewer, product.policy_id):
        return denied(request, product, viewer)
    if product.removed_at is not None:
        return _gone(request, product)
    if not product.storage_key:
        if product.access_url:
            return HttpResponseRedirect(product.access_url)
        raise Http404(_("The archive holds a record of this product, but no file."))
    if not files.exists(product.storage_key):
        return _words(503, _("The file is not in the storage. The operators have to bring it back; try again later."))
    return None


@require_safe
def packed(request: HttpRequest, key: str) -> HttpResponseBase:
    """``/packages/KEY``: a dataset with its history and checksums as one ZIP file; of a member, that of its dataset."""
    viewer = viewer_of_request(request)
    product = found_or_404(key, viewer).product
    refused = _withheld(request, product, viewer)
    if refused is not None:
        return refused
    if not package.has_package(product):
        raise Http404(_("This product is one file; there is nothing to pack."))
    made = package.make(product, viewer)
    if request.method == "HEAD":
        response: HttpResponseBase = HttpResponse(content_type=package.MEDIA_TYPE)
    else:
        note_fetch(request, product.policy, f"package of {product.key}")
        response = StreamingHttpResponse(made.stream(), content_type=package.MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{made.file_name}"'
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "Authorization, Cookie"
    response["Access-Control-Allow-Origin"] = "*"
    if product.simulated:
        response["X-Simulated"] = "true"
    return response


@protocol_view
@require_safe
def data_by_identifier(request: HttpRequest) -> HttpResponseBase:
    """``/data?ID=``: the form that older access_urls have."""
    identifier = next((str(value) for name, value in request.GET.items() if name.upper() == "ID"), "")
    if not identifier:
        return _words(400, _("Give the identifier of a product: /data?ID=ivo://…"))
    found = found_or_404(identifier, viewer_of_request(request))
    return redirect("data", key=found.key)


@require_safe
def preview(request: HttpRequest, key: str) -> HttpResponseBase:
    """A quick look as PNG; it shows the data, so it asks for the same right."""
    viewer = viewer_of_request(request)
    product = found_or_404(key, viewer).product
    if not may_fetch(viewer, product.policy_id):
        return denied(request, product, viewer)
    picture = previews.picture(product)
    if picture is None:
        raise Http404(_("There is no quick look for this kind of product."))
    note_fetch(request, product.policy, f"preview of {product.key}")
    response = HttpResponse(picture, content_type="image/png")
    response["Cache-Control"] = "private, max-age=3600"
    return response


@require_safe
def signed_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """A product by short-lived link (SAMP). Refusals are words: the caller is a program."""
    try:
        product = signed.redeem(token)
    except signed.LinkRefused as error:
        response: HttpResponseBase = _words(403, str(error))
    else:
        note_fetch(request, product.policy, product.key)
        response = download.respond(request, product) if product.storage_key else _words(404, "It has no file here.")
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def make_signed_link(request: HttpRequest, key: str) -> HttpResponse:
    """``POST /products/KEY/signed``: JSON with a link to hand to another program."""
    viewer = viewer_of_request(request)
    product = found_or_404(key, viewer).product
    if not may_fetch(viewer, product.policy_id):
        return denied(request, product, viewer)
    made = {"url": signed.link(product, viewer), "seconds": signed.LIFETIME, "format": content_type(product)}
    return JsonResponse(made)


def denied(request: HttpRequest, product: Product, viewer: Viewer) -> HttpResponse:
    """401 or 403 with the reason: a page for a person, words for a program."""
    reason = denial.explain(product, viewer)
    if "text/html" not in request.headers.get("Accept", ""):
        return _words(reason.status, reason.text)
    same = seen_by(viewer).offered().filter(target_name=product.target_name).exclude(pk=product.pk)
    open_now = [row for row in same.order_by("simulated", "t_min")[:50] if may_fetch(viewer, row.policy_id)]
    context = {
        "product": product, "denial": reason, "open_now": open_now[:SAME_TARGET_SHOWN],
        "watched": releases.is_watched(product.policy, request.user),
    }  # fmt: skip
    return render(request, "archive/denied.html", context, status=reason.status)


@login_required
@require_POST
def ask_for_access(request: HttpRequest, key: str) -> HttpResponse:
    """Passes a stranger's request on to the PI by mail."""
    product = found_or_404(key, viewer_of_request(request)).product
    service.ask(product.policy, person(request), request.POST.get("message", ""))
    messages.success(request, _("Your request was sent. The answer comes by mail."))
    return redirect(f"/products/{product.key}/")


def _gone(request: HttpRequest, product: Product) -> HttpResponse:
    day = product.removed_at.date().isoformat() if product.removed_at else ""
    text = _("This file was removed on %(date)s. Its record and its provenance stay: %(page)s")
    return _words(410, text % {"date": day, "page": f"/products/{product.key}/"})


def _words(status: int, text: str) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")


# --- the fate of a result --------------------------------------------------------------------------------------------


def _own_result(request: HttpRequest, key: str) -> Product:
    try:
        found: Found | None = find(key, viewer_of_request(request))
    except InvalidKey:
        found = None
    if found is None:
        raise Http404
    return found.product


@login_required
@require_POST
def keep(request: HttpRequest, key: str) -> HttpResponse:
    """The owner keeps a result beyond its job's destruction."""
    product = _own_result(request, key)
    _do(life.keep, product, viewer_of_request(request))
    return redirect(f"/products/{product.key}/")


@login_required
@require_POST
def share(request: HttpRequest, key: str) -> HttpResponse:
    """The owner lets a group of theirs have a result."""
    product = _own_result(request, key)
    group = get_object_or_404(Group, name=request.POST.get("group", ""), user=request.user)
    _do(life.share, product, viewer_of_request(request), group)
    return redirect(f"/products/{product.key}/")


@login_required
@require_POST
def publish(request: HttpRequest, key: str) -> HttpResponse:
    """Staff publish a result."""
    product = _own_result(request, key)
    _do(life.publish, product, viewer_of_request(request))
    return redirect(f"/products/{product.key}/")


def _do(action: "life.Action", product: Product, viewer: Viewer, *rest: Group) -> None:
    try:
        action(product, viewer, *rest)
    except life.NotAllowed as error:
        raise PermissionDenied(str(error)) from None
