"""A dataset as one ZIP file: its file with event list, responses and GTIs, its provenance, what to know, checksums.

The archive is made while it is sent, in constant memory. Its documents are written before the first byte goes out, so
that an error in them is an answer of its own; a stored file that is damaged breaks the archive off before its end.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from gateway.access.rights import Viewer
from gateway.vo import zips
from gateway.vo.pieces import Pieces
from provenance.documents import formats
from provenance.documents.source import Source
from provenance.graph import MAX_DEPTH, Walk, walk
from provenance.lookup import find
from provenance.statements import Contents
from search.archive import files
from search.archive.download import download_name
from search.archive.models import Product

DOCUMENTS = (("provenance.json", "PROV-JSON"), ("provenance.provn", "PROV-N"), ("provenance.xml", "PROV-XML"))
MEDIA_TYPE = "application/zip"
NODES = 3000
"""of the history, at most"""


@dataclass(frozen=True)
class Package:
    """``documents``: name and bytes of everything beside the file."""

    product: Product
    documents: dict[str, bytes]

    @property
    def file_name(self) -> str:
        return ("simulated_" if self.product.simulated else "") + f"{self.product.key}.zip"

    def stream(self) -> Iterator[bytes]:
        """The ZIP file; raises files.FileChanged where the stored bytes are not those of the record."""
        out, key, name = Pieces(), self.product.key, download_name(self.product)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            sums = hashlib.sha256()
            with archive.open(self._entry(f"{key}/{name}", zipfile.ZIP_STORED), "w", force_zip64=True) as target:
                for block in files.blocks(self.product.storage_key):
                    sums.update(block)
                    target.write(block)
                    yield out.take()
            if self.product.sha256 and sums.hexdigest() != self.product.sha256:
                raise files.FileChanged(f"the stored file of {key} is damaged")
            lines = [f"{sums.hexdigest()}  {name}\n"]
            for title, content in self.documents.items():
                archive.writestr(self._entry(f"{key}/{title}"), content)
                lines.append(f"{hashlib.sha256(content).hexdigest()}  {title}\n")
            archive.writestr(self._entry(f"{key}/checksums.sha256"), "".join(lines))
        yield out.take()

    def _entry(self, name: str, kind: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
        try:
            made = datetime.fromisoformat(self.product.obs_creation_date or "")
        except ValueError:
            made = None
        return zips.entry(name, made, kind)


def has_package(product: Product) -> bool:
    """Datasets have one: files of several members. What is a single file needs no packing."""
    return bool(product.parts) and bool(product.storage_key) and product.removed_at is None


def make(product: Product, viewer: Viewer) -> Package:
    """The package as this viewer may have it: the history shows what the viewer may know of."""
    documents = _provenance(product, viewer)
    if product.terms:
        documents["TERMS.txt"] = product.terms.encode()
    return Package(product, {"README.txt": _readme(product, documents).encode(), **documents})


def _provenance(product: Product, viewer: Viewer) -> dict[str, bytes]:
    start = find(product.key, viewer)
    if start is None:
        return {}
    source = Source(walk([start], viewer, Walk(depth=MAX_DEPTH, limit=NODES)), Contents(descriptions=2, limit=100_000))
    return {title: form.write(source, "IVOA") for title, name in DOCUMENTS if (form := formats.find(name)) is not None}


def _readme(product: Product, documents: dict[str, bytes]) -> str:
    """English, as files are that leave the gateway."""
    name = download_name(product)
    lines = [
        product.obs_title or product.key,
        "",
        f"Identifier   {product.obs_publisher_did}",
        f"Page         {settings.PUBLIC_URL}/products/{product.key}/",
        f"Collection   {product.obs_collection}",
        f"From         {settings.SITE_NAME}, {timezone.now():%Y-%m-%d}",
        *(["Simulated    these are simulated data"] if product.simulated else []),
        "",
        "What is in this package",
        f"  {name}: the dataset, with the HDUs",
        *(
            f"    {part['hdu']:<12} {part['name']}  {product.obs_publisher_did}.{part['name']}"
            for part in product.parts
        ),
        *(f"  {title}: its history, with parameters and software" for title in documents if title != "TERMS.txt"),
        *(["  TERMS.txt: terms of use; they travel with every copy"] if product.terms else []),
        "  checksums.sha256: check with  sha256sum -c checksums.sha256",
        "",
        "To open it:  gammapy.data.Observation.read(FILE), or any FITS reader (GADF DL3).",
    ]
    return "\n".join(lines) + "\n"
