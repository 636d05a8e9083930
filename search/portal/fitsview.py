"""The FITS browser of a product page: the HDUs of a file, their headers and, page by page, their tables."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy.io import fits

from search.archive.extract import stored_fits
from search.archive.models import Product
from search.archive.previews import MAX_SIZE
from search.portal import pictures
from search.portal.pictures import Picture

ROWS = 25
MAX_COLUMNS = 60
MAX_ITEMS = 6
"""members of an array cell that are shown"""


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
    return bool(product.storage_key) and ".fits" in product.file_name.lower() and (product.size or 0) <= MAX_SIZE


def look(product: Product, hdu: str, row: str) -> View | None:
    """``hdu`` is a number or name from the address, ``row`` the first row; nonsense gives the first table. None if it
    cannot be read."""
    try:
        with stored_fits(product.storage_key) as hdus:
            return _look(hdus, hdu, int(row[:9]) if row.isdecimal() else 0)
    except Exception:  # a file that astropy cannot read has still a page
        return None


def _look(hdus: fits.HDUList, wanted: str, first: int) -> View:
    view = View([(i, one.name or "PRIMARY", _kind(one), _shape(one)) for i, one in enumerate(hdus)])
    names = {name.upper(): number for number, name, _k, _s in view.hdus}
    default = next((number for number, _n, kind, _s in view.hdus if kind == "table"), 0)
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
