"""Quick looks: drawn once, kept in the storage."""

import logging

from search.archive import files
from search.archive.hooks import preview_key
from search.archive.models import Product

logger = logging.getLogger(__name__)
# A larger file is not drawn while a page waits for it.
MAX_SIZE = 200 * 2**20
DRAWN = ("event", "image", "cube")


def has_preview(product: Product) -> bool:
    """Is there, or can there be, a quick look?"""
    return product.dataproduct_type in DRAWN and product.is_fits(MAX_SIZE)


def picture(product: Product) -> bytes | None:
    """PNG, or None where the product has none."""
    key = preview_key(product)
    if files.exists(key):
        return b"".join(files.blocks(key))
    if not has_preview(product):
        return None
    try:
        drawn = _draw(product)
    except Exception:  # a quick look is a courtesy: whatever is odd in the file, the product stays usable
        logger.exception("no quick look of %s", product.key)
        return None
    files.put_bytes(drawn, key)
    return drawn


def _draw(product: Product) -> bytes:
    """astropy is loaded with the first picture, not with the site."""
    from search.archive import quicklook  # noqa: PLC0415
    from search.archive.extract import stored_fits  # noqa: PLC0415

    with stored_fits(product.storage_key) as hdus:
        return quicklook.event_list(hdus) if product.dataproduct_type == "event" else quicklook.sky_map(hdus)
