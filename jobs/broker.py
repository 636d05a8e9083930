"""The Celery application. It belongs to this room because web, keeper and worker all speak to the broker."""

from typing import Any

from celery import Celery
from django.conf import settings
from kombu import entity

import jobs.embedded_broker  # noqa: F401 (gives the scheme ``files`` its transport)

CLASSES = ("short", "long", "io")

app = Celery("gateway")
app.config_from_object(settings.CELERY)
QUEUES: dict[str, Any] = {
    name: entity.Queue(name, exchange=entity.Exchange(name), routing_key=name)  # type: ignore[no-untyped-call] # no types
    for name in CLASSES
}
app.conf.task_queues = list(QUEUES.values())
app.conf.imports = ("jobs.tasks",)
# Celery would close the database's connections around each message; ``jobs.tasks.work`` sees to them as a request does.
app.conf["CELERY_DB_REUSE_MAX"] = 2**62
app.set_default()
