"""What every template may use."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from jobs.pages import selected
from search.portal import cart


def navigation(request: HttpRequest) -> list[dict[str, object]]:
    """The bar's entries; the one whose part of the site is open is marked."""
    path, job = request.path, selected.of(request)
    entries = [
        (_("Search"), "/search/", ("/search/", "/products/", "/searches/"), ""),
        (_("Jobs"), "/jobs/", ("/jobs/",), ""),
        *([(_("Selected job"), job[0], (job[0],), job[1])] if job else []),
        (_("Provenance"), "/provenance/", ("/provenance/",), ""),
        (_("Help"), "/help/", ("/help/",), ""),
    ]
    # The longest address is the nearest: a job's own page is not marked as the list of jobs too.
    open_part = max((url for _label, url, parts, _hint in entries if path.startswith(parts)), key=len, default="")
    return [
        {"label": label, "url": url, "hint": hint, "active": url == open_part, "here": path == url}
        for label, url, _parts, hint in entries
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
        "navigation": SimpleLazyObject(lambda: navigation(request)),
        "signed_in_by": SimpleLazyObject(lambda: signed_in_by(request)),
        "cart_count": SimpleLazyObject(lambda: cart.count(request)),
        "user_groups": SimpleLazyObject(lambda: group_names(request)),
    }
