"""One try of one job, whoever carries it out: what is laid ready before the run, and what becomes of what it left."""

import errno
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from gateway.access.rights import Viewer, viewer_of
from jobs import code, parameters, queue, registry, results, reuse
from jobs.activity import JobInfo
from jobs.errors import Refused
from jobs.limits import limits
from jobs.models import Job
from jobs.phases import End, Ending, Outcome, Phase, decide_end
from jobs.registry import JobType
from jobs.runner import cage
from jobs.staging import Inputs, stage
from jobs.supervise import Events, Log, Said

log = logging.getLogger(__name__)
FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass
class Attempt:
    """Everything it leaves lies in ``folder`` until the end; executors differ in how they carry it out."""

    job: Job
    folder: Path
    who: str
    inputs: Inputs = field(default_factory=lambda: Inputs({}, {}))
    host: queue.Host | None = None
    """where it ran, if not in a process of the gateway"""

    def __post_init__(self) -> None:
        self.events = Events(self.folder / "events.jsonl")
        self.log = Log(self.job)

    @cached_property
    def viewer(self) -> Viewer:
        return viewer_of(self.job.owner) if self.job.owner else Viewer()

    # --- before ---

    def params(self, job_type: JobType) -> Any:
        values = dict(self.job.parameters)
        return values if job_type.lenient else parameters.complete(job_type.description, values)

    def lay_ready(self, job_type: JobType) -> None:
        """Makes the folder and stages the inputs into it."""
        self.folder.mkdir(parents=True, mode=0o700)
        self.inputs = stage(self.job, job_type, self.viewer, self.folder / "in")

    def request(self, job_type: JobType, params: Any, seen: Path | None = None) -> dict[str, Any]:
        """What the runner is asked to do (``jobs.runner.activity``); ``seen``: the folder as the run sees it."""
        place = seen or self.folder
        inputs = self.inputs.moved(self.folder, place)
        request: dict[str, Any] = {"job": asdict(self.info())}
        if job_type.command is not None:
            from jobs.commands import command_request  # noqa: PLC0415 (few jobs are commands)

            return request | command_request(job_type.command, params, inputs, self.folder, place)
        return request | {
            "module": job_type.module,
            "values": {p.name: getattr(params, p.name) for p in parameters.parameters_of(job_type.description)},
            "inputs": inputs.as_json(),
        }

    def cage(self, job_type: JobType, network: bool = False, seen: Path | None = None) -> cage.Cage:
        duration = self.job.execution_duration
        return cage.Cage(
            folder=str(seen or self.folder),
            memory=0 if network else job_type.description.memory,
            cpu=(duration + 10) * (os.cpu_count() or 1) if duration else 0,
            file_size=limits().file_size,
            silence=limits().lease,
            network=network,
        )

    def info(self) -> JobInfo:
        job = self.job
        name = (job.owner.get_full_name() or job.owner.get_username()) if job.owner else "anonymous"
        return JobInfo(
            id=str(job.id),
            type=job.type,
            version=job.version,
            url=f"{settings.PUBLIC_URL}/jobs/{job.id}/",
            key=job.main_key,
            authority=settings.AUTHORITY,
            agent_key=job.owner.agent_key if job.owner else "anonymous",
            agent_name=name,
            site_name=settings.SITE_NAME,
            organisation=settings.ORGANISATION,
        )

    # --- after ---

    def declared(self, job_type: JobType, params: Any, outcome: Outcome) -> Outcome:
        """An external command says nothing of its files: the description does."""
        from jobs.commands import declared_files  # noqa: PLC0415 (few jobs are commands)

        files, missing = declared_files(job_type.description, params, self.folder)
        self.events.said.files |= files
        if missing:
            return Outcome(End.FAULTY, f"The command ended without writing {', '.join(missing)}.", exit_code=0)
        return outcome

    def finish(self, outcome: Outcome) -> None:
        """Stores the files, then ends the job in one transaction. A run without claim leaves nothing."""
        ending = decide_end(outcome.end, self.job.attempts, limits().attempts)
        if ending.phase == Phase.QUEUED:
            self._close(ending, outcome, [], {})
            return
        try:
            found, stored = self._stored()
        except OSError as error:
            log.exception("results could not be stored")
            words = "The disk of the archive is full." if error.errno in FULL else "The results could not be stored."
            outcome = Outcome(End.DIED, words, exit_code=outcome.exit_code)
            self._close(decide_end(End.DIED, self.job.attempts, limits().attempts), outcome, [], {})
            return
        self._close(ending, outcome, found, stored)

    def salvage(self) -> None:
        """After ABORT, when nothing of the run is alive: what it had declared by then stays, and so does its log."""
        if self.job.started is None:
            queue.let_go(self.job)
            return
        outcome = Outcome(End.CANCELLED, "The job was aborted.")
        try:
            found, stored = self._stored()
        except OSError:
            log.exception("results of an aborted run could not be stored")
            found, stored = [], {}
        self._close(Ending(Phase.ABORTED), outcome, found, stored, aborted=True)

    def _stored(self) -> tuple[list[results.Found], dict[str, str]]:
        if not self.folder.is_dir():
            return [], {}
        said = self.events.said
        said.summary = results.with_products(self.job, said.summary, said.files)
        found, faults = results.collect(self.folder, said.files, said.summary)
        said.warnings += [fault for fault in faults if fault not in said.warnings]
        return found, results.store(self.job, found)

    def _close(
        self,
        ending: Ending,
        outcome: Outcome,
        found: list[results.Found],
        stored: Mapping[str, str],
        aborted: bool = False,
    ) -> None:
        changes = {**_last_words(self.events.said, outcome), "fingerprint": (mark := self._fingerprint())}
        earlier = None
        if ending.phase == Phase.COMPLETED:
            earlier = queue.persistently(lambda: reuse.before(self.job, mark))
        if earlier is not None and self.job.same_as_id is None:
            changes["same_as"] = earlier
        closing = queue.Closing(ending, outcome, self.who, changes, self.host, earlier, aborted)
        try:
            queue.persistently(lambda: self._commit(closing, found, stored))
        except BaseException:
            results.forget(stored)
            raise
        if self.job.attempts > 1:
            results.drop_other_runs(self.job)

    def _fingerprint(self) -> str:
        """What the run was made from; an equal one made the same."""
        job_type = registry.get(self.job.type, self.job.version)
        if job_type is None or job_type.lenient:
            return ""
        sums = {name: [member.sha256 for member in members] for name, members in self.inputs.products.items()}
        try:
            return parameters.fingerprint(job_type.description, self.job.parameters, sums, code.mark(job_type))
        except Refused:
            return ""

    def _commit(self, closing: queue.Closing, found: list[results.Found], stored: Mapping[str, str]) -> None:
        from jobs.records import record_run  # noqa: PLC0415 (records read this module's names)

        with transaction.atomic():
            ended: datetime = queue.end(self.job, closing)
            self.log.write()
            if closing.ending.phase == Phase.QUEUED:
                return
            logs = self.log.texts() if self.job.attempts == 1 else results.log_texts(self.job)
            rows = results.register(self.job, found, stored, self.inputs.keys, logs)
            record_run(self.job, closing, rows, self.inputs, ended)


def _last_words(said: Said, outcome: Outcome) -> dict[str, Any]:
    return {
        "progress": 1.0 if outcome.end is End.DONE else said.progress,
        "step": said.step,
        "steps": said.steps,
        "warnings": said.warnings,
        "summary": said.summary,
    }
