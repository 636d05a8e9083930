"""Addresses of the contract with the smallest views that answer who was asked for."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from gateway.access.request import viewer
from gateway.accounts.csrf import protocol_view


@protocol_view
def who(request: HttpRequest) -> HttpResponse:
    asked = viewer(request)
    assert viewer(request) is asked
    return HttpResponse(f"{asked.username or 'anonymous'} {sorted(asked.scopes or [])}")


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


urlpatterns = [
    path("", page),
    *[
        path(address, who)
        for address in (
            "tap/sync", "tap-auth/sync", "scs", "data/x", "uws/sleep", "provenance/records", "products/x/", "health",
            "soda/sync", "provenance/entity/x/", "jobs/",
        )
    ],
    path("accounts/tokens/", page, name="account_login"),
]  # fmt: skip
