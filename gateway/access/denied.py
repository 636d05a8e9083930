"""The one answer to a refused fetch, for people and for programs, and the mark that a granted one leaves."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from gateway.access.explain import Refusal, as_staff_only, explain_refusal
from gateway.access.models import Policy
from gateway.access.request import viewer
from gateway.accounts import audit
from gateway.accounts.models import AuditKind


def response(request: HttpRequest, policy: Policy | None, title: str = "", back: str = "") -> HttpResponse:
    """401 or 403 with the reason; Http404 where the viewer must not know. Call it only for what is refused.

    ``title`` names the thing, ``back`` is the page of it that the viewer may see.
    """
    refusal = explain_refusal(viewer(request), policy)
    if refusal is None or refusal.status == 404:
        raise Http404
    if "text/html" in request.headers.get("Accept", ""):
        context = {"refusal": refusal, "title": title, "back": back, "tried": request.get_full_path()}
        return render(request, "access/denied.html", context, status=refusal.status)
    return HttpResponse(words(refusal) + "\n", status=refusal.status, content_type="text/plain; charset=utf-8")


def words(refusal: Refusal) -> str:
    """The reason as plain text for programs."""
    return f"{refusal.text} PI: {refusal.pi}." if refusal.pi else refusal.text


def note_fetch(request: HttpRequest, policy: Policy | None, key: str) -> None:
    """Audits the fetch of a proprietary product, and that of any product by the power of staff alone."""
    if policy is None or policy.is_released():
        return
    who = viewer(request)
    actor = request.user if who.is_authenticated else None
    via = "token" if who.scopes is not None else "session"
    audit.record(
        AuditKind.FETCH, actor, key, request=request, as_staff=as_staff_only(who, policy), via=via  # type: ignore[arg-type]  # signed in
    )  # fmt: skip
