from django.apps import AppConfig
from django.db.models.signals import post_migrate, post_save

from search.archive import published


class ArchiveConfig(AppConfig):
    name = "search.archive"
    label = "archive"
    verbose_name = "Archive"

    def ready(self) -> None:
        from gateway.access.models import Policy
        from jobs.keeper import Chore, chores
        from search.archive import holdings, hooks, signals, verify

        published.register()
        hooks.fill()
        chores.add("holdings", Chore(holdings.EVERY, holdings.renew))
        chores.add("verify", Chore(verify.EVERY, verify.verify_some))
        post_migrate.connect(signals.keep_triggers, sender=self)
        post_save.connect(signals.follow_policy, sender=Policy)
