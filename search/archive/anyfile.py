"""Products that are no DL3 runs: maps, spectra, light curves, catalogues. What their own headers say of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from search.archive import cta, sky
from search.archive.content import plain_header
from search.archive.mapping import DATE_KEYWORDS, FACILITIES, is_simulated, timestamp
from search.archive.safefits import BrokenFile, opened
from search.archive.targets import hashlist, identify

# calib_level of ObsCore for the observatory's levels (high-energy data; DL3 is calibrated).
CALIB_LEVELS = {"DL0": 0, "DL1": 1, "DL2": 1, "DL3": 2, "DL4": 3, "DL5": 4, "DL6": 4}
ENERGY_WORDS = ("e_ref", "energy", "e_min", "ener")
FLUX_WORDS = ("dnde", "flux", "e2dnde", "norm")
TIME_WORDS = ("time", "time_min", "mjd", "start")
MOST_PROGENITORS = 2000


@dataclass(frozen=True)
class Described:
    """``columns`` of ObsCore and ObsConfig; the keywords; the rows of a table PROGENITORS, as jobs here write it."""

    columns: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    progenitors: tuple[dict[str, str], ...] = ()


def describe(path: Path) -> Described:
    """What a file says of itself; raises BrokenFile for a FITS file that is broken."""
    if ".fit" not in path.name.lower():
        return Described()
    with opened(path) as hdus:
        header: dict[str, Any] = {}
        for hdu in hdus:
            header = {**plain_header(hdu.header), **header}
        header = cta.filled(header)
        kind, place = _kind_and_place(hdus)
        columns = {"dataproduct_type": kind, **place, **_words(header), **_times(header)}
        return Described(columns, header, tuple(_progenitors(hdus)))


def _progenitors(hdus: fits.HDUList) -> Iterator[dict[str, str]]:
    found = next((hdu for hdu in hdus if hdu.name == "PROGENITORS" and isinstance(hdu, fits.BinTableHDU)), None)
    if found is None or "PUB_DID" not in found.columns.names:
        return
    for row in found.data[:MOST_PROGENITORS]:
        yield {name: str(row[name]).strip() for name in found.columns.names}


def _kind_and_place(hdus: fits.HDUList) -> tuple[str | None, dict[str, Any]]:
    for hdu in hdus:
        if hdu.name == "PROVENANCE":
            continue
        if hdu.name == "EVENTS":
            return "event", {}
        if getattr(hdu, "is_image", False) and hdu.header.get("NAXIS", 0) >= 2:
            planes = [hdu.header[f"NAXIS{axis}"] for axis in range(3, hdu.header["NAXIS"] + 1)]
            return ("cube" if any(size > 1 for size in planes) else "image"), _footprint(hdu.header)
    tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU) and hdu.name != "PROGENITORS"]
    return (_kind_of_table(tables[0]) if tables else None), {}


def _kind_of_table(hdu: Any) -> str:
    names = {name.lower() for name in hdu.columns.names}
    if names.intersection(FLUX_WORDS):
        if names.intersection(TIME_WORDS):
            return "timeseries"
        if names.intersection(ENERGY_WORDS):
            return "sed"
    return "measurements"


def _footprint(header: fits.Header) -> dict[str, Any]:
    """Centre, extent and outline of an image with celestial coordinates."""
    try:
        wcs = WCS(header).celestial
        width, height = header["NAXIS1"], header["NAXIS2"]
        corners = wcs.pixel_to_world([0, width - 1, width - 1, 0], [0, 0, height - 1, height - 1]).icrs
        centre = wcs.pixel_to_world((width - 1) / 2, (height - 1) / 2).icrs
        numbers = np.column_stack([corners.ra.deg, corners.dec.deg])
        if not np.isfinite(numbers).all():
            return {}
    except Exception:  # whatever a header without usable coordinates may hold
        return {}
    region = "Polygon ICRS " + " ".join(f"{ra:.6f} {dec:.6f}" for ra, dec in numbers)
    scale = float(np.abs(wcs.proj_plane_pixel_scales()[0].to_value("arcsec")))
    return {
        "s_ra": float(centre.ra.deg),
        "s_dec": float(centre.dec.deg),
        "s_fov": 2 * sky.enclosing_cap(region).radius,
        "s_region": region,
        "s_xel1": int(width),
        "s_xel2": int(height),
        "s_pixel_scale": round(scale, 4),
    }


def _words(header: Mapping[str, Any]) -> dict[str, Any]:
    def text(keyword: str) -> str:
        value = header.get(keyword)
        return "" if value is None else str(value).strip()

    target = identify(text("TARGET_NAME") or text("OBJECT"), text("OBJECT"))
    telescope = text("TELESCOP")
    found = {
        "target_name": target.name,
        "target_class": target.source_class,
        "target_ra": target.ra,
        "target_dec": target.dec,
        "target_aliases": hashlist(target.aliases),
        "facility_name": FACILITIES.get(telescope.upper(), telescope),
        "instrument_name": text("INSTRUME"),
        "obs_id": text("OBS_ID") or cta.observation(header),
        "obs_title": text("TITLE"),
        "dataproduct_level": cta.level(header),
        "obs_creator_name": text("ORIGIN"),
        "obs_creation_date": timestamp(text("DATE")),
        "pipeline_name": text("PIPELINE") or text("CREATOR"),
        "pipeline_version": text("PIPEVERS") or text("CREAVERS"),
        "simulated": int(is_simulated(header)),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _times(header: Mapping[str, Any]) -> dict[str, Any]:
    """MJD-BEG and MJD-END, where the header has them in UTC (FITS 4.0, section 9.5)."""
    if str(header.get("TIMESYS", "UTC")).strip().upper() != "UTC":
        return {}
    found = {}
    for column, keywords in DATE_KEYWORDS.items():
        value = next((header[keyword] for keyword in keywords if header.get(keyword) is not None), None)
        if isinstance(value, int | float):
            found[column] = float(value)
    return found


__all__ = ["CALIB_LEVELS", "BrokenFile", "describe"]
