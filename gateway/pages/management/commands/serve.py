"""``manage.py serve``: web, workers and keeper under one supervisor."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from gateway.pages import processes
from gateway.pages.supervisor import Supervisor


class Command(BaseCommand):
    help = "Runs web, workers and keeper on this machine until Ctrl-C or SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        processes.settle_address(options["host"], options["port"])
        supervisor = Supervisor(processes.all_of(options["host"], options["port"]), self.stdout.write, {})
        supervisor.start()
        supervisor.watch()
