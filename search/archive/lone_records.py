"""Records of products whose files are not here, nor at any address: raw data in a tape store, a lost first release.

A row of a table is one record: columns of ObsCore and ObsConfig by name, and beside them ``name`` (of the product;
default: ``obs_id``), ``size`` (bytes), ``sha256`` and ``progenitors`` (identifiers or KEYs of what it was made from,
between blanks). It gets an identifier, a page and a history as any product does.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from provenance import capture
from search.archive import bulk, history, ingest, sky
from search.archive.anyfile import CALIB_LEVELS
from search.archive.curation import Curation
from search.archive.models import Product

BY_OPTION = {"data_rights": "--rights", "obs_release_date": "--release-date", "obs_collection": "--collection"}
SHA256 = re.compile("[0-9a-f]{64}")


def steps(
    rows: Iterable[Mapping[str, Any]], said: Curation, given: Mapping[str, Any]
) -> Iterator[tuple[str, ingest.Step]]:
    """The steps that take the records in; ``given``: columns that hold for all unless a row says otherwise."""
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        name = str(row.get("name") or row.get("obs_id") or "").strip()
        known = name in seen
        seen.add(name)
        yield name or f"row {number}", partial(_take, row, said, given, "" if known else name)


def _take(row: Mapping[str, Any], said: Curation, given: Mapping[str, Any], name: str) -> str:
    if not name:
        raise ingest.Refused("it has no name of its own: give each record a name or an obs_id, once")
    columns, digest = _columns(row, given), _digest(row)
    key = said.key(name)
    old = ingest.present_version(key)
    if old is not None and old.header.get("record") == digest:
        return "known"
    for column, option in BY_OPTION.items():
        wanted = said.columns.get(column)
        if columns.pop(column, wanted) != wanted:
            raise ingest.Refused(f"{column} is said for all records at once, by {option}")
    simulated = replace(said, simulated=said.simulated or bool(columns.get("simulated")))
    product = ingest.new_product(key, old, simulated, {"obs_id": name, "obs_title": name, "pol_xel": 0, **columns})
    product.size, product.sha256 = _bytes(row)
    product.header = {"record": digest}
    if product.access_url:
        product.access_format = columns.get("access_format") or "application/octet-stream"
    progenitors = str(row.get("progenitors") or "").split()
    try:
        ingest.save(product, old, lambda: _write_history(product, progenitors))
    except sky.InvalidRegion as error:
        raise ingest.Refused(f"s_region: {error}") from None
    return "replaced" if old else "new"


def _columns(row: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the row as the catalogue of fields types them, and those given for all."""
    if str(row.get("obs_publisher_did") or "").strip():
        raise ingest.Refused("it has an identifier already (obs_publisher_did): such tables come in by ingest_obscore")
    try:
        said = {name: value for name, value in bulk.typed_row(row).items() if value is not None}
        level = str(said.get("dataproduct_level") or given["dataproduct_level"]).upper()
        if level not in CALIB_LEVELS:
            raise ingest.Refused(f"dataproduct_level {level[:20]!r} is none of {', '.join(CALIB_LEVELS)}")
        levels = {"dataproduct_level": level, "calib_level": CALIB_LEVELS[level]}
        return bulk.checked_values({**given, **levels, **said, "dataproduct_level": level})
    except bulk.BadRow as error:
        raise ingest.Refused(str(error)) from None


def _bytes(row: Mapping[str, Any]) -> tuple[int | None, str]:
    """Size and checksum of the file that is elsewhere, as far as they are known."""
    size, digest = str(row.get("size") or "").strip(), str(row.get("sha256") or "").strip().lower()
    if digest and SHA256.fullmatch(digest) is None:
        raise ingest.Refused(f"sha256 {digest[:20]!r} is no SHA-256")
    try:
        return (int(float(size)) if size else None), digest
    except (ValueError, OverflowError):
        raise ingest.Refused(f"size {size[:20]!r} is no number of bytes") from None


def _digest(row: Mapping[str, Any]) -> str:
    said = {name: str(value) for name, value in row.items() if value is not None and str(value) != ""}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _write_history(product: Product, progenitors: Iterable[str]) -> None:
    """The record as an entity; what it was made from, and by which software, where the table says so."""
    used = [{"PUB_DID": identifier} for identifier in progenitors]
    if product.pipeline_name or used:
        capture.record(history.made_by(product, {}, used))
    else:
        capture.record_entity(history.dataset(product))
