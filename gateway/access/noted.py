"""The mark that a granted fetch leaves. (Why a refused one is refused: ``gateway.access.explain``.)"""

from django.http import HttpRequest

from gateway.access import marks
from gateway.access.models import Policy
from gateway.access.request import viewer


def note_fetch(request: HttpRequest, policy: Policy | None, key: str) -> None:
    """Marks a fetch that is granted: who had which proprietary product, and staff any product by their power alone."""
    who = viewer(request)
    marks.fetched(who, policy, key, "token" if who.scopes is not None else "session", request)


def note_view(request: HttpRequest, policy: Policy | None, what: str) -> None:
    """The same for data that are shown on a page; of public ones this is no download."""
    if policy is not None and not policy.is_released():
        note_fetch(request, policy, what)
