"""Stored FITS files opened for reading, and single HDUs taken out of them."""

import gzip
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from astropy.io import fits

from search.archive import files
from search.archive.safefits import GZIP_MAGIC, SPOOL


@contextmanager
def stored_fits(storage_key: str) -> Iterator[fits.HDUList]:
    """The HDUs of a stored file. It was checked when it came in, so it is only opened here."""
    with tempfile.SpooledTemporaryFile(max_size=SPOOL) as plain:
        with files.opened(storage_key) as stream:
            packed = stream.read(2) == GZIP_MAGIC
            stream.seek(0)
            _copy(gzip.GzipFile(fileobj=stream) if packed else stream, plain)
        plain.seek(0)
        with fits.open(plain, mode="readonly", memmap=False) as hdus:
            yield hdus


def _copy(source: IO[bytes] | gzip.GzipFile, target: IO[bytes]) -> None:
    while block := source.read(files.BLOCK):
        target.write(block)


def hdu_file(storage_key: str, name: str) -> bytes:
    """A FITS file that holds this HDU alone."""
    with stored_fits(storage_key) as hdus:
        alone = fits.HDUList([fits.PrimaryHDU(header=hdus[0].header), hdus[name].copy()])
        stream = io.BytesIO()
        alone.writeto(stream)
    return stream.getvalue()
