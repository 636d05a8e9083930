"""Why a viewer may know of a product but not open it: until when, whom to ask. The same words on pages, for programs
and in DataLink."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gateway.access.models import Policy, PolicyMember, Rights, Role
from gateway.access.rights import Viewer
from search.archive.models import Product


@dataclass(frozen=True)
class Denial:
    """``sentences`` make one paragraph; ``status`` 401 where signing in may help, else 403."""

    status: int
    sentences: tuple[str, ...]
    pi: str
    proposal: str
    release: datetime | None

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


def explain(product: Product, viewer: Viewer) -> Denial:
    """The reason, for a viewer who may see the product and may not fetch it."""
    policy = product.policy
    pi = pi_of(product)
    sentences = [_belongs(product), _until(policy), _open_to(policy, pi), _who(viewer)]
    return Denial(
        status=403 if viewer.is_authenticated else 401,
        sentences=tuple(sentence for sentence in sentences if sentence),
        pi=pi,
        proposal=product.proposal_id or "",
        release=policy.release_date,
    )


def pi_of(product: Product) -> str:
    """The PI by name, from the row, else the member of the policy with that role; empty where the policy keeps it."""
    if not product.policy.pi_public:
        return ""
    if product.pi_name:
        return product.pi_name
    member = PolicyMember.objects.filter(policy=product.policy, role=Role.PI).select_related("user").first()
    return str(member.user.get_full_name() or member.user.get_username()) if member else ""


def _belongs(product: Product) -> str:
    if product.proposal_id:
        return _("It belongs to proposal %(proposal)s.") % {"proposal": product.proposal_id}
    if product.policy.owner_id:
        return _("It is a result that its owner has not published.")
    return _("It belongs to the collection %(collection)s.") % {"collection": product.obs_collection}


def _until(policy: Policy) -> str:
    if policy.rights == Rights.SECURE:
        return _("It is open to everyone who is signed in.")
    if policy.release_date is None:
        return "" if policy.owner_id else _("No date has been set for its release.")
    day = policy.release_date.astimezone(UTC).date()
    days = (policy.release_date - timezone.now()).days + 1
    return ngettext(
        "Its proprietary period ends on %(date)s, in %(days)d day; from then on anyone can download it.",
        "Its proprietary period ends on %(date)s, in %(days)d days; from then on anyone can download it.",
        days,
    ) % {"date": day.isoformat(), "days": days}


def _open_to(policy: Policy, pi: str) -> str:
    if policy.rights == Rights.SECURE:
        return ""
    if policy.owner_id:
        return _("Until then it is open to its owner and to those whom the owner names.")
    if pi:
        return _("Until then it is open to the PI, %(pi)s, to co-investigators and to those they name.") % {"pi": pi}
    if not policy.pi_public:
        return _("Until then it is open to its PI, to co-investigators and to those they name.")
    return _("Until then it is open to the members of its collaboration.")


def _who(viewer: Viewer) -> str:
    if viewer.is_authenticated:
        return _("You are signed in as %(name)s, who is not among them.") % {"name": viewer.username}
    return _("You are not signed in.")
