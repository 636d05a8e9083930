"""The stamp goes into the files: FITS, ECSV and PNG."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table

from jobs.analysis.common.embedded import document
from jobs.analysis.common.parameters import ECSV, FITS
from jobs.analysis.common.stamp import Stamp, cards, history, now, progenitors


def _ascii(text: str) -> str:
    """FITS headers hold printable ASCII only."""
    return text.encode("ascii", "replace").decode().replace("\n", " ")


def stamp_fits(path: Path, stamp: Stamp) -> None:
    """Rewrites the file with headers, table PROGENITORS and checksums."""
    with fits.open(path, memmap=False) as hdus:
        header = hdus[0].header
        for key, value in (("CREATOR", stamp.creator), ("ORIGIN", stamp.origin), ("DATE", now())):
            header[key] = _ascii(value)
        for key, value in cards(stamp).items():
            header[f"HIERARCH CTA {key}"] = _ascii(value)
        for line in history(stamp):
            header.add_history(_ascii(line))
        hdus.append(_progenitor_table(stamp))
        hdus.append(_provenance_table(stamp))
        hdus.writeto(path, overwrite=True, checksum=True)


def _progenitor_table(stamp: Stamp) -> fits.BinTableHDU:
    rows = progenitors(stamp)
    names = list(rows[0]) if rows else ["PUB_DID"]
    columns = [[_ascii(row[name]) for row in rows] for name in names]
    columns_ = [
        fits.Column(name=name, format=f"{max([1, *map(len, values)])}A", array=np.array(values, dtype="S"))
        for name, values in zip(names, columns, strict=True)
    ]
    return fits.BinTableHDU.from_columns(columns_, name="PROGENITORS")


def _provenance_table(stamp: Stamp) -> fits.BinTableHDU:
    """One row, one column of text: the embedded PROV-JSON document."""
    text = json.dumps(document(stamp), separators=(",", ":"))
    column = fits.Column(name="PROV_JSON", format=f"{len(text)}A", array=np.array([text], dtype="S"))
    table = fits.BinTableHDU.from_columns([column], name="PROVENANCE")
    table.header["FORMAT"] = ("PROV-JSON", "IVOA Provenance DM 1.0")
    return table


def as_document(stamp: Stamp) -> dict[str, Any]:
    """The same words for formats without cards."""
    return {
        "CREATOR": stamp.creator,
        "ORIGIN": stamp.origin,
        "DATE": now(),
        "CTA": cards(stamp),
        "HISTORY": history(stamp),
        "PROGENITORS": progenitors(stamp),
        "JOB": asdict(stamp.job),
        "PROV_JSON": document(stamp),
    }


def stamp_ecsv(path: Path, stamp: Stamp) -> None:
    table = Table.read(path, format="ascii.ecsv")
    table.meta["provenance"] = as_document(stamp)
    table.write(path, format="ascii.ecsv", overwrite=True)


def png_text(stamp: Stamp) -> dict[str, str]:
    """Text chunks of a PNG."""
    return {
        "Title": stamp.title,
        "Software": stamp.creator,
        "Source": stamp.identifier,
        "Creation Time": now(),
        "Provenance": json.dumps(as_document(stamp), default=str),
    }


STAMPS = {FITS: stamp_fits, ECSV: stamp_ecsv}
