"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from search.portal import cart


def navigation(path: str) -> list[dict[str, object]]:
    """The bar's entries; the one whose part of the site is open is marked."""
    entries = (
        (_("Search"), "/search/", ("/search/", "/products/", "/searches/")),
        (_("Jobs"), "/jobs/", ("/jobs/",)),
        (_("Provenance"), "/provenance/", ("/provenance/",)),
        (_("Help"), "/help/", ("/help/",)),
    )
    return [
        {"label": label, "url": url, "active": path.startswith(parts), "here": path == url}
        for label, url, parts in entries
    ]


def signed_in_by(request: HttpRequest) -> str:
    """The way in words, from what allauth noted in the session: local account, passkey, or a provider's name."""
    methods = request.session.get("account_authentication_methods") or []
    last = methods[-1] if methods else {}
    provider = last.get("provider")
    if provider:
        return str(provider)
    words = {"password": _("password"), "mfa": _("passkey or second factor"), "code": _("code by e-mail")}
    return words.get(str(last.get("method")), _("account of this gateway"))


def group_names(request: HttpRequest) -> list[str]:
    user = getattr(request, "user", None)
    return sorted(user.groups.values_list("name", flat=True)) if user is not None and user.is_authenticated else []


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "site_name": settings.SITE_NAME,
        "public_url": settings.PUBLIC_URL,
        "navigation": navigation(request.path),
        "signed_in_by": SimpleLazyObject(lambda: signed_in_by(request)),
        "cart_count": SimpleLazyObject(lambda: cart.count(request)),
        "user_groups": SimpleLazyObject(lambda: group_names(request)),
    }
