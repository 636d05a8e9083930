"""Jobs in the admin: to look at, not to change; phases change only through the service."""

from django.contrib import admin

from gateway.accounts.readonly import ReadOnlyAdmin, register_rest
from jobs.models import Job


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("id", "type", "owner", "phase", "created", "ended", "worker", "attempts")
    list_filter = ("phase", "type", "queue")
    search_fields = ("id", "run_id", "owner__username")
    list_select_related = ("owner",)


register_rest("jobs")
