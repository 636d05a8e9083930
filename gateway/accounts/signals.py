"""Federated rights follow each federated login."""

from typing import Any

from allauth.account.signals import user_logged_in, user_signed_up
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.signals import social_account_added
from django.dispatch import receiver
from django.http import HttpRequest

from gateway.accounts import audit, entitlements
from gateway.accounts.adapters import issuer_of
from gateway.accounts.models import AuditKind, User


@receiver([user_logged_in, user_signed_up, social_account_added])
def _sync(request: Any, sociallogin: SocialLogin | None = None, **kwargs: Any) -> None:
    if sociallogin is not None and sociallogin.account.pk:
        entitlements.sync(sociallogin.account, issuer_of(request, sociallogin.account))


@receiver([authenticator_added, authenticator_removed])
def _second_factor(signal: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """The change is audited, and the code that proved a new authenticator opens nothing any more."""
    added = signal is authenticator_added
    if added and authenticator.type == Authenticator.Type.TOTP:
        authenticator.wrap().validate_code(request.POST.get("code", ""))
    what = "second factor added" if added else "second factor removed"
    audit.record(AuditKind.ACCOUNT, user, what, request=request, type=str(authenticator.type))
