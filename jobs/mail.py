"""Mails to owners: the job is done; its results will be destroyed soon. Sent by the keeper, each once."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import registry, service
from jobs.limits import limits
from jobs.models import Job
from jobs.phases import FINISHED, Phase

log = logging.getLogger(__name__)
BATCH = 50


def send_due() -> int:
    return _done() + _warnings()


def _done() -> int:
    """Those who asked to be told."""
    ended = Job.objects.filter(phase__in=FINISHED, notify=True, notified=False)
    return _tell(ended, "notified", _("%(title)s: %(phase)s"), _("Your job has ended. It is at %(url)s"))


def _warnings() -> int:
    """Results that somebody made to last are not taken away without a word."""
    if limits().keep < 2 * service.soon():
        return 0
    soon = Job.objects.filter(
        phase=Phase.COMPLETED, warned=False, kept=False, destruction__lte=timezone.now() + service.soon()
    )
    asked_for = [job.pk for job in soon[:BATCH] if job.destruction and job.destruction - job.created > service.soon()]
    subject = _("%(title)s will be destroyed on %(until)s")
    body = _("The results of your job go on %(until)s. Keep them, or let them last longer, at %(url)s")
    return _tell(Job.objects.filter(pk__in=asked_for), "warned", subject, body)


def _tell(jobs: "QuerySet[Job]", mark: str, subject: str, body: str) -> int:
    told = 0
    for job in jobs.select_related("owner")[:BATCH]:
        # Marked first: a mail that is lost is better than one that comes every five seconds.
        if not Job.objects.filter(pk=job.pk, **{mark: False}).update(**{mark: True}) or job.owner is None:
            continue
        job_type = registry.get(job.type, job.version)
        words = {
            "title": (job_type.description.title if job_type else job.type) + (f", {job.run_id}" if job.run_id else ""),
            "phase": job.phase.lower(),
            "until": f"{job.destruction:%Y-%m-%d}" if job.destruction else "",
            "url": f"{settings.PUBLIC_URL}/jobs/{job.pk}/",
        }
        try:
            line = (subject % words).replace("\n", " ").replace("\r", " ")
            send_mail(line, body % words + "\n", None, [job.owner.email])
            told += 1
        except OSError as error:
            log.warning("mail about %s could not be sent: %s", job.pk, error)
    return told
