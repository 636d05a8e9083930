"""One job for each of several inputs, from one form: all are made or none."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from gateway.access.rights import Viewer
from jobs import service
from jobs.errors import Refused
from jobs.models import Job
from jobs.pages import forms
from jobs.parameters import parameters_of
from jobs.registry import JobType

MOST = 100


class Unfit(Exception):
    """Why no job was made, in words for the user."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


def first_input(job_type: JobType) -> str:
    return next((one.name for one in parameters_of(job_type.description) if one.is_input), "")


def count(job_type: JobType, values: Mapping[str, list[str]]) -> int:
    return len(values.get(first_input(job_type), []))


def first(job_type: JobType, values: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """What the first of the jobs gets of what was typed."""
    name = first_input(job_type)
    return {**values, name: values[name][:1]}


def wanted(job_type: JobType, values: Mapping[str, list[str]], given: Mapping[str, str]) -> bool:
    """Is one job for each input asked for, and is there more than one input?"""
    return given.get("each") == "1" and count(job_type, values) > 1


def create(job_type: JobType, viewer: Viewer, values: dict[str, list[str]], given: Mapping[str, str]) -> list[Job]:
    """The jobs, PENDING or (``PHASE=RUN``) QUEUED; what is left empty comes from each one's own input.

    Raises Unfit with what is wrong and for which input; Refused (401) where the viewer must sign in.
    """
    name = first_input(job_type)
    if len(values[name]) > MOST:
        raise Unfit(_("At most %(count)d jobs can be made at once.") % {"count": MOST})
    made = []
    with transaction.atomic():
        for identifier in values[name]:
            own = forms.filled_from_inputs(job_type, {**values, name: [identifier]}, viewer)
            _judge(job_type, own, identifier, viewer)
            try:
                made.append(_create(job_type, viewer, own, given))
            except Refused as refused:
                if refused.status == 401:
                    raise
                raise Unfit(_("Nothing was started: %(why)s") % {"why": refused}, refused.status) from refused
    return made


def marked(job_type: JobType, values: Mapping[str, list[str]], viewer: Viewer) -> forms.Form:
    """The form with the reason at each value that was typed for all of them and is refused."""
    form = forms.make(job_type, values, viewer)
    for field in form.fields:
        typed = [] if field.parameter.is_input else values.get(field.parameter.name, [])
        if typed:
            field.error = forms.fault_of(field.parameter, list(typed), viewer)
    return form


def _judge(job_type: JobType, values: dict[str, list[str]], identifier: str, viewer: Viewer) -> None:
    form = forms.make(job_type, values, viewer, judge=True)
    if form.is_valid:
        return
    why = form.fault or next(f"{one.parameter.label}: {one.error}" for one in form.fields if one.error)
    raise Unfit(_("Nothing was started. For %(input)s: %(why)s") % {"input": identifier, "why": why})


def _create(job_type: JobType, viewer: Viewer, values: dict[str, list[str]], given: Mapping[str, str]) -> Job:
    return service.create(
        job_type.name,
        viewer,
        values,
        run_id=given.get("RUNID", ""),
        run=given.get("PHASE") == "RUN",
        duration=given.get("EXECUTIONDURATION"),
        destruction=given.get("DESTRUCTION"),
        origin="browser",
        notify="notify" in given,
    )
