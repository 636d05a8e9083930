"""The cart: products put aside across searches and sessions. Rights are asked anew each time it is looked at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from gateway.access.request import viewer as viewer_of_request
from gateway.access.rights import Viewer, policy_ids
from search.archive.lookup import seen_by
from search.archive.models import Collection, Product
from search.portal import product as product_page
from search.portal.elsewhere.files import Away
from search.portal.models import CartItem

MOST = 2_000
MOST_AWAY = 500
SESSION = "cart"
AWAY = "cart_away"


def keys(request: HttpRequest) -> list[str]:
    """KEYs in the order in which they were added."""
    if request.user.is_authenticated:
        own = CartItem.objects.filter(owner=request.user, away__isnull=True)
        return list(own.order_by("added", "pk").values_list("key", flat=True))
    return list(request.session.get(SESSION, []))


def elsewhere(request: HttpRequest) -> list[Away]:
    """Files of other archives, in the order in which they were added."""
    if request.user.is_authenticated:
        items = CartItem.objects.filter(owner=request.user, away__isnull=False).order_by("added", "pk")
        return [Away.read(one) for one in items.values_list("away", flat=True) if one]
    return [Away.read(one) for one in request.session.get(AWAY, [])]


def count(request: HttpRequest) -> int:
    # An error page may be drawn before the middleware knows who asks.
    if not hasattr(request, "session") or not hasattr(request, "user"):
        return 0
    if request.user.is_authenticated:
        return CartItem.objects.filter(owner=request.user).count()
    return len(request.session.get(SESSION, [])) + len(request.session.get(AWAY, []))


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


def add_elsewhere(request: HttpRequest, files: Iterable[Away]) -> int:
    """Adds files of other archives; returns how many are new."""
    present = elsewhere(request)
    known = {one.key for one in present}
    new = [one for one in files if one.key not in known][: max(0, MOST_AWAY - len(present))]
    if request.user.is_authenticated:
        put_elsewhere(request.user, new)
    else:
        request.session[AWAY] = [one.kept() for one in (*present, *new)]
    return len(new)


def put_elsewhere(user: Any, new: Iterable[Away]) -> None:
    items = [CartItem(owner=user, key=one.key, away=one.kept()) for one in new]
    CartItem.objects.bulk_create(items, ignore_conflicts=True)


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
        stay = [] if left_out is None else [one for one in elsewhere(request) if one.key not in left_out]
        request.session[AWAY] = [one.kept() for one in stay]


def take_over(sender: object, request: HttpRequest, user: Any, **_: object) -> None:
    """At sign-in what the visitor had collected becomes the user's."""
    collected = request.session.pop(SESSION, []) if hasattr(request, "session") else []
    put(user, collected)
    put_elsewhere(user, map(Away.read, request.session.pop(AWAY, []) if hasattr(request, "session") else []))


def products(keys_: Sequence[str], viewer: Viewer) -> list[tuple[Product, bool]]:
    """The products with whether this viewer may fetch them now; those hidden since are left out."""
    fetchable = policy_ids(viewer, "fetch")
    rows = {row.key: row for row in seen_by(viewer).filter(key__in=keys_).defer("header", "parts", "t_intervals")}
    return [(rows[key], fetchable is None or rows[key].policy_id in fetchable) for key in keys_ if key in rows]


@dataclass
class Credits:
    """``works`` are the collections' own citations or, where a collection names none, its products'."""

    works: list[str] = field(default_factory=list)
    bibtex: str = ""
    terms: list[str] = field(default_factory=list)
    identifiers: list[str] = field(default_factory=list)


def credits(rows: Sequence[Product]) -> Credits:
    """What to cite for this selection, and the acknowledgements that its terms ask for; each once."""
    names = {row.obs_collection for row in rows}
    collections = {one.name: one for one in Collection.objects.filter(name__in=names)}
    works: dict[str, None] = {}
    entries: dict[str, None] = {}
    terms: dict[str, None] = {}
    creators = product_page.creators(rows)
    for row in rows:
        cite = product_page.citation(row, collections.get(row.obs_collection), creators.get(row.job_id, ""))
        works[cite["collection"] or cite["text"]] = None
        entries[cite["bibtex"]] = None
        if cite["terms"]:
            terms[cite["terms"]] = None
    return Credits(list(works), "\n\n".join(entries), list(terms), [row.obs_publisher_did for row in rows])


def estimate(row: Product) -> int | None:
    """Bytes of its file; ``access_estsize`` is in kbyte (ObsCore 1.1, table 1)."""
    if row.size is not None:
        return row.size
    return None if row.access_estsize is None else row.access_estsize * 1000
