"""How often one address may ask what costs us something: name look-ups, and TAP without signing in.

allauth limits sign-in, sign-up and password reset by itself (ACCOUNT_RATE_LIMITS).
"""

import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from gateway.accounts.audit import client_address

WINDOW = 60
"""seconds"""
_LIMITED = {"/search/resolve": "RESOLVE_PER_MINUTE", "/search/go": "RESOLVE_PER_MINUTE", "/tap": "TAP_PER_MINUTE"}


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
            text = f"More than {limit} requests a minute came from this address. Wait a minute, or sign in.\n"
            headers = {"Retry-After": str(WINDOW)}
            return HttpResponse(text, status=429, content_type="text/plain; charset=utf-8", headers=headers)
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
