"""What a cookie alone may not do.

A browser sends its cookies along with whatever page made it ask. So a request that is known only by the session
cookie must carry the CSRF token to change anything, at protocol endpoints too; one that carries an access token, or
nobody's name at all, has nothing that another page could misuse.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.utils.translation import gettext as _

from gateway.accounts.scopes import is_protocol

View = TypeVar("View", bound=Callable[..., Any])


def protocol_view(view: View) -> View:
    """Marks a view that VO clients and scripts call (TAP, UWS, DataLink …): see the rule above.

    Use it instead of ``csrf_exempt``, outermost.
    """
    view.protocol = True  # type: ignore[attr-defined]  # functions and partials take attributes
    return view


def known_by_cookie_only(request: HttpRequest) -> bool:
    return getattr(request, "token", None) is None and request.user.is_authenticated


class CsrfForCookies(CsrfViewMiddleware):
    """Django's check, except for requests to protocol views that a cookie did not authenticate."""

    def process_view(
        self,
        request: HttpRequest,
        callback: Callable[..., Any],
        callback_args: tuple[Any, ...],
        callback_kwargs: dict[str, Any],
    ) -> Any:
        if getattr(callback, "protocol", False) and not known_by_cookie_only(request):
            return None
        try:
            return super().process_view(request, callback, callback_args, callback_kwargs)
        except RequestDataTooBig as error:
            # The token of a form stands in its body, beside files that may be too large.
            if getattr(callback, "protocol", False):
                return HttpResponse(f"{error}\n", status=413, content_type="text/plain; charset=utf-8")
            return too_large(request, str(error))


def wants_page(request: HttpRequest) -> bool:
    """Browsers say so when a person opens an address or sends a form; programs and scripts are told in words."""
    return "text/html" in request.headers.get("Accept", "")


def too_large(request: HttpRequest, reason: str) -> HttpResponse:
    """The page for whoever sent a body beyond the limits."""
    context = {
        "status": 413,
        "heading": _("That is too large"),
        "reason": reason,
        "fix": _("Nothing was stored. Go back and send less, or smaller files."),
    }
    return render(request, "error.html", context, status=413)


def refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a failed check: words for a program, a page for a person."""
    if is_protocol(request.path) and not wants_page(request):
        text = _(
            "This request came with a browser session but without its CSRF token."
            " Send the token (header X-CSRFToken), or use an access token instead of the session."
        )
        return HttpResponse(text + "\n", status=403, content_type="text/plain; charset=utf-8")
    return render(request, "accounts/csrf.html", {"reason": reason}, status=403)
