from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate


class TapConfig(AppConfig):
    name = "search.tap"
    label = "tap"
    verbose_name = "TAP"

    def ready(self) -> None:
        from jobs import registry
        from search.tap import async_job, prepare
        from search.tap.database import sqlite

        registry.types.add(async_job.TYPE.name, async_job.TYPE)
        connection_created.connect(sqlite.prepare)
        post_migrate.connect(prepare.after_migrate, sender=self)
