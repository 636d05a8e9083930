"""A message to an address of the owner's when a job has ended: signed, guarded, tried again when it does not arrive.

The keeper calls ``send_due``; the messages themselves go from a few threads, so that an address that does not answer
holds up no other chore. At least once: whoever receives one knows it by the job's id.
"""

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections, connection
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from requests import RequestException

from gateway.vo.http import Session
from jobs.errors import Refused
from jobs.models import Job
from jobs.phases import FINISHED
from jobs.uws.documents import moment

log = logging.getLogger(__name__)
DELAYS = (10, 60, 600, 3600, 6 * 3600)
"""s before the second, third … try; after the last one it is given up"""
BATCH = 20
SECONDS = 10.0
MAX_ANSWER = 64 * 1024
SIGNATURE, EVENT = "X-Distiller-Signature", "X-Distiller-Event"
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="webhook")
_sending: set[UUID] = set()
_lock = threading.Lock()


def checked(address: str) -> str:
    """The address as given, or ``Refused`` (400). Where it leads is judged when it is called."""
    parts = urlsplit(address) if len(address) <= 1000 and address.isprintable() else urlsplit("")
    if address and (parts.scheme not in ("http", "https") or not parts.hostname or parts.username):
        raise Refused(400, "WEBHOOK", address, _("must be an http or https address of at most 1000 characters"))
    return address


def key_of(owner_id: object) -> str:
    """The owner's signing key: shown to the owner, and to nobody else. Visitors' jobs have none."""
    return salted_hmac("jobs.webhook", str(owner_id), algorithm="sha256").hexdigest() if owner_id else ""


def signature(key: str, body: bytes) -> str:
    """``sha256=`` and the HMAC-SHA256 of the body in hexadecimal, as most receivers know it."""
    return "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def body_of(job: Job) -> bytes:
    """What is told: no more than the job's list says, and where the rest is found."""
    from jobs import registry  # noqa: PLC0415 (the registry's types import services that import this module)

    job_type = registry.get(job.type, job.version)
    told: dict[str, Any] = {
        "event": "job.ended",
        "id": str(job.id),
        "type": job.type,
        "runId": job.run_id or None,
        "phase": job.phase,
        "startTime": moment(job.started) or None,
        "endTime": moment(job.ended) or None,
        "error": job.error_message[:1000] or None,
        "href": f"{settings.PUBLIC_URL}{job_type.path if job_type else '/uws/' + job.type}/{job.id}",
        "page": f"{settings.PUBLIC_URL}/jobs/{job.id}/",
    }
    return json.dumps(told).encode()


def send_due(submit: Callable[..., Any] = _threads.submit) -> int:
    """Hands over the messages that are due; returns how many."""
    now = timezone.now()
    due = Job.objects.filter(phase__in=FINISHED, webhook_due__lte=now).select_related("owner")[:BATCH]
    count = 0
    for job in due:
        tries = job.webhook_tries + 1
        later = now + timedelta(seconds=DELAYS[tries - 1]) if tries <= len(DELAYS) else None
        with _lock:
            if job.pk in _sending:
                continue
            _sending.add(job.pk)
        # Marked first: another keeper must not send it too, and a lost try is made up for by the next.
        rows = Job.objects.filter(pk=job.pk, webhook_tries=job.webhook_tries, webhook_due=job.webhook_due)
        if rows.update(webhook_tries=tries, webhook_due=later):
            submit(_send, job, later is None)
            count += 1
        else:
            _forget(job)
    return count


def _forget(job: Job) -> None:
    with _lock:
        _sending.discard(job.pk)


def _send(job: Job, last: bool) -> None:
    """In a thread of its own connection."""
    in_thread = threading.current_thread() is not threading.main_thread()
    try:
        problem = post(job)
        if not problem:
            Job.objects.filter(pk=job.pk).update(webhook_due=None)
            job.note("keeper", "webhook called")
        elif last:
            job.note("keeper", "webhook given up", problem[:300])
        else:
            log.info("webhook of %s: %s; it will be tried again", job.pk, problem)
    except Exception:
        log.exception("webhook of %s", job.pk)
    finally:
        _forget(job)
        if in_thread:
            close_old_connections()
            connection.close()


def post(job: Job) -> str:
    """One try; why it failed, or empty."""
    body = body_of(job)
    headers = {"Content-Type": "application/json", EVENT: "job.ended"}
    if key := key_of(job.owner_id):
        headers[SIGNATURE] = signature(key, body)
    try:
        with Session(max_bytes=MAX_ANSWER, total_seconds=SECONDS) as session:
            response = session.post(job.webhook, data=body, headers=headers, allow_redirects=False)
    except RequestException as error:
        return f"{type(error).__name__}: {error}"
    return "" if 200 <= response.status_code < 300 else f"it answered {response.status_code}"
