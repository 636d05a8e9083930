"""The Celery application: ``celery -A gateway worker``. Messages carry no truth, see ``jobs.queue``."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")

app = Celery("gateway")
app.config_from_object(settings.CELERY)
app.autodiscover_tasks()
