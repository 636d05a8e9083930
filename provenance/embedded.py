"""Provenance inside the file: a PROV-JSON document as an image extension of bytes, called PROVENANCE.

``add`` is for whoever writes FITS files (``jobs``, ``search``); ``python -m provenance.embedded FILE`` tells the
history of a file with nothing but this module and astropy at hand.
"""

import json
import sys
from pathlib import Path
from typing import Any

EXTENSION = "PROVENANCE"
MEDIA_TYPE = "application/json"


def hdu_of(document: bytes) -> Any:
    """An image HDU of bytes that holds the UTF-8 text of a PROV-JSON document."""
    import numpy as np  # noqa: PLC0415 - web processes import this module without numpy
    from astropy.io import fits  # noqa: PLC0415

    hdu = fits.ImageHDU(np.frombuffer(document, dtype=np.uint8), name=EXTENSION)
    hdu.header["PROVFORM"] = ("PROV-JSON", "serialisation of the provenance document")
    hdu.header["PROVMODL"] = ("IVOA", "IVOA Provenance Data Model 1.0")
    hdu.header["PROVTYPE"] = (MEDIA_TYPE, "media type of the document")
    hdu.header["COMMENT"] = "The bytes of this image are the UTF-8 text of the document."
    return hdu


def add(path: Path, document: bytes) -> None:
    """Appends the document to a FITS file, in place of an older one, with checksums."""
    from astropy.io import fits  # noqa: PLC0415

    with fits.open(path, mode="update") as hdus:
        while EXTENSION in hdus:
            del hdus[EXTENSION]
        hdu = hdu_of(document)
        hdu.add_checksum()
        hdus.append(hdu)


def text_of(hdu: Any) -> bytes:
    return bytes(hdu.data.astype("uint8").tobytes()) if hdu.data is not None else b""


def read(path: Path) -> dict[str, Any] | None:
    """The embedded document; None where the file has none."""
    from astropy.io import fits  # noqa: PLC0415

    with fits.open(path) as hdus:
        if EXTENSION not in hdus:
            return None
        found: dict[str, Any] = json.loads(text_of(hdus[EXTENSION]))
        return found


def story(document: dict[str, Any]) -> list[str]:
    """The history in lines: each step with its software, agents and date; what it used and made."""
    names = {
        key: content.get("prov:name") or key
        for section in ("entity", "datasetEntity", "valueEntity", "collection", "activity", "agent")
        for key, content in document.get(section, {}).items()
    }
    lines = []
    for key, step in document.get("activity", {}).items():
        software = step.get("gw:software", [])
        packages = ", ".join([software] if isinstance(software, str) else software)
        lines.append(f"{names[key]}  {step.get('prov:endTime', '')}  [{packages}]".rstrip(" []"))
        lines += _links(document, key, names)
    return lines


def _links(document: dict[str, Any], activity: str, names: dict[str, str]) -> list[str]:
    lines = []
    for section, end, word in (
        ("used", "entity", "used"),
        ("wasGeneratedBy", "entity", "made"),
        ("wasAssociatedWith", "agent", "by"),
    ):
        for link in document.get(section, {}).values():
            if link.get("prov:activity") == activity:
                other = link.get(f"prov:{end}", "")
                role = f" ({link['prov:role']})" if link.get("prov:role") else ""
                lines.append(f"  {word} {names.get(other, other)}{role}")
    return lines


def main(arguments: list[str]) -> int:
    status = 0
    for name in arguments:
        document = read(Path(name))
        if document is None:
            print(f"{name}: no embedded provenance", file=sys.stderr)
            status = 1
            continue
        print("\n".join([name, *story(document)]))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
