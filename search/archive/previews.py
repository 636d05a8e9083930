"""Quick looks: drawn once, kept in the storage."""

import logging

from search.archive import files, quicklook
from search.archive.extract import stored_fits
from search.archive.hooks import preview_key
from search.archive.models import Product

logger = logging.getLogger(__name__)
# A larger file is not drawn while a page waits for it.
MAX_SIZE = 200 * 2**20
DRAWN = {"event": quicklook.event_list, "image": quicklook.sky_map, "cube": quicklook.sky_map}


def has_preview(product: Product) -> bool:
    """Is there, or can there be, a quick look?"""
    return (
        product.dataproduct_type in DRAWN
        and bool(product.storage_key)
        and (product.size or 0) <= MAX_SIZE
        and ".fits" in product.file_name.lower()
    )


def picture(product: Product) -> bytes | None:
    """PNG, or None where the product has none."""
    key = preview_key(product)
    if files.exists(key):
        return b"".join(files.blocks(key))
    if not has_preview(product):
        return None
    try:
        with stored_fits(product.storage_key) as hdus:
            drawn = DRAWN[str(product.dataproduct_type)](hdus)
    except Exception:  # a quick look is a courtesy: whatever is odd in the file, the product stays usable
        logger.exception("no quick look of %s", product.key)
        return None
    files.put_bytes(drawn, key)
    return drawn
