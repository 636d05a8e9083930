"""A policy in one word, as the person who looks at it would say it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.translation import gettext as _

from gateway.access.models import Policy, Rights
from gateway.access.rights import Viewer

Kind = Literal["public", "yours", "secure", "collaboration", "embargo", "proprietary"]


@dataclass(frozen=True)
class Access:
    """``open``: this viewer may have the bytes now."""

    kind: Kind
    label: str
    icon: str
    tone: str
    open: bool


def describe(policy: Policy, viewer: Viewer, fetchable: Collection[int] | None, now: datetime) -> Access:
    """How the policy stands to the viewer.

    ``fetchable`` is ``rights.policy_ids(viewer, "fetch")``, asked for once and handed in for each row of a page.
    """
    may = fetchable is None or policy.pk in fetchable
    released = policy.release_date is not None and policy.release_date <= now
    if policy.rights == Rights.PUBLIC or released:
        return Access("public", _("Public"), "unlock", "", True)
    if viewer.is_authenticated and policy.owner_id == viewer.user_id:
        return Access("yours", _("Yours"), "person-fill", "primary", True)
    if policy.rights == Rights.SECURE:
        return Access("secure", _("Signed-in users"), "unlock" if may else "lock-fill", "" if may else "warning", may)
    if policy.release_date is not None:
        label = _("until %(date)s") % {"date": policy.release_date.date().isoformat()}
        return Access("embargo", label, "people-fill" if may else "lock-fill", "warning", may)
    if may:
        return Access("collaboration", _("Collaboration"), "people-fill", "primary", True)
    return Access("proprietary", _("Proprietary"), "lock-fill", "warning", False)
