"""How allauth does things here: identities are never joined by e-mail, and nothing goes out but by the one way."""

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.shortcuts import render

from gateway.accounts.federation.metadata import app_of
from gateway.accounts.models import Institution
from gateway.vo import http


class AccountAdapter(DefaultAccountAdapter):
    """Local accounts: open to anyone unless the operator closed them."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.LOCAL_SIGNUP)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whoever has just given password or second factor to sign in is not asked for it again at once."""
        return bool(super().is_reauthentication_required(app=app, **kwargs)) and not just_signed_in(context.request)


def just_signed_in(request: HttpRequest | None) -> bool:
    """Did the user of this session prove who it is within allauth's time for asking again?"""
    if request is None or not request.user.is_authenticated:
        return False
    given = [one for one in get_authentication_records(request, request.user) if one["method"] in ("password", "mfa")]
    return bool(given) and time.time() - given[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT


class SocialAdapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True

    def get_requests_session(self) -> http.Session:
        return http.Session(max_bytes=5 * 2**20, total_seconds=15)

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Apps of settings and admin, always with PKCE; an institution where its provider id is asked for."""
        apps: list[SocialApp] = super().list_apps(request, provider=provider, client_id=client_id)
        for app in apps:
            app.settings.setdefault("oauth_pkce_enabled", True)
        if provider and not apps:
            named = client_id if provider == "saml" else provider
            institution = Institution.objects.filter(provider_id=named).first() if named else None
            if institution is not None:
                apps = [app_of(institution)]
        return apps

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if sociallogin.is_existing or sociallogin.state.get("process") == "connect":
            return
        taken = next((a.email for a in sociallogin.email_addresses if is_taken(a.email)), None)
        if taken:
            raise ImmediateHttpResponse(
                render(
                    request, "accounts/email_taken.html", {"email": taken, "provider": sociallogin.provider}, status=403
                )
            )


def is_taken(email: str) -> bool:
    return (
        EmailAddress.objects.filter(email__iexact=email).exists()
        or get_user_model().objects.filter(email__iexact=email).exists()
    )


def issuer_of(request: Any, account: SocialAccount) -> str:
    """The name under which rules know who speaks: entityID, issuer address, or the provider's own name."""
    institution = Institution.objects.filter(provider_id=account.provider).first()
    if institution is not None:
        return institution.entity_id
    try:
        app = account.get_provider(request).app
    except SocialApp.DoesNotExist:  # the operator took the provider away; its identities stay
        return str(account.provider)
    server = str(app.settings.get("server_url", "")) if app else ""
    return server.partition("/.well-known/")[0].rstrip("/") or str(account.provider)
