"""Rights in the admin. Changes leave a staff event in the audit trail."""

from django.contrib import admin

from gateway.access.models import Policy, PolicyMember
from gateway.accounts.readonly import ModelAdmin, TabularInline, register_rest


class MemberInline(TabularInline):
    model = PolicyMember
    autocomplete_fields = ("user",)
    extra = 0


@admin.register(Policy)
class PolicyAdmin(ModelAdmin):
    list_display = ("name", "collection", "proposal_id", "rights", "release_date", "metadata", "owner")
    list_filter = ("rights", "metadata", "collection")
    search_fields = ("name", "collection", "proposal_id", "pi_name")
    filter_horizontal = ("groups",)
    autocomplete_fields = ("owner",)
    inlines = (MemberInline,)


register_rest("access")
