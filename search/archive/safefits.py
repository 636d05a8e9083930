"""Opens FITS files from outside: bounded, checked, and every failure is one sentence."""

import gzip
import tempfile
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning

GZIP_MAGIC = b"\x1f\x8b"
BLOCK = 1 << 20
SPOOL = 64 * BLOCK
# FITS tables of responses compress some tenfold; zeros compress a thousandfold.
SURELY_HARMLESS = 256 * BLOCK
MAX_RATIO = 100
DAMAGE = "(?s).*(truncated|corrupted|[Cc]hecksum|[Dd]atasum)"


class BrokenFile(Exception):
    """The file cannot be used; the text is the reason."""


@contextmanager
def opened(path: Path) -> Iterator[fits.HDUList]:
    """The HDUs of a FITS file (also gzipped), read-only, all of them complete; raises BrokenFile."""
    with _plain(path) as stream:
        hdus = _open(stream)
        try:
            yield hdus
        finally:
            hdus.close()


def _open(stream: IO[bytes]) -> fits.HDUList:
    size = stream.seek(0, 2)
    stream.seek(0)
    if not stream.read(6).startswith(b"SIMPLE"):
        raise BrokenFile("it is not a FITS file")
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", DAMAGE, AstropyUserWarning)
            hdus = fits.open(stream, mode="readonly", memmap=False, lazy_load_hdus=False, checksum=True)
            end = max(_end(hdu, size) for hdu in hdus)
            if end < size:
                raise BrokenFile(f"it is truncated or damaged: {size - end} bytes after the last HDU are none")
    except BrokenFile:
        raise
    except AstropyUserWarning as warning:
        raise BrokenFile(f"it is truncated or damaged: {_first_line(warning)}") from None
    except Exception as error:  # whatever a parser may stumble over in a stranger's file
        raise BrokenFile(f"it is not a readable FITS file: {_first_line(error)}") from None
    return hdus


def _end(hdu: Any, size: int) -> int:
    """Where the HDU ends; refused where that is behind the end of the file."""
    info = hdu.fileinfo()
    if info is None or info["datLoc"] + hdu.size > size:
        raise BrokenFile(
            f"HDU {hdu.name or 'PRIMARY'} announces more data than the file holds: it is truncated or false"
        )
    return int(info["datLoc"] + info["datSpan"])


@contextmanager
def _plain(path: Path) -> Iterator[IO[bytes]]:
    with _readable(path) as stream:
        packed = stream.read(2) == GZIP_MAGIC
        size = stream.seek(0, 2)
        stream.seek(0)
        if not packed:
            yield stream
            return
        with tempfile.SpooledTemporaryFile(max_size=SPOOL) as plain:
            _unpack(stream, plain, size)
            yield plain


def _readable(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise BrokenFile(f"it cannot be read: {error.strerror}") from None


def _unpack(packed: IO[bytes], plain: IO[bytes], packed_size: int) -> None:
    limit = max(SURELY_HARMLESS, MAX_RATIO * packed_size)
    try:
        with gzip.GzipFile(fileobj=packed) as stream:
            while block := stream.read(BLOCK):
                plain.write(block)
                if plain.tell() > limit:
                    raise BrokenFile(f"it unpacks to more than {limit // BLOCK} MB, far more than data do")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BrokenFile(f"it is truncated or damaged (gzip: {_first_line(error)})") from None


def table(hdu: Any, *columns: str) -> Any:
    """The records of a binary table that must have these columns; raises BrokenFile."""
    if not isinstance(hdu, fits.BinTableHDU):
        raise BrokenFile(f"HDU {hdu.name} is not a binary table")
    try:
        names = {name.upper() for name in hdu.columns.names}
        data = hdu.data
        if data is None or len(data) != hdu.header["NAXIS2"]:
            raise BrokenFile(f"table {hdu.name} has not the rows that its header announces")
    except BrokenFile:
        raise
    except Exception as error:  # as above
        raise BrokenFile(f"table {hdu.name} cannot be read: {_first_line(error)}") from None
    if missing := [name for name in columns if name.upper() not in names]:
        raise BrokenFile(f"table {hdu.name} has no column {', '.join(missing)}")
    return data


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return (text.splitlines()[0] if text else type(error).__name__)[:200]
