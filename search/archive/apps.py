from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    name = "search.archive"
    label = "archive"
    verbose_name = "Archive"

    def ready(self) -> None:
        from search.archive import published

        published.register()
