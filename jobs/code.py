"""What a run's result depends on beside its inputs and values: the code that makes it."""

import hashlib
import importlib.util
from functools import cache
from importlib import metadata
from pathlib import Path

from jobs.registry import JobType

PACKAGES = ("gammapy", "astropy", "regions", "numpy", "scipy", "iminuit")
"""software of the analyses; what a light job rests on is Django"""


@cache
def versions(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """(name, version) of those that are installed; nothing is imported."""
    found = []
    for name in names:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)


def mark(job_type: JobType) -> str:
    """A text that changes with the code of the type and with the software below it."""
    if job_type.command is not None:
        text = "\0".join([*job_type.command.argv, job_type.command.script])
        return hashlib.sha256(text.encode()).hexdigest()
    return _module(job_type.module) if job_type.module else ""


@cache
def _module(name: str) -> str:
    """Of an analysis: its own folder, what all analyses share, and the versions of the packages."""
    digest = hashlib.sha256(repr(versions(PACKAGES)).encode())
    spec = importlib.util.find_spec(name.rpartition(".")[0])
    folder = Path((spec.submodule_search_locations or [""])[0]) if spec else Path()
    for source in sorted([*folder.rglob("*.py"), *(folder.parent / "common").rglob("*.py")]):
        digest.update(str(source.relative_to(folder.parent)).encode() + source.read_bytes())
    return digest.hexdigest()
