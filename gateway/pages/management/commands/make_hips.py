"""``manage.py make_hips``: the sky background of a site without network."""

from typing import Any

from django.core.management.base import BaseCommand

from gateway.pages import hips


class Command(BaseCommand):
    help = "Draws the tiny all-sky background (once) that sky views show where no survey can be reached."

    def handle(self, *args: Any, **options: Any) -> None:
        count = hips.write()
        if options["verbosity"]:
            self.stdout.write(f"{count} tiles drawn" if count else "the background is there already")
