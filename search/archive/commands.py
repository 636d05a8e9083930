"""What the commands share that take products in one by one: their options, and the account at the end."""

from argparse import ArgumentParser
from collections.abc import Iterable

from django.core.management.base import BaseCommand, CommandError

from search.archive import curation
from search.archive.ingest import DiskFull, Outcome, Step, take_all
from search.archive.progress import Progress


class IngestCommand(BaseCommand):
    """``noun`` is what its messages call the things, ``label`` stands before the name of each."""

    noun = "files"
    label = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        curation.add_arguments(parser)

    def take(self, said: curation.Curation, steps: Iterable[tuple[str, Step]], count: int) -> None:
        """Takes everything in, each all or nothing, and tells what became of it; CommandError if any was refused."""
        progress = Progress(count, self.stderr)
        try:
            outcome = take_all(steps, lambda name, word: progress.step(f"{self.label}{name}: {word}"))
        except DiskFull as error:
            raise CommandError(f"{error}. What was taken in before is complete; make room and run again.") from None
        self.stdout.write(curation.invite_pi(said, outcome.taken), ending="")
        self.report(said.collection, outcome)

    def report(self, collection: str, outcome: Outcome) -> None:
        self.stdout.write(
            f"{collection}: {len(outcome.new)} new, {len(outcome.replaced)} replaced,"
            f" {len(outcome.known)} known already, {len(outcome.refused)} refused"
        )
        for name, reason in outcome.refused.items():
            self.stderr.write(f"{self.label}{name}: {reason}")
        if outcome.refused:
            raise CommandError(f"{len(outcome.refused)} of the {self.noun} were not taken in; see above")
