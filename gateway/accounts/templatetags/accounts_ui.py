"""What the sign-in pages need beside what allauth gives them."""

from django import template
from django.conf import settings
from django.template.context import Context

from gateway.accounts.federation import views

register = template.Library()

_ICONS = {"github": "github", "google": "google", "orcid": "person-vcard"}


@register.simple_tag(takes_context=True)
def federation(context: Context) -> dict[str, object]:
    """The search for an institution as the address asks for it, and the last choices."""
    return views.context(context["request"])


@register.simple_tag
def provider_icon(provider: str) -> str:
    return _ICONS.get(provider, "box-arrow-in-right")


@register.simple_tag
def local_signup() -> bool:
    return bool(settings.LOCAL_SIGNUP)
