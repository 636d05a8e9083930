"""The cart: products put aside across searches and sessions. Rights are asked anew each time it is looked at."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest

from gateway.access.request import viewer as viewer_of_request
from gateway.access.rights import Viewer, policy_ids
from search.archive.lookup import seen_by
from search.archive.models import Product
from search.portal.models import CartItem

MOST = 2_000
SESSION = "cart"


def keys(request: HttpRequest) -> list[str]:
    """KEYs in the order in which they were added."""
    if request.user.is_authenticated:
        return list(CartItem.objects.filter(owner=request.user).order_by("added", "pk").values_list("key", flat=True))
    return list(request.session.get(SESSION, []))


def count(request: HttpRequest) -> int:
    # An error page may be drawn before the middleware knows who asks.
    if not hasattr(request, "session") or not hasattr(request, "user"):
        return 0
    if request.user.is_authenticated:
        return CartItem.objects.filter(owner=request.user).count()
    return len(request.session.get(SESSION, []))


def add(request: HttpRequest, identifiers: Iterable[str]) -> int:
    """Adds what the visitor may see; returns how many are new."""
    wanted = list(dict.fromkeys(identifiers))[:MOST]
    found = list(
        seen_by(viewer_of_request(request)).named(wanted).order_by("t_min", "pk").values_list("key", flat=True)
    )
    present = keys(request)
    new = [key for key in found if key not in set(present)][: MOST - len(present)]
    if request.user.is_authenticated:
        put(request.user, new)
    else:
        request.session[SESSION] = present + new
    return len(new)


def put(user: Any, new: Iterable[str]) -> None:
    CartItem.objects.bulk_create([CartItem(owner=user, key=key) for key in new], ignore_conflicts=True)


def drop(request: HttpRequest, gone: Iterable[str] | None) -> None:
    """Takes these KEYs out; None empties the cart."""
    left_out = None if gone is None else set(gone)
    if request.user.is_authenticated:
        items = CartItem.objects.filter(owner=request.user)
        (items if left_out is None else items.filter(key__in=left_out)).delete()
    else:
        request.session[SESSION] = [] if left_out is None else [key for key in keys(request) if key not in left_out]


def take_over(sender: object, request: HttpRequest, user: Any, **_: object) -> None:
    """At sign-in what the visitor had collected becomes the user's."""
    collected = request.session.pop(SESSION, []) if hasattr(request, "session") else []
    put(user, collected)


def products(keys_: Sequence[str], viewer: Viewer) -> list[tuple[Product, bool]]:
    """The products with whether this viewer may fetch them now; those hidden since are left out."""
    fetchable = policy_ids(viewer, "fetch")
    rows = {row.key: row for row in seen_by(viewer).filter(key__in=keys_).defer("header", "parts", "t_intervals")}
    return [(rows[key], fetchable is None or rows[key].policy_id in fetchable) for key in keys_ if key in rows]
