"""The job types of this gateway. Higher rooms and ``jobs.analysis`` add theirs in ``AppConfig.ready()``."""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.access.rights import Viewer
from gateway.vo.hooks import Hook, Registry
from jobs.activity import Out, StagedInput
from jobs.description import Description, Input
from jobs.parameters import parameters_of


@dataclass(frozen=True)
class LightRun:
    """What the code of a light job sees: it runs in a child of the worker, with settings, database and network."""

    job_id: UUID
    viewer: Viewer
    out: Out
    inputs: Mapping[str, tuple[StagedInput, ...]]
    uploads: Mapping[str, StagedInput]
    """files that came with the request, by the name of their part"""


Light = Callable[[Any, LightRun], None]
"""``run(params, run)``: ``params`` is an instance of the description's class; what it raises fails the job."""


@dataclass(frozen=True)
class Command:
    """An external program: no shell, each word one argument."""

    argv: tuple[str, ...]
    """words; ``{name}`` is replaced by the parameter's value or the path of the input, inside its word"""
    script: str = ""
    """body of the file ``{script}``, written by staff only; values reach it as arguments"""


@dataclass(frozen=True, kw_only=True)
class JobType:
    """A kind of job: its description and how it is carried out (exactly one of module, light, command)."""

    description: Description
    module: str = ""
    """a module with ``run(params, inputs, out)``, imported only by the runner's child"""
    light: Light | None = None
    command: Command | None = None
    base: str = ""
    """path of its UWS job list, without final slash; empty: ``/uws/NAME``"""
    lenient: bool = False
    """values are stored unchecked and unknown parameters too: the run itself judges them (TAP)"""
    uploads: bool = False
    """files may come under any name (DALI UPLOAD)"""
    anonymous: bool = False
    """visitors may create such jobs whatever the operator's setting for analyses"""
    page: bool = True
    """has a form and stands in the list of analyses"""

    @property
    def name(self) -> str:
        return self.description.name

    @property
    def path(self) -> str:
        return self.base or f"/uws/{self.name}"


OPEN_TO_ALL = {"event_cutout"}
"""analyses that visitors may run: /soda/async is open to all, as every protocol address of the archive is"""

types: Registry[JobType] = Registry("jobs.types")


described: Hook[[str, str], JobType | None] = Hook("jobs.described")
"""``described(name, version)``: a job type that was described in the web editor and published"""
all_described: Hook[[], list[JobType]] = Hook("jobs.all_described")


def get(name: str, version: str = "") -> JobType | None:
    """The job type; with ``version`` as a job of that version knows it (what is written in Python has only one)."""
    return types.get(name) or (described(name, version) if described.filled else None)


def offered() -> list[JobType]:
    return [job_type for _name, job_type in types.items()] + (all_described() if all_described.filled else [])


TRIAL = "Trial"
"""subtype of what only tries out a client"""


def accepting(product_type: str | None, among: Sequence[JobType] | None = None) -> list[Description]:
    """The descriptions with a form of which an input takes this kind of product (an ObsCore word).

    ``among``: what ``offered()`` gave before, for callers that ask for many products.
    """
    return [
        job_type.description
        for job_type in (offered() if among is None else among)
        if job_type.page
        and job_type.description.subtype != TRIAL
        and any(
            isinstance(one.meta, Input) and (not one.meta.product_types or product_type in one.meta.product_types)
            for one in parameters_of(job_type.description)
        )
    ]


def taking_products() -> list[Description]:
    """The descriptions with a form that take products of any kind, those described on the site among them."""
    return [
        one.description
        for one in offered()
        if one.page and one.description.subtype != TRIAL and any(p.is_input for p in parameters_of(one.description))
    ]


def analysis_types() -> list[JobType]:
    """One job type for each folder of ``jobs.analysis`` with a ``description.py`` (its ``DESCRIPTION``)."""
    package = importlib.import_module("jobs.analysis")
    folders = [f"jobs.analysis.{folder.name}" for folder in pkgutil.iter_modules(package.__path__) if folder.ispkg]
    return [
        JobType(
            description=importlib.import_module(f"{folder}.description").DESCRIPTION,
            module=f"{folder}.run",
            anonymous=folder.rpartition(".")[2] in OPEN_TO_ALL,
        )
        for folder in folders
        if importlib.util.find_spec(f"{folder}.description")
    ]


def add_analyses() -> None:
    for job_type in analysis_types():
        types.add(job_type.name, job_type)
