"""How often one address may ask what costs us something: name look-ups, and TAP without signing in.

allauth limits sign-in, sign-up and password reset by itself (ACCOUNT_RATE_LIMITS).
"""

import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gateway.accounts.audit import client_address
from gateway.accounts.csrf import wants_page
from gateway.vo import log

WINDOW = 60
"""seconds"""
_LIMITED = {"/search/resolve": "RESOLVE_PER_MINUTE", "/search/go": "RESOLVE_PER_MINUTE", "/tap": "TAP_PER_MINUTE"}


def refused(request: HttpRequest, reason: str) -> HttpResponse:
    """429: a page for a person, words for a program."""
    fix = _("Wait a minute, then try again.") if request.user.is_authenticated else _("Wait a minute, or sign in.")
    if not wants_page(request):
        words = f"{reason} {fix}\n"
        return HttpResponse(
            words, status=429, content_type="text/plain; charset=utf-8", headers={"Retry-After": str(WINDOW)}
        )
    context = {"status": 429, "heading": _("Too many requests"), "reason": reason, "fix": fix}
    page = render(request, "error.html", context | {"request_id": log.request_id.get()}, status=429)
    page["Retry-After"] = str(WINDOW)
    return page


def limit_of(path: str) -> int:
    """Requests a minute that an address grants an anonymous visitor; 0: any number."""
    name = _LIMITED.get(path) or _LIMITED.get("/" + path.split("/")[1])
    return int(getattr(settings, name)) if name else 0


class RateLimits:
    """429 with Retry-After beyond the limit; people and tokens that are known are not counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = limit_of(request.path_info)
        if limit and not request.user.is_authenticated and self._count(request) > limit:
            reason = _("More than %(limit)s requests a minute came from this address.") % {"limit": limit}
            return refused(request, reason)
        return self.get_response(request)

    def _count(self, request: HttpRequest) -> int:
        window = int(time.time() // WINDOW)
        key = f"rate:{request.path_info.split('/')[1]}:{client_address(request)}:{window}"
        if cache.add(key, 1, timeout=2 * WINDOW):
            return 1
        try:
            return cache.incr(key)
        except ValueError:  # the entry went away between the two calls
            return 1
