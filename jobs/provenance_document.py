"""The job type ``provenance_document``: a history that is too large for one answer of ``/provsap``."""

from dataclasses import dataclass
from typing import Annotated, cast

from jobs.activity import InputError
from jobs.description import Description, Output, Param
from jobs.registry import JobType, LightRun
from provenance import chunks
from provenance.graph import Direction
from provenance.lookup import find


@dataclass(frozen=True)
class Document:
    ID: Annotated[str, Param(text="Identifier, KEY or QName of an entity, activity or agent", max_length=1000)]
    direction: Annotated[str, Param(text="To the origin, or to what was made from it", options=("BACK", "FORTH"))] = (
        "BACK"
    )


def write(params: Document, run: LightRun) -> None:
    start = find(params.ID, run.viewer)
    if start is None:
        raise InputError(f"Nothing called {params.ID[:100]} is known here.")

    def progress(nodes: int) -> None:
        run.out.progress(min(nodes / 100_000, 0.99), f"{nodes:,} nodes written")

    with run.out.path("provenance.json").open("wb") as target:
        number = chunks.write([start], run.viewer, target, cast(Direction, params.direction), progress)
    run.out.summary({"nodes": number})
    run.out.file("provenance.json", content_type="application/json", title="PROV-JSON")


TYPE = JobType(
    light=write,
    description=Description(
        name="provenance_document",
        title="Provenance document",
        version="1.0",
        text="Writes a whole history as PROV-JSON (IVOA model), however large it is.",
        parameters=Document,
        outputs=(Output(name="provenance.json", text="The document", content_type="application/json"),),
        type="Analysis",
        subtype="Provenance",
        queue="io",
        duration=1800,
        max_duration=7200,
    ),
)
