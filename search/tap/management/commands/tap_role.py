"""``manage.py tap_role``: the database login that TAP queries use."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from search.tap.database import role


class Command(BaseCommand):
    help = (
        "Makes (or renews) the PostgreSQL login for TAP queries: SELECT on the published tables, nothing else."
        " Prints the value for TAP_DATABASE_URL."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", default="distiller_tap", help="name of the role")
        parser.add_argument("--grant-only", action="store_true", help="renew the grants, keep the password")

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL needs it: SQLite has its own second wall (a read-only connection).")
        if options["grant_only"]:
            role.grant(options["name"])
            self.stdout.write("granted")
            return
        password = role.make(options["name"])
        self.stdout.write(role.url(options["name"], password))
