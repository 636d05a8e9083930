"""From what an identity provider says of a person to groups and proposal roles of this gateway.

AARC-G069 "Guidelines for expressing group membership and role information": the value is
``NAMESPACE:group:GROUP[:SUBGROUP…][:role=ROLE]#AUTHORITY`` with URL-encoded members. A member of a subgroup is a member
of its parents; a role is held in the group that is named and does not climb.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from gateway.accounts import audit
from gateway.accounts.models import AuditKind, EntitlementRule, Membership

CLAIMS = (
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.7",  # eduPersonEntitlement
    "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",  # isMemberOf
    "eduPersonEntitlement",
    "isMemberOf",
    "entitlements",
    "eduperson_entitlement",
    "groups",
)
MAX_VALUES = 500
MAX_LENGTH = 1000


@dataclass(frozen=True)
class Entitlement:
    """``group`` as its path; ``role`` empty: a plain member; ``namespace`` empty: a plain value, not a URN."""

    namespace: str
    group: tuple[str, ...]
    role: str
    authority: str
    value: str

    def implied(self) -> Iterator["Entitlement"]:
        """Itself, plain membership of its group, and of every parent."""
        yield self
        for length in range(len(self.group), 0, -1):
            if length < len(self.group) or self.role:
                yield Entitlement(self.namespace, self.group[:length], "", self.authority, self.value)


def parse(value: str) -> Entitlement:
    """Anything that does not have the form of AARC-G069 is a plain value."""
    body, _, authority = value.partition("#")
    namespace, found, rest = body.partition(":group:")
    if not found or not namespace.lower().startswith("urn:") or not rest:
        return Entitlement("", (value,), "", "", value)
    members = [unquote(member) for member in rest.split(":")]
    role = members.pop()[5:] if members[-1].startswith("role=") else ""
    if not members or not all(members):
        return Entitlement("", (value,), "", "", value)
    return Entitlement(namespace, tuple(members), role, authority, value)


def values_of(extra_data: Mapping[str, Any]) -> list[str]:
    """Entitlement values of what a provider sent: SAML attributes, OIDC claims of userinfo or id_token."""
    found: list[str] = []
    for source in (extra_data, extra_data.get("userinfo"), extra_data.get("id_token")):
        if not isinstance(source, Mapping):
            continue
        for claim in CLAIMS:
            given = source.get(claim) or ()
            found += [given] if isinstance(given, str) else [value for value in given if isinstance(value, str)]
    return [value for value in dict.fromkeys(found) if len(value) <= MAX_LENGTH][:MAX_VALUES]


def gives(rule: EntitlementRule, held: Entitlement) -> str | None:
    """The proposal (or '') that the rule gives for the entitlement; None where it does not match."""
    if (rule.namespace, rule.role) != (held.namespace, held.role):
        return None
    if rule.authority and rule.authority != held.authority:
        return None
    if not rule.namespace:
        return rule.gives_proposal if rule.group == held.group[0] else None
    wanted = tuple(rule.group.split(":"))
    if wanted[-1] == "*" and len(held.group) == len(wanted) and held.group[:-1] == wanted[:-1]:
        return rule.gives_proposal or held.group[-1]
    return rule.gives_proposal if wanted == held.group else None


def memberships(account: SocialAccount, issuer: str, values: Iterable[str]) -> list[Membership]:
    """What the reviewed rules of this issuer give for the values (not saved)."""
    rules = list(EntitlementRule.objects.filter(issuer=issuer))
    expires = timezone.now() + timedelta(days=settings.RIGHTS_LAPSE_DAYS)
    made: dict[tuple[Any, ...], Membership] = {}
    for held in (implied for value in values for implied in parse(value).implied()):
        for rule in rules:
            proposal = gives(rule, held)
            if proposal is None:
                continue
            member = Membership(
                user_id=account.user_id, identity=account, rule=rule, group=rule.gives_group,
                proposal_id=proposal[:200], role=rule.gives_role if proposal else "", value=held.value, expires=expires,
            )  # fmt: skip
            made.setdefault((rule.pk, proposal), member)
    return list(made.values())


def sync(account: SocialAccount, issuer: str) -> None:
    """What the identity provider said at this login."""
    replace(account, issuer, values_of(account.extra_data))


def replace(account: SocialAccount, issuer: str, said: Iterable[str]) -> None:
    """Replaces what this identity gave before; what a person's other identities gave stays."""
    values = [value for value in dict.fromkeys(said) if value and len(value) <= MAX_LENGTH][:MAX_VALUES]
    found = memberships(account, issuer, values)
    with transaction.atomic():
        before = set(account.memberships.values_list("group__name", "proposal_id", "role"))
        account.memberships.all().delete()
        Membership.objects.bulk_create(found)
    after = {(m.group.name if m.group else None, m.proposal_id, m.role) for m in found}
    if before != after or values:
        audit.record(
            AuditKind.RIGHTS, account.user, f"entitlements from {issuer}", values=values, gained=_words(after - before),
            lost=_words(before - after),
        )  # fmt: skip


def _words(rights: set[tuple[Any, ...]]) -> list[str]:
    return sorted(" ".join(str(part) for part in right if part) for right in rights)
