"""``manage.py make_demo``: the demo archive, made on the spot."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from search.archive import demo_archive

REPORTS = 10


class Command(BaseCommand):
    help = "Simulates DL3 runs, takes them in, and makes the demo accounts; run again it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--runs", type=int, default=40)

    def handle(self, *args: Any, seed: int, runs: int, **options: Any) -> None:
        if not 1 <= runs <= 10_000 or seed < 0:
            raise CommandError("--runs is a number from 1 to 10000, --seed one from 0")
        self.reported = -1
        try:
            made = demo_archive.make(seed, runs, self.progress)
        except demo_archive.NotHere as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{made.runs} simulated runs " + ("made" if made.new else "are there already"))

    def progress(self, share: float, text: str) -> None:
        """A bar on a terminal, a line for each tenth elsewhere."""
        if self.stderr.isatty():
            self.stderr.write(f"\r{share:4.0%} {text[:70]:<70}", ending="\n" if share >= 1 else "")
            self.stderr.flush()
        elif int(share * REPORTS) > self.reported:
            self.reported = int(share * REPORTS)
            self.stderr.write(f"{share:4.0%} {text}")
