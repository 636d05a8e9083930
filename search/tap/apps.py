from django.apps import AppConfig


class TapConfig(AppConfig):
    name = "search.tap"
    label = "tap"
    verbose_name = "TAP"
