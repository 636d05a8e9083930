from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from jobs import registry, sleep  # noqa: PLC0415 (Django's apps must be loaded first)

        registry.types.add(sleep.TYPE.name, sleep.TYPE)
        registry.add_analyses()
