"""``manage.py ingest_products FILE|FOLDER …``: maps, spectra, light curves, catalogues of any data level."""

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from provenance import capture
from search.archive import anyfile, curation, files, history, ingest
from search.archive.bulk import TYPES
from search.archive.changes import changed
from search.archive.models import Product
from search.archive.progress import Progress
from search.archive.safefits import BrokenFile


class Command(BaseCommand):
    help = "Takes files of any data level in, each all or nothing; their headers say what they are."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="FILE|FOLDER")
        parser.add_argument("--type", choices=sorted(TYPES), help="ObsCore dataproduct_type (default: by content)")
        parser.add_argument("--level", choices=sorted(anyfile.CALIB_LEVELS), default="DL5", help="data level")
        curation.add_arguments(parser)

    def handle(self, *args: Any, paths: list[Path], **options: Any) -> None:
        found = list(_files(paths))
        if not found:
            raise CommandError("There is no file to take in")
        said = curation.from_options(options, paths[0].resolve().name.partition(".")[0])
        curation.register_collection(said)
        policy = said.policy()
        curation.register_proposal(said, policy)
        outcome, progress = ingest.Outcome(), Progress(len(found), self.stderr)
        for path in found:
            try:
                word = _take(path, said, {"policy": policy}, options)
                getattr(outcome, word).append(path.name)
                progress.step(f"{path.name}: {word}")
            except (ingest.Refused, BrokenFile) as error:
                outcome.refused[path.name] = str(error)
                progress.step(f"{path.name}: refused: {error}")
            except ingest.DiskFull as error:
                raise CommandError(f"{error}. What was taken in before is complete.") from None
        if outcome.taken:
            changed.send(sender=Product)
        self.stdout.write(curation.invite_pi(said, outcome.taken), ending="")
        self.report(said.collection, outcome)

    def report(self, collection: str, outcome: ingest.Outcome) -> None:
        self.stdout.write(
            f"{collection}: {len(outcome.new)} new, {len(outcome.replaced)} replaced,"
            f" {len(outcome.known)} known already, {len(outcome.refused)} refused"
        )
        for name, reason in outcome.refused.items():
            self.stderr.write(f"{name}: {reason}")
        if outcome.refused:
            raise CommandError(f"{len(outcome.refused)} of the files were not taken in; see above")


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
    if old is not None and old.sha256 == sha256:
        return "known"
    twin = Product.objects.filter(sha256=sha256, removed_at=None).first()
    if twin is not None:
        raise ingest.Refused(f"it has the same bytes as {twin.key} (duplicate)")
    level = options["level"]
    columns = {"obs_id": stem, "obs_title": stem, **anyfile.describe(path), **given}
    columns |= {"calib_level": anyfile.CALIB_LEVELS[level], "dataproduct_level": level, "pol_xel": 0}
    columns["dataproduct_type"] = options["type"] or columns.get("dataproduct_type") or "measurements"
    simulated = replace(said, simulated=said.simulated or bool(columns.get("simulated")))
    product = ingest.new_product(key, old, simulated, columns)
    product.sha256, product.size, product.file_name = sha256, path.stat().st_size, path.name
    ingest.store(product, path, old, lambda: _write_history(product))
    return "replaced" if old else "new"


def _write_history(product: Product) -> None:
    """The file as an entity, and the step that its header names."""
    if product.pipeline_name:
        capture.record(history.made_by(product))
    else:
        capture.record_entity(history.dataset(product))
