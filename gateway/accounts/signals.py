"""Federated rights follow each federated login."""

from typing import Any

from allauth.account.signals import user_logged_in, user_signed_up
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.signals import social_account_added
from django.dispatch import receiver

from gateway.accounts import entitlements
from gateway.accounts.adapters import issuer_of


@receiver([user_logged_in, user_signed_up, social_account_added])
def _sync(request: Any, sociallogin: SocialLogin | None = None, **kwargs: Any) -> None:
    if sociallogin is not None and sociallogin.account.pk:
        entitlements.sync(sociallogin.account, issuer_of(request, sociallogin.account))
