"""The portal in the admin: other archives are enabled here; the rest is for looking."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from gateway.accounts.readonly import register_rest
from search.portal.models import Service

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


@admin.register(Service)
class ServiceAdmin(ModelAdmin):
    """Well-known ObsTAP services are listed from the start, each to be enabled with a click."""

    list_display = ("title", "enabled", "url", "table", "generic", "note")
    list_editable = ("enabled",)
    search_fields = ("title", "url", "note")
    actions = ("enable", "disable")

    @admin.action(description=_("Offer in the search form"))
    def enable(self, request: HttpRequest, chosen: QuerySet[Service]) -> None:
        chosen.update(enabled=True)

    @admin.action(description=_("Do not offer in the search form"))
    def disable(self, request: HttpRequest, chosen: QuerySet[Service]) -> None:
        chosen.update(enabled=False)


register_rest("portal")
