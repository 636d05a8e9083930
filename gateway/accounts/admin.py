"""Accounts in the admin: people, rules, institutions, tokens, the audit trail."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gateway.accounts.models import AccessToken, AuditEvent, EntitlementRule, Institution, Membership, User
from gateway.accounts.readonly import ModelAdmin, ReadOnlyAdmin, register_rest


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ("username", "email", "organisation", "is_staff", "is_active", "last_login")
    fieldsets = (*(UserAdmin.fieldsets or ()), (_("Gateway"), {"fields": ("organisation", "agent_key")}))
    readonly_fields = ("agent_key",)


@admin.register(EntitlementRule)
class EntitlementRuleAdmin(ModelAdmin):
    """Whoever saves a rule has reviewed it."""

    list_display = (
        "__str__",
        "issuer",
        "role",
        "gives_group",
        "gives_proposal",
        "gives_role",
        "reviewed_by",
        "reviewed_at",
    )
    list_filter = ("issuer",)
    search_fields = ("issuer", "namespace", "group", "gives_proposal")
    readonly_fields = ("reviewed_by", "reviewed_at")

    def save_model(self, request: HttpRequest, obj: EntitlementRule, form: Any, change: bool) -> None:
        obj.reviewed_by_id, obj.reviewed_at = request.user.pk, timezone.now()
        super().save_model(request, obj, form, change)


@admin.register(Institution)
class InstitutionAdmin(ReadOnlyAdmin):
    list_display = ("name", "entity_id", "federation", "country", "sirtfi", "hidden", "valid_until")
    search_fields = ("words", "entity_id")


@admin.register(AccessToken)
class AccessTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "user", "scopes", "created", "expires", "last_used", "revoked")
    search_fields = ("name", "user__username")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description=_("Revoke"))
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        for token in queryset:
            token.revoke()
            self.log_change(request, token, "revoked")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("user", "group", "proposal_id", "role", "value", "seen", "expires")
    search_fields = ("user__username", "proposal_id", "value")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("time", "kind", "actor", "subject", "as_staff", "address", "request_id")
    list_filter = ("kind", "as_staff")
    search_fields = ("subject", "actor__username", "request_id")


register_rest("accounts")
