"""The audit trail: one function writes it, signals feed what Django and allauth report."""

from typing import Any
from uuid import UUID

from allauth.account import signals as account_signals
from allauth.account.adapter import get_adapter
from django.contrib.admin.models import LogEntry
from django.contrib.auth import signals as auth_signals
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from gateway.accounts.models import AccessToken, AuditEvent, AuditKind, EntitlementRule, User
from gateway.vo import log


def record(
    kind: AuditKind,
    actor: User | None,
    subject: str = "",
    *,
    request: HttpRequest | None = None,
    as_staff: bool = False,
    policy: UUID | None = None,
    **details: Any,
) -> AuditEvent:
    """Writes one event. ``details`` are plain JSON values and hold no secret."""
    known = actor if actor is not None and actor.is_authenticated else None
    return AuditEvent.objects.create(
        kind=kind,
        actor=known,
        actor_key=known.agent_key if known else "",
        subject=subject[:400],
        as_staff=as_staff,
        policy=policy,
        address=client_address(request) if request else None,
        request_id=log.request_id.get(),
        details=details,
    )


def client_address(request: HttpRequest) -> str | None:
    """The visitor's address as allauth's rate limits see it (behind the number of proxies the settings name)."""
    try:
        return str(get_adapter().get_client_ip(request))
    except (KeyError, ValueError, PermissionDenied):  # behind fewer proxies than the settings name
        return None


@receiver(account_signals.user_logged_in)
def _signed_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    login = kwargs.get("sociallogin")
    methods = request.session.get("account_authentication_methods") or []
    how = [method.get("method", "") for method in methods]
    provider = login.account.provider if login else ""
    record(AuditKind.LOGIN, user, provider or "local", request=request, methods=how)


@receiver(auth_signals.user_login_failed)
def _refused(request: HttpRequest | None = None, credentials: dict[str, Any] | None = None, **kwargs: Any) -> None:
    given = credentials or {}
    record(AuditKind.LOGIN_FAILED, None, str(given.get("username") or given.get("email") or ""), request=request)


@receiver(auth_signals.user_logged_out)
def _signed_out(request: HttpRequest | None = None, user: User | None = None, **kwargs: Any) -> None:
    if user is not None:
        record(AuditKind.LOGOUT, user, request=request)


@receiver(account_signals.password_changed)
@receiver(account_signals.password_reset)
@receiver(account_signals.email_changed)
def _account_changed(request: HttpRequest, user: User, signal: Any, **kwargs: Any) -> None:
    what = "e-mail" if signal is account_signals.email_changed else "password"
    record(AuditKind.ACCOUNT, user, what, request=request)


@receiver(post_save, sender=LogEntry)
def _staff_change(instance: LogEntry, **kwargs: Any) -> None:
    record(
        AuditKind.STAFF, instance.user, f"{instance.content_type}: {instance.object_repr}", as_staff=True,
        change=instance.get_change_message(),
    )  # fmt: skip


@receiver(m2m_changed, sender=User.groups.through)
def _group_change(instance: Model, action: str, pk_set: set[Any] | None, **kwargs: Any) -> None:
    if not action.startswith("post_"):
        return
    members = sorted(str(pk) for pk in pk_set or ())
    if isinstance(instance, User):
        members = sorted(Group.objects.filter(pk__in=pk_set or ()).values_list("name", flat=True))
    record(AuditKind.RIGHTS, None, f"{action[5:]} groups of {instance}", members=members)


@receiver([post_save, post_delete], sender=EntitlementRule)
def _rule_change(instance: EntitlementRule, **kwargs: Any) -> None:
    record(AuditKind.RIGHTS, instance.reviewed_by, f"rule {instance}", issuer=instance.issuer)


@receiver(post_save, sender=AccessToken)
def _token_change(instance: AccessToken, created: bool, **kwargs: Any) -> None:
    what = "made" if created else "revoked" if instance.revoked else "changed"
    record(AuditKind.TOKEN, instance.user, f"{what}: {instance.name}", scopes=instance.scopes, id=str(instance.pk))
