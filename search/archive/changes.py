"""What others may want to know of the archive's rows."""

from django.dispatch import Signal

changed = Signal()
"""Sent after the archive's rows changed in number or rights: an ingest, a result, a share, a removal."""
