"""From an identifier to a product that the viewer may know of. A hidden one is as absent as one that never was."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404

from gateway.access.rights import Viewer, visible
from gateway.vo.identifiers import InvalidKey, key_of
from search.archive.models import Product, ProductQuerySet


@dataclass(frozen=True)
class Found:
    """A product, or a member of it (an HDU of its file)."""

    product: Product
    part: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        return f"{self.product.key}.{self.part['name']}" if self.part else self.product.key


def seen_by(viewer: Viewer) -> ProductQuerySet:
    """All products that the viewer may know of, tombstones and old versions among them."""
    return Product.objects.filter(visible(viewer)).select_related("policy")


def find(identifier: str, viewer: Viewer) -> Found | None:
    """The product or member that goes by this identifier, KEY or QName."""
    return find_all([identifier], viewer).get(identifier)


def find_all(identifiers: Iterable[str], viewer: Viewer) -> dict[str, Found]:
    """The same for many, in two statements; those that are unknown (or hidden) are left out."""
    wanted = list(dict.fromkeys(identifiers))
    found = _by_name(wanted, viewer)
    missing = {text: text.rpartition(".") for text in wanted if text not in found}
    parents = _by_name([parent for parent, _, _ in missing.values() if parent], viewer) if missing else {}
    for text, (parent, _, name) in missing.items():
        owner = parents.get(parent)
        part = owner and next((part for part in owner.product.parts if part["name"] == name), None)
        if owner and part:
            found[text] = Found(owner.product, part)
    return found


def _by_name(identifiers: list[str], viewer: Viewer) -> dict[str, Found]:
    products = list(seen_by(viewer).named(identifiers))
    by_did = {product.obs_publisher_did: product for product in products}
    by_key = {product.key: product for product in products}
    found = {}
    for text in identifiers:
        product = by_did.get(text) or by_key.get(_key(text))
        if product is not None:
            found[text] = Found(product)
    return found


def _key(text: str) -> str:
    try:
        return key_of(text, settings.AUTHORITY)
    except InvalidKey:
        return ""


def found_or_404(identifier: str, viewer: Viewer) -> Found:
    found = find(identifier, viewer)
    if found is None:
        raise Http404("There is no product of this name here.")
    return found
