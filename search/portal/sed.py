"""Spectra laid over each other: flux points of products and of a table brought along, in one pair of units."""

import csv
import io
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table
from django.utils.translation import gettext as _

from gateway.vo import votable_reader
from search.archive import safefits
from search.archive.extract import stored_fits
from search.archive.models import Product
from search.portal import curves
from search.portal.curves import Columns, Points

MAX_SPECTRA = 10
MAX_UPLOAD = 2**20
ASSUMED = {"e_ref": "TeV", "e_min": "TeV", "e_max": "TeV"}
ALIASES = {"energy": "e_ref", "e": "e_ref", "energy_min": "e_min", "energy_max": "e_max", "nufnu": "e2dnde",
           "nufnu_err": "e2dnde_err", "nufnu_ul": "e2dnde_ul"}  # fmt: skip
NUMBER = re.compile(r"^\s*(?P<name>[A-Za-z_]\w*)\s*(?:\[(?P<unit>[^\]]*)\]|\((?P<round>.*)\))?\s*$")


class NoSpectrum(Exception):
    """There are no flux points to be had; the text says why and what to do."""


def of_product(product: Product) -> Points:
    """Raises NoSpectrum."""
    if not product.is_fits(curves.MAX_SIZE):
        raise NoSpectrum(_("%(name)s has no table of flux points here.") % {"name": product.obs_title or product.key})
    try:
        with stored_fits(product.storage_key) as hdus:
            return points_of(_first(hdus))
    except NoSpectrum:
        raise
    except Exception as error:  # whatever is odd in one file, the other spectra stay
        raise NoSpectrum(_("%(name)s cannot be read.") % {"name": product.obs_title or product.key}) from error


def of_upload(name: str, content: bytes) -> Points:
    """Flux points of a VOTable, ECSV, CSV or FITS table of at most 1 MiB. Raises NoSpectrum."""
    if len(content) > MAX_UPLOAD:
        raise NoSpectrum(_("The table is larger than 1 MB. Send its flux points alone."))
    try:
        return points_of(_parsed(content))
    except NoSpectrum:
        raise
    except Exception as error:  # whatever people send: the page says so and stays
        raise NoSpectrum(
            _("%(name)s is no VOTable, ECSV, CSV or FITS table that can be read.") % {"name": name[:80]}
        ) from error


def _parsed(content: bytes) -> Columns:
    if content.startswith(b"SIMPLE") or content.startswith(b"\x1f\x8b"):
        with tempfile.NamedTemporaryFile(suffix=".fits") as place:
            place.write(content)
            place.flush()
            with safefits.opened(Path(place.name)) as hdus:
                return _first(hdus)
    if content.lstrip().startswith(b"<"):
        table = votable_reader.read(content, max_bytes=4 * MAX_UPLOAD, max_rows=curves.MAX_POINTS)
        rows = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
        return _named({one.name: (values, one.unit or "") for one, values in zip(table.columns, rows, strict=True)})
    text = content.decode("utf-8-sig")
    if text.startswith("# %ECSV"):
        found = Table.read(text.splitlines(), format="ascii.ecsv")
        return _named({name: (found[name].tolist(), str(found[name].unit or "")) for name in found.colnames})
    return _named(_csv(text))


def _first(hdus: fits.HDUList) -> Columns:
    for hdu in hdus:
        if isinstance(hdu, fits.BinTableHDU) and hdu.data is not None and 0 < len(hdu.data) <= curves.MAX_POINTS:
            columns = Columns.of_hdu(hdu)
            if "e_ref" in columns and ("dnde" in columns or "e2dnde" in columns):
                return columns
    raise NoSpectrum(_("The file holds no table of flux points (columns e_ref and dnde or e2dnde)."))


def _csv(text: str) -> dict[str, tuple[Sequence[Any], str]]:
    """The first line names the columns, each with its unit in brackets: ``e_ref [GeV]``."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    rows = list(csv.reader(io.StringIO("\n".join(lines[: curves.MAX_POINTS + 1]))))
    made: dict[str, tuple[Sequence[Any], str]] = {}
    for place, head in enumerate(rows[0]):
        match = NUMBER.match(head)
        if match:
            made[match["name"]] = (
                [row[place].strip() or None for row in rows[1:]],
                (match["unit"] or match["round"] or "").strip(),
            )
    return made


def _named(values: dict[str, tuple[Sequence[Any], str]]) -> Columns:
    """Under the names of GADF; what is no number is left out, what has no unit has the usual one."""
    made: dict[str, tuple[Any, str]] = {}
    for name, (cells, unit) in values.items():
        usual = ALIASES.get(name.lower(), name.lower())
        if usual == "is_ul":
            made[usual] = ([str(cell).lower() in ("true", "t", "1") for cell in cells], "")
            continue
        try:
            numbers = np.array([np.nan if cell is None else float(cell) for cell in cells])
        except (TypeError, ValueError):
            continue
        made[usual] = (numbers, unit or ASSUMED.get(usual) or _usual_unit(usual))
    return Columns(made, {})


def _usual_unit(name: str) -> str:
    return curves.FLUX if name.startswith("e2dnde") else "TeV-1 cm-2 s-1" if name.startswith("dnde") else ""


def points_of(table: Columns) -> Points:
    if not table.values or "e_ref" not in table or not ("dnde" in table or "e2dnde" in table):
        raise NoSpectrum(
            _("A table of flux points has the columns e_ref and dnde, or e_ref and e2dnde; units stand in brackets.")
        )
    try:
        points = curves.sed_points(table)
    except ValueError as error:
        raise NoSpectrum(_("A unit of the table is not one of energy or flux: %(why)s") % {"why": error}) from error
    if not np.any(np.isfinite(points.x) & np.isfinite(points.y)):
        raise NoSpectrum(_("The table holds no flux point with a number."))
    return points


def figure(spectra: Sequence[tuple[str, Points]]) -> dict[str, Any]:
    """All in one plot; marker shapes differ too, for those who do not tell the colours apart."""
    shapes = ("circle", "square", "diamond", "cross", "x", "star", "pentagon", "hexagon", "hourglass", "bowtie")
    colours = len(shapes) // 2
    data = []
    for place, (name, points) in enumerate(spectra):
        for trace in curves.traces(points, name):
            limit = trace["marker"]["symbol"] == "triangle-down-open"
            trace["marker"] |= {} if limit else {"symbol": shapes[place % len(shapes)]}
            trace["series"] = place % colours
            data.append(trace)
    return {"data": data, "layout": curves.sed_layout()}


def rows(spectra: Sequence[tuple[str, Points]]) -> list[list[str]]:
    return [
        [name, f"{points.x[i]:.3g}", curves.value_words(points, i)]
        for name, points in spectra
        for i in range(len(points.x))
        if np.isfinite(points.x[i]) and np.isfinite(points.y[i])
    ]
