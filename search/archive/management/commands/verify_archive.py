"""``manage.py verify_archive``: reads every stored file and compares its checksum."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from search.archive.progress import Progress
from search.archive.verify import stored, verify


class Command(BaseCommand):
    help = "Compares every stored file with its checksum and names those that differ or are missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", default="", help="only this collection")

    def handle(self, *args: Any, collection: str, **options: Any) -> None:
        products = stored()
        if collection:
            products = products.filter(obs_collection=collection)
        report = verify(products, Progress(products.count(), self.stderr).step)
        damaged, missing = len(report.damaged), len(report.missing)
        self.stdout.write(f"{report.checked} files checked: {damaged} damaged, {missing} missing")
        if not report.clean:
            self.stderr.write(report.text)
            raise CommandError("The archive is not whole; see above. Bring the files back from a backup or by ingest.")
