from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save


class ProvenanceConfig(AppConfig):
    name = "provenance"
    label = "provenance"
    verbose_name = "Provenance"

    def ready(self) -> None:
        # Django's registry must be complete before any of these is imported.
        from gateway.access.models import Policy
        from provenance import published, usage

        published.register()
        usage.fill()
        post_save.connect(govern_anew, sender=Policy, dispatch_uid="provenance.policy")


def govern_anew(instance: Any, created: bool, raw: bool = False, **_kwargs: Any) -> None:
    """A policy was edited: relations whose two ends it governs follow."""
    from provenance.governance import policy_changed

    if not created and not raw:
        policy_changed(instance)
