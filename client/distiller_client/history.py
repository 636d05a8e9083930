"""``distiller-history FILE…``: what a product says of its own past, from the file alone, without a network.

FITS (extension PROVENANCE), ECSV (``meta``) and PNG (text chunk) as a Distiller gateway writes them. FITS and ECSV need
astropy; PNG needs nothing.
"""

import argparse
import json
import struct
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PNG = b"\x89PNG\r\n\x1a\n"
MAX_TEXT = 64 * 2**20
THINGS = ("entity", "datasetEntity", "valueEntity", "collection", "activity", "agent")


class NoHistory(Exception):
    """The file carries no history that can be read; the text says why."""


def read(path: Path) -> dict[str, Any]:
    """The facts about the file: CREATOR, ORIGIN, DATE, PROGENITORS where it has them, and PROV_JSON, the document.

    Raises NoHistory and OSError.
    """
    with path.open("rb") as stream:
        start = stream.read(80)
    try:
        if start.startswith(PNG):
            found = _png(path.read_bytes())
        elif start.startswith(b"# %ECSV"):
            found = _ecsv(path)
        elif start.startswith((b"SIMPLE  =", b"\x1f\x8b")):
            found = _fits(path)
        else:
            raise NoHistory("neither FITS, ECSV nor PNG")
    except ImportError:
        raise NoHistory("astropy is needed to read FITS and ECSV: pip install astropy") from None
    except (ValueError, TypeError, KeyError, struct.error, zlib.error) as error:
        raise NoHistory(f"cannot be read: {error}") from None
    if not isinstance(found.get("PROV_JSON"), dict):
        raise NoHistory("no embedded provenance")
    return found


def _png(content: bytes) -> dict[str, Any]:
    """The text chunk Provenance (PNG 1.2, sections 4.2.3 and 3.2)."""
    place = len(PNG)
    while place + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[place : place + 8])
        name, _, text = content[place + 8 : place + 8 + length].partition(b"\0")
        if name == b"Provenance" and kind in (b"tEXt", b"zTXt", b"iTXt"):
            found: dict[str, Any] = json.loads(_text(kind, text))
            return found
        place += 12 + length
    return {}


def _text(kind: bytes, rest: bytes) -> str:
    if kind == b"tEXt":
        return rest.decode("latin-1")
    if kind == b"zTXt":
        return zlib.decompressobj().decompress(rest[1:], MAX_TEXT).decode("latin-1")
    packed = rest[:1] == b"\1"
    _language, _, rest = rest[2:].partition(b"\0")
    _keyword, _, rest = rest.partition(b"\0")
    return (zlib.decompressobj().decompress(rest, MAX_TEXT) if packed else rest).decode()


def _ecsv(path: Path) -> dict[str, Any]:
    from astropy.table import Table  # noqa: PLC0415 - the client works without astropy; only this kind of file needs it

    found = Table.read(path, format="ascii.ecsv").meta.get("provenance", {})
    return dict(found) if isinstance(found, Mapping) else {}


def _fits(path: Path) -> dict[str, Any]:
    from astropy.io import fits  # noqa: PLC0415 - the client works without astropy; only this kind of file needs it

    with fits.open(path) as hdus:
        if "PROVENANCE" not in hdus:
            return {}
        header, data = hdus[0].header, hdus["PROVENANCE"].data
        names = getattr(data, "names", None) or []
        text = str(data["PROV_JSON"][0]) if "PROV_JSON" in names else bytes(data.astype("uint8")).decode()
        rows: Any = hdus["PROGENITORS"].data if "PROGENITORS" in hdus else []
        return {
            **{key: str(header.get(key, "")) for key in ("CREATOR", "ORIGIN", "DATE")},
            "PROGENITORS": [{name: str(row[name]) for name in rows.names} for row in rows],
            "PROV_JSON": json.loads(text),
        }


def story(found: Mapping[str, Any]) -> Iterator[str]:
    """The history in lines, oldest step first: software, inputs, results, people, dates; then the progenitors."""
    made = [str(found.get(key) or "") for key in ("CREATOR", "ORIGIN", "DATE")]
    if any(made):
        yield f"made by {made[0] or 'unknown software'} at {made[1] or 'an unknown place'}, {made[2] or 'no date'}"
    document = found["PROV_JSON"]
    names = {key: str(content.get("prov:name") or key) for section in THINGS for key, content in _of(document, section)}
    steps = sorted(_of(document, "activity"), key=lambda item: str(item[1].get("prov:endTime", "")))
    for key, step in steps:
        software = step.get("gw:software", [])
        packages = ", ".join([software] if isinstance(software, str) else map(str, software))
        yield f"{names[key]}  {step.get('prov:endTime', 'no date')}" + (f"  [{packages}]" if packages else "")
        for section, end, word in (
            ("used", "entity", "used"), ("wasGeneratedBy", "entity", "made"), ("wasAssociatedWith", "agent", "by"),
        ):  # fmt: skip
            for _, link in _of(document, section):
                if link.get("prov:activity") == key:
                    other = str(link.get(f"prov:{end}", ""))
                    role = f" ({link['prov:role']})" if link.get("prov:role") else ""
                    yield f"  {word} {names.get(other, other)}{role}"
    for row in found.get("PROGENITORS") or []:
        yield "progenitor " + ", ".join(f"{name} {value}" for name, value in dict(row).items() if value)


def _of(document: Mapping[str, Any], section: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    members = document.get(section)
    for key, content in (members if isinstance(members, Mapping) else {}).items():
        if isinstance(content, Mapping):
            yield str(key), content


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Tells the history of products from the files alone, offline.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="the embedded PROV-JSON document itself")
    options = parser.parse_args(arguments)
    failed = 0
    for path in options.files:
        try:
            found = read(path)
        except (NoHistory, OSError) as error:
            failed += 1
            print(f"{path}: {error}", file=sys.stderr)
            continue
        print(json.dumps(found["PROV_JSON"], indent=1) if options.json else "\n".join([str(path), *story(found)]))
    return 1 if failed else 0
