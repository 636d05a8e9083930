"""UWS 1.1 documents: XML by hand (a list of thousands must stream and be cheap), and the same facts as JSON.

Schema http://www.ivoa.net/xml/UWS/v1.0 (also for 1.1); the order of elements is fixed by it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from jobs.models import Job, JobResult
from jobs.phases import FINISHED, Phase
from provenance.models import Activity
from provenance.present import exists

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACES = (
    'version="1.1" xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)
NAMESPACES_ONLY = NAMESPACES.removeprefix('version="1.1" ')
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
PROVENANCE_FORMS = (
    ("provenance.xml", "PROV-XML", "application/provenance+xml"),
    ("provenance.json", "PROV-JSON", "application/json"),
    ("provenance.provn", "PROV-N", "text/provenance-notation"),
    ("provenance.svg", "PROV-SVG", "image/svg+xml"),
)


def moment(time: datetime | None) -> str:
    """UTC with ``T`` and ``Z``; milliseconds, so that AFTER can tell jobs of one second apart."""
    return "" if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def text(value: str) -> str:
    return escape(NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value))


def attribute(value: str) -> str:
    return quoteattr(NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value))


def element(name: str, value: str) -> str:
    return f"<uws:{name}>{text(value)}</uws:{name}>"


def nillable(name: str, value: str) -> str:
    return element(name, value) if value else f'<uws:{name} xsi:nil="true"/>'


# --- list ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reference:
    """What a list says of a job."""

    id: str
    phase: str
    run_id: str
    owner: str
    created: datetime


def jobs_xml(references: Iterable[Reference], base: str) -> Iterator[str]:
    yield f"{DECLARATION}<uws:jobs {NAMESPACES}>\n"
    for ref in references:
        run_id = element("runId", ref.run_id) if ref.run_id else ""
        yield (
            f'<uws:jobref id="{ref.id}" xlink:href={attribute(f"{base}/{ref.id}")}>'
            f"<uws:phase>{ref.phase}</uws:phase>{run_id}{nillable('ownerId', ref.owner)}"
            f"<uws:creationTime>{moment(ref.created)}</uws:creationTime></uws:jobref>\n"
        )
    yield "</uws:jobs>\n"


def jobs_json(references: Iterable[Reference], base: str) -> dict[str, Any]:
    jobs = [
        {
            "id": ref.id,
            "href": f"{base}/{ref.id}",
            "phase": ref.phase,
            "runId": ref.run_id or None,
            "ownerId": ref.owner or None,
            "creationTime": moment(ref.created),
        }
        for ref in references
    ]
    return {"version": "1.1", "jobs": jobs}


# --- job -------------------------------------------------------------------------------------------------------------


UPLOAD = "param:"


@dataclass(frozen=True)
class ParameterValue:
    name: str
    value: str
    by_reference: bool


@dataclass(frozen=True)
class ResultLink:
    name: str
    href: str
    content_type: str
    size: int | None


def parameter_values(job: Job, href: str) -> list[ParameterValue]:
    """A value that came as a file is given by reference."""
    values = []
    for name, texts in job.parameters.items():
        for value in texts:
            by_reference = is_upload(value)
            # Of several files each has the address of its part.
            child = name if len(texts) == 1 else value.removeprefix(UPLOAD)
            shown = f"{href}/parameters/{quote(child)}" if by_reference else value
            values.append(ParameterValue(name, shown, by_reference))
    return values


def is_upload(value: str) -> bool:
    return value.startswith(UPLOAD)


def has_history(job: Job) -> bool:
    """Whether its provenance can be fetched: not of a run that goes on, that was just aborted, or that was lost."""
    if job.phase not in FINISHED or job.phase == Phase.ARCHIVED or job.started is None:
        return False
    return exists(Activity, identifier=job.activity_id)


def result_links(job: Job, href: str, rows: Iterable[JobResult]) -> list[ResultLink]:
    links = [ResultLink(r.name, f"{href}/results/{quote(r.name)}", r.content_type, r.size) for r in rows]
    if has_history(job):
        links += [ResultLink(n, f"{href}/results/{n}", media, None) for n, _form, media in PROVENANCE_FORMS]
    return links


def parameters_xml(values: Iterable[ParameterValue], namespaces: str = "") -> str:
    inner = "".join(
        f'<uws:parameter id={attribute(v.name)} byReference="{str(v.by_reference).lower()}">'
        f"{text(v.value)}</uws:parameter>"
        for v in values
    )
    return f"<uws:parameters{namespaces}>{inner}</uws:parameters>"


def results_xml(links: Iterable[ResultLink], namespaces: str = "") -> str:
    inner = "".join(
        f"<uws:result id={attribute(link.name)} xlink:href={attribute(link.href)}"
        + (f' size="{link.size}"' if link.size is not None else "")
        + f" mime-type={attribute(link.content_type)}/>"
        for link in links
    )
    return f"<uws:results{namespaces}>{inner}</uws:results>"


def error_xml(job: Job) -> str:
    if not job.error_type:
        return ""
    return (
        f'<uws:errorSummary type="{job.error_type}" hasDetail="true">'
        f"{element('message', job.error_message)}</uws:errorSummary>"
    )


def info_xml(job: Job, page: str) -> str:
    """Extras for people and programs that know this gateway (any XML may stand here)."""
    facts = {"type": job.type, "version": job.version, "page": page, "step": job.step}
    if job.progress is not None:
        facts["progress"] = f"{job.progress:.3f}"
    inner = "".join(f"<{name}>{text(value)}</{name}>" for name, value in facts.items() if value)
    warnings = "".join(f"<warning>{text(str(warning))}</warning>" for warning in job.warnings)
    return f'<uws:jobInfo><info xmlns="">{inner}{warnings}</info></uws:jobInfo>'


def job_xml(job: Job, href: str, page: str, results: Iterable[JobResult]) -> str:
    run_id = element("runId", job.run_id) if job.run_id else ""
    parts = (
        element("jobId", str(job.id)),
        run_id,
        nillable("ownerId", job.owner_name),
        element("phase", job.phase),
        nillable("quote", moment(job.quote)),
        element("creationTime", moment(job.created)),
        nillable("startTime", moment(job.started)),
        nillable("endTime", moment(job.ended)),
        element("executionDuration", str(job.execution_duration)),
        nillable("destruction", moment(job.destruction)),
        parameters_xml(parameter_values(job, href)),
        results_xml(result_links(job, href, results)),
        error_xml(job),
        info_xml(job, page),
    )
    return f"{DECLARATION}<uws:job {NAMESPACES}>\n" + "\n".join(part for part in parts if part) + "\n</uws:job>\n"


def job_json(job: Job, href: str, page: str, results: Iterable[JobResult]) -> dict[str, Any]:
    error = {"type": job.error_type, "hasDetail": True, "message": job.error_message} if job.error_type else None
    return {
        "version": "1.1",
        "jobId": str(job.id),
        "runId": job.run_id or None,
        "ownerId": job.owner_name or None,
        "phase": job.phase,
        "quote": moment(job.quote) or None,
        "creationTime": moment(job.created),
        "startTime": moment(job.started) or None,
        "endTime": moment(job.ended) or None,
        "executionDuration": job.execution_duration,
        "destruction": moment(job.destruction) or None,
        "parameters": [
            {"id": v.name, "value": v.value, "byReference": v.by_reference} for v in parameter_values(job, href)
        ],
        "results": [
            {"id": r.name, "href": r.href, "mime-type": r.content_type, "size": r.size}
            for r in result_links(job, href, results)
        ],
        "errorSummary": error,
        "jobInfo": {
            "type": job.type,
            "version": job.version,
            "page": page,
            "progress": job.progress,
            "step": job.step,
            "warnings": job.warnings,
        },
    }
