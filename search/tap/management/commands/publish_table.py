"""``manage.py publish_table FILE``: a catalogue becomes a table of the TAP service."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.vo.identifiers import slug
from search.tap import catalogues
from search.tap.table_files import UnreadableTable, read


class Command(BaseCommand):
    help = "Publishes a table (VOTable, FITS, CSV, ECSV or Parquet) as catalogs.NAME; a table of that name is replaced."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--name", help="name in the schema catalogs (default: that of the file)")
        parser.add_argument("--description", default="")
        parser.add_argument("--ra", default="", help="column of right ascension (deg, ICRS), if its UCD does not say")
        parser.add_argument("--dec", default="", help="column of declination")
        parser.add_argument("--withdraw", action="store_true", help="take the table back instead")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"] or slug(options["file"].name.split(".")[0]).replace("-", "_").replace(".", "_")
        if options["withdraw"]:
            if not catalogues.withdraw(name):
                raise CommandError(f"There is no table catalogs.{name}.")
            self.stdout.write(f"catalogs.{name} withdrawn")
            return
        try:
            table = read(options["file"], ra=options["ra"], dec=options["dec"])
            made = catalogues.publish(name, table.columns, table.rows, description=options["description"])
        except (UnreadableTable, catalogues.Unpublishable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{made.name}: {made.row_count:,} rows, {len(made.columns)} columns")
