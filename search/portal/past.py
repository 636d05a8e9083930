"""The searches that a user sent, newest first, each once: what "My searches" lists beside the saved ones."""

from django.http import HttpRequest, QueryDict

from search.portal.models import PastSearch

KEPT = 50
MAX_ADDRESS = 6_000


def words(target: str, adql: str, *, by_hand: bool = False) -> str:
    """What tells a search from others in one line, for visitors, whose browser keeps the list."""
    address = QueryDict(mutable=True)
    address["target"] = target
    return PastSearch(address=address.urlencode(), adql=adql, by_hand=by_hand).words[:500]


def remember(request: HttpRequest, address: str, adql: str, *, by_hand: bool = False) -> None:
    """Notes the search for a signed-in user; the same search again only moves up. Beyond ``KEPT`` the oldest go."""
    if not request.user.is_authenticated or len(address) > MAX_ADDRESS:
        return
    own = PastSearch.objects.filter(owner_id=request.user.pk)
    known = own.filter(adql=adql, by_hand=by_hand).first()
    if known is not None:
        known.address = address
        known.save()
        return
    PastSearch.objects.create(owner_id=request.user.pk, address=address, adql=adql, by_hand=by_hand)
    old = own.order_by("-asked").values_list("pk", flat=True)[KEPT:]
    own.filter(pk__in=list(old)).delete()
