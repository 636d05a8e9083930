"""One claimed job from staging to its ending transaction."""

import errno
import logging
import os
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from gateway.access.rights import Viewer, viewer_of
from gateway.vo import log as context
from jobs import code, light, parameters, queue, registry, results
from jobs.activity import JobInfo, Out
from jobs.errors import LostClaim, Refused
from jobs.limits import limits
from jobs.models import Job, JobLog
from jobs.phases import End, Outcome, Phase, decide_end
from jobs.registry import JobType
from jobs.runner import cage, client, warm
from jobs.staging import Inputs, stage
from jobs.supervise import Events, Log, Said, Watch

log = logging.getLogger(__name__)
Stopping = Callable[[], bool]


def worker_name() -> str:
    return f"{socket.gethostname()[:80]}:{os.getpid()}"


def work_once(queues: tuple[str, ...], stopping: Stopping) -> bool:
    """Claims and carries out one job; False when none waits."""
    job = queue.persistently(lambda: queue.claim(queues, worker_name()))
    if job is None:
        return False
    token = context.job_id.set(str(job.pk))
    try:
        Run(job, stopping).carry_out()
    except LostClaim:
        log.warning("the job went on without this run")
    finally:
        context.job_id.reset(token)
    return True


@dataclass
class Run:
    """One try of one job; everything it leaves lies in ``scratch/TOKEN`` until the end."""

    job: Job
    stopping: Stopping

    def __post_init__(self) -> None:
        self.folder = Path(settings.SCRATCH_DIR) / self.job.claim
        self.inputs = Inputs({}, {})
        self.events = Events(self.folder / "events.jsonl")
        self.log = Log(self.job)

    def carry_out(self) -> None:
        try:
            outcome = self._attempt()
            self._finish(outcome)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _attempt(self) -> Outcome:
        job_type = registry.get(self.job.type, self.job.version)
        if job_type is None:
            return Outcome(End.FAULTY, "This job type is no longer offered.")
        try:
            self.folder.mkdir(parents=True, mode=0o700)
            return self._run(job_type)
        except Refused as refusal:
            return Outcome(End.FAULTY, str(refusal))
        except client.RunnerAway as error:
            log.error("runner: %s", error)
            return Outcome(End.DIED, "The runner could not be started.")
        except OSError as error:
            log.exception("staging or start failed")
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            return Outcome(End.DIED, "The disk of the worker is full." if full else "The worker had a fault.")

    def _run(self, job_type: JobType) -> Outcome:
        viewer = viewer_of(self.job.owner) if self.job.owner else Viewer()
        values = dict(self.job.parameters)
        params: Any = values if job_type.lenient else parameters.complete(job_type.description, values)
        self.inputs = stage(self.job, job_type, viewer, self.folder / "in")
        if self.job.attempts > 1:
            JobLog.objects.filter(job=self.job).delete()
        running = self._start(job_type, params, viewer)
        try:
            watch = Watch(self.job, running, self.events, self.stopping)
            self.log = watch.log
            outcome = watch.until_end()
        finally:
            running.close()
        if job_type.command is not None and outcome.end is End.DONE:
            outcome = self._declared(job_type, params, outcome)
        return outcome

    def _declared(self, job_type: JobType, params: Any, outcome: Outcome) -> Outcome:
        """An external command says nothing of its files: the description does."""
        from jobs.commands import declared_files  # noqa: PLC0415 (few jobs are commands)

        files, missing = declared_files(job_type.description, params, self.folder)
        self.events.said.files |= files
        if missing:
            return Outcome(End.FAULTY, f"The command ended without writing {', '.join(missing)}.", exit_code=0)
        return outcome

    # --- start ---

    def _start(self, job_type: JobType, params: Any, viewer: Viewer) -> client.Running:
        scratch = Path(settings.SCRATCH_DIR)
        if job_type.light is not None:
            return self._start_light(job_type, params, viewer)
        request: dict[str, Any] = {"job": asdict(self._info())}
        if job_type.command is not None:
            from jobs.commands import command_request  # noqa: PLC0415 (few jobs are commands)

            request |= command_request(job_type.command, params, self.inputs, self.folder)
        else:
            request |= {
                "module": job_type.module,
                "values": {p.name: getattr(params, p.name) for p in parameters.parameters_of(job_type.description)},
                "inputs": self.inputs.as_json(),
            }
        return client.start(scratch, self.folder, request, self._cage(job_type))

    def _cage(self, job_type: JobType, network: bool = False) -> cage.Cage:
        duration = self.job.execution_duration
        return cage.Cage(
            folder=str(self.folder),
            memory=0 if network else job_type.description.memory,
            cpu=(duration + 10) * (os.cpu_count() or 1) if duration else 0,
            file_size=limits().file_size,
            silence=limits().lease,
            network=network,
        )

    def _start_light(self, job_type: JobType, params: Any, viewer: Viewer) -> client.Running:
        staged = registry.LightRun(
            self.job.id, viewer, Out(self.folder, self._info()), self.inputs.products, self.inputs.uploads
        )
        confines, request = self._cage(job_type, network=True), light.Request(job_type.name, params, staged)
        if light.reuses_children:
            return warm.start(self.folder, request, confines, light.leave_connections, light.perform)
        light.leave_connections()
        return client.start_here(confines, lambda: light.perform(request)[0])

    def _info(self) -> JobInfo:
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

    # --- end ---

    def _finish(self, outcome: Outcome) -> None:
        """Stores the files, then ends the job in one transaction. A run without claim leaves nothing."""
        said = self.events.said
        ending = decide_end(outcome.end, self.job.attempts, limits().attempts)
        found: list[results.Found] = []
        faults: list[str] = []
        if ending.phase != Phase.QUEUED and self.folder.is_dir():
            try:
                said.summary = results.with_products(self.job, said.summary, said.files)
                found, faults = results.collect(self.folder, said.files, said.summary)
                stored = results.store(self.job, found)
            except OSError as error:
                log.exception("results could not be stored")
                found, stored = [], {}
                full = error.errno in (errno.ENOSPC, errno.EDQUOT)
                message = "The disk of the archive is full." if full else "The results could not be stored."
                outcome = Outcome(End.DIED, message, exit_code=outcome.exit_code)
                ending = decide_end(End.DIED, self.job.attempts, limits().attempts)
        else:
            stored = {}
        said.warnings.extend(faults)
        changes = {**_last_words(said, outcome), "fingerprint": self._fingerprint()}
        closing = queue.Closing(ending, outcome, worker_name(), changes)
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
            rows = results.register(self.job, found, stored, self.inputs.keys)
            record_run(self.job, closing, rows, self.inputs, ended)


def _last_words(said: Said, outcome: Outcome) -> dict[str, Any]:
    return {
        "progress": 1.0 if outcome.end is End.DONE else said.progress,
        "step": said.step,
        "steps": said.steps,
        "warnings": said.warnings,
        "summary": said.summary,
    }
