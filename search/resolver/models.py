"""What Sesame said, kept: answers for 30 days, "unknown" for an hour."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

KEEP_FOUND = timedelta(days=30)
KEEP_UNKNOWN = timedelta(hours=1)


class CachedName(models.Model):
    """``folded`` is ``sources.fold`` of what was asked; positions in degrees, ICRS."""

    folded = models.CharField(max_length=200, unique=True)
    candidates = models.JSONField(default=list, help_text="empty: nobody knows the name")
    fetched_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["fetched_at"])]

    def __str__(self) -> str:
        return self.folded

    @property
    def is_fresh(self) -> bool:
        return timezone.now() - self.fetched_at < (KEEP_FOUND if self.candidates else KEEP_UNKNOWN)
