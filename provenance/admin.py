"""Staff may look at every row; nothing is added or deleted by hand. An agent can be erased."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from provenance.models import Agent, Alternate


class ReadOnly(admin.ModelAdmin[Any]):
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AgentAdmin(ReadOnly):
    actions = ("erase",)

    @admin.action(description=_("Forget the person (name, e-mail, affiliation)"), permissions=["view"])
    def erase(self, request: HttpRequest, queryset: "QuerySet[Agent]") -> None:
        for agent in queryset:
            agent.erase()
            Alternate.objects.filter(kind=Alternate.Kind.AGENT, identifier=agent.pk).update(name=agent.pk)


def _columns(model: type[Model]) -> tuple[str, ...]:
    names = [f.name for f in model._meta.fields if not f.primary_key and not _is_long(f)]
    return ("__str__", *names[:6])


def _is_long(field: Any) -> bool:
    return isinstance(field, ForeignKey) or field.get_internal_type() in ("TextField", "JSONField")


for _model in apps.get_app_config("provenance").get_models():
    _base = AgentAdmin if _model is Agent else ReadOnly
    _attributes = {
        "list_display": _columns(_model),
        "search_fields": ("pk",),
        "raw_id_fields": tuple(f.name for f in _model._meta.fields if isinstance(f, ForeignKey)),
    }
    admin.site.register(_model, type(f"{_model.__name__}Admin", (_base,), _attributes))
