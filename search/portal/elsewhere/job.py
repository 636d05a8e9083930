"""The job type ``archive_query``: one query to one archive elsewhere. Each has its own time, state and error."""

import time
from dataclasses import dataclass
from typing import Annotated

from django.http import QueryDict
from django.utils.translation import gettext as _

from gateway.vo import votable
from gateway.vo.votable_reader import Table
from jobs.activity import InputError
from jobs.description import Description, Output, Param
from jobs.registry import JobType, LightRun
from search.portal.criteria import read
from search.portal.elsewhere import describe, services
from search.portal.elsewhere.client import Client, Failed
from search.portal.elsewhere.translate import Asked, translate

RESULT = "result"
ROWS, MOST_ROWS = 1_000, 50_000
SECONDS = 60
"""for all that is asked of the archive, unless the job's own limit is shorter"""
LONG_SECONDS = 600
"""for an asynchronous query"""


@dataclass(frozen=True)
class ArchiveQuery:
    service: Annotated[
        str, Param(text="Address of the TAP service and, after a blank, its ObsCore table", max_length=500)
    ]
    query: Annotated[str, Param(text="ADQL, sent as it stands", max_length=100_000)] = ""
    search: Annotated[str, Param(text="Instead: a search, as in the address of its results", max_length=20_000)] = ""
    generic: Annotated[bool, Param(text="Ask only what every ObsCore service has")] = False
    maxrec: Annotated[int, Param(text="Most rows", min=1, max=MOST_ROWS)] = ROWS


def run_query(params: ArchiveQuery, run: LightRun) -> None:
    """Asks, and keeps the answer as a clean VOTable; every failure is told in words."""
    target = services.typed(params.service)
    if target.fault:
        raise InputError(target.fault)
    start = time.monotonic()
    client = Client(target.url, LONG_SECONDS if params.maxrec > ROWS else SECONDS)
    try:
        table, asked = _ask(client, target, params, run)
    except Failed as error:
        raise InputError(str(error)) from error
    run.out.progress(0.9, "Writing the rows")
    with run.out.path(RESULT).open("wb") as stream:
        infos = (votable.OVERFLOW if table.cut else votable.OK, votable.Info(name="QUERY", value=asked.adql))
        for piece in votable.write(table.columns, table.rows, infos=infos):
            stream.write(piece)
    run.out.summary(
        {
            "rows": len(table.rows),
            "overflow": _overflow(table),
            "query": asked.adql,
            "left_out": asked.left_out,
            "units": asked.units,
            "pointings": asked.adql.count("s_region") == 0 and "CONTAINS(POINT" in asked.adql,
            "seconds": round(time.monotonic() - start, 2),
        }
    )
    run.out.file(RESULT, content_type=votable.MEDIA_TYPE, title="Rows of the other archive")


def _overflow(table: Table) -> bool:
    return table.cut or any(name == "QUERY_STATUS" and value == "OVERFLOW" for name, value, _text in table.infos)


def _ask(client: Client, target: services.Target, params: ArchiveQuery, run: LightRun) -> tuple[Table, Asked]:
    if params.query:
        run.out.progress(0.2, "Waiting for its answer")
        return client.ask(params.query, params.maxrec), Asked(params.query)
    run.out.progress(0.1, "Reading what its tables are")
    described = describe.describe(client, target.table)
    criteria = read(dict(QueryDict(params.search).lists()))
    if criteria.problems:
        raise InputError("; ".join(problem.text for problem in criteria.problems.values()))
    asked = translate(criteria, described, top=params.maxrec + 1, generic=params.generic)
    if asked.nothing:
        raise InputError(_("It knows none of the constraints of this search, so nothing was asked."))
    run.out.progress(0.3, "Waiting for its answer")
    try:
        return client.ask(asked.adql, params.maxrec), asked
    except Failed as error:
        # Many archives hold s_region as mere text and refuse to compare it.
        plain = translate(criteria, described, top=params.maxrec + 1, generic=params.generic, footprints=False)
        if not error.refused or plain.adql == asked.adql:
            raise
        run.out.progress(0.5, "Asking again by pointings: it does not compare footprints")
        return client.ask(plain.adql, params.maxrec), plain


TYPE = JobType(
    light=run_query,
    anonymous=True,
    page=False,
    description=Description(
        name="archive_query",
        title="Query to another archive",
        version="1.0",
        text="Asks one TAP service elsewhere for what a search describes (ObsCore 1.0 or 1.1), or an ADQL query.",
        parameters=ArchiveQuery,
        outputs=(Output(name=RESULT, text="The rows", content_type=votable.MEDIA_TYPE),),
        type="Selection",
        queue="io",
        duration=120,
        max_duration=1200,
    ),
)
