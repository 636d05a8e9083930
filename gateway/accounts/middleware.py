"""Who asks: the session's user, or the owner of an access token."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from gateway.accounts import scopes, tokens
from gateway.accounts.models import AccessToken

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


def _check_scope(token: AccessToken, scope: str | None) -> HttpResponse | None:
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
