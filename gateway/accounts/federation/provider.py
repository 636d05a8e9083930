"""The federation as allauth sees it: a provider whose app is the chosen institution."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import Provider, ProviderAccount
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

from gateway.accounts.federation import saml
from gateway.accounts.models import Institution


class InstitutionAccount(ProviderAccount):
    def to_str(self) -> str:
        return str(self.account.uid)


class InstitutionProvider(Provider):
    id = "saml"
    name = "SAML"
    supports_redirect = True
    account_class = InstitutionAccount

    def __init__(self, request: HttpRequest | None, app: SocialApp) -> None:
        super().__init__(request, app)
        self.name = app.name

    @property
    def institution(self) -> Institution:
        return Institution.objects.get(provider_id=self.app.provider_id)

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        """Choosing is a page of its own, since a login begins with POST."""
        query = {"entityID": self.institution.entity_id, **{k: v for k, v in kwargs.items() if v}}
        return f"{reverse('institutions')}?{urlencode(query)}"

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        auth = saml.auth(self.institution)
        address = auth.login(return_to="")
        self.stash_redirect_state(request, process, next_url, data, state_id=auth.get_last_request_id(), **kwargs)
        return HttpResponseRedirect(address)

    def extract_uid(self, data: dict[str, list[str]]) -> str:
        return saml.uid(data)[:191]

    def extract_extra_data(self, data: dict[str, list[str]]) -> dict[str, list[str]]:
        return data

    def extract_common_fields(self, data: dict[str, list[str]]) -> dict[str, str]:
        def first(name: str) -> str:
            return next((value for value in data.get(name, []) if value), "")

        return {
            "email": first(saml.MAIL),
            "first_name": first(saml.GIVEN_NAME)[:150],
            "last_name": first(saml.SURNAME)[:150],
            "name": first(saml.DISPLAY_NAME),
        }

    def extract_email_addresses(self, data: dict[str, list[str]]) -> list[EmailAddress]:
        """An institution is believed for addresses of its own scope; any other has to be verified by mail."""
        address = next((value for value in data.get(saml.MAIL, []) if value), "")
        if not address:
            return []
        return [EmailAddress(email=address, verified=saml.in_scope(address, self.institution), primary=True)]


provider_classes = [InstitutionProvider]
