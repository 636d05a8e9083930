"""What the page of one job shows, and its part that changes while the job runs."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from gateway.access.request import viewer
from gateway.access.rights import Viewer
from jobs import descriptions, hooks, parameters, queue, service, webhook
from jobs.addresses import is_address
from jobs.models import Job, JobResult
from jobs.pages import forms, snippets
from jobs.pages.estimate import estimate
from jobs.pages.numbers import numbers
from jobs.phases import Phase
from jobs.registry import JobType
from jobs.uws import documents


def job_context(request: HttpRequest, found: Job) -> dict[str, Any]:
    job_type = descriptions.as_run(found.type, found.version)
    asker = viewer(request)
    href = f"{job_type.path if job_type else '/uws/' + found.type}/{found.id}"
    results = list(found.results.all())
    main = next((r for r in results if r.main), None)
    return {
        "job": found,
        "job_type": job_type,
        "title": job_type.description.title if job_type else found.type,
        "href": href,
        "results": results,
        "numbers": numbers(found.summary),
        "previews": (previews := [r for r in results if r.preview]),
        "preview_url": f"{href}/results/{previews[0].name}" if previews else "",
        "main": main,
        "download": main or _only_file(results),
        "is_map": main is not None and _product_type(main, asker) == "image",
        "plot": next((r for r in results if r.name == "plot.json"), None),
        "logs": found.log.order_by("id")[:2000],
        "history": list(found.history.all()),
        "values": _values_shown(found, job_type),
        "may_change": service.may_change(asker, found),
        "line": phase_line(found),
        "waiting_before": queue.position(found) if found.phase == Phase.QUEUED else None,
        "estimate": estimate(job_type, asker) if job_type and not found.is_finished else None,
        "repeats": _repeated(found, asker),
        "provenance": documents.PROVENANCE_FORMS if documents.has_history(found) else (),
        "address": request.build_absolute_uri(href),
        "webhook_key": webhook.key_of(found.owner_id) if found.webhook and asker.user_id == found.owner_id else "",
        "curl": snippets.curl(request.build_absolute_uri(href.rsplit("/", 1)[0]), found.parameters),
        "pyvo": snippets.pyvo(request.build_absolute_uri(href.rsplit("/", 1)[0]), found.parameters),
    }


def _only_file(results: list[JobResult]) -> JobResult | None:
    """What a run made that registers no product, a ZIP for instance, where it is one thing beside the usual."""
    own = [one for one in results if one.name not in ("summary", "stdout", "stderr")]
    return own[0] if len(own) == 1 else None


def _repeated(found: Job, asker: Viewer) -> Job | None:
    """The earlier run that this one repeats, once there is something to compare."""
    earlier = found.same_as if found.phase == Phase.COMPLETED else None
    return earlier if earlier is not None and service.may_read(asker, earlier) else None


def _product_type(result: JobResult, asker: Viewer) -> str:
    """ObsCore's word for a result that became a product; empty for others."""
    if not result.identifier:
        return ""
    try:
        return hooks.inputs(result.identifier, asker).product_type
    except (hooks.InputNotFound, hooks.InputForbidden):
        return ""


def _values_shown(found: Job, job_type: JobType | None) -> list[dict[str, Any]]:
    """Parameters with what the description says of them; those that differ from the default are marked."""
    if job_type is None or job_type.lenient:
        return [{"label": n, "texts": t, "changed": False} for n, t in found.parameters.items()]
    rows = []
    has_files = any(documents.is_upload(text) for texts in found.parameters.values() for text in texts)
    names = dict(found.uploads.values_list("name", "file_name")) if has_files else {}
    for parameter in parameters.parameters_of(job_type.description):
        field = forms.Field(parameter, list(found.parameters.get(parameter.name, [])))
        texts = field.texts or parameter.default_texts
        if texts:
            rows.append({"label": parameter.label, "texts": texts, "unit": field.unit, "changed": field.changed,
                         "links": _links(job_type, found, parameter.name, names)
                         if parameter.is_input else []})  # fmt: skip
    return rows


def _links(job_type: JobType, found: Job, name: str, files: Mapping[str, str]) -> list[dict[str, str]]:
    """Inputs with where they can be had: files at their parameter, products at their page."""
    href, texts = f"{job_type.path}/{found.id}", found.parameters.get(name, [])
    shown = documents.parameter_values(Job(parameters={name: texts}), href)
    return [
        {"text": files.get(text.removeprefix(documents.UPLOAD), text), "href": value.value}
        if value.by_reference
        else {"text": text, "href": text if is_address(text) else f"/products/?{urlencode({'id': text})}"}
        for text, value in zip(texts, shown, strict=True)
    ]


def phase_line(found: Job) -> list[dict[str, Any]]:
    """The way of a job from PENDING to its end: each station with its time and whether it was reached."""
    last = found.phase if found.is_finished else Phase.COMPLETED
    stations = [
        (Phase.PENDING, found.created),
        (Phase.QUEUED, found.queued),
        (Phase.EXECUTING, found.started),
        (last, found.ended),
    ]
    if found.phase in (Phase.HELD, Phase.SUSPENDED, Phase.UNKNOWN):
        stations.insert(1, (Phase(found.phase), None))
    return [
        {"phase": phase, "label": Phase(phase).label, "time": time, "now": phase == found.phase,
         "reached": time is not None or phase == found.phase}
        for phase, time in stations
    ]  # fmt: skip
