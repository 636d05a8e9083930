"""Staff may look at every row; nothing is added or deleted by hand. An agent can be forgotten."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from gateway.accounts.readonly import ReadOnlyAdmin, register_rest
from provenance.models import Agent, Alternate


class AgentAdmin(ReadOnlyAdmin):
    actions = ("erase",)
    search_fields = ("identifier", "name")

    @admin.action(description=_("Forget the person (name, e-mail, affiliation)"), permissions=["view"])
    def erase(self, request: HttpRequest, queryset: "QuerySet[Agent]") -> None:
        for agent in queryset:
            agent.erase()
            Alternate.objects.filter(kind=Alternate.Kind.AGENT, identifier=agent.pk).update(name=agent.pk)


admin.site.register(Agent, AgentAdmin)
register_rest("provenance")
