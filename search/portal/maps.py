"""What a product page says of a map or cube: its planes, which of them is shown, and where its picture is."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from search.archive import planes, previews, quicklook
from search.archive.extract import stored_fits
from search.archive.models import Product
from search.archive.previews import MAX_SIZE

logger = logging.getLogger(__name__)
KEPT = 24 * 3600


@dataclass
class Map:
    """``choices``: (value, words, is it shown); empty for a plain image. ``first`` and ``last`` name its neighbours."""

    url: str
    preview: str
    image: str
    plane: str = ""
    words: str = ""
    choices: list[tuple[str, str, bool]] = field(default_factory=list)
    left_out: int = 0
    problem: str = ""


def of(product: Product, plane: str) -> Map:
    """The map as the address asks for it; a plane that is not there gives the sum, and says so."""
    image = f"/products/{product.key}/image"
    # One plain image whatever the file is: compressed, of other numbers, not the first of its HDUs, a cube.
    url = f"{image}.fits" if product.is_fits(MAX_SIZE) else f"/data/{product.key}"
    made = Map(url, f"/previews/{product.key}" if previews.has_preview(product) else "", image)
    names = _names(product)
    if not names:
        return made
    number = None
    try:
        number = planes.wanted(len(names), plane)
    except planes.NoImage as error:
        made.problem = str(error)
    made.plane = "" if number is None else str(number + 1)
    made.words = planes.spoken(names, number)
    made.choices = choices(names, number)
    made.left_out = max(0, len(names) - planes.MAX_NAMED)
    made.url = f"{image}.fits?{urlencode({'plane': made.plane or 'sum'})}"
    if number is not None:
        made.preview = f"{image}.png?{urlencode({'plane': made.plane})}"
    return made


def choices(names: list[str], shown: int | None) -> list[tuple[str, str, bool]]:
    numbers: list[int | None] = [None, *range(min(len(names), planes.MAX_NAMED))]
    return [("sum" if one is None else str(one + 1), planes.spoken(names, one), one == shown) for one in numbers]


def _names(product: Product) -> list[str]:
    """Read once, not at each visit: the file may be large. What cannot be read counts as a plain image."""
    if not product.is_fits(MAX_SIZE):
        return []
    key = f"planes:{get_language()}:{product.storage_key}:{product.size}:{product.sha256[:16]}"
    found: list[str] | None = cache.get(key)
    if found is None:
        try:
            with stored_fits(product.storage_key) as hdus:
                number = planes.first(hdus)
                found = [] if number is None else planes.names(hdus[number], hdus)
        except Exception:  # whatever is odd in the file, the page stays whole
            logger.info("no planes of %s", product.key, exc_info=True)
            found = []
        cache.set(key, found, KEPT)
    return found


@contextmanager
def _opened(product: Product, hdu: str) -> Iterator[Any]:
    """The image HDU that is asked for. Raises planes.NoImage, also for files that cannot be read."""
    if not product.is_fits(MAX_SIZE):
        raise planes.NoImage(_("This file cannot be shown here. Download it to look into it."))
    try:
        with stored_fits(product.storage_key) as hdus:
            yield planes.chosen(hdus, hdu)
    except planes.NoImage:
        raise
    except Exception as error:
        logger.info("no image of %s", product.key, exc_info=True)
        raise planes.NoImage(_("This file cannot be shown here. Download it to look into it.")) from error


def fits_image(product: Product, parameters: Mapping[str, str]) -> bytes:
    """One plane (``plane``: its number, or ``sum``) of an image (``hdu``: number or name) as a FITS file of its own.
    Raises planes.NoImage."""
    with _opened(product, parameters.get("hdu", "")) as hdu:
        return planes.alone(hdu, planes.wanted(planes.count(hdu), parameters.get("plane", "")))


def picture(product: Product, parameters: Mapping[str, str]) -> bytes:
    """The same as a PNG. Raises planes.NoImage."""
    with _opened(product, parameters.get("hdu", "")) as hdu:
        data = planes.values(hdu, planes.wanted(planes.count(hdu), parameters.get("plane", "")))
        return quicklook.image(data, hdu.header)
