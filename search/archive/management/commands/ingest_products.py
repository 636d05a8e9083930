"""``manage.py ingest_products FILE|FOLDER …``: products of any data level, or mere records of them."""

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from provenance import capture
from search.archive import anyfile, curation, files, history, ingest, lone_records, obscore_files
from search.archive.anyfile import CALIB_LEVELS, Described
from search.archive.bulk import TYPES
from search.archive.commands import IngestCommand
from search.archive.models import Product
from search.archive.safefits import BrokenFile

DEFAULT_LEVEL = "DL5"


class Command(IngestCommand):
    help = "Takes files of any data level in, each all or nothing; their headers say what they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="*", type=Path, metavar="FILE|FOLDER")
        parser.add_argument(
            "--records", type=Path, metavar="TABLE",
            help="a table (CSV, VOTable, FITS, Parquet) of products without files: one record a row",
        )  # fmt: skip
        parser.add_argument("--type", choices=sorted(TYPES), help="ObsCore dataproduct_type (default: by content)")
        parser.add_argument(
            "--level", choices=sorted(CALIB_LEVELS), help=f"data level (default: by header, else {DEFAULT_LEVEL})"
        )
        super().add_arguments(parser)

    def handle(self, *args: Any, paths: list[Path], records: Path | None, **options: Any) -> None:
        if bool(paths) == bool(records):
            raise CommandError("Give files and folders, or --records with a table, one of the two")
        found = list(_files(paths))
        if not found and not records:
            raise CommandError("There is no file to take in")
        said = curation.from_options(options, (records or paths[0]).resolve().name.partition(".")[0])
        rows = _rows(records) if records else []
        curation.register_collection(said)
        policy = said.policy()
        curation.register_proposal(said, policy)
        if records:
            self.noun = "records"
            given = {"policy": policy, "dataproduct_level": options["level"] or DEFAULT_LEVEL}
            given |= {"dataproduct_type": options["type"]} if options["type"] else {}
            self.take(said, lone_records.steps(rows, said, given), len(rows))
        else:
            steps = ((path.name, partial(_take, path, said, {"policy": policy}, options)) for path in found)
            self.take(said, steps, len(found))


def _rows(path: Path) -> list[obscore_files.Row]:
    if not path.is_file():
        raise CommandError(f"{path} is no file")
    try:
        rows = list(obscore_files.rows(path))
    except BrokenFile as error:
        raise CommandError(f"{error}. Nothing was taken in.") from None
    if not rows:
        raise CommandError(f"{path.name} holds no record")
    return rows


def _files(paths: list[Path]) -> Iterator[Path]:
    """The files themselves; of a folder those whose ending the archive knows."""
    for path in paths:
        if path.is_dir():
            yield from (entry for entry in sorted(path.iterdir()) if entry.is_file() and files.suffix_of(entry.name))
        elif path.is_file():
            yield path
        else:
            raise CommandError(f"{path} is neither a file nor a folder")


def _take(path: Path, said: curation.Curation, given: dict[str, Any], options: dict[str, Any]) -> str:
    sha256 = files.digest(path)
    stem = path.name.removesuffix(files.suffix_of(path.name))
    key = said.key(stem)
    old = ingest.present_version(key)
    if old is not None and old.sha256 == sha256 and old.storage_key:
        return "known"
    twin = Product.objects.filter(sha256=sha256, removed_at=None).exclude(storage_key="").first()
    if twin is not None:
        raise ingest.Refused(f"it has the same bytes as {twin.key} (duplicate)")
    described = anyfile.describe(path)
    columns = {"obs_id": stem, "obs_title": stem, "dataproduct_level": DEFAULT_LEVEL, **described.columns, **given}
    columns["dataproduct_level"] = level = options["level"] or columns["dataproduct_level"]
    columns |= {"calib_level": CALIB_LEVELS[level], "pol_xel": 0}
    columns["dataproduct_type"] = options["type"] or columns.get("dataproduct_type") or "measurements"
    simulated = replace(said, simulated=said.simulated or bool(columns.get("simulated")))
    product = ingest.new_product(key, old, simulated, columns)
    product.sha256, product.size, product.file_name = sha256, path.stat().st_size, path.name
    ingest.store(product, path, old, lambda: _write_history(product, described))
    return "replaced" if old else "new"


def _write_history(product: Product, described: Described) -> None:
    """The file as an entity, and the step that its header names."""
    if product.pipeline_name or described.progenitors:
        capture.record(history.made_by(product, described.header, described.progenitors))
    else:
        capture.record_entity(history.dataset(product))
