"""A spectrum of counts with its responses (OGIP: PHA, background, ARF, RMF), from one ZIP or a single PHA file.

Format: OGIP memo OGIP/92-007 (PHA), CAL/GEN/92-002 (ARF, RMF). Energies of responses are in keV.
"""

import io
import logging
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from gateway.vo import readable as r
from search.archive import files
from search.archive.models import Product
from search.portal import pictures
from search.portal.curves import Curve, reader_facts
from search.portal.pictures import Picture

logger = logging.getLogger(__name__)
Array = NDArray[np.float64]
MAX_SIZE = 20 * 2**20
MAX_UNPACKED = 64 * 2**20
MAX_MEMBERS = 20
MAX_CHANNELS = 10_000


@dataclass
class Counts:
    """ON counts by channel, the background that OFF lets expect, and the channels' energies in TeV (None: unknown)."""

    on: Array
    off: Array | None
    alpha: Array
    exposure: float | None
    edges: tuple[Array, Array] | None = None
    area: tuple[Array, Array] | None = None
    """energies in TeV and effective areas in m2"""
    header: Any = None


def of(product: Product) -> Curve | None:
    """None for what is no such spectrum, or whose files are odd."""
    if product.dataproduct_type != "spectrum" or not product.storage_key or (product.size or 0) > MAX_SIZE:
        return None
    try:
        with files.opened(product.storage_key) as stream:
            content = stream.read(MAX_SIZE + 1)
        found = read(members(content))
    except Exception:  # a plot is a courtesy: whatever is odd in the file, the page stays whole
        logger.exception("no counts of %s", product.key)
        return None
    return None if found is None else draw(found)


def responses_of(product: Product) -> list[Picture]:
    """Pictures of the area and the redistribution matrix that came with a spectrum, from its ZIP."""
    if product.dataproduct_type != "spectrum" or not product.storage_key or (product.size or 0) > MAX_SIZE:
        return []
    try:
        with files.opened(product.storage_key) as stream:
            found = members(stream.read(MAX_SIZE + 1))
        return [one for content in found.values() for one in pictures.of_file(fits.open(io.BytesIO(content)))]
    except Exception:  # as above
        logger.exception("no responses of %s", product.key)
        return []


def members(content: bytes) -> dict[str, bytes]:
    """The FITS files by name: of a ZIP its members, if they are few and small; else the one file."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return {"": content}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = [
            info for info in archive.infolist() if info.filename.lower().endswith((".fits", ".pha", ".arf", ".rmf"))
        ]
        if len(infos) > MAX_MEMBERS or sum(info.file_size for info in infos) > MAX_UNPACKED:
            return {}
        return {info.filename: archive.read(info) for info in infos}


def read(found: dict[str, bytes]) -> Counts | None:
    """The first source spectrum among the files, with what its header names."""
    opened = {name: fits.open(io.BytesIO(content)) for name, content in found.items()}
    spectra = {name: hdus["SPECTRUM"] for name, hdus in opened.items() if "SPECTRUM" in hdus}
    named = {str(hdu.header.get("BACKFILE", "")).strip() for hdu in spectra.values()}
    name = next((one for one in spectra if one not in named), None)
    if name is None or not 0 < len(spectra[name].data) <= MAX_CHANNELS:
        return None
    hdu = spectra[name]
    back = spectra.get(str(hdu.header.get("BACKFILE", "")).strip())
    on = np.asarray(hdu.data["COUNTS"], dtype=float)
    off = None if back is None else np.asarray(back.data["COUNTS"], dtype=float)
    ratio = _scale(hdu) / _scale(back) if back is not None else np.ones(len(on))
    return Counts(
        on,
        off if off is not None and len(off) == len(on) else None,
        np.nan_to_num(np.broadcast_to(ratio, on.shape), posinf=0.0),
        r.finite(hdu.header.get("EXPOSURE")),
        _edges(opened, len(on)),
        _area(opened),
        hdu.header,
    )


def _scale(hdu: fits.BinTableHDU) -> Any:
    """BACKSCAL: a column or a keyword."""
    if "BACKSCAL" in hdu.columns.names:
        values = np.asarray(hdu.data["BACKSCAL"], dtype=float)
        return np.where(values > 0, values, np.nan)
    return float(hdu.header.get("BACKSCAL", 1.0)) or 1.0


def _edges(opened: dict[str, fits.HDUList], count: int) -> tuple[Array, Array] | None:
    for hdus in opened.values():
        if "EBOUNDS" in hdus and len(hdus["EBOUNDS"].data) == count:
            return _column(hdus["EBOUNDS"], "E_MIN", "keV", "TeV"), _column(hdus["EBOUNDS"], "E_MAX", "keV", "TeV")
    return None


def _area(opened: dict[str, fits.HDUList]) -> tuple[Array, Array] | None:
    for hdus in opened.values():
        if "SPECRESP" in hdus and "SPECRESP" in hdus["SPECRESP"].columns.names:
            hdu = hdus["SPECRESP"]
            low, high = _column(hdu, "ENERG_LO", "keV", "TeV"), _column(hdu, "ENERG_HI", "keV", "TeV")
            return np.sqrt(low * high), _column(hdu, "SPECRESP", "cm2", "m2")
    return None


def _column(hdu: fits.BinTableHDU, name: str, usual: str, wanted: str) -> Array:
    unit = u.Unit(hdu.columns[name].unit or usual)
    return np.asarray(hdu.data[name], dtype=float) * float(unit.to(wanted))


def draw(found: Counts) -> Curve:
    """ON and expected background by energy (or channel), with the effective area on an axis of its own."""
    channels = np.arange(len(found.on))
    known = found.edges is not None and bool(np.all(found.edges[0] > 0))
    ends: tuple[Array, Array] = (
        np.asarray(channels - 0.5, dtype=np.float64),
        np.asarray(channels + 0.5, dtype=np.float64),
    )
    low, high = found.edges if known and found.edges else ends
    middle = np.sqrt(low * high) if known else channels.astype(float)
    expected = None if found.off is None else found.off * found.alpha
    data: list[dict[str, Any]] = [_steps(low, high, found.on, _("ON"))]
    if expected is not None:
        data.append(_steps(low, high, expected, _("expected background"), dash="dot"))
    layout: dict[str, Any] = {
        "xaxis": {
            "type": "log" if known else "linear",
            "title": {"text": _("Energy (TeV)") if known else _("Channel")},
        },
        "yaxis": {"title": {"text": _("Counts per bin")}, "rangemode": "tozero"},
    }
    if found.area is not None and known:
        data.append(_area_trace(found.area, low[0], high[-1]))
        layout["yaxis2"] = {
            "type": "log", "overlaying": "y", "side": "right", "title": {"text": _("Effective area (m²)")},
            "exponentformat": "power", "dtick": 1,
        }  # fmt: skip
    rows = [
        [f"{low[i]:.3g} – {high[i]:.3g}" if known else str(i), r.whole(found.on[i]),
         r.MISSING if found.off is None else r.whole(found.off[i]),
         r.MISSING if expected is None else r.fixed(expected[i], 1)]
        for i in range(len(middle))
    ]  # fmt: skip
    head = [
        (_("Energy"), "TeV") if known else (_("Channel"), ""),
        (_("ON"), ""),
        (_("OFF"), ""),
        (_("Expected background"), ""),
    ]
    return Curve(_("Spectrum of counts"), {"data": data, "layout": layout}, head, rows, _facts(found, expected))


def _steps(low: Array, high: Array, values: Array, name: str, dash: str = "solid") -> dict[str, Any]:
    x = np.column_stack([low, high]).ravel()
    y = np.repeat(values, 2)
    return {"type": "scatter", "mode": "lines", "name": name, "line": {"dash": dash, "width": 1.6},
            "x": [float(f"{one:.6g}") for one in x], "y": [float(f"{one:.6g}") for one in y]}  # fmt: skip


def _area_trace(area: tuple[Array, Array], low: float, high: float) -> dict[str, Any]:
    energy, values = area
    shown = (energy >= low) & (energy <= high) & (values > 0)
    return {
        "type": "scatter",
        "mode": "lines",
        "yaxis": "y2",
        "name": _("effective area"),
        "line": {"dash": "dash", "width": 1.2},
        "x": [float(f"{one:.6g}") for one in energy[shown]],
        "y": [float(f"{one:.6g}") for one in values[shown]],
    }


def _facts(found: Counts, expected: Array | None) -> list[tuple[str, str]]:
    total = float(found.on.sum())
    pairs = [(_("Exposure"), r.duration(found.exposure)), (_("ON"), r.whole(total))]
    if found.off is not None and expected is not None:
        pairs += [
            (_("OFF"), r.whole(float(found.off.sum()))),
            (_("Expected background"), r.fixed(float(expected.sum()), 1)),
            (_("Excess"), r.fixed(total - float(expected.sum()), 1)),
        ]
    return [(label, value) for label, value in pairs if value != r.MISSING] + reader_facts(found.header or {})
