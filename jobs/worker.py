"""The executor of this machine: one claimed job, from staging to its ending transaction, in a process of Celery's."""

import logging
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from gateway.access.rights import Viewer
from gateway.vo import log as context
from jobs import light, queue, registry
from jobs.activity import Out
from jobs.attempt import FULL, Attempt
from jobs.errors import LostClaim, Refused
from jobs.heartbeat import Heartbeat
from jobs.models import Job, JobLog
from jobs.phases import End, Outcome
from jobs.registry import JobType
from jobs.results import Found
from jobs.runner import client, warm
from jobs.supervise import Watch

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


class Run(Attempt):
    """A try in a cage on this machine, watched until nothing of it is alive."""

    def __init__(self, job: Job, stopping: Stopping) -> None:
        super().__init__(job, Path(settings.SCRATCH_DIR) / job.claim, worker_name())
        self.stopping = stopping

    def carry_out(self) -> None:
        try:
            self.finish(self._attempt())
        except LostClaim:
            if not queue.was_aborted(self.job):
                raise
            self.salvage()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _attempt(self) -> Outcome:
        job_type = registry.get(self.job.type, self.job.version)
        if job_type is None:
            return Outcome(End.FAULTY, "This job type is no longer offered.")
        try:
            return self._run(job_type)
        except Refused as refusal:
            return Outcome(End.FAULTY, str(refusal))
        except client.RunnerAway as error:
            log.error("runner: %s", error)
            return Outcome(End.DIED, "The runner could not be started.")
        except OSError as error:
            log.exception("staging or start failed")
            full = error.errno in FULL
            return Outcome(End.DIED, "The disk of the worker is full." if full else "The worker had a fault.")

    def _run(self, job_type: JobType) -> Outcome:
        params = self.params(job_type)
        with Heartbeat(self.job):
            self.lay_ready(job_type)
        if self.job.attempts > 1:
            JobLog.objects.filter(job=self.job).delete()
        running = self._start(job_type, params, self.viewer)
        try:
            watch = Watch(self.job, running, self.events, self.stopping)
            self.log = watch.log
            outcome = watch.until_end()
        finally:
            running.close()
        if job_type.command is not None and outcome.end is End.DONE:
            outcome = self.declared(job_type, params, outcome)
        return outcome

    def _stored(self) -> tuple[list[Found], dict[str, str]]:
        with Heartbeat(self.job):
            return super()._stored()

    def _start(self, job_type: JobType, params: Any, viewer: Viewer) -> client.Running:
        scratch = Path(settings.SCRATCH_DIR)
        if job_type.light is not None:
            return self._start_light(job_type, params, viewer)
        with Heartbeat(self.job):
            return client.start(scratch, self.folder, self.request(job_type, params), self.cage(job_type))

    def _start_light(self, job_type: JobType, params: Any, viewer: Viewer) -> client.Running:
        staged = registry.LightRun(
            self.job.id, viewer, Out(self.folder, self.info()), self.inputs.products, self.inputs.uploads
        )
        confines, request = self.cage(job_type, network=True), light.Request(job_type.name, params, staged)
        if light.reuses_children:
            return warm.start(self.folder, request, confines, light.leave_connections, light.perform)
        light.leave_connections()
        return client.start_here(confines, lambda: light.perform(request)[0])
