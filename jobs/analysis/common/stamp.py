"""Provenance in the products themselves: who, what, when, from what, readable offline from the file alone.

FITS: CREATOR, ORIGIN, DATE, HISTORY, ``HIERARCH CTA …`` (CTAO reference metadata 1, as ctapipe writes them), CHECKSUM
and DATASUM in every HDU, and a table PROGENITORS. ECSV carries the same in its ``meta``, PNG in its text chunks.
"""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from typing import Any

from jobs.activity import JobInfo, StagedInput

PACKAGES = ("gammapy", "astropy", "regions", "numpy", "scipy", "iminuit")
PROGENITOR_COLUMNS = {
    "obs_id": "OBS_ID",
    "facility_name": "FACILITY",
    "obs_creator_name": "CREATOR",
    "pipeline_name": "PIPELINE",
    "pipeline_version": "PIPEVERS",
    "calib_version": "CALIBVER",
    "reconstruction_method": "RECO",
    "cut_set": "CUTS",
    "obs_creation_date": "CREATED",
}
"""ObsCore or ObsConfig column of an input: column of the table PROGENITORS"""


@dataclass(frozen=True)
class Stamp:
    """What a product says of itself."""

    job: JobInfo
    params: Any
    inputs: Mapping[str, Sequence[StagedInput]]
    started: datetime
    identifier: str
    title: str
    level: str
    """DL3 … DL6"""
    content: str
    """name of the data model, such as ``GADF-map``"""

    @property
    def creator(self) -> str:
        return f"{self.job.site_name} {self.job.type} {self.job.version}"

    @property
    def origin(self) -> str:
        return self.job.organisation or self.job.site_name

    @property
    def staged(self) -> list[StagedInput]:
        return [item for items in self.inputs.values() for item in items]


@cache
def software() -> dict[str, str]:
    """Package: version, of everything that shapes the numbers."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def parameters(params: Any) -> dict[str, Any]:
    """Parameter: value, without the inputs (those stand among the progenitors)."""
    if not is_dataclass(params):
        raise TypeError("parameters of an analysis are a dataclass")
    return {item.name: getattr(params, item.name) for item in fields(params) if item.name != "observations"}


def cards(stamp: Stamp) -> dict[str, str]:
    """The CTAO reference metadata of a product."""
    job = stamp.job
    first = next(iter(stamp.staged), None)
    return {
        "REFERENCE VERSION": "1",
        "CONTACT NAME": job.agent_name,
        "CONTACT ORGANIZATION": job.organisation,
        "PRODUCT ID": stamp.identifier,
        "PRODUCT DESCRIPTION": stamp.title,
        "PRODUCT CREATION TIME": now(),
        "PRODUCT DATA CATEGORY": "Other",
        "PRODUCT DATA LEVELS": stamp.level,
        "PRODUCT DATA ASSOCIATION": "Target",
        "PRODUCT DATA MODEL NAME": stamp.content,
        "PRODUCT DATA MODEL VERSION": "0.3",
        "PRODUCT DATA MODEL URL": "https://gamma-astro-data-formats.readthedocs.io/",
        "PRODUCT FORMAT": "fits",
        "PROCESS TYPE": "Observation",
        "PROCESS ID": str(first.obscore.get("obs_id", "")) if first and len(stamp.staged) == 1 else "",
        "ACTIVITY ID": job.id,
        "ACTIVITY NAME": job.type,
        "ACTIVITY TYPE": "software",
        "ACTIVITY START TIME": stamp.started.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3],
        "ACTIVITY STOP TIME": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3],
        "ACTIVITY SOFTWARE NAME": job.site_name,
        "ACTIVITY SOFTWARE VERSION": job.version,
        "INSTRUMENT CLASS": "Array",
        "INSTRUMENT ID": str(first.obscore.get("instrument_name") or "") if first else "",
    }


def history(stamp: Stamp) -> list[str]:
    """Lines of HISTORY: the job, one line per input, the parameters, the software."""
    return [
        f"job {stamp.job.url}",
        f"activity {stamp.job.type} version {stamp.job.version}",
        *(f"input {item.identifier}" for item in stamp.staged),
        *(f"parameter {name} = {value}" for name, value in parameters(stamp.params).items()),
        *(f"software {name} {version}" for name, version in software().items()),
    ]


def progenitors(stamp: Stamp) -> list[dict[str, str]]:
    """What was used, with what its own history says: software, calibration, method and cuts of the steps upstream."""
    return [
        {
            "PUB_DID": item.identifier,
            "FILENAME": item.path.name,
            "SHA256": item.sha256,
            "ROLE": role,
            **{column: str(item.obscore.get(name) or "") for name, column in PROGENITOR_COLUMNS.items()},
        }
        for role, items in stamp.inputs.items()
        for item in items
    ]
