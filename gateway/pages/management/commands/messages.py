"""``manage.py messages``: collects what the pages say into the catalogue of a language; ``make messages`` calls it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from gateway.pages import texts

IGNORED = ("node_modules", "tests", "benchmarks", "client", "var", ".venv", "test-results")


class Command(BaseCommand):
    help = "Collects the texts of pages and job types into locale/LANGUAGE; what is new stands there empty."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--language", default="fr")

    def handle(self, *args: Any, **options: Any) -> None:
        declared = Path(settings.BASE_DIR) / "gateway" / "pages" / "_declared.py"
        declared.write_text(texts.source())
        try:
            call_command(
                "makemessages", locale=[options["language"]], ignore_patterns=list(IGNORED), no_location=True,
                add_location="never", no_obsolete=True,
            )  # fmt: skip
        finally:
            declared.unlink()
