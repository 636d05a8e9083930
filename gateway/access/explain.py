"""Why a viewer may have something, or why not, in words.

A second, plain reading of the rule that ``gateway.access.rights`` gives to SQL; a test holds the two together.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gateway.access.models import Metadata, Policy, Rights, Role
from gateway.access.rights import Viewer
from gateway.accounts.models import Membership, display_name


@dataclass(frozen=True)
class About:
    """What the refused thing says of itself, where that is more exact than its policy."""

    proposal: str = ""
    collection: str = ""
    pi: str = ""


NOTHING_MORE = About()


@dataclass(frozen=True)
class Refusal:
    """``status``: 401 sign in, 403 not yours, 404 as if it did not exist (then nothing else is told)."""

    status: int
    text: str
    release_date: datetime | None = None
    proposal_id: str = ""
    pi: str = ""
    open_to: str = ""
    may_ask: bool = False
    policy: Policy | None = None


def grants(viewer: Viewer, policy: Policy) -> list[str]:
    """Every reason why the viewer may have the bytes; none: they may not."""
    now = timezone.now()
    found = []
    if policy.rights == Rights.PUBLIC:
        found.append(_("the data are public"))
    elif policy.is_released(now):
        found.append(_("the proprietary period is over"))
    if viewer.user_id is None:
        return found
    if policy.rights == Rights.SECURE:
        found.append(_("open to everyone who is signed in"))
    if viewer.is_staff:
        found.append(_("staff of this gateway"))
    if policy.owner_id == viewer.user_id:
        found.append(_("owner"))
    member = policy.members.filter(user_id=viewer.user_id).first()
    if member:
        found.append(_("%(role)s named by the policy") % {"role": member.get_role_display()})
    found += [_("member of the group %s") % group.name for group in policy.groups.filter(pk__in=viewer.group_ids)]
    if policy.proposal_id and policy.proposal_id in viewer.proposals:
        found.append(_("an institution vouches for a role on proposal %s") % policy.proposal_id)
    return found


def as_staff_only(viewer: Viewer, policy: Policy) -> bool:
    """Would the viewer be refused without the power of staff? (such a use is audited)"""
    if not viewer.is_staff:
        return False
    plain = Viewer(viewer.user_id, viewer.username, False, viewer.group_ids, viewer.proposals, viewer.scopes)
    return not grants(plain, policy)


def explain_refusal(viewer: Viewer, policy: Policy | None, about: About = NOTHING_MORE) -> Refusal | None:
    """Why the viewer may not fetch what the policy governs; None where they may. The one place of these words."""
    if policy is None:
        return None if viewer.is_staff else _unknown()
    if grants(viewer, policy):
        return None
    if policy.metadata == Metadata.HIDDEN:
        return _unknown()
    if policy.rights == Rights.SECURE:
        return Refusal(401, _("These data are open to everyone who is signed in. Sign in to open them."), policy=policy)
    pi = (about.pi or pi_of(policy)) if policy.pi_public else ""
    proposal = about.proposal or policy.proposal_id
    sentences = [
        _belongs(policy, proposal, about.collection),
        _until(policy),
        _("Until then it is open to %s.") % _open_to(policy, pi, proposal),
        _who(viewer),
    ]
    return Refusal(
        status=403 if viewer.is_authenticated else 401,
        text=" ".join(sentences),
        release_date=policy.release_date,
        proposal_id=proposal,
        pi=pi,
        open_to=_open_to(policy, "", proposal),
        may_ask=True,
        policy=policy,
    )


def _unknown() -> Refusal:
    return Refusal(404, _("There is nothing at this address that is open to you."))


def _belongs(policy: Policy, proposal: str, collection: str) -> str:
    if proposal:
        return _("It belongs to proposal %(proposal)s.") % {"proposal": proposal}
    if policy.owner_id and not policy.collection:
        return _("It is a result that its owner has not published.")
    return _("It belongs to the collection %(collection)s.") % {"collection": collection or policy.collection or policy}


def _until(policy: Policy) -> str:
    if policy.release_date is None:
        return _("No date is set on which it becomes public.")
    days = (policy.release_date - timezone.now()).days + 1
    return ngettext(
        "Its proprietary period ends on %(date)s, in %(days)d day; from then on anyone can download it.",
        "Its proprietary period ends on %(date)s, in %(days)d days; from then on anyone can download it.",
        days,
    ) % {"date": policy.release_date.astimezone(UTC).date().isoformat(), "days": days}


def _open_to(policy: Policy, pi: str, proposal: str) -> str:
    groups = ", ".join(policy.groups.order_by("name").values_list("name", flat=True))
    if policy.owner_id and not proposal:
        named = _("its owner and those the owner names")
    elif pi:
        named = _("the PI, %(pi)s, the co-investigators and those they name") % {"pi": pi}
    else:
        named = _("the PI, the co-investigators and those they name")
    return _("%(named)s, and the groups %(groups)s") % {"named": named, "groups": groups} if groups else named


def _who(viewer: Viewer) -> str:
    if viewer.is_authenticated:
        return _("You are signed in as %(name)s, who is not among them.") % {"name": viewer.username}
    return _("You are not signed in; if you are one of them, sign in.")


def pi_of(policy: Policy) -> str:
    """The names of its PIs, or of its owner."""
    users = [member.user for member in policy.members.filter(role=Role.PI).select_related("user")]
    if not users and policy.pi_name:
        return policy.pi_name
    if not users and policy.owner:
        users = [policy.owner]
    return ", ".join(display_name(user) for user in users)


def addressees(policy: Policy) -> list[str]:
    """Where a request for access goes: the PIs with an account here, else the contact, else the owner."""
    members = policy.members.filter(role=Role.PI, user__is_active=True)
    found = [email for email in members.values_list("user__email", flat=True) if email]
    vouched = Membership.objects.filter(role=Role.PI, expires__gt=timezone.now(), user__is_active=True)
    if policy.proposal_id:
        found += vouched.filter(proposal_id=policy.proposal_id).values_list("user__email", flat=True)
    if not found and policy.contact:
        found = [policy.contact]
    if not found and policy.owner and policy.owner.email:
        found = [policy.owner.email]
    return sorted(set(found))
