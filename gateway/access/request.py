"""The viewer of a request: what every view hands to ``gateway.access.rights``."""

from django.http import HttpRequest

from gateway.access.rights import Viewer, viewer_of


def viewer(request: HttpRequest) -> Viewer:
    """The owner of the request's access token with the token's scopes, else the session's user; made once."""
    made: Viewer | None = getattr(request, "_viewer", None)
    if made is None:
        token = getattr(request, "token", None)
        made = viewer_of(request.user, None if token is None else frozenset(token.scopes))
        request._viewer = made  # type: ignore[attr-defined]  # kept for the request's other callers
    return made
