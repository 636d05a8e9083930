"""``manage.py ingest_dl3 FOLDER``: a GADF DL3 store becomes part of the archive."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from search.archive import curation, ingest
from search.archive.commands import IngestCommand
from search.archive.gadf import NoStore, read_store


class Command(IngestCommand):
    help = "Takes any GADF DL3 store (obs-index, hdu-index) into the archive; run again it adds only what is new."
    noun, label = "observations", "run "

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="folder with obs-index.fits(.gz) and hdu-index.fits(.gz)")
        parser.add_argument("--terms", type=Path, help="file with the terms of use (default: README.txt of the folder)")
        super().add_arguments(parser)

    def handle(self, *args: Any, folder: Path, terms: Path | None, **options: Any) -> None:
        try:
            store = read_store(folder)
        except NoStore as error:
            raise CommandError(str(error)) from None
        words = terms.read_text() if terms else store.terms
        said = curation.from_options(options, store.folder.name.upper(), words)
        facts = ingest.with_policy(ingest.Facts(said), said.policy())
        curation.register_collection(said)
        curation.register_proposal(said, facts.columns["policy"])
        self.take(said, ingest.steps_of(store.observations, lambda _: facts), len(store.observations))
