from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    name = "search.archive"
    label = "archive"
    verbose_name = "Archive"
