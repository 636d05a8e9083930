"""Short-lived links to one product, for programs that a page hands it to by SAMP and that know no password."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing

from gateway.access.rights import ANONYMOUS, Viewer, may_fetch, may_see, viewer_of
from search.archive.models import Product

SALT = "search.archive.signed"
LIFETIME = 600
"""seconds"""


class LinkRefused(Exception):
    """The text says why, in one line."""


def link(product: Product, viewer: Viewer, purpose: str = "samp") -> str:
    """An absolute address that gives the product for LIFETIME seconds, as long as the viewer may have it."""
    content = {"p": product.key, "u": str(viewer.user_id or ""), "w": purpose}
    return f"{settings.PUBLIC_URL}/signed/{signing.dumps(content, salt=SALT)}"


def redeem(token: str) -> Product:
    """The product that a link gives; the rights are those of this moment. Raises LinkRefused."""
    try:
        content: dict[str, Any] = signing.loads(token, salt=SALT, max_age=LIFETIME)
        key, user = content["p"], content["u"]
    except signing.SignatureExpired:
        raise LinkRefused("This link was valid for ten minutes and has expired. Send the product again.") from None
    except (signing.BadSignature, KeyError, TypeError):
        raise LinkRefused("This is not a link that the gateway has made.") from None
    viewer = _viewer(user)
    product = Product.objects.filter(key=key, removed_at=None).first()
    if product is None or not may_see(viewer, product.policy_id):
        raise LinkRefused("The product of this link is not there any more.")
    if not may_fetch(viewer, product.policy_id):
        raise LinkRefused("The right to this product has ended since the link was made.")
    return product


def _viewer(user: str) -> Viewer:
    if not user:
        return ANONYMOUS
    person = get_user_model().objects.filter(pk=UUID(user), is_active=True).first()
    if person is None:
        raise LinkRefused("The account that made this link is not active any more.")
    return viewer_of(person)
