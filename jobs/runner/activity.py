"""Inside the cage: a request becomes a call of ``run``, or an external command. Standard library only."""

import errno
import importlib
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from jobs.activity import InputError, JobInfo, Out, StagedInput

INPUT, MEMORY, DISK, FAILURE = "input", "memory", "disk", "failure"


def carry_out(request: dict[str, Any]) -> int:
    """The exit code: 0, or 1 after a word of what went wrong in ``events.jsonl``."""
    folder = Path(request["cage"]["folder"])
    if request.get("argv"):
        os.execvpe(request["argv"][0], request["argv"], request["environment"])  # noqa: S606 (no shell is the point)
    try:
        run(request, folder)
    except BaseException as error:
        say_failure(folder, error)
        return 1
    return 0


def run(request: dict[str, Any], folder: Path) -> None:
    module = importlib.import_module(request["module"])
    description = importlib.import_module(request["module"].rpartition(".")[0] + ".description")
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in request["values"].items()}
    inputs = {
        name: tuple(StagedInput(**{**member, "path": Path(member["path"])}) for member in members)
        for name, members in request["inputs"].items()
    }
    module.run(description.DESCRIPTION.parameters(**values), inputs, Out(folder, JobInfo(**request["job"])))


def say_failure(folder: Path, error: BaseException) -> None:
    """What the user reads goes to the events, the traceback to the log of the job."""
    kind, message = FAILURE, f"{type(error).__name__}: {error}"
    if isinstance(error, InputError):
        kind, message = INPUT, str(error)
    elif isinstance(error, MemoryError):
        kind, message = MEMORY, "The job needs more memory than it may have."
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        kind, message = DISK, "The disk of the worker is full."
    elif isinstance(error, OSError) and error.errno == errno.EFBIG:
        kind, message = FAILURE, "The job tried to write a file larger than it may."
    if kind != INPUT:
        traceback.print_exception(error, file=sys.stderr)
    line = json.dumps({"event": "error", "time": time.time(), "kind": kind, "message": message[:4000]})
    try:
        with (folder / "events.jsonl").open("a") as stream:
            stream.write(line + "\n")
    except OSError:
        # With a full disk the log still reaches the worker through its pipe.
        print(message, file=sys.stderr)
