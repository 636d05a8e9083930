from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "gateway.pages"
    label = "pages"
    verbose_name = "Pages"
