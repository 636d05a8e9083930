"""The searches that people keep. A visitor who keeps one is asked to sign in, and finds it kept."""

import re
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from search.portal import builder, past, stored
from search.portal.criteria import read
from search.portal.models import SavedSearch

SESSION = "search_to_keep"
MOST = 200
MAX_ADDRESS = 20_000


def keep(owner: Any, address: str, name: str) -> None:
    """Keeps the search behind this query part of a results address; raises BadRequest where it is too much."""
    address = re.sub(r"(^|&)page=[^&]*", "", address).lstrip("&")
    if len(address) > MAX_ADDRESS or SavedSearch.objects.filter(owner_id=owner.pk).count() >= MOST:
        raise BadRequest(_("That is more than can be kept. Delete searches that you no longer need."))
    given = QueryDict(address)
    adql = stored.query_in(given)
    by_hand = adql is not None
    if adql is None:
        adql = builder.text(builder.build(read(dict(given.lists()))))
    name = name.strip()[:200] or past.words("", adql, by_hand=by_hand)[:80]
    SavedSearch.objects.create(owner_id=owner.pk, name=name, address=address, adql=adql)


def put_aside(request: HttpRequest) -> None:
    """What a visitor wants to keep waits in the session for the sign-in."""
    address = request.POST.get("address", "")
    if len(address) <= MAX_ADDRESS:
        request.session[SESSION] = [address, request.POST.get("name", "")[:200]]


def take_over(sender: object, request: HttpRequest, user: Any, **_more: object) -> None:
    """At sign-in what the visitor wanted to keep is kept."""
    waiting = request.session.pop(SESSION, None) if hasattr(request, "session") else None
    if not waiting:
        return
    try:
        keep(user, *waiting)
    except BadRequest as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The search is kept under “My searches”."))
