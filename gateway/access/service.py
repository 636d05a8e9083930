"""Asking for access, giving it, taking it back; each change leaves its mark in the audit trail."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from gateway.access.explain import addressees
from gateway.access.models import AccessRequest, Invitation, Policy, PolicyMember, Role
from gateway.accounts import audit
from gateway.accounts.models import AuditKind, User, display_name

MAX_MESSAGE = 2000
INVITATION_DAYS = 30


def ask(policy: Policy, user: User, message: str) -> AccessRequest:
    """Keeps the request and mails it to the PI; a second one while the first is open only renews its text."""
    request, created = AccessRequest.objects.update_or_create(
        policy=policy, user=user, state=AccessRequest.State.OPEN, defaults={"message": message[:MAX_MESSAGE]}
    )
    if created:
        link = settings.PUBLIC_URL + reverse("access_members", args=[policy.uid])
        words = {"request": request, "who": display_name(user), "policy": policy, "link": link}
        subject = _("%(who)s asks for access to %(what)s") % {"who": display_name(user), "what": label(policy)}
        mail(addressees(policy) or staff(), subject, "access/mail/ask.txt", words, reply_to=user.email)
        audit.record(AuditKind.RIGHTS, user, f"asks for {policy}")
    return request


def staff() -> list[str]:
    """Whom a question reaches where nobody else can answer it."""
    people = User.objects.filter(is_staff=True, is_active=True).exclude(email="")
    return sorted(people.values_list("email", flat=True))


def label(policy: Policy) -> str:
    return policy.proposal_id or policy.collection or policy.name


def mail(to: Sequence[str], subject: str, template: str, context: dict[str, object], reply_to: str = "") -> None:
    """One mail to each address, so that nobody learns of the others."""
    text = render_to_string(template, context | {"site_name": settings.SITE_NAME, "public_url": settings.PUBLIC_URL})
    one_line = " ".join(subject.split())
    for address in to:
        EmailMessage(one_line, text, to=[address], reply_to=[reply_to] if reply_to else None).send()


def policies_like(policy: Policy) -> list[Policy]:
    """All policies of the same proposal: a collaborator is one of the proposal, not of one collection of it."""
    if not policy.proposal_id:
        return [policy]
    return list(Policy.objects.filter(proposal_id=policy.proposal_id))


def admit(policy: Policy, user: User, role: str, by: User | None) -> None:
    """Names a person; a role that is there already is never lowered by it."""
    ranks = [Role.COLLABORATOR, Role.COI, Role.PI]
    with transaction.atomic():
        for one in policies_like(policy):
            member, created = PolicyMember.objects.get_or_create(policy=one, user=user, defaults={"role": role})
            if not created and ranks.index(Role(role)) > ranks.index(Role(member.role)):
                member.role = role
                member.save(update_fields=["role"])
        waiting = AccessRequest.objects.filter(policy__in=policies_like(policy), user=user, state="open")
        waiting.update(state=AccessRequest.State.GRANTED)
    audit.record(AuditKind.RIGHTS, by, f"admits to {label(policy)}", who=user.agent_key, role=role)


def dismiss(policy: Policy, user: User, by: User) -> None:
    PolicyMember.objects.filter(policy__in=policies_like(policy), user=user).exclude(role=Role.PI).delete()
    audit.record(AuditKind.RIGHTS, by, f"dismisses from {label(policy)}", who=user.agent_key)


def invite(policies: Sequence[Policy], email: str, role: str, target: str, by: User | None) -> Invitation:
    """Mails a link that leads through sign-in to ``target`` and gives the role to the one who follows it."""
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email, role=role, target=target, invited_by=by, digest=_digest(secret),
        expires=timezone.now() + timedelta(days=INVITATION_DAYS),
    )  # fmt: skip
    invitation.policies.set(policies)
    what = ", ".join(sorted({label(policy) for policy in policies}))
    link = settings.PUBLIC_URL + reverse("access_invitation", args=[secret])
    context: dict[str, object] = {"invitation": invitation, "what": what, "link": link, "by": by and display_name(by)}
    mail([email], _("Your data are ready: %s") % what, "access/mail/invitation.txt", context)
    audit.record(AuditKind.RIGHTS, by, f"invites to {what}", role=role)
    return invitation


def target(proposal: str) -> str:
    """The search that shows the data of a proposal."""
    return f"/search/results/?{urlencode({'proposal_id': proposal})}"


def found_by(policy: Policy) -> str:
    """The search that shows what a policy governs."""
    if policy.proposal_id:
        return target(policy.proposal_id)
    return f"/search/results/?{urlencode({'obs_collection': policy.collection})}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def find_invitation(secret: str) -> Invitation | None:
    return Invitation.objects.filter(digest=_digest(secret)).first()


def accept(invitation: Invitation, user: User) -> bool:
    """Gives the role, once; True also for the one who accepted before (a mail is opened more than once)."""
    if invitation.accepted_by_id == user.pk:
        return True
    taken = Invitation.objects.filter(pk=invitation.pk, accepted_by=None, expires__gt=timezone.now())
    if not taken.update(accepted_by=user):
        return False
    for policy in invitation.policies.all():
        admit(policy, user, invitation.role, invitation.invited_by)
    return True
