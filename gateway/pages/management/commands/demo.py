"""``manage.py demo``: prepares the data folder where it is not ready, then serves; ``make demo`` calls it."""

import ipaddress
import socket
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway.pages import processes
from gateway.pages.supervisor import Supervisor
from jobs import registry

START_PATIENCE = 60.0


class Command(BaseCommand):
    help = "Sets up the demo (once) and serves it until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--prepare-only", action="store_true", help="set up, do not serve")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if settings.PRODUCTION:
            raise CommandError("demo is not for production: its accounts have known passwords. Use manage.py serve.")
        if not is_loopback(host):
            raise CommandError(f"{host} is not a loopback address; the demo accounts have known passwords.")
        if not options["prepare_only"] and not port_is_free(host, port):
            raise CommandError(f"Port {port} is taken. Try: make demo PORT={port + 1}")
        processes.settle_address(host, port)
        self.prepare()
        if not options["prepare_only"]:
            self.serve(host, port)

    def prepare(self) -> None:
        steps: list[tuple[str, Callable[[], object]]] = [
            ("Database", self.database),
            ("Pages", self.static),
            ("Sky background", lambda: call_command("make_hips", verbosity=0)),
            ("Demo archive", lambda: call_command("make_demo", stdout=self.stdout)),
        ]
        for number, (name, step) in enumerate(steps, 1):
            self.stdout.write(f"[{number}/{len(steps)}] {name} … ", ending="")
            self.stdout.flush()
            started = time.monotonic()
            step()
            self.stdout.write(f"ready ({time.monotonic() - started:.1f} s)")

    def database(self) -> None:
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)

    def static(self) -> None:
        call_command("collectstatic", interactive=False, verbosity=0)

    def serve(self, host: str, port: int) -> None:
        url = processes.address(host, port)
        supervisor = Supervisor(processes.all_of(host, port), self.stderr.write, {})
        supervisor.start()
        try:
            wait_until_up(f"{url}/health", supervisor)
            self.announce(url)
            supervisor.watch()
        finally:
            supervisor.end()

    def announce(self, url: str) -> None:
        self.stdout.write(
            f"""
{settings.SITE_NAME} is at {url}   (Ctrl-C ends it)

  Accounts   alice (PI), bob (her collaborator), charlie (a stranger), dana (staff)
             password: NAME-demo, for instance alice-demo

  Try        {url}/search/go?target=Crab+Nebula
             {url}{form_with_values("counts_map")}
             {url}/provenance/
"""
        )
        self.stdout.flush()


def form_with_values(type_name: str) -> str:
    """The form of a job type with its declared test values: one press on Run makes a result."""
    job_type = registry.get(type_name)
    values = job_type.description.test_values if job_type else {}
    return f"/jobs/new/{type_name}?{urlencode(values, doseq=True)}"


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def port_is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def wait_until_up(url: str, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline and not supervisor.stopping:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 (our own address)
                return
        except OSError:
            time.sleep(0.1)
    if not supervisor.stopping:
        raise CommandError(
            f"The web server did not answer at {url} within {START_PATIENCE:.0f} s; see the lines above."
        )
