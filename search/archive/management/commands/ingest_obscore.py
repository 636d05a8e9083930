"""``manage.py ingest_obscore FILE``: a ready ObsCore table, for files that lie elsewhere."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from search.archive import curation, obscore_files
from search.archive.bulk import Bulk
from search.archive.safefits import BrokenFile

STEP = 50_000


class Command(BaseCommand):
    help = "Takes an ObsCore table (VOTable, FITS, CSV, Parquet) in; access_url is kept, jobs fetch the files."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        curation.add_arguments(parser)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        if not file.is_file():
            raise CommandError(f"{file} is no file")
        said = curation.from_options(options, file.name.partition(".")[0])
        total = obscore_files.count(file)

        def progress(done: int) -> None:
            if done % STEP == 0:
                self.stderr.write(f"{done:,} rows" + (f" of {total:,}" if total else ""))

        try:
            outcome = Bulk(said, bool(options["collection"])).take(obscore_files.rows(file), progress)
        except BrokenFile as error:
            raise CommandError(f"{error}. Nothing was taken in.") from None
        self.stdout.write(f"{outcome.taken:,} rows taken in, {outcome.refused:,} refused")
        self.stdout.write(curation.invite_pi(said, outcome.taken), ending="")
        for reason in outcome.reasons:
            self.stderr.write(reason)
        if outcome.refused:
            raise CommandError(f"{outcome.refused:,} rows were not taken in; the first are named above")
