"""One table for every kind of work, and what hangs on a row: results, uploads, log, history.

Changes of phase are conditional UPDATEs in ``jobs.queue`` and ``jobs.service``; a model never saves a phase.
"""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gateway.access.models import Policy
from jobs.phases import FINISHED, WAITABLE, Phase

Json = dict[str, Any]


class Job(models.Model):
    """A UWS job."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=64)
    version = models.CharField(max_length=32, help_text=_("version of the description it runs with"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="jobs"
    )
    policy = models.ForeignKey(Policy, null=True, blank=True, on_delete=models.PROTECT, related_name="jobs")
    phase = models.CharField(max_length=10, choices=Phase, default=Phase.PENDING)
    run_id = models.CharField(max_length=255, blank=True)
    origin = models.CharField(max_length=16, default="api", help_text=_("browser or api"))

    created = models.DateTimeField(default=timezone.now, db_index=True)
    queued = models.DateTimeField(null=True, blank=True)
    started = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    quote = models.DateTimeField(null=True, blank=True)
    destruction = models.DateTimeField(null=True, blank=True)
    execution_duration = models.IntegerField(help_text=_("s; 0: no limit"))
    warned = models.BooleanField(default=False, help_text=_("the owner was told that destruction is near"))

    parameters = models.JSONField(default=dict, help_text=_("name to list of texts, as given"))
    fingerprint = models.CharField(max_length=64, blank=True)
    same_as = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="copies")

    queue = models.CharField(max_length=8, default="short")
    priority = models.SmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    claim = models.CharField(max_length=32, blank=True, help_text=_("token of the run that may write"))
    lease = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=120, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    progress = models.FloatField(null=True, blank=True)
    step = models.CharField(max_length=300, blank=True)
    steps = models.JSONField(default=list, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    summary = models.JSONField(null=True, blank=True)
    error_type = models.CharField(max_length=10, blank=True)
    error_message = models.TextField(blank=True)
    error_detail = models.TextField(blank=True)
    exit_code = models.IntegerField(null=True, blank=True)

    kept = models.BooleanField(default=False, help_text=_("the owner keeps the results beyond destruction"))
    notify = models.BooleanField(default=False, help_text=_("write to the owner when it is done"))
    notified = models.BooleanField(default=False)
    webhook = models.CharField(max_length=1000, blank=True, help_text=_("called when it is done"))
    webhook_tries = models.PositiveSmallIntegerField(default=0)
    webhook_due = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["type", "-created"], name="job_type_created"),
            # Holds all that a page of the list needs to be found: deep pages must not read the rows before them.
            models.Index(fields=["owner", "-created", "id", "phase"], name="job_owner_list"),
            models.Index(fields=["owner", "destruction", "id", "phase"], name="job_owner_doomed"),
            models.Index(fields=["owner", "type", "-created"], name="job_owner_type_created"),
            models.Index(fields=["owner", "phase"], name="job_owner_phase"),
            models.Index(fields=["fingerprint", "-created"], name="job_same"),
            # The claim of the next job, the reaper and the destruction look at few rows of a long table.
            models.Index(fields=["queue", "-priority", "queued"], condition=Q(phase="QUEUED"), name="job_waiting"),
            models.Index(fields=["lease"], condition=Q(phase="EXECUTING"), name="job_running"),
            models.Index(fields=["webhook_due"], condition=Q(webhook_due__isnull=False), name="job_webhook"),
            models.Index(fields=["destruction"], condition=Q(destruction__isnull=False), name="job_doomed"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"

    @property
    def is_finished(self) -> bool:
        return self.phase in FINISHED

    @property
    def is_waitable(self) -> bool:
        return self.phase in WAITABLE

    @property
    def activity_id(self) -> str:
        """Local part of its QName in provenance."""
        return f"job-{self.id}"

    @property
    def main_key(self) -> str:
        """KEY of its main product."""
        return f"{self.type.replace('_', '-')}-{self.id.hex[:12]}"

    @property
    def owner_name(self) -> str:
        return self.owner.get_username() if self.owner else ""

    @property
    def percent(self) -> int | None:
        return None if self.progress is None else round(100 * self.progress)

    @property
    def took(self) -> float | None:
        """s since its start, or from start to end."""
        return ((self.ended or timezone.now()) - self.started).total_seconds() if self.started else None

    @property
    def steps_shown(self) -> list[Json]:
        """The steps as its page shows them."""
        return [
            {
                "name": step.get("name", ""),
                "error": step.get("error", ""),
                "words": ", ".join(f"{k} {v}" for k, v in (step.get("values") or {}).items()),
                "seconds": step["end"] - step["start"] if step.get("end") else None,
            }
            for step in self.steps
        ]

    def note(self, who: str, what: str, why: str = "") -> None:
        """A line of its history."""
        JobEvent.objects.create(job=self, who=who, what=what, why=why)


class JobEvent(models.Model):
    """When, by whom, why: each change of phase and each edit."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="history")
    time = models.DateTimeField(default=timezone.now)
    who = models.CharField(max_length=150)
    what = models.CharField(max_length=300)
    why = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.what} ({self.who})"


class JobResult(models.Model):
    """A result; its bytes are a product of the archive, or lie in the storage beside the archive."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="results")
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=300, blank=True)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=400, blank=True)
    product_key = models.CharField(max_length=200, blank=True)
    identifier = models.CharField(max_length=400, blank=True)
    main = models.BooleanField(default=False)
    preview = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="one_result_of_a_name")]

    def __str__(self) -> str:
        return self.name


class JobUpload(models.Model):
    """A file that came with the request; a parameter ``NAME=param:PART`` refers to it."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=200)
    file_name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=400)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="one_upload_of_a_name")]

    def __str__(self) -> str:
        return self.name


LOG_STREAMS = ("stdout", "stderr")


class JobLog(models.Model):
    """A piece of what the run wrote; pieces in the order of ``id`` are the whole."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="log")
    claim = models.CharField(max_length=32)
    stream = models.CharField(max_length=6, choices=[("stdout", "stdout"), ("stderr", "stderr")])
    time = models.DateTimeField(default=timezone.now)
    text = models.TextField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:80]


class JobDescription(models.Model):
    """A version of a description as published; an old job shows the one it ran with."""

    name = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    state = models.CharField(
        max_length=10,
        choices=[
            ("draft", _("Draft")),
            ("proposed", _("Proposed")),
            ("published", _("Published")),
            ("superseded", _("Superseded")),
            ("withdrawn", _("Withdrawn")),
            ("built in", _("Built in")),
        ],
        default="draft",
    )
    document = models.JSONField(default=dict)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="job_descriptions"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    remark = models.TextField(blank=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="one_description_of_a_version")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
