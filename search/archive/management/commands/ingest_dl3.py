"""``manage.py ingest_dl3 FOLDER``: a GADF DL3 store becomes part of the archive."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from search.archive import curation, ingest
from search.archive.gadf import NoStore, read_store
from search.archive.progress import Progress


class Command(BaseCommand):
    help = "Takes any GADF DL3 store (obs-index, hdu-index) into the archive; run again it adds only what is new."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="folder with obs-index.fits(.gz) and hdu-index.fits(.gz)")
        parser.add_argument("--terms", type=Path, help="file with the terms of use (default: README.txt of the folder)")
        curation.add_arguments(parser)

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
        progress = Progress(len(store.observations), self.stderr)
        try:
            outcome = ingest.ingest_observations(store.observations, lambda _: facts, progress.step)
        except ingest.DiskFull as error:
            raise CommandError(f"{error}. What was taken in before is complete; make room and run again.") from None
        self.stdout.write(curation.invite_pi(said, outcome.taken), ending="")
        self.report(said.collection, outcome)

    def report(self, collection: str, outcome: ingest.Outcome) -> None:
        self.stdout.write(
            f"{collection}: {len(outcome.new)} new, {len(outcome.replaced)} replaced,"
            f" {len(outcome.known)} known already, {len(outcome.refused)} refused"
        )
        for name, reason in outcome.refused.items():
            self.stderr.write(f"run {name}: {reason}")
        if outcome.refused:
            raise CommandError(f"{len(outcome.refused)} of the observations were not taken in; see above")
