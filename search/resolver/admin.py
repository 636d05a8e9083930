from django.contrib import admin

from search.resolver.models import CachedName


@admin.register(CachedName)
class CachedNameAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    list_display = ("folded", "fetched_at")
    search_fields = ("folded",)
