"""``manage.py import_provenance FILE…``: provenance of work done elsewhere, all of a file or nothing of it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gateway.access.models import Policy
from gateway.access.rights import Viewer
from provenance import capture
from provenance.errors import Refused
from provenance.importers.batch import Sender
from provenance.importers.reading import import_document


class Command(BaseCommand):
    help = (
        "Imports provenance: ctapipe logs, PROV-JSON, PROV-XML, PROV-N, PROV-O (Turtle), PROV-JSONLD, the IVOA form of"
        " the first three, headers of FITS files. Importing again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--policy", help="name of the policy of what is imported; default: open to everyone")

    def handle(self, *args: Any, **options: Any) -> None:
        sender = Sender(Viewer(is_staff=True), _policy(options["policy"]), trusted=True)
        refused = 0
        for path in options["files"]:
            try:
                report = import_document(path.read_bytes(), sender, path.name)
            except (OSError, Refused) as error:
                refused += 1
                self.stderr.write(self.style.ERROR(f"{path}: refused: {error}"))
                continue
            self.stdout.write(
                f"{path}: {report.format}, {report.activities} activities, {report.entities} further entities"
            )
        if refused:
            raise CommandError(f"{refused} of {len(options['files'])} files were refused")


def _policy(name: str | None) -> Policy:
    if not name:
        return capture.public_policy()
    try:
        return Policy.objects.get(name=name)
    except Policy.DoesNotExist:
        raise CommandError(f"there is no policy called {name}") from None
