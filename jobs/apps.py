from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"
    label = "jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from jobs import actions, descriptions, keeper, provenance_document, registry, sleep
        from provenance.hooks import actions as provenance_actions

        registry.types.add(sleep.TYPE.name, sleep.TYPE)
        registry.types.add(provenance_document.TYPE.name, provenance_document.TYPE)
        registry.add_analyses()
        registry.described.fill(descriptions.find_type)
        registry.all_described.fill(descriptions.published_types)
        keeper.add_chores()
        provenance_actions.add("repeat-job", actions.Repeat())
        provenance_actions.add("edit-and-repeat-job", actions.EditAndRepeat())
        provenance_actions.add("open-job", actions.Open())
