"""``manage.py keeper``: the chores of the gateway, one process that jobs cannot occupy."""

import logging
import os
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from jobs.keeper import chores
from jobs.runner import kernel

log = logging.getLogger("jobs.keeper")


class Command(BaseCommand):
    help = "Finds lost runs, destroys what is due, repeats lost messages, writes mails, until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do every chore once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        ended = threading.Event()
        if not options["once"]:
            kernel.die_with_parent(os.getppid())
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: ended.set())
        log.info("at work")
        due = dict.fromkeys((name for name, _ in chores.items()), 0.0)
        while True:
            for name, chore in chores.items():
                if time.monotonic() >= due[name] and not ended.is_set():
                    do(name)
                    due[name] = time.monotonic() + chore.every
            if options["once"] or ended.wait(0.25):
                return


def do(name: str) -> None:
    """One chore; a fault of one (a locked database, a broker that is away) leaves the others alone."""
    chore = chores.get(name)
    assert chore is not None
    close_old_connections()
    try:
        done = chore.do()
        if done:
            log.info("%s: %s", name, done)
    except Exception:
        log.exception("chore %s failed; it will be tried again", name)
