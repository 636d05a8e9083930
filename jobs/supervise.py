"""Watching one run: its words, its time, its owner's change of mind, and the worker's own end."""

import json
import os
import selectors
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs import queue
from jobs.errors import LostClaim
from jobs.limits import limits
from jobs.models import LOG_STREAMS, Job, JobLog
from jobs.phases import End, Outcome
from jobs.runner import activity, cage
from jobs.runner.client import Running

TICK = 0.25
"""s between looks at the clock, the phase and the files of the run"""
FLUSH = 0.5
"""s between writes of progress and log"""


@dataclass
class Said:
    """What the run said in ``events.jsonl``."""

    progress: float | None = None
    step: str = ""
    steps: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    summary: dict[str, Any] | None = None
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """name to its ``product`` or ``file`` event, the last word counts"""
    error: dict[str, Any] | None = None

    def hear(self, event: dict[str, Any]) -> None:
        match event.get("event"):
            case "progress":
                self.progress, self.step = float(event["fraction"]), str(event["step"])[:300]
            case "warning":
                self.warnings.append(str(event["message"])[:2000])
            case "summary":
                self.summary = event["numbers"]
            case "product" | "file":
                self.files[str(event["name"])] = event
            case "step-start":
                told = ("step", "parent", "name", "values", "used", "made")
                self.steps.append({key: event.get(key) for key in told} | {"start": event["time"]})
            case "step-end":
                for step in self.steps:
                    if step["step"] == event["step"]:
                        step |= {"end": event["time"], "error": event["error"]}
            case "error":
                self.error = event


class Events:
    """Reads ``events.jsonl`` as it grows. The file is the run's: a line that is no event is passed over."""

    LIMIT = 20 * 2**20

    def __init__(self, path: Path) -> None:
        self.path, self.offset, self.said = path, 0, Said()

    def read(self) -> bool:
        """Whether there was anything new."""
        try:
            # The run may replace its file by a link or a pipe; neither is opened.
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return False
        if not stat.S_ISREG(os.fstat(handle).st_mode) or self.offset > self.LIMIT:
            os.close(handle)
            return False
        with os.fdopen(handle, "rb") as stream:
            stream.seek(self.offset)
            block = stream.read(self.LIMIT)
        whole = block[: block.rfind(b"\n") + 1]
        self.offset += len(whole)
        for line in whole.splitlines():
            try:
                self.said.hear(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
        return bool(whole)


@dataclass
class Log:
    """stdout and stderr: pieces for the database, each stream cut at its cap."""

    job: Job
    kept: dict[str, int] = field(default_factory=dict)
    pieces: list[JobLog] = field(default_factory=list)
    written: dict[str, list[str]] = field(default_factory=dict)

    def texts(self) -> dict[str, str]:
        """Stream to all that this run wrote, as it is kept."""
        return {stream: "".join(self.written.get(stream, [])) for stream in LOG_STREAMS}

    def add(self, stream: str, block: bytes) -> None:
        room = limits().log_size - self.kept.get(stream, 0)
        if room <= 0:
            return
        self.kept[stream] = self.kept.get(stream, 0) + len(block)
        text = block[:room].decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
        if len(block) >= room:
            text += "\n[cut: the log is longer than the gateway keeps]\n"
        now = datetime.now(UTC)
        self.written.setdefault(stream, []).append(text)
        self.pieces.append(JobLog(job=self.job, claim=self.job.claim, stream=stream, time=now, text=text))

    def flush(self) -> None:
        queue.persistently(self.write)
        self.pieces = []

    def write(self) -> None:
        """What is not yet in the database; may be repeated where its transaction was undone."""
        for piece in self.pieces:
            piece.pk = None
        if self.pieces:
            JobLog.objects.bulk_create(self.pieces)


class LogFile:
    """A stream that a run writes into a file instead of a pipe, read as it grows."""

    def __init__(self, log: Log, stream: str, path: Path) -> None:
        self.log, self.stream, self.path, self.offset = log, stream, path, 0

    def read(self) -> None:
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return
        with os.fdopen(handle, "rb") as stream:
            # Of what is longer nothing more is kept.
            if stat.S_ISREG(os.fstat(handle).st_mode) and self.offset <= limits().log_size:
                stream.seek(self.offset)
                block = stream.read(limits().log_size + 1)
                if block:
                    self.offset += len(block)
                    self.log.add(self.stream, block)


class Watch:
    """One run under supervision."""

    def __init__(self, job: Job, running: Running, events: Events, stopping: Callable[[], bool]) -> None:
        self.job, self.running, self.events, self.stopping = job, running, events, stopping
        self.log = Log(job)
        duration = job.execution_duration
        self.deadline = time.monotonic() + duration if duration else float("inf")
        self.last_flush = self.last_renewal = self.last_tick = time.monotonic()
        self.news = False
        self.verdict: Outcome | None = None
        self.exit: cage.Exit | None = None

    def until_end(self) -> Outcome:
        """Returns when no process of the run is alive. ``LostClaim`` when the job went on without this run."""
        selector = selectors.DefaultSelector()
        for source in self.running.sources:
            selector.register(source, selectors.EVENT_READ, "control")
        selector.register(self.running.stdout, selectors.EVENT_READ, "stdout")
        selector.register(self.running.stderr, selectors.EVENT_READ, "stderr")
        lost: LostClaim | None = None
        while self.exit is None:
            for key, _events in selector.select(TICK):
                self._hear(selector, key)
            try:
                if self.verdict is None and lost is None and time.monotonic() - self.last_tick >= TICK:
                    self._look()
            except LostClaim as error:
                lost = error
                self.running.kill()
        self._drain(selector)
        selector.close()
        self.events.read()
        if lost:
            raise lost
        return self.verdict or outcome_of(self.exit, self.events.said)

    def _hear(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        if key.data == "control":
            self.exit = self.exit or self.running.ended()
            return
        block = os.read(key.fd, 65536)
        if block:
            self.log.add(key.data, block)
        else:
            selector.unregister(key.fd)

    def _drain(self, selector: selectors.BaseSelector) -> None:
        """The last words still in the pipes; their writers are dead."""
        for stream in ("stdout", "stderr"):
            descriptor = getattr(self.running, stream)
            os.set_blocking(descriptor, False)
            try:
                while block := os.read(descriptor, 65536):
                    self.log.add(stream, block)
            except BlockingIOError:
                continue

    def _look(self) -> None:
        self.last_tick = now = time.monotonic()
        self.news |= self.events.read()
        if now >= self.deadline:
            self._end(Outcome(End.OVERRUN, f"The job reached its time limit of {self.job.execution_duration} s."))
        elif self.stopping():
            self._end(Outcome(End.STOPPED, "The worker was stopped; the job waits for another."))
        elif now - self.last_renewal >= limits().lease / 5 or (
            (self.news or self.log.pieces) and now - self.last_flush >= FLUSH
        ):
            self._write(now)
        elif not queue.still_mine(self.job):
            raise LostClaim(str(self.job.pk))

    def _write(self, now: float) -> None:
        said = self.events.said
        queue.renew(self.job, progress=said.progress, step=said.step, steps=said.steps, warnings=said.warnings)
        self.running.keep_alive()
        self.log.flush()
        self.last_flush = self.last_renewal = now
        self.news = False

    def _end(self, verdict: Outcome) -> None:
        self.verdict = verdict
        self.running.kill()


MACHINERY = {activity.DISK: End.DIED}


def outcome_of(ended: cage.Exit, said: Said) -> Outcome:
    """What an end of the processes means for the job."""
    if ended.code == 0:
        return Outcome(End.DONE, exit_code=0)
    if ended.reason == "lost":
        return Outcome(End.DIED, "The runner was lost.")
    if said.error is not None:
        return Outcome(MACHINERY.get(said.error["kind"], End.FAULTY), str(said.error["message"]), exit_code=ended.code)
    if ended.signal is not None:
        return _killed(ended.signal)
    return Outcome(End.FAULTY, f"The job ended with exit code {ended.code}.", exit_code=ended.code)


def _killed(number: int) -> Outcome:
    reasons = {
        24: "The job used more processor time than it may.",
        25: "The job tried to write a file larger than it may.",
    }
    if number in reasons:
        return Outcome(End.FAULTY, reasons[number], exit_code=-number)
    if number == 9:
        return Outcome(End.DIED, "The job's process was killed.", exit_code=-number)
    return Outcome(End.FAULTY, f"The job crashed (signal {number}).", exit_code=-number)
