"""The recorder: a run, what it used and made, its inner steps and values."""

import hashlib
import json
import platform
import re
import traceback
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any

from distiller_client.gateway import Gateway

BLOCK = 2**20
HOME = re.compile(r"^(?:/home/[^/]+|/Users/[^/]+|/root)(?=/|$)")


class Run:
    """One run of an activity. As a context manager it knows its start, end and whether it failed.

    ``activity`` and ``version`` name a description that the gateway knows; ``software`` names installed packages whose
    versions are recorded.
    """

    def __init__(
        self,
        activity: str,
        *,
        version: str = "",
        parameters: Mapping[str, Any] | None = None,
        agent: str = "",
        software: tuple[str, ...] = (),
        identifier: str = "",
    ) -> None:
        self.identifier = identifier or f"urn:uuid:{uuid.uuid4()}"
        self.record: dict[str, Any] = {
            "id": self.identifier,
            "activity": activity,
            "version": version,
            "parameters": dict(parameters or {}),
            "agents": [{"name": agent, "role": "Operator"}] if agent else [],
            "software": _versions(software),
            "environment": {"machine": platform.machine(), "system": platform.system()},
            "used": [],
            "generated": [],
            "values": {},
            "warnings": [],
        }
        self._depth = 0

    def __enter__(self) -> "Run":
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self.finish(error)

    def start(self) -> "Run":
        self.record["start"] = _now()
        return self

    def finish(self, error: BaseException | None = None) -> "Run":
        self.record["end"] = _now()
        self.record["succeeded"] = error is None
        if error is not None:
            self.record["error"] = "".join(traceback.format_exception_only(type(error), error)).strip()
        return self

    def used(self, path: str | Path, *, role: str = "", identifier: str = "", **facts: Any) -> None:
        """A file that was read. ``identifier``: of a product in the gateway's archive."""
        self.record["used"].append(_file(path, role, identifier, facts))

    def generated(self, path: str | Path, *, role: str = "", identifier: str = "", **facts: Any) -> None:
        """A file that was written (after it was closed: its checksum is taken now). Facts: ``level``, ``type`` …"""
        self.record["generated"].append(_file(path, role, identifier, facts))

    def value(self, name: str, value: Any) -> None:
        """A number or text that the run found."""
        self.record["values"][name] = value if isinstance(value, bool | int | float | str) else str(value)

    def warn(self, text: str) -> None:
        self.record["warnings"].append(text)

    @contextmanager
    def step(self, name: str, **values: Any) -> Iterator[None]:
        """An inner step; steps may lie inside one another. Its time and values are kept with the run."""
        start = datetime.now(UTC)
        self._depth += 1
        label = f"step {len([key for key in self.record['values'] if key.startswith('step ')]) + 1} {name}"
        self.record["values"][label] = ""
        outcome = "done"
        try:
            yield
        except BaseException as error:
            outcome = f"failed: {type(error).__name__}"
            raise
        finally:
            self._depth -= 1
            took = (datetime.now(UTC) - start).total_seconds()
            told = "".join(f", {key}={value}" for key, value in values.items())
            self.record["values"][label] = f"{outcome} after {took:.3f} s at depth {self._depth + 1}{told}"

    def save(self, path: str | Path) -> Path:
        """Writes the run as JSON, for ``distiller-add-run``."""
        target = Path(path)
        target.write_text(json.dumps(self.record, indent=1))
        return target

    def send(self, gateway: Gateway | None = None) -> dict[str, Any]:
        return (gateway or Gateway()).add_runs([self.record])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _file(path: str | Path, role: str, identifier: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"location": HOME.sub("~", str(path)), "role": role, **facts}
    if identifier:
        found["id"] = identifier
    file = Path(path)
    if file.is_file():
        digest = hashlib.sha256()
        with file.open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
        found |= {"sha256": digest.hexdigest(), "size": file.stat().st_size}
    return found


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
