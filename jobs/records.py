"""A finished run in the words of the Provenance DM: from the description, the values, the inputs and the results."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from django.conf import settings

from jobs import addresses, parameters, queue, registry
from jobs.code import PACKAGES, versions
from jobs.models import LOG_STREAMS, Job, JobResult
from jobs.parameters import Parameter
from jobs.phases import Phase
from jobs.registry import JobType
from jobs.staging import Inputs
from provenance import capture, selection, session
from provenance.records import (
    ActivityDescriptionRecord,
    ActivityRecord,
    AgentRecord,
    EntityRecord,
    GeneratedRecord,
    ParameterRecord,
    UsedRecord,
)

MAX_STEPS = 200
STEP = ".step-"


@cache
def environment() -> dict[str, str]:
    return {"platform": platform.platform(), "machine": platform.machine(), "python": platform.python_version()}


def record_run(job: Job, closing: queue.Closing, rows: list[JobResult], inputs: Inputs, ended: datetime) -> None:
    """Within the ending transaction: a result without history cannot exist."""
    job_type = registry.get(job.type, job.version)
    if job_type is None:
        return
    run = Ended(job, job_type, closing, rows, inputs, ended)
    steps = list(steps_of(run))
    with session.opened():
        if job.policy is not None:
            capture.expect_policy(job.policy)
        for step in steps:
            capture.record(step)
        capture.record(activity_of(run, steps))


@dataclass(frozen=True)
class Ended:
    """A run with everything that its history is made of."""

    job: Job
    job_type: JobType
    closing: queue.Closing
    rows: list[JobResult]
    inputs: Inputs
    ended: datetime


def activity_of(run: Ended, steps: Sequence[ActivityRecord] = ()) -> ActivityRecord:
    job, job_type, closing, inputs, ended = run.job, run.job_type, run.closing, run.inputs, run.ended
    description = job_type.description
    outcome = closing.outcome
    return ActivityRecord(
        id=job.activity_id,
        name=description.title,
        description=description_of(job_type, job.version),
        start=job.started,
        end=ended,
        comment=_comment(run),
        parameters=tuple(_parameters(job, job_type)),
        used=(
            *_used(inputs, job),
            *handed_over(steps),
            *selection.used_by(job.activity_id, job.policy_id, job.owner_id),
        ),
        generated=tuple(_generated(job, row, inputs, ended) for row in run.rows if row.size),
        agents=tuple(_agents(job, job_type)),
        software=(("distiller", metadata.version("distiller") if _installed() else "source"), *_software(run)),
        environment=dict(closing.host.environment) if closing.host else environment(),
        succeeded=closing.ending.phase == Phase.COMPLETED,
        exit_code=outcome.exit_code,
        error=outcome.message,
        warnings=tuple(closing.changes.get("warnings", ())),
        policy_id=job.policy_id,
    )


def description_of(job_type: JobType, version: str) -> ActivityDescriptionRecord:
    description = job_type.description
    return ActivityDescriptionRecord(
        name=description.name,
        version=version,
        description=description.text,
        type=description.type,
        subtype=description.subtype,
        docurl=description.docurl,
    )


def _comment(run: Ended) -> str:
    earlier = run.closing.earlier
    if earlier is None:
        return run.job.run_id
    words = f"same inputs, values and code as {earlier.activity_id}"
    return f"{run.job.run_id}; {words}" if run.job.run_id else words


@cache
def _installed() -> bool:
    try:
        metadata.version("distiller")
    except metadata.PackageNotFoundError:
        return False
    return True


def _software(run: Ended) -> tuple[tuple[str, str], ...]:
    if run.closing.host is not None:
        return run.closing.host.software
    return versions(PACKAGES if run.job_type.module else ("Django",))


def _parameters(job: Job, job_type: JobType) -> Iterator[ParameterRecord]:
    if job_type.lenient:
        for name, texts in job.parameters.items():
            for text in texts:
                yield ParameterRecord(name=name, value=text)
        return
    for parameter in parameters.parameters_of(job_type.description):
        if not parameter.is_input:
            texts = job.parameters.get(parameter.name, []) or parameter.default_texts
            if texts:
                yield parameter_record(parameter, texts)


def parameter_record(parameter: Parameter, texts: list[str]) -> ParameterRecord:
    meta: Any = parameter.meta
    lowest = meta.above if meta.min is None else meta.min
    return ParameterRecord(
        name=parameter.name,
        value="; ".join(texts),
        datatype=parameter.datatype,
        unit=meta.unit,
        ucd=meta.ucd,
        utype=meta.utype,
        description=meta.text,
        default="; ".join(parameter.default_texts) if not parameter.required else None,
        minimum="" if lowest is None else f"{lowest:g}",
        maximum="" if meta.max is None else f"{meta.max:g}",
        options=meta.options,
    )


def _used(inputs: Inputs, job: Job) -> Iterator[UsedRecord]:
    for role, members in inputs.products.items():
        for key in dict.fromkeys(member.key for member in members if member.key):
            yield UsedRecord(entity=key, role=role, time=job.started)
    for role, staged in inputs.others:
        uploaded = staged.identifier.startswith("param:")
        entity = EntityRecord(
            id=addresses.entity_id(staged),
            name=role if uploaded else staged.path.name,
            type="upload" if uploaded else "file",
            location="" if uploaded else staged.identifier,
            content_type=staged.content_type,
            sha256=staged.sha256,
            size=staged.size,
            policy_id=job.policy_id,
        )
        yield UsedRecord(entity=entity, role=role, time=job.started)


def _generated(job: Job, row: JobResult, inputs: Inputs, ended: datetime) -> GeneratedRecord:
    log = row.name in LOG_STREAMS
    key = row.product_key or f"{job.main_key}.{_local(row.name)}"
    path = f"/data/{key}" if row.product_key else f"/uws/{job.type}/{job.id}/results/{row.name}"
    entity = EntityRecord(
        id=key,
        name=row.title or row.name,
        type="log" if log else ("picture" if row.preview else "result"),
        content_type=row.content_type,
        location=f"{settings.PUBLIC_URL}{path}",
        sha256=row.sha256,
        size=row.size,
        generated_at=ended,
        derived_from=() if log else inputs.origins,
        policy_id=job.policy_id,
    )
    return GeneratedRecord(entity=entity, role=row.name, type=result_type(row.name, main=row.main))


def result_type(name: str, *, main: bool = False) -> str:
    """The type of a generation."""
    return "Log" if name in LOG_STREAMS else ("Main" if main else "Result")


def _local(name: str) -> str:
    """A file name in the letters of a KEY."""
    stem = Path(name).name.lower()
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-.") else "-" for c in stem).strip(".-") or "file"


def _agents(job: Job, job_type: JobType) -> Iterator[tuple[AgentRecord, str]]:
    if job.owner is not None:
        yield AgentRecord(id=job.owner.agent_key, name=job.owner.get_full_name() or job.owner.username), "Operator"
    description = job_type.description
    if description.contact_name:
        name = description.contact_name
        yield AgentRecord(id=f"contact-{_local(name)}", name=name, email=description.contact_email), "Contact"


def steps_of(run: Ended) -> Iterator[ActivityRecord]:
    """The inner steps that the run spoke of: linked by what they used and made, else by their order."""
    job = run.job
    before: dict[str, str] = {}
    made: dict[str, str] = {}
    for number, step in enumerate(run.closing.changes.get("steps", [])[:MAX_STEPS], start=1):
        identifier = f"{job.activity_id}.{number}"
        start = min(datetime.fromtimestamp(step["start"], UTC), run.ended)
        end = min(datetime.fromtimestamp(step["end"], UTC), run.ended) if step.get("end") else None
        parent = str(step.get("parent") or "")
        used = _used_by_step(run, step, made)
        generated = tuple(_made_by_step(job, step, number)) if end and not step.get("error") else ()
        values = step.get("values") or {}
        yield ActivityRecord(
            id=identifier,
            name=str(step["name"])[:200],
            start=start,
            end=max(end, start) if end else None,
            comment=f"step of {job.activity_id}",
            parameters=tuple(ParameterRecord(name=str(k), value=str(v)) for k, v in values.items()),
            used=used,
            generated=generated,
            informed_by=(before[parent],) if parent in before and not used else (),
            succeeded=not step.get("error") if step.get("end") else False,
            error=str(step.get("error") or ""),
            policy_id=job.policy_id,
        )
        made |= {one.role: one.entity.id for one in generated if isinstance(one.entity, EntityRecord)}
        before[parent] = identifier


def _used_by_step(run: Ended, step: Mapping[str, Any], made: Mapping[str, str]) -> tuple[UsedRecord, ...]:
    """Inputs of the run and what earlier steps made; other words of the code lead nowhere and are passed over."""
    known = {key: (key, "input") for key in run.inputs.keys} | {words: (key, words) for words, key in made.items()}
    found = [known[name] for name in dict.fromkeys(map(str, step.get("used") or ())) if name in known]
    return tuple(UsedRecord(entity=key, role=role[:128]) for key, role in found)


def _made_by_step(job: Job, step: Mapping[str, Any], number: int) -> Iterator[GeneratedRecord]:
    """What it handed on in memory: an entity without file, so that the way from the inputs to the results is whole."""
    words = str(step.get("made") or "")[:128]
    if words:
        entity = EntityRecord(
            id=f"{job.main_key}{STEP}{number}",
            name=words,
            type="intermediate",
            comment="handed on in memory; no file of it was kept",
            policy_id=job.policy_id,
        )
        yield GeneratedRecord(entity=entity, role=words, type="Intermediate")


def handed_over(steps: Sequence[ActivityRecord]) -> Iterator[UsedRecord]:
    """What the steps made and no other step used: the run wrote its results from it."""
    taken = {used.entity for step in steps for used in step.used}
    for step in steps:
        for one in step.generated:
            if isinstance(one.entity, EntityRecord) and one.entity.id not in taken:
                yield UsedRecord(entity=one.entity.id, role=one.role)
