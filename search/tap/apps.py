from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class TapConfig(AppConfig):
    name = "search.tap"
    label = "tap"
    verbose_name = "TAP"

    def ready(self) -> None:
        from search.tap import published  # noqa: PLC0415 (models are ready only now)
        from search.tap.database import sqlite  # noqa: PLC0415

        connection_created.connect(sqlite.prepare)
        post_migrate.connect(published.refresh_after_migrate, sender=self)
