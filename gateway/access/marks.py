"""Marks in the audit trail of what is done to data, and by the power of staff. The right was asked for before."""

import hashlib
from uuid import UUID

from django.core.cache import cache
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from gateway.access.explain import as_staff_only
from gateway.access.models import Downloads, Metadata, Policy
from gateway.access.rights import Viewer
from gateway.accounts import audit
from gateway.accounts.models import AuditKind, User

AGAIN_AFTER = 3600
"""seconds; a page that asks every two seconds whether something has changed is one look"""


def fetched(viewer: Viewer, policy: Policy | None, subject: str, via: str, request: HttpRequest | None = None) -> None:
    """Of proprietary products who fetched which and how; of public ones only the number of a day."""
    if policy is None:
        return
    if policy.is_released():
        _count(policy)
        return
    audit.record(
        AuditKind.FETCH, _user(viewer), subject, request=request, as_staff=as_staff_only(viewer, policy),
        policy=policy.uid, via=via,
    )  # fmt: skip


def _count(policy: Policy) -> None:
    today = timezone.now().date()
    if not Downloads.objects.filter(policy=policy, day=today).update(count=F("count") + 1):
        row, made = Downloads.objects.get_or_create(policy=policy, day=today, defaults={"count": 1})
        if not made:
            Downloads.objects.filter(pk=row.pk).update(count=F("count") + 1)


def staff_look(viewer: Viewer, policy: Policy | None, subject: str) -> None:
    """Staff look at what they would not be shown without their power."""
    if not viewer.is_staff:
        return
    if policy is not None and (policy.metadata == Metadata.PUBLIC or not as_staff_only(viewer, policy)):
        return
    digest = hashlib.sha256(subject.encode()).hexdigest()
    if cache.add(f"look:{viewer.user_id}:{digest}", 1, AGAIN_AFTER):
        staff_act(viewer, f"looks at {subject}", policy.uid if policy else None)


def staff_act(viewer: Viewer, subject: str, policy: UUID | None = None, why: str = "") -> None:
    """Staff do what only staff may."""
    audit.record(AuditKind.STAFF, _user(viewer), subject, as_staff=True, policy=policy, why=why)


def changed(viewer: Viewer, policy: Policy, subject: str, *, as_staff: bool = False) -> None:
    """The rights of something changed."""
    audit.record(AuditKind.RIGHTS, _user(viewer), subject, as_staff=as_staff, policy=policy.uid)


def _user(viewer: Viewer) -> User | None:
    return User.objects.filter(pk=viewer.user_id).first() if viewer.user_id else None
