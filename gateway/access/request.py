"""The viewer of a request: what every view hands to ``gateway.access.rights``."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from gateway.access.rights import Viewer, viewer_of
from gateway.accounts.models import User


def viewer(request: HttpRequest) -> Viewer:
    """The owner of the request's access token with the token's scopes, else the session's user; made once."""
    made: Viewer | None = getattr(request, "_viewer", None)
    if made is None:
        token = getattr(request, "token", None)
        made = viewer_of(request.user, None if token is None else frozenset(token.scopes))
        request._viewer = made  # type: ignore[attr-defined]  # kept for the request's other callers
    return made


def person(request: HttpRequest) -> User:
    """The signed-in user (of views behind ``login_required``)."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
