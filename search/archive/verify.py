"""Are the stored files what they were when they came in?"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.utils import timezone

from search.archive import files
from search.archive.models import Product, ProductQuerySet

logger = logging.getLogger(__name__)
EVERY = 300.0
"""s between two slices"""
SLICE = 100 * 2**20
MOST = 200
"""files in one slice"""


@dataclass
class Report:
    """KEYs of files that are not as they were."""

    checked: int = 0
    damaged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there was anything to do: the keeper's log tells only of that."""
        return self.checked > 0

    @property
    def clean(self) -> bool:
        return not self.damaged and not self.missing

    @property
    def text(self) -> str:
        lines = [f"{key}: its checksum differs" for key in self.damaged]
        return "\n".join([*lines, *(f"{key}: its file is missing" for key in self.missing)])


def stored() -> ProductQuerySet:
    """Products with a file here, those longest unchecked first."""
    return Product.objects.exclude(storage_key="").filter(removed_at=None).order_by("verified_at", "pk")


def _oldest(size: int) -> list[int]:
    """The products longest unchecked (not within a day) that make up this many bytes; at least one."""
    chosen, total = [], 0
    waiting = stored().filter(verified_at__lt=timezone.now() - timedelta(days=1))
    for pk, length in waiting.values_list("pk", "size")[:MOST]:
        chosen.append(pk)
        total += length or 0
        if total >= size:
            break
    return chosen


def verify(products: ProductQuerySet, progress: Callable[[str], None] | None = None) -> Report:
    """Reads every file and compares its SHA-256; the outcome is kept with the row."""
    report = Report()
    for product in products.only("pk", "key", "storage_key", "sha256").iterator():
        try:
            good = files.stored_digest(product.storage_key) == product.sha256
        except OSError:
            good = False
            report.missing.append(product.key)
        else:
            if not good:
                report.damaged.append(product.key)
        Product.objects.filter(pk=product.pk).update(verified_at=timezone.now(), verified_ok=good)
        report.checked += 1
        if progress:
            progress(f"{product.key}: {'as it was' if good else 'NOT as it was'}")
    return report


def verify_some(size: int = SLICE) -> Report:
    """About ``size`` bytes of the archive, for a timer; damage is logged and mailed to the staff."""
    report = verify(stored().filter(pk__in=_oldest(size)))
    if not report.clean:
        logger.error("stored files are not as they were:\n%s", report.text)
        staff = get_user_model().objects.filter(is_staff=True, is_active=True).exclude(email="")
        to = [person.email for person in staff]
        count = len(report.damaged) + len(report.missing)
        subject = f"{settings.SITE_NAME}: stored files damaged or missing: {count}"
        send_mail(subject, report.text, None, to)
    return report
