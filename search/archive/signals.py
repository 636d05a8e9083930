"""What must follow when something else changes."""

from typing import Any

from django.db import connections

from gateway.access.models import Policy
from search.archive import curation, sky_index


def keep_triggers(sender: Any, using: str, **kwargs: Any) -> None:
    """A migration that rewrites the product table on SQLite loses the triggers of the sky index."""
    sky_index.ensure(connections[using])


def follow_policy(sender: Any, instance: Policy, created: bool, raw: bool = False, **kwargs: Any) -> None:
    """An operator changed a policy: its products say the same."""
    if not created and not raw:
        curation.follow_policy(instance)
