"""Ready ObsCore tables as rows: VOTable, FITS, CSV and Parquet, block by block."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from gateway.vo import votable_reader
from search.archive.gadf import plain
from search.archive.safefits import BrokenFile

Row = Mapping[str, Any]
BLOCK = 5000
MAX_VOTABLE = 4 * 2**30
MAX_ROWS = 50_000_000


def rows(path: Path) -> Iterator[Row]:
    """The rows of a table by lower-case column name; raises BrokenFile."""
    reader = {".parquet": _parquet, ".csv": _csv, ".fits": _fits, ".fit": _fits, ".gz": _fits}.get(path.suffix.lower())
    try:
        yield from (reader or _votable)(path)
    except BrokenFile:
        raise
    except votable_reader.BadVOTable as error:
        raise BrokenFile(f"{path.name} is not a VOTable that can be read: {error}") from None
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise BrokenFile(f"{path.name} cannot be read: {error}") from None


def count(path: Path) -> int:
    """How many rows there are, where the file says so at its beginning; else 0."""
    if path.suffix.lower() == ".parquet":
        from pyarrow import ArrowInvalid, parquet  # noqa: PLC0415 - dear to import, and rarely needed

        try:
            return int(parquet.ParquetFile(path).metadata.num_rows)
        except ArrowInvalid:
            return 0
    return 0


def _parquet(path: Path) -> Iterator[Row]:
    from pyarrow import ArrowInvalid, parquet  # noqa: PLC0415 - as above

    try:
        for batch in parquet.ParquetFile(path).iter_batches(BLOCK):
            names = [name.lower() for name in batch.schema.names]
            columns = [column.to_pylist() for column in batch.columns]
            for values in zip(*columns, strict=True):
                yield dict(zip(names, values, strict=True))
    except ArrowInvalid as error:
        raise BrokenFile(f"{path.name} is not a Parquet file: {error}") from None


def _csv(path: Path) -> Iterator[Row]:
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.reader(stream)
        names = [name.strip().lower() for name in next(reader, [])]
        for number, values in enumerate(reader, 2):
            if values and len(values) != len(names):
                raise BrokenFile(f"{path.name}, line {number}: {len(values)} cells, not {len(names)}")
            if values:
                yield dict(zip(names, values, strict=True))


def _fits(path: Path) -> Iterator[Row]:
    with fits.open(path, memmap=True) as hdus:
        found = next((hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)), None)
        if found is None:
            raise BrokenFile(f"{path.name} holds no table")
        names = [name.lower() for name in found.columns.names]
        for start in range(0, len(found.data), BLOCK):
            block = found.data[start : start + BLOCK]
            columns = [np.asarray(block[name]).tolist() for name in found.columns.names]
            for values in zip(*columns, strict=True):
                yield dict(zip(names, map(plain, values), strict=True))


def _votable(path: Path) -> Iterator[Row]:
    with path.open("rb") as stream:
        for columns, some in votable_reader.pieces(stream, max_bytes=MAX_VOTABLE, max_rows=MAX_ROWS):
            names = [column.name.lower() for column in columns]
            for values in some:
                yield dict(zip(names, values, strict=True))
