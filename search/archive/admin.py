"""The archive in the admin: rows are read there, made by ingest."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from gateway.accounts.readonly import ModelAdmin
from search.archive.models import Collection, Product, Proposal


@admin.register(Product)
class ProductAdmin(ModelAdmin):
    """Staff may mistrust a product and change its Policy; what its bytes say is not edited."""

    list_display = ("key", "obs_collection", "target_name", "dataproduct_type", "policy", "verified_ok", "suspect")
    list_filter = ("obs_collection", "dataproduct_type", "data_rights", "simulated", "verified_ok")
    search_fields = ("key", "obs_publisher_did", "target_name", "proposal_id")
    list_select_related = ("policy",)
    fields = ("key", "obs_title", "policy", "suspect", "verified_at", "verified_ok", "sha256", "size", "storage_key")
    editable = ("policy", "suspect")
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        return tuple(name for name in self.fields if name not in self.editable)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Proposal)
class ProposalAdmin(ModelAdmin):
    list_display = ("proposal_id", "title", "pi_name", "policy")
    search_fields = ("proposal_id", "title", "pi_name")


@admin.register(Collection)
class CollectionAdmin(ModelAdmin):
    list_display = ("name", "title", "facility", "simulated")
