"""The one place that decides who may see what.

Two questions, each answered as a filter in SQL and never after the query:

- *see*: may the viewer know that the row exists (its metadata)?  ``visible(viewer)``
- *fetch*: may the viewer have the bytes?  ``fetchable(viewer)``

Both exist as a Django ``Q`` for rows that carry ``policy_id``, and as plain data (``Condition``) which
``search.tap`` turns into nodes of the ADQL tree. What a viewer may fetch, the viewer may see.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import connections
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
    """The Viewer for a user; one SQL statement: the groups of this gateway, and what an institution vouches for."""
    if isinstance(user, AnonymousUser) or not user.is_authenticated:
        return ANONYMOUS
    given = [_stored("owner", user.pk)] * 2 + [_stored("release_date", timezone.now())]
    with connections[Policy.objects.db].cursor() as cursor:
        cursor.execute(BELONGS, given)
        rows = cursor.fetchall()
    groups = frozenset(group for group, _ in rows if group is not None)
    proposals = frozenset(proposal for _, proposal in rows if proposal)
    return Viewer(user.pk, user.get_username(), bool(user.is_staff), groups, proposals, scopes)


BELONGS = (
    "SELECT group_id, NULL FROM accounts_user_groups WHERE user_id = %s UNION ALL"
    " SELECT group_id, proposal_id FROM accounts_membership WHERE user_id = %s AND expires > %s"
)
"""Plain SQL, as below: every request asks it."""


def policy_ids(viewer: Viewer, question: Literal["see", "fetch"]) -> list[int] | None:
    """The policies whose rows the viewer may see or fetch, in ascending order; None means all (staff).

    Plain SQL: the ORM takes longer to write these words than a small query of the archive takes in all.
    """
    if viewer.is_staff:
        return None
    connection = connections[Policy.objects.db]
    rules = [*_open(viewer, question), *_entitled(viewer)]
    words = " OR ".join(rule for rule, _ in rules)
    given = [value for _, values in rules for value in values]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM access_policy WHERE {words} ORDER BY id", given)  # noqa: S608 (own words)
        return [pk for (pk,) in cursor.fetchall()]


Rule = tuple[str, Sequence[Any]]
"""a condition on the table of policies with ``%s`` for each value, and the values"""


def _open(viewer: Viewer, question: str) -> Iterator[Rule]:
    """To everyone, to everyone who signed in, or to see only."""
    yield "rights = %s", [Rights.PUBLIC.value]
    yield "release_date <= %s", [_stored("release_date", timezone.now())]
    if viewer.is_authenticated:
        yield "rights = %s", [Rights.SECURE.value]
    if question == "see":
        yield "metadata = %s", [Metadata.PUBLIC.value]


def _entitled(viewer: Viewer) -> Iterator[Rule]:
    """To this person, by name, group or proposal."""
    if not viewer.is_authenticated:
        return
    person = _stored("owner", viewer.user_id)
    yield "owner_id = %s", [person]
    yield "id IN (SELECT policy_id FROM access_policymember WHERE user_id = %s)", [person]
    if viewer.group_ids:
        joined = f"policy_id FROM access_policy_groups WHERE group_id IN ({_places(viewer.group_ids)})"
        yield f"id IN (SELECT {joined})", list(viewer.group_ids)
    if viewer.proposals:
        yield f"proposal_id IN ({_places(viewer.proposals)})", list(viewer.proposals)


def _places(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _stored(field: str, value: object) -> Any:
    """The value as this engine keeps it in that column."""
    column: Any = Policy._meta.get_field(field)
    return column.get_db_prep_value(value, connections[Policy.objects.db])


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
