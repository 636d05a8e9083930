"""``manage.py describe_fields``: writes ``docs/fields.md`` from the catalogue of fields."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from search.archive.reference import markdown


class Command(BaseCommand):
    help = "Writes docs/fields.md from the catalogue of fields."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "fields.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(markdown(), encoding="utf-8")
        self.stdout.write(f"docs/fields.md: {len(markdown().splitlines())} lines")
