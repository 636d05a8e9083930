"""Runs an activity as the runner's child would, without queue and database."""

import hashlib
import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astropy.io import fits

from jobs.activity import JobInfo, Out, StagedInput
from jobs.pages.numbers import LEFT_OUT, UPWARDS
from jobs.pages.words import WORDS

JOB = JobInfo(
    id="0e2f0a52-6f7c-4f0e-9a57-0123456789ab",
    type="",
    version="1.0",
    url="https://gateway.example/jobs/0e2f0a52-6f7c-4f0e-9a57-0123456789ab/",
    key="",
    authority="gateway.example",
    agent_key="agent-1",
    agent_name="Alice",
    site_name="Distiller",
    organisation="Example Observatory",
)


@dataclass
class Ran:
    folder: Path
    events: list[dict[str, Any]]

    @property
    def summary(self) -> dict[str, Any]:
        return next(e["numbers"] for e in self.events if e["event"] == "summary")

    @property
    def warnings(self) -> list[str]:
        return [e["message"] for e in self.events if e["event"] == "warning"]

    @property
    def products(self) -> dict[str, dict[str, Any]]:
        return {e["name"]: e for e in self.events if e["event"] == "product"}

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        return {e["name"]: e for e in self.events if e["event"] == "file"}


def staged(path: Path, key: str = "", **obscore: Any) -> StagedInput:
    """A DL3 file with the columns that ingest would take from its header."""
    data = path.read_bytes()
    with fits.open(path) as hdus:
        head = hdus["EVENTS"].header
    mjd = head["MJDREFI"] + head["MJDREFF"] - 64.184 / 86400
    key = key or f"test.run-{head['OBS_ID']}"
    row = {
        "obs_id": str(head["OBS_ID"]),
        "target_name": head["OBJECT"],
        "facility_name": head["TELESCOP"],
        "instrument_name": head["INSTRUME"],
        "t_min": mjd + head["TSTART"] / 86400,
        "t_max": mjd + head["TSTOP"] / 86400,
        "t_exptime": head["LIVETIME"],
        "zenith": 90 - head["ALT_PNT"],
        "simulated": 0,
        **obscore,
    }
    return StagedInput(
        identifier=f"ivo://gateway.example/arc?{key}",
        key=key,
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        content_type="application/fits",
        obscore=row,
    )


def run(folder: Path, name: str, inputs: list[StagedInput], **parameters: Any) -> Ran:
    description = importlib.import_module(f"jobs.analysis.{name}.description").DESCRIPTION
    folder.mkdir(parents=True, exist_ok=True)
    job = JobInfo(**{**JOB.__dict__, "type": name, "key": f"{name.replace('_', '-')}-0e2f0a526f7c"})
    params = description.parameters(observations=tuple(i.identifier for i in inputs), **parameters)
    module = importlib.import_module(f"jobs.analysis.{name}.run")
    module.run(params, {"observations": inputs}, Out(folder, job))
    ran = Ran(folder, [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()])
    without = set(_names(ran.summary)) - set(WORDS)
    assert not without, f"the job's page has no words for {without}"
    return ran


def _names(numbers: Any) -> Iterator[str]:
    """The names of all numbers of a summary that a page shows."""
    if isinstance(numbers, list):
        for row in numbers:
            yield from _names(row)
    elif isinstance(numbers, dict):
        for name in set(numbers) - LEFT_OUT:
            if not name.endswith(UPWARDS):
                yield name
                # The files of a package stand under the names of their products.
                yield from _names([] if name == "files" else numbers[name])
