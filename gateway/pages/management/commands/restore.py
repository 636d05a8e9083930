"""``manage.py restore FILE``."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.pages import backup


class Command(BaseCommand):
    help = "Puts a backup back. Stop the gateway first."
    requires_migrations_checks = False
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--force", action="store_true", help="replace what the data folder holds")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = backup.restore(options["file"], force=options["force"], say=self.stdout.write)
        except (backup.BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} files are back")
