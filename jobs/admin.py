"""Jobs in the admin: to look at, not to change; phases change only through the service."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from jobs.models import Job, JobDescription, JobEvent, JobLog, JobResult, JobUpload


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg] # one class for all models
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Job)
class JobAdmin(ReadOnly):
    list_display = ("id", "type", "owner", "phase", "created", "ended", "worker", "attempts")
    list_filter = ("phase", "type", "queue")
    search_fields = ("id", "run_id", "owner__username")
    date_hierarchy = "created"
    list_select_related = ("owner",)


@admin.register(JobEvent)
class JobEventAdmin(ReadOnly):
    list_display = ("time", "job", "what", "who", "why")
    list_select_related = ("job",)


@admin.register(JobResult)
class JobResultAdmin(ReadOnly):
    list_display = ("name", "job", "content_type", "size", "product_key")
    list_select_related = ("job",)


@admin.register(JobLog, JobUpload, JobDescription)
class OtherAdmin(ReadOnly):
    pass
