"""What the code of an activity sees while it runs: ``run(params, inputs, out)``.

Standard library only: it lives in the runner's child, which knows neither Django nor the database. Everything that
the activity says is a line of JSON in ``events.jsonl`` of its scratch folder; the worker reads it live.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HISTORY = "history.json"
"""Lies beside the folders of the inputs: what the gateway knows of their provenance (PROV-JSON), to be embedded."""


class InputError(Exception):
    """The inputs or parameters cannot give a result (fatal, the user's to mend); the text is shown to the user."""


@dataclass(frozen=True)
class StagedInput:
    """A product that was checked and laid beside the job: the viewer may fetch it, its checksum is right."""

    identifier: str
    key: str
    path: Path
    sha256: str
    size: int
    content_type: str
    obscore: Mapping[str, Any]
    """ObsCore, high-energy and ObsConfig columns of the row, by column name"""


@dataclass(frozen=True)
class JobInfo:
    """Who and what the run is for; it goes into file headers."""

    id: str
    type: str
    version: str
    url: str
    key: str
    """KEY of the main product; further products are ``key.NAME``"""
    authority: str
    agent_key: str
    agent_name: str
    site_name: str
    organisation: str


@dataclass
class Out:
    """The activity's way to the outside: files in ``folder``, and words about them."""

    folder: Path
    job: JobInfo
    _open_steps: list[str] = field(default_factory=list)

    def path(self, name: str) -> Path:
        """Where to write a result called ``name`` (a plain file name)."""
        if not name or "/" in name or name.startswith("."):
            raise ValueError(f"not a plain file name: {name!r}")
        return self.folder / name

    def progress(self, fraction: float, step: str) -> None:
        """How far (0 to 1) and, in words, with what."""
        self._say("progress", fraction=max(0.0, min(1.0, fraction)), step=step)

    def warn(self, message: str) -> None:
        """Data were dropped or a result needs care: shown on the job page and kept in the provenance."""
        self._say("warning", message=message)

    def summary(self, numbers: Mapping[str, Any]) -> None:
        """The numbers of the result (JSON values only)."""
        self._say("summary", numbers=dict(numbers))

    def product(
        self, name: str, *, content_type: str, title: str, obscore: Mapping[str, Any], main: bool = False
    ) -> None:
        """The file ``name`` becomes a product of the archive, with these ObsCore (and ObsConfig) columns."""
        self._say("product", name=name, content_type=content_type, title=title, obscore=dict(obscore), main=main)

    def file(self, name: str, *, content_type: str, title: str, preview: bool = False) -> None:
        """The file ``name`` is a result that is no product: a picture, a log, plot data (JSON)."""
        self._say("file", name=name, content_type=content_type, title=title, preview=preview)

    @contextmanager
    def step(self, name: str, *, used: Iterable[str] = (), made: str = "", **values: Any) -> Iterator[None]:
        """An inner activity; nested ones know their parent. An exception closes it as failed and goes on.

        ``used``: KEYs of inputs, or what an earlier step made; ``made``: words for what this one hands on (data in
        memory, no file). Both become links in the provenance.
        """
        number = f"{time.monotonic_ns():x}"
        parent = self._open_steps[-1] if self._open_steps else ""
        self._open_steps.append(number)
        self._say("step-start", step=number, parent=parent, name=name, values=values, used=list(used), made=made)
        try:
            yield
        except BaseException as error:
            self._say("step-end", step=number, error=f"{type(error).__name__}: {error}")
            raise
        else:
            self._say("step-end", step=number, error="")
        finally:
            self._open_steps.pop()

    def key_for(self, name: str, main: bool = False) -> str:
        """The KEY that the product in file ``name`` will have."""
        return self.job.key if main else f"{self.job.key}.{Path(name).stem.replace('_', '-').lower()}"

    def _say(self, kind: str, **content: Any) -> None:
        line = json.dumps({"event": kind, "time": time.time(), **content}, default=_plain)
        with (self.folder / "events.jsonl").open("a") as stream:
            stream.write(line + "\n")


def _plain(value: Any) -> Any:
    """numpy scalars and arrays as Python numbers and lists."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} does not fit into JSON")
