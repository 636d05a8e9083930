"""The job that somebody opened last: one click away on every page, until it is deleted or another one is opened."""

from uuid import UUID

from django.http import HttpRequest

from jobs.models import Job

SESSION = "selected_job"


def remember(request: HttpRequest, job: Job, title: str) -> None:
    kept = [str(job.id), title]
    if request.session.get(SESSION) != kept:
        request.session[SESSION] = kept


def forget(request: HttpRequest, job_id: UUID) -> None:
    if request.session.get(SESSION, [""])[0] == str(job_id):
        del request.session[SESSION]


def of(request: HttpRequest) -> tuple[str, str] | None:
    """Address of its page and title; None before any was opened."""
    # An error page may be drawn before the middleware has found the session.
    kept = request.session.get(SESSION) if hasattr(request, "session") else None
    return (f"/jobs/{kept[0]}/", kept[1]) if kept else None
