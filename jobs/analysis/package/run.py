"""Download package. No gammapy: bytes go through as they are."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from jobs.activity import InputError, Out, StagedInput
from jobs.analysis.common.parameters import ZIP
from jobs.analysis.package.description import Package

BLOCK = 1 << 20
COLUMNS = (
    "obs_id",
    "target_name",
    "dataproduct_type",
    "s_ra",
    "s_dec",
    "t_min",
    "t_max",
    "t_exptime",
    "obs_collection",
)


def run(params: Package, inputs: Mapping[str, Sequence[StagedInput]], out: Out) -> None:
    items = {item.key or item.identifier: item for item in inputs["observations"]}
    if not items:
        raise InputError("No product was given: choose at least one.")
    names = file_names(list(items.values()))
    total, done = sum(item.size for item in items.values()) or 1, 0
    with zipfile.ZipFile(out.path("package.zip"), "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for key, item in items.items():
            out.progress(done / total, f"Packing {key}")
            add(archive, item, names[key])
            done += item.size
        for name, text in documents(items, names, out).items():
            archive.writestr(name, text)
    out.file("package.zip", content_type=ZIP, title=f"Package of {len(items)} products")
    out.summary({"n_products": len(items), "size": sum(item.size for item in items.values()), "files": names})


def file_names(items: Sequence[StagedInput]) -> dict[str, str]:
    """KEY: place in the archive; plain names without folders of the reader's machine, each once."""
    result: dict[str, str] = {}
    used: set[str] = set()
    for item in items:
        name = PurePath(item.path.name).name or item.key
        if name in used:
            name = f"{len(used)}-{name}" if not item.key else f"{item.key}-{name}"
        used.add(name)
        result[item.key or item.identifier] = f"data/{name}"
    return result


def add(archive: zipfile.ZipFile, item: StagedInput, name: str) -> None:
    """Streams the bytes: a package may be larger than the memory."""
    with item.path.open("rb") as source, archive.open(name, "w", force_zip64=True) as target:
        while block := source.read(BLOCK):
            target.write(block)


def documents(items: Mapping[str, StagedInput], names: Mapping[str, str], out: Out) -> dict[str, str]:
    sums = "".join(f"{item.sha256}  {names[key]}\n" for key, item in items.items())
    manifest = {
        "creator": out.job.site_name,
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "job": out.job.url,
        "products": [_entry(item, names[key]) for key, item in items.items()],
    }
    terms = sorted({str(item.obscore["terms"]) for item in items.values() if item.obscore.get("terms")})
    result = {"checksums.sha256": sums, "manifest.json": json.dumps(manifest, indent=1, default=str)}
    if terms:
        result["TERMS.txt"] = "\n\n".join(terms)
    return result


def _entry(item: StagedInput, name: str) -> dict[str, Any]:
    row = {column: item.obscore.get(column) for column in COLUMNS}
    return {"identifier": item.identifier, "file": name, "size": item.size, "sha256": item.sha256,
            "content_type": item.content_type, **row}  # fmt: skip
