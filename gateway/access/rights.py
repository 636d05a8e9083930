"""The one place that decides who may see what.

Two questions, each answered as a filter in SQL and never after the query:

- *see*: may the viewer know that the row exists (its metadata)?  ``visible(viewer)``
- *fetch*: may the viewer have the bytes?  ``fetchable(viewer)``

Both exist as a Django ``Q`` for rows that carry ``policy_id``, and as plain data (``Condition``) which
``search.tap`` turns into nodes of the ADQL tree. What a viewer may fetch, the viewer may see.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone

from gateway.access.models import Metadata, Policy, Rights

if TYPE_CHECKING:
    from gateway.accounts.models import User


@dataclass(frozen=True)
class Viewer:
    """Who asks. Made once per request (``viewer_of``) and handed down; lower rooms never see a request.

    ``scopes`` is None for a session or an in-process caller, else the scopes of the access token. ``proposals`` are
    those of which an identity provider vouches for a role, at present.
    """

    user_id: UUID | None = None
    username: str = ""
    is_staff: bool = False
    group_ids: frozenset[int] = field(default_factory=frozenset)
    proposals: frozenset[str] = field(default_factory=frozenset)
    scopes: frozenset[str] | None = None

    @property
    def is_authenticated(self) -> bool:
        return self.user_id is not None

    def has_scope(self, scope: str) -> bool:
        return self.scopes is None or scope in self.scopes


ANONYMOUS = Viewer()


@dataclass(frozen=True)
class Condition:
    """``column operator values`` on a table that carries the column, e.g. ``policy_id IN (1, 5)``."""

    column: str
    operator: Literal["in"]
    values: tuple[int, ...]


def viewer_of(user: "User | AnonymousUser", scopes: frozenset[str] | None = None) -> Viewer:
    """The Viewer for a user; two SQL statements: the groups of this gateway, and what an institution vouches for."""
    if isinstance(user, AnonymousUser) or not user.is_authenticated:
        return ANONYMOUS
    groups = set(user.groups.values_list("id", flat=True))
    vouched = user.memberships.filter(expires__gt=timezone.now()).values_list("group_id", "proposal_id")
    groups |= {group for group, _ in vouched if group is not None}
    proposals = frozenset(proposal for _, proposal in vouched if proposal)
    return Viewer(user.pk, user.get_username(), bool(user.is_staff), frozenset(groups), proposals, scopes)


def _entitled(viewer: Viewer) -> Q:
    if not viewer.is_authenticated:
        return Q(pk__in=[])
    named = Q(owner_id=viewer.user_id) | Q(members__user_id=viewer.user_id) | Q(groups__in=list(viewer.group_ids))
    return named | Q(proposal_id__in=list(viewer.proposals))


def _open(viewer: Viewer, now: datetime) -> Q:
    rule = Q(rights=Rights.PUBLIC) | Q(release_date__lte=now)
    if viewer.is_authenticated:
        rule |= Q(rights=Rights.SECURE)
    return rule


def policy_ids(viewer: Viewer, question: Literal["see", "fetch"]) -> list[int] | None:
    """The policies whose rows the viewer may see or fetch, in ascending order; None means all (staff)."""
    if viewer.is_staff:
        return None
    rule = _open(viewer, timezone.now()) | _entitled(viewer)
    if question == "see":
        rule |= Q(metadata=Metadata.PUBLIC)
    return sorted(set(Policy.objects.filter(rule).values_list("pk", flat=True)))


def _as_q(ids: list[int] | None) -> Q:
    return Q() if ids is None else Q(policy_id__in=ids)


def visible(viewer: Viewer) -> Q:
    """A filter for rows with ``policy_id``: those whose existence and metadata the viewer may know."""
    return _as_q(policy_ids(viewer, "see"))


def fetchable(viewer: Viewer) -> Q:
    """A filter for rows with ``policy_id``: those whose bytes the viewer may have."""
    return _as_q(policy_ids(viewer, "fetch"))


def visible_conditions(viewer: Viewer) -> tuple[Condition, ...]:
    """``visible`` as plain data for the ADQL tree; an empty tuple means no restriction."""
    ids = policy_ids(viewer, "see")
    return () if ids is None else (Condition("policy_id", "in", tuple(ids)),)


def may_see(viewer: Viewer, policy_id: int | None) -> bool:
    """A row without policy is nobody's but the staff's."""
    return _allows(policy_ids(viewer, "see"), policy_id)


def may_fetch(viewer: Viewer, policy_id: int | None) -> bool:
    return _allows(policy_ids(viewer, "fetch"), policy_id)


def _allows(ids: list[int] | None, policy_id: int | None) -> bool:
    return ids is None or policy_id in ids
