from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from jobs import keeper, registry, sleep

        registry.types.add(sleep.TYPE.name, sleep.TYPE)
        registry.add_analyses()
        keeper.add_chores()
