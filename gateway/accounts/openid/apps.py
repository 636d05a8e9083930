from django.apps import AppConfig


class OpenidConfig(AppConfig):
    name = "gateway.accounts.openid"
    label = "openid"
    verbose_name = "OpenID Connect"
