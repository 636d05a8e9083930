from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "gateway.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from gateway.accounts import audit, signals  # noqa: F401 - the imports connect the receivers
