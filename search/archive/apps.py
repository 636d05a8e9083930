from django.apps import AppConfig
from django.db.models.signals import post_migrate, post_save

from search.archive import published


class ArchiveConfig(AppConfig):
    name = "search.archive"
    label = "archive"
    verbose_name = "Archive"

    def ready(self) -> None:
        from gateway.access.models import Policy
        from search.archive import hooks, signals

        published.register()
        hooks.fill()
        post_migrate.connect(signals.keep_triggers, sender=self)
        post_save.connect(signals.follow_policy, sender=Policy)
