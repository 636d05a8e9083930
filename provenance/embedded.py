"""Provenance inside FITS files: the extension PROVENANCE with a PROV-JSON document.

Products of this gateway have it as the one cell PROV_JSON of a table; an image of bytes is read as well.
``distiller-history`` of the client package tells it offline.
"""

from typing import Any

EXTENSION = "PROVENANCE"
COLUMN = "PROV_JSON"


def text_of(hdu: Any) -> bytes:
    """The document's UTF-8 text; empty where there is none."""
    if hdu.data is None:
        return b""
    if COLUMN in (getattr(hdu.data, "names", None) or ()):
        return str(hdu.data[COLUMN][0]).encode() if len(hdu.data) else b""
    return bytes(hdu.data.astype("uint8").tobytes())
