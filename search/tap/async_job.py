"""The job type ``tap``: what ``/tap/async`` runs. Its parameters are judged when it runs (TAP 1.1, section 2.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Annotated, BinaryIO

from django.conf import settings

from gateway.vo.dali import DaliError, Parameters
from jobs.activity import InputError
from jobs.description import Description, Output, Param
from jobs.models import Job
from jobs.registry import JobType, LightRun
from search.tap import engine, sync, uploads
from search.tap.database import watching
from search.tap.formats import registry
from search.tap.formats.base import RowsFailed

RESULT = "result"
GRACE = 10.0
"""s beyond the job's own time, whose end is its supervisor's to keep: the query's limit is for one that is gone"""


@dataclass(frozen=True)
class Query:
    """TAP's own parameters, as the description of the job type shows them."""

    LANG: Annotated[str, Param(text="Query language: ADQL")] = "ADQL"
    QUERY: Annotated[str, Param(text="The query", max_length=200_000)] = ""
    RESPONSEFORMAT: Annotated[str, Param(text="Format of the result")] = "votable"
    MAXREC: Annotated[str, Param(text="Most rows")] = ""
    UPLOAD: Annotated[str, Param(text="Tables that come with the query: name,param:PART or name,URL")] = ""


def run_query(params: Mapping[str, list[str]], run: LightRun) -> None:
    """Runs the query as the job's owner and writes its answer to ``result``; nothing is left of a failed one."""
    try:
        _run(params, run)
    finally:
        watching.rest()


def _run(params: Mapping[str, list[str]], run: LightRun) -> None:
    parameters = Parameters.of_mapping(params)
    path = run.out.path(RESULT)
    try:
        form, content_type = registry.chosen(parameters)
        query = sync.query_of(parameters)
        run.out.progress(0.1, "Running the query")
        result = engine.run(
            query,
            run.viewer,
            maxrec=parameters.maxrec(),
            uploads=uploads.of_parameters(parameters, lambda name: _part(run, name)),
            seconds=_seconds(run),
            pooled=False,
        )
        answer, ending = sync.answer_of(result, query)
        with path.open("wb") as stream:
            for piece in form.write(answer):
                stream.write(piece)
    except (DaliError, RowsFailed) as error:
        path.unlink(missing_ok=True)
        raise InputError(str(error)) from error
    if ending.error is not None:
        path.unlink(missing_ok=True)
        raise InputError(ending.error.message)
    run.out.summary({"overflow": result.overflow})
    run.out.file(RESULT, content_type=content_type, title="Result of the query")


def _part(run: LightRun, name: str) -> BinaryIO | None:
    staged = run.uploads.get(name)
    return None if staged is None else BytesIO(staged.path.read_bytes())


def _seconds(run: LightRun) -> float:
    duration = Job.objects.values_list("execution_duration", flat=True).get(pk=run.job_id)
    return float(duration or settings.TAP_ASYNC_SECONDS_LIMIT) + GRACE


TYPE = JobType(
    light=run_query,
    base="/tap/async",
    lenient=True,
    uploads=True,
    anonymous=True,
    page=False,
    description=Description(
        name="tap",
        title="Query",
        version="1.1",
        text="An ADQL query to the archive's tables (TAP 1.1).",
        parameters=Query,
        outputs=(Output(name=RESULT, text="The rows", content_type="application/x-votable+xml"),),
        type="Selection",
        queue="short",
        duration=600,
        max_duration=3600,
    ),
)
