"""``manage.py worker short io --slots 2``: a Celery worker for these classes of jobs."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from jobs.broker import CLASSES
from jobs.runner import kernel


class Command(BaseCommand):
    help = "Carries out jobs of the given classes until SIGTERM; running jobs then go back to the queue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("classes", nargs="+", choices=CLASSES)
        parser.add_argument("--slots", type=int, default=2, help="jobs at the same time")

    def handle(self, *args: Any, **options: Any) -> None:
        kernel.die_with_parent(os.getppid())
        classes = options["classes"]
        words = [
            *("-W", "ignore:::celery.platforms", "-m", "celery", "--app=gateway", "--quiet", "worker"),
            f"--queues={','.join(classes)}",
            f"--concurrency={options['slots']}",
            f"--hostname={'-'.join(classes)}-{os.getpid()}@%h",
            "--loglevel=WARNING",
            *("--without-gossip", "--without-mingle"),
        ]
        # Celery finds the application by the folder that it starts in.
        os.chdir(settings.BASE_DIR)
        # The same process goes on as Celery, so that signals and the parent's death reach the worker itself.
        os.execv(sys.executable, [sys.executable, *words])  # noqa: S606
