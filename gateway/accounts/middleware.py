"""Who asks, and what a cookie alone may not do."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware


class CsrfForCookies(CsrfViewMiddleware):
    """Django's CSRF check; token-authenticated and anonymous protocol requests are exempted by their views."""


class TokenAuthentication:
    """``Authorization: Bearer TOKEN`` or a token as Basic password."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)
