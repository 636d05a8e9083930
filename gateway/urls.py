"""The addresses of the site. Each room owns its part; the contract is in docs/addresses."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("gateway.accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("gateway.access.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("gateway.pages.urls")),
    path("", include("search.portal.urls")),
    path("", include("search.archive.urls")),
    path("", include("search.resolver.urls")),
    path("", include("search.tap.urls")),
    path("", include("search.urls")),
    path("", include("jobs.urls")),
    path("", include("provenance.urls")),
]

handler400 = "gateway.pages.errors.bad_request"
handler403 = "gateway.pages.errors.forbidden"
handler404 = "gateway.pages.errors.not_found"
handler429 = "gateway.pages.errors.too_many"
handler500 = "gateway.pages.errors.server_error"
