"""The FITS browser of a product page: the HDUs of a file, their headers and, page by page, their tables."""

import math
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import numpy as np
from astropy.io import fits
from django.utils.translation import gettext as _

from gateway.vo.readable import short, whole
from search.archive import planes
from search.archive.extract import stored_fits
from search.archive.models import Product
from search.archive.previews import MAX_SIZE
from search.portal import maps, pictures
from search.portal.pictures import Picture

ROWS = 25
MAX_COLUMNS = 60
MAX_ITEMS = 6
"""members of an array cell that are shown"""


@dataclass
class ImageView:
    """``rows``: its statistics in words; ``choices``: of its planes; ``src``: address of its picture, if it has one."""

    title: str = ""
    src: str = ""
    rows: list[tuple[str, str]] = field(default_factory=list)
    choices: list[tuple[str, str, bool]] = field(default_factory=list)
    problem: str = ""


@dataclass
class View:
    """``hdus``: (number, name, kind, shape in words). The chosen one has cards and perhaps a page of rows."""

    hdus: list[tuple[int, str, str, str]] = field(default_factory=list)
    chosen: int = 0
    cards: list[tuple[str, str, str]] = field(default_factory=list)
    columns: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    first: int = 0
    total: int = 0
    picture: Picture | None = None
    """of an instrument response"""
    image: ImageView | None = None

    @property
    def previous(self) -> int | None:
        return max(0, self.first - ROWS) if self.first else None

    @property
    def next(self) -> int | None:
        return self.first + ROWS if self.first + ROWS < self.total else None

    @property
    def last(self) -> int:
        return min(self.first + ROWS, self.total)


def is_viewable(product: Product) -> bool:
    return product.is_fits(MAX_SIZE)


def look(product: Product, hdu: str, row: str, plane: str = "") -> View | None:
    """``hdu`` is a number or name from the address, ``row`` the first row, ``plane`` one of a cube; nonsense gives the
    first HDU that holds something. None if it cannot be read."""
    try:
        with stored_fits(product.storage_key) as hdus:
            view = _look(hdus, hdu, int(row[:9]) if row.isdecimal() else 0)
            if view.hdus[view.chosen][2] == "image" and hdus[view.chosen].shape:
                view.image = _image(product, hdus, view.chosen, plane)
            return view
    except Exception:  # a file that astropy cannot read has still a page
        return None


def _look(hdus: fits.HDUList, wanted: str, first: int) -> View:
    view = View([(i, one.name or "PRIMARY", _kind(one), _shape(one)) for i, one in enumerate(hdus)])
    names = {one[1].upper(): one[0] for one in view.hdus}
    default = next((one[0] for one in view.hdus if one[3] != "–"), 0)
    number = int(wanted) if wanted.isdecimal() and int(wanted[:4]) < len(hdus) else names.get(wanted.upper(), default)
    view.chosen = number
    chosen = hdus[number]
    view.cards = [
        (card.keyword, "" if isinstance(card.value, fits.card.Undefined) else str(card.value), card.comment)
        for card in chosen.header.cards
        if card.keyword not in ("", "END")
    ]
    if _kind(chosen) == "table" and chosen.data is not None:
        _rows(view, chosen, first)
        view.picture = pictures.of_hdu(chosen, hdus)
    return view


def _image(product: Product, hdus: fits.HDUList, number: int, plane: str) -> ImageView:
    """The picture and the statistics of an image; of what is no picture, or too large for one, the reason."""
    hdu = hdus[number]
    view = ImageView(_("Image"))
    try:
        if not planes.is_image(hdu):
            raise planes.NoImage(_("This array has one dimension only, or holds nothing; there is no picture of it."))
        names = planes.names(hdu, hdus)
        shown = planes.wanted(planes.count(hdu), plane)
        view.choices = maps.choices(names, shown) if names else []
        view.title = planes.spoken(names, shown) if names else view.title
        view.rows = _statistics(planes.statistics(planes.values(hdu, shown), planes.unit_of(hdu)))
        asked = urlencode({"hdu": number, "plane": "sum" if shown is None else shown + 1})
        view.src = f"/products/{product.key}/image.png?{asked}"
    except planes.NoImage as error:
        view.problem = str(error)
    return view


def _statistics(found: planes.Statistics) -> list[tuple[str, str]]:
    unit = f" {found.unit}" if found.unit else ""
    numbers = [(_("Minimum"), found.minimum), (_("Maximum"), found.maximum), (_("Mean"), found.mean),
               (_("Sum"), found.sum)]  # fmt: skip
    rows = [(str(label), f"{short(value, 5)}{unit if math.isfinite(value) else ''}") for label, value in numbers]
    return [*rows, (_("Pixels"), whole(found.pixels)), (_("Pixels without a value (NaN)"), whole(found.missing))]


def _rows(view: View, hdu: Any, first: int) -> None:
    columns = hdu.columns[:MAX_COLUMNS]
    view.total = len(hdu.data)
    view.first = min(first, max(0, view.total - 1)) // ROWS * ROWS
    view.columns = [(column.name, column.unit or "") for column in columns]
    part = hdu.data[view.first : view.first + ROWS]
    view.rows = [[_text(row[name]) for name, _unit in view.columns] for row in part]


def _kind(hdu: Any) -> str:
    return "table" if isinstance(hdu, fits.BinTableHDU | fits.TableHDU) else "image"


def _shape(hdu: Any) -> str:
    if _kind(hdu) == "table":
        return f"{hdu.header.get('NAXIS2', 0):,} × {len(hdu.columns)}"
    return " × ".join(str(side) for side in reversed(hdu.shape)) if hdu.shape else "–"


def _text(value: Any) -> str:
    if isinstance(value, np.ndarray):
        shown = ", ".join(_text(item) for item in value.ravel()[:MAX_ITEMS])
        return shown if value.size <= MAX_ITEMS else f"{shown}, … ({' × '.join(map(str, value.shape))})"
    if isinstance(value, float | np.floating):
        return f"{float(value):.8g}"
    return str(value)[:200]
