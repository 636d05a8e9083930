from django.apps import AppConfig


class FederationConfig(AppConfig):
    name = "gateway.accounts.federation"
    label = "federation"
    verbose_name = "Federation"
