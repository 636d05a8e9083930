"""Are the stored bytes still those whose checksum was recorded?"""

import hashlib

from django.utils import timezone

from provenance.hooks import read_bytes
from provenance.models import Entity


def verify(entity: Entity) -> bool | None:
    """Reads the file again and keeps the answer; None where there is no checksum or no file here."""
    if not entity.sha256 or not read_bytes.filled:
        return None
    digest = hashlib.sha256()
    try:
        for block in read_bytes(entity.pk):
            digest.update(block)
    except (KeyError, OSError):
        return None
    entity.verified_at = timezone.now()
    entity.verified_ok = digest.hexdigest() == entity.sha256
    entity.save(update_fields=["verified_at", "verified_ok"])
    return entity.verified_ok
