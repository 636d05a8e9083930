"""The viewer's own jobs beside the rows of the results that they used."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from gateway.access.rights import Viewer
from jobs import registry
from jobs.models import Job
from jobs.phases import ACTIVE
from search.archive.models import Product

RECENT = 200
"""newest jobs of the viewer that are looked through"""


@dataclass(frozen=True)
class RowJob:
    id: UUID
    title: str
    phase: str

    @property
    def is_active(self) -> bool:
        return self.phase in ACTIVE


def of(products: Sequence[Product], viewer: Viewer) -> dict[str, list[RowJob]]:
    """KEY → jobs that took the product as an input, newest first; one query."""
    if not viewer.is_authenticated or not products:
        return {}
    named = {name: product.key for product in products for name in (product.key, product.obs_publisher_did)}
    rows = Job.objects.filter(owner_id=viewer.user_id).order_by("-created")
    found: dict[str, list[RowJob]] = {}
    for pk, type_name, phase, given in rows.values_list("pk", "type", "phase", "parameters")[:RECENT]:
        texts = {text for values in given.values() if isinstance(values, list) for text in values}
        for key in {named[text] for text in texts & named.keys()}:
            found.setdefault(key, []).append(RowJob(pk, _title(type_name), phase))
    return found


def _title(type_name: str) -> str:
    known = registry.types.get(type_name)
    return str(known.description.title) if known else type_name.replace("_", " ")
