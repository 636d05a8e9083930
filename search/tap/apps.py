from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class TapConfig(AppConfig):
    name = "search.tap"
    label = "tap"
    verbose_name = "TAP"

    def ready(self) -> None:
        from search.tap import published
        from search.tap.database import sqlite

        connection_created.connect(sqlite.prepare)
        post_migrate.connect(published.refresh_after_migrate, sender=self)
