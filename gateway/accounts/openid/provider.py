"""allauth's OpenID Connect with what it leaves out: a nonce, the issuer of the answer, one and the same subject."""

import base64
import hashlib
import hmac
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext as _


def nonce_of(code_verifier: str) -> str:
    """The nonce of a login follows from its PKCE secret, which the session keeps: nothing more need be kept."""
    digest = hashlib.sha256(b"nonce:" + code_verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Adapter(OpenIDConnectOAuth2Adapter):
    """One login: what the provider answers is believed only if it answers this very request."""

    nonce = ""

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> Any:
        self._check_issuer(request)
        self.nonce = nonce_of(pkce_code_verifier or "")
        return super().get_access_token_data(request, app, client, pkce_code_verifier=pkce_code_verifier)

    def _check_issuer(self, request: HttpRequest) -> None:
        """RFC 9207, section 2.4: before the code is given away, and where it was promised it must be there."""
        named, config = request.GET.get("iss"), self.openid_config
        promised = bool(config.get("authorization_response_iss_parameter_supported"))
        if named != config.get("issuer") if named or promised else False:
            raise refused(request, _("The answer comes from another service than the one that was asked."))

    def complete_login(self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any) -> SocialLogin:
        login: SocialLogin = super().complete_login(request, app, token, **kwargs)
        data = login.account.extra_data
        claims, person = data.get("id_token"), data.get("userinfo")
        if claims is not None and not hmac.compare_digest(str(claims.get("nonce", "")), self.nonce):
            raise refused(request, _("The answer belongs to another attempt to sign in. Begin again."))
        if claims and person and claims.get("sub") != person.get("sub"):  # OpenID Connect Core 1.0, section 5.3.2
            raise refused(request, _("The service gave two different names for you. Tell its help desk."))
        return login


def refused(request: HttpRequest, reason: str) -> ImmediateHttpResponse:
    return ImmediateHttpResponse(render(request, "accounts/login_refused.html", {"reason": reason}, status=401))


class Provider(OpenIDConnectProvider):
    oauth2_adapter_class = Adapter

    def get_pkce_params(self) -> dict[str, str]:
        """Always: allauth adds all but the verifier to the request."""
        made: dict[str, str] = generate_code_challenge()
        return {**made, "nonce": nonce_of(made["code_verifier"])}


provider_classes = [Provider]
