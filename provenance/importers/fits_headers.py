"""The history that a FITS file's own header tells: CTAO keywords, GADF, CREATOR, ORIGIN, DATE, HISTORY.

And, where the file carries one, the embedded PROV-JSON document (extension PROVENANCE, see ``provenance.embedded``).
"""

import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from astropy.io import fits

from gateway.vo.identifiers import foreign_key, slug
from provenance.embedded import EXTENSION, text_of
from provenance.errors import Refused
from provenance.importers.batch import MAX_BYTES, Batch
from provenance.importers.statements import moment
from provenance.records import (
    ActivityDescriptionRecord,
    ActivityRecord,
    AgentRecord,
    EntityRecord,
    GeneratedRecord,
)

MAX_HDUS = 200
MAX_UNPACKED = 10 * MAX_BYTES
LEVELS = {"events": "DL3"}


def recognises(content: bytes, name: str) -> bool:
    return content.startswith(b"SIMPLE  =") or (content.startswith(b"\x1f\x8b") and ".fit" in name.lower())


def read(content: bytes, name: str = "") -> tuple[Batch, bytes]:
    """The batch that the headers give, and the embedded PROV-JSON document (empty if none). Raises Refused."""
    try:
        with fits.open(io.BytesIO(_unpacked(content)), memmap=False, lazy_load_hdus=True) as hdus:
            headers, embedded = [], b""
            for number, hdu in enumerate(hdus):
                if number >= MAX_HDUS:
                    raise Refused(f"more than {MAX_HDUS} HDUs")
                headers.append(hdu.header)
                if hdu.name == EXTENSION and hdu.size <= MAX_BYTES:
                    embedded = text_of(hdu)
            merged = {key: header[key] for header in reversed(headers) for key in header if key not in ("", "HISTORY")}
            history = [str(line) for header in headers for line in header.get("HISTORY", [])]
    except Refused:
        raise
    except Exception as error:
        # Damaged files make astropy raise anything.
        raise Refused(f"not a FITS file that can be read: {str(error)[:200] or type(error).__name__}") from error
    return _batch(merged, history, content, name), embedded


def _unpacked(content: bytes) -> bytes:
    """A few bytes of gzip may be as many of a file as one likes."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    plain = zlib.decompressobj(wbits=31).decompress(content, MAX_UNPACKED + 1)
    if len(plain) > MAX_UNPACKED:
        raise Refused(f"more than {MAX_UNPACKED:,} bytes when unpacked; send the file's provenance document")
    return plain


def _batch(header: Mapping[str, Any], history: list[str], content: bytes, name: str) -> Batch:
    digest = hashlib.sha256(content).hexdigest()
    product = str(header.get("CTA PRODUCT ID") or "").strip()
    entity = EntityRecord(
        id=f"urn:uuid:{product}" if product else f"urn:sha256:{digest}",
        name=str(header.get("CTA PRODUCT DESCRIPTION") or header.get("OBJECT") or name)[:200],
        type=str(header.get("HDUCLAS1") or header.get("CTA PRODUCT DATA CATEGORY") or "FITS file").lower(),
        content_type="application/fits",
        generated_at=_time(header, "CTA PRODUCT CREATION TIME", "DATE"),
        sha256=digest,
        size=len(content),
        level=_level(header),
        comment="; ".join(history)[:2000],
        attributed_to=tuple(_people(header)),
    )
    step = _activity(header, entity)
    return Batch([step], []) if step else Batch([], [entity])


def _activity(header: Mapping[str, Any], entity: EntityRecord) -> ActivityRecord | None:
    uuid = str(header.get("CTA ACTIVITY ID") or "").strip()
    creator = str(header.get("CREATOR") or "").strip()
    if not uuid and not creator:
        return None
    software = str(header.get("CTA ACTIVITY SOFTWARE NAME") or creator)
    version = str(header.get("CTA ACTIVITY SOFTWARE VERSION") or header.get("CREAVERS") or "")
    name = str(header.get("CTA ACTIVITY NAME") or creator)
    return ActivityRecord(
        id=f"urn:uuid:{uuid}" if uuid else f"{entity.id}#production",
        name=name,
        description=ActivityDescriptionRecord(name=name, version=version),
        start=_time(header, "CTA ACTIVITY START TIME"),
        # The file was written before the activity could know its own end: the log knows it better.
        end=None if uuid else entity.generated_at,
        generated=(GeneratedRecord(entity=entity, role=""),),
        software=((software, version),),
    )


def _level(header: Mapping[str, Any]) -> str:
    level = str(header.get("CTA PRODUCT DATA LEVELS") or "").upper()
    return level or LEVELS.get(str(header.get("HDUCLAS1") or "").lower(), "")


def _people(header: Mapping[str, Any]) -> Iterator[tuple[AgentRecord, str]]:
    name = str(header.get("CTA CONTACT NAME") or "").strip()
    if name and name not in ("unknown", "root"):
        yield AgentRecord(id=foreign_key(f"person:{name}"), name=name), "Contact"
    origin = str(header.get("ORIGIN") or "").strip()
    if origin:
        yield AgentRecord(id=f"org-{slug(origin)}"[:200], name=origin, type="Organization"), "Publisher"


def _time(header: Mapping[str, Any], *keys: str) -> Any:
    for key in keys:
        text = str(header.get(key) or "").strip()
        if text:
            return moment(text)
    return None
