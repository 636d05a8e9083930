"""Admin pages on which staff can look and not touch: records that are written once, or by the programs alone."""

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline


class ReadOnlyAdmin(ModelAdmin):
    """Lists the plain columns of a model; counting a table of millions for the pager is left out."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_list_display(self, request: HttpRequest) -> Any:
        if tuple(self.list_display) != ("__str__",):
            return self.list_display
        plain = (models.CharField, models.DateTimeField, models.UUIDField, models.IntegerField, models.BooleanField)
        fields = [field for field in self.model._meta.concrete_fields if isinstance(field, plain)]
        return ["__str__", *[field.name for field in fields if not field.primary_key][:5]]


def register_rest(label: str) -> None:
    """Every model of a room that has no page of its own."""
    for model in apps.get_app_config(label).get_models():
        if not admin.site.is_registered(model):
            admin.site.register(model, ReadOnlyAdmin)
