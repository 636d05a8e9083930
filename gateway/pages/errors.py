"""Error pages: what happened, what to do, and the request's id."""

import sys
from collections.abc import Callable

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from gateway.accounts import limits
from gateway.accounts.csrf import wants_page
from gateway.vo import dali, log

PROTOCOLS = ("/tap", "/scs", "/datalink", "/soda", "/oai", "/registry")
"""addresses whose errors are DALI documents, wherever they come from"""
FOR_PROGRAMS = (*PROTOCOLS, "/provsap", "/uws", "/data", "/previews")
"""addresses that browsers seldom see"""


def error_page(request: HttpRequest, status: int, heading: str, reason: str, fix: str = "") -> HttpResponse:
    """The page for any refused request; rooms with better words of their own pass them."""
    context = {"status": status, "heading": heading, "reason": reason, "fix": fix, "request_id": log.request_id.get()}
    return render(request, "error.html", context, status=status)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    # A SuspiciousOperation may quote what an attacker sent; other reasons are ours.
    said = "" if isinstance(exception, SuspiciousOperation) else str(exception)
    return error_page(
        request, 400, _("That request cannot be understood"), said or _("A value in the address or form is malformed.")
    )


@requires_csrf_token
def forbidden(request: HttpRequest, exception: PermissionDenied) -> HttpResponse:
    fix = "" if request.user.is_authenticated else _("If you have an account, sign in and try again.")
    reason = str(exception) or _("Your account may not do this.")
    return error_page(request, 403, _("You may not open this"), reason, fix)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    # Always the same words, so that hidden data and unknown addresses cannot be told apart.
    heading = _("There is nothing at this address")
    reason = _("The link may be wrong or old, or it leads to something that is not open to you.")
    if request.path_info.startswith(FOR_PROGRAMS) and not wants_page(request):
        words = f"{heading}. {reason} ({log.request_id.get()})\n"
        return HttpResponse(words, status=404, content_type="text/plain; charset=utf-8")
    return error_page(request, 404, heading, reason)


def not_so(request: HttpRequest, allowed: str) -> HttpResponse:
    """405: most often somebody who opens by itself the address that a form is sent to, after a reload or a sign-in."""
    if not wants_page(request):
        words = _("%(method)s is not possible here, only %(allowed)s.") % {"method": request.method, "allowed": allowed}
        return HttpResponse(f"{words}\n", status=405, content_type="text/plain; charset=utf-8")
    reason = _("It is where a form or a button of another page is sent to, and shows nothing by itself.")
    fix = _("Go back to that page and press the button again.")
    return error_page(request, 405, _("This address cannot be opened"), reason, fix)


def too_many(request: HttpRequest) -> HttpResponse:
    """allauth's limits: sign-in, sign-up, password reset."""
    return limits.refused(request, _("This was tried too often in a short time."))


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    # Django calls this while it handles the exception.
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return _database_gone(request)
    # No context processors: whatever broke may break them too.
    return HttpResponse(loader.render_to_string("500.html", {"request_id": log.request_id.get()}), status=500)


def _database_gone(request: HttpRequest) -> HttpResponse:
    """503 in the words of the address; nothing here may ask the database."""
    error = dali.database_gone()
    if request.path_info.startswith(PROTOCOLS):
        return dali.error_response(error)
    if not wants_page(request):
        return HttpResponse(f"{error.message}\n", status=503, content_type="text/plain", headers=error.headers)
    page = loader.render_to_string("503.html", {"request_id": log.request_id.get()})
    return HttpResponse(page, status=503, headers=error.headers)


class NotAllowed:
    """Django answers a method that an address does not take by nothing at all; people get a page, programs a line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or response.streaming or response.content:
            return response
        told = not_so(request, response.headers.get("Allow", ""))
        told.headers["Allow"] = response.headers.get("Allow", "")
        return told
