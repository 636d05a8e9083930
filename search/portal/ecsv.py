"""The rows of a small table on its product page: the parameters of a fit, the sources of a catalogue.

Of an ECSV file (Astropy Proposal for Enhancement 6) only the lines of the columns and the rows are read: the header's
metadata are YAML that may be long, and need no look. Of a FITS file it is the first table that is no history.
"""

import csv
import logging
import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy.io import fits
from django.utils.translation import gettext as _

from gateway.vo import readable as r
from search.archive import files
from search.archive.extract import stored_fits
from search.archive.models import Product

logger = logging.getLogger(__name__)
MAX_SIZE = 5 * 2**20
MAX_ROWS = 200
MAX_COLUMNS = 40
HISTORIES = ("PROGENITORS", "PROVENANCE")
FIT = {"parameter", "value", "error"}
_COLUMN = re.compile(r"# - \{name: ([^,}]+)(?:, unit: ([^,}]+))?")


@dataclass
class Listing:
    """``head`` are (name, unit); ``total`` counts the rows of the file."""

    title: str
    head: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    total: int = 0

    @property
    def left_out(self) -> bool:
        return self.total > len(self.rows)


def of(product: Product) -> Listing | None:
    """None for what is no such file, or an odd one."""
    if product.dataproduct_type == "measurements" and ".fits" in product.file_name.lower():
        return _of_fits(product)
    if not product.storage_key or not product.file_name.endswith(".ecsv") or (product.size or 0) > MAX_SIZE:
        return None
    try:
        with files.opened(product.storage_key) as stream:
            return read(stream.read(MAX_SIZE).decode())
    except (OSError, ValueError, csv.Error):
        logger.exception("no rows of %s", product.key)
        return None


def _of_fits(product: Product) -> Listing | None:
    if not product.storage_key or (product.size or 0) > MAX_SIZE:
        return None
    try:
        with stored_fits(product.storage_key) as hdus:
            return first_table(hdus)
    except Exception:  # a listing is a courtesy: whatever is odd in the file, the page stays whole
        logger.info("no rows of %s", product.key, exc_info=True)
        return None


def first_table(hdus: fits.HDUList) -> Listing | None:
    """The rows of the first table, its columns of one value each."""
    for hdu in hdus:
        if isinstance(hdu, fits.BinTableHDU) and hdu.name not in HISTORIES and hdu.data is not None:
            plain = [one for one in hdu.columns if hdu.data[one.name].ndim == 1][:MAX_COLUMNS]
            names = {one.name.lower() for one in plain}
            rows = [[_text(_cell(row[one.name]), 7) for one in plain] for row in hdu.data[:MAX_ROWS]]
            title = _("Sources") if "source_name" in names else _("Table")
            return Listing(title, [(one.name, one.unit or "") for one in plain], rows, len(hdu.data))
    return None


def _cell(value: Any) -> str:
    """Places on the sky need more digits than other numbers."""
    return f"{value:.7g}" if isinstance(value, float | np.floating) else str(value).strip()


def read(text: str) -> Listing | None:
    """Raises ValueError or csv.Error for what is no table."""
    lines = text.splitlines()
    if not lines or not lines[0].startswith("# %ECSV"):
        return None
    comments = [line for line in lines if line.startswith("#")]
    delimiter = "," if any(line.strip() == "# delimiter: ','" for line in comments) else " "
    units = {match[1].strip(): (match[2] or "").strip() for match in map(_COLUMN.match, comments) if match}
    body = [line for line in lines if line and not line.startswith("#")]
    names, *rows = csv.reader(body, delimiter=delimiter)
    if any(len(row) != len(names) for row in rows):
        raise ValueError("rows of different lengths")
    title = _("Fitted parameters") if set(names) >= FIT else _("Table")
    head = [(name, units.get(name, "")) for name in names[:MAX_COLUMNS]]
    shown = [_texts(names, row)[:MAX_COLUMNS] for row in rows[:MAX_ROWS]]
    return Listing(title, head, shown, len(rows))


def _texts(names: list[str], row: list[str]) -> list[str]:
    """A row in words; a fitted value to the place of its error's second digit."""
    made = [_text(cell) for cell in row]
    if set(names) >= FIT:
        value, error = (_number(row[names.index(name)]) for name in ("value", "error"))
        if value and error and error > 0:
            digits = max(2, math.floor(math.log10(abs(value))) - math.floor(math.log10(error)) + 2)
            made[names.index("value")] = r.short(value, min(digits, 12))
            made[names.index("error")] = r.short(error, 2)
    return made


def _number(cell: str) -> float | None:
    try:
        return r.finite(float(cell))
    except ValueError:
        return None


def _text(cell: str, digits: int = 4) -> str:
    number = _number(cell)
    if number is None:
        return r.MISSING if cell.lower() == "nan" else cell[:200] or r.MISSING
    return r.short(number, digits)
