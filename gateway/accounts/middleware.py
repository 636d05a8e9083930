"""Who asks: the session's user, or the owner of an access token."""

import logging
from collections.abc import Callable
from typing import Any

import requests
from allauth.socialaccount.models import SocialApp
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from gateway.accounts import scopes, tokens
from gateway.accounts.models import AccessToken
from gateway.accounts.openid.bearer import IssuedToken

logger = logging.getLogger(__name__)

CHALLENGE = 'Basic realm="gateway"'
ALWAYS_CHALLENGES = "/tap-auth"
"""TOPCAT and STILTS send their credentials only after a 401, so they need an address that insists."""


class TokenAuthentication:
    """``Authorization: Bearer TOKEN``, or the token as Basic password. A token overrides the cookie.

    Answers carry the challenge where signing in is possible and was not done, and ``X-VO-Authenticated`` where it was
    (IVOA AuthVO, working draft of 2025: login optional is 200 with a challenge, mandatory is 401 with it).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        scope = scopes.scope_of(request.path_info)
        refusal = self._identify(request, scope)
        response = self.get_response(request) if refusal is None else refusal
        if scope:
            _say_who(request, response)
        return response

    def _identify(self, request: Any, scope: str | None) -> HttpResponse | None:
        """Sets ``request.token``; an answer only where the credentials are refused."""
        request.token = None
        if scope == scopes.ANY:
            return None
        try:
            token = tokens.authenticate(request)
        except tokens.Refused as error:
            request.user = AnonymousUser()
            return _words(401, str(error))
        if token is None:
            return _insist(request)
        request.token, request.user = token, token.user
        return _check_scope(token, scope)


def _insist(request: HttpRequest) -> HttpResponse | None:
    path = request.path_info
    if (path == ALWAYS_CHALLENGES or path.startswith(ALWAYS_CHALLENGES + "/")) and not request.user.is_authenticated:
        return _words(401, "Sign in with an access token: as Bearer, or as the password of Basic.")
    return None


def _check_scope(token: AccessToken | IssuedToken, scope: str | None) -> HttpResponse | None:
    if scope is None:
        return _words(403, "Access tokens are not accepted at this address: sign in with a browser.")
    if not token.allows(scope):
        return _words(403, f"This access token does not have the scope {scope}. Make one that has it.")
    return None


def _words(status: int, text: str) -> HttpResponse:
    response = HttpResponse(text + "\n", status=status, content_type="text/plain; charset=utf-8")
    if status == 401:
        response["WWW-Authenticate"] = CHALLENGE
    return response


def _say_who(request: HttpRequest, response: HttpResponse) -> None:
    patch_vary_headers(response, ("Authorization", "Cookie"))
    if request.user.is_authenticated:
        if response.status_code < 400:
            response["X-VO-Authenticated"] = request.user.get_username()
    elif wants_challenge(request) and response.status_code in (200, 401):
        response["WWW-Authenticate"] = CHALLENGE


def wants_challenge(request: HttpRequest) -> bool:
    """A browser would open a password window of its own in front of our page; programs need the header."""
    return "text/html" not in request.headers.get("Accept", "")


class ProviderErrors:
    """A login provider that is not set up is no address; one that does not answer is said to be out of reach."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not request.path_info.startswith("/accounts/"):
            return None
        if isinstance(exception, SocialApp.DoesNotExist):
            raise Http404 from exception
        if isinstance(exception, requests.RequestException):
            logger.warning("Login provider out of reach: %s", exception)
            reason = _("The service you chose does not answer at present. Try again later, or sign in another way.")
            return render(request, "accounts/login_refused.html", {"reason": reason}, status=503)
        return None
