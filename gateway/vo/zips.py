"""Entries of ZIP files whose bytes follow from their contents alone, so that asking twice gives the same file."""

import zipfile
from datetime import datetime

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""the first moment that the format knows"""


def entry(name: str, made: datetime | None, kind: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    """``made`` is when the content came to be, not when it was packed."""
    info = zipfile.ZipInfo(name, max(made.timetuple()[:6], EARLIEST) if made else EARLIEST)
    info.compress_type = kind
    info.external_attr = 0o644 << 16
    return info
