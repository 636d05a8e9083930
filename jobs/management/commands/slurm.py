"""``manage.py slurm``: hands jobs of the configured classes and types to a Slurm cluster and follows them."""

import fcntl
import logging
import os
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from jobs import health
from jobs.runner import kernel
from jobs.slurm.config import config
from jobs.slurm.executor import Executor

log = logging.getLogger("jobs.slurm")


class Command(BaseCommand):
    help = "Hands jobs to a Slurm cluster and brings their results home, until SIGTERM; jobs there go on meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="look at everything once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        if not config().is_on:
            raise CommandError("Name the jobs for the cluster: DISTILLER_SLURM_CLASSES=long, or DISTILLER_SLURM_TYPES.")
        executor = Executor(config())
        with (config().scratch / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CommandError(f"Another process looks after the jobs in {config().scratch}.") from error
            self.follow(executor, once=options["once"])

    def follow(self, executor: Executor, once: bool) -> None:
        ended = threading.Event()
        if not once:
            kernel.die_with_parent(os.getppid())
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: ended.set())
            threading.Thread(target=_beat, args=(executor, ended), daemon=True).start()
        while True:
            close_old_connections()
            try:
                executor.step()
            except Exception:
                log.exception("a look at the cluster failed; it will be tried again")
            if once or ended.wait(config().poll):
                return


def _beat(executor: Executor, ended: threading.Event) -> None:
    """Says that this process lives, also while it waits for Slurm or copies large files; what is new, at once."""
    said, due = "", 0.0
    while not ended.wait(0.5):
        if executor.words == said and time.monotonic() < due:
            continue
        try:
            health.say_alive("slurm", executor.words)
        except Exception as error:
            log.warning("the cache is away: %s", error)
        said, due = executor.words, time.monotonic() + health.BEAT
