from django.apps import AppConfig


class ResolverConfig(AppConfig):
    name = "search.resolver"
    label = "resolver"
    verbose_name = "Name resolver"
