"""The Celery application: ``celery -A gateway worker``. Messages carry no truth, see ``jobs.queue``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")

from jobs.broker import app

__all__ = ["app"]
