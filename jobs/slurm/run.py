"""One run on the cluster, as the gateway sees it: laid ready, submitted, listened to, brought home.

A run is found again after a restart by its token alone: its folder holds what was staged, Slurm's job bears its name.
"""

import json
import logging
import math
import shlex
import time
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from jobs import queue, registry
from jobs.attempt import Attempt
from jobs.commands import output_files
from jobs.errors import LostClaim
from jobs.models import Job, JobLog
from jobs.phases import End, Outcome, Phase
from jobs.registry import JobType
from jobs.results import drop_other_runs
from jobs.runner import alone, cage
from jobs.runner.client import clean_environment
from jobs.slurm.cluster import Cluster
from jobs.slurm.config import Config
from jobs.slurm.place import Shared, plain_file
from jobs.slurm.states import Known
from jobs.staging import Inputs
from jobs.supervise import LogFile

log = logging.getLogger(__name__)
STAGED, BATCH = "staged.json", "batch.sh"
INTERPRETER = 2**30
"""bytes that Python with gammapy takes before the run's own"""
MARGIN = 60
"""s between the gateway's time limit and Slurm's"""


class SlurmRun(Attempt):
    """A try that a batch system carries out."""

    def __init__(self, job: Job, place: Shared) -> None:
        self.place, self.token = place, job.claim
        self.control = place.folder(job.claim)
        super().__init__(job, self.control / alone.RUN, job.worker)
        self.streams = [LogFile(self.log, name, self.control / name) for name in ("stdout", "stderr")]
        self.told: tuple[float | None, str, int, int] = (None, "", 0, 0)
        self.silent_since: float | None = None
        """when Slurm no longer knew it and nothing said how it ended"""
        self.verdict: Outcome | None = None
        """why the gateway itself ended it"""
        self.ended: cage.Exit | None = None

    # --- out ---

    def prepare(self, job_type: JobType, config: Config) -> None:
        """Everything that the node needs, in one folder."""
        params = self.params(job_type)
        self.lay_ready(job_type)
        if self.job.attempts > 1:
            JobLog.objects.filter(job=self.job).delete()
        seen = self.place.seen(self.token)
        request = self.request(job_type, params, seen / alone.RUN)
        confines = self.cage(job_type, seen=seen / alone.RUN)
        (self.folder / "request.json").write_text(json.dumps({**request, "cage": vars(confines)}))
        (self.control / STAGED).write_text(json.dumps(self.inputs.to_json()))
        (self.control / BATCH).write_text(batch_script(seen, config))
        self.place.send(self.token)

    def submit(self, job_type: JobType, cluster: Cluster) -> str:
        duration, memory = self.job.execution_duration, job_type.description.memory
        return cluster.submit(
            self.token,
            self.place.seen(self.token),
            math.ceil((duration + MARGIN) / 60) if duration else 0,
            (memory + INTERPRETER) // 2**20 if memory else 0,
        )

    # --- meanwhile ---

    @classmethod
    def found(cls, job: Job, place: Shared) -> "SlurmRun":
        """A run that another process of the gateway had submitted; its log is read anew from the beginning."""
        run = cls(job, place)
        staged = plain_file(run.control / STAGED)
        if staged:
            run.inputs = Inputs.from_json(json.loads(staged))
        JobLog.objects.filter(job=job).delete()
        drop_other_runs(job, mine=True)
        return run

    def listen(self) -> None:
        """Reads what the run has said and written since the last time; ``LostClaim`` when it may not any more."""
        self.place.refresh(self.token)
        # First the end, then what was said until then; the other way round the last words could be missed.
        if self.ended is None:
            self.ended = self._exit()
        self.events.read()
        for stream in self.streams:
            stream.read()
        if self.job.phase == Phase.ABORTED:
            return
        said = self.events.said
        words = (said.progress, said.step, len(said.steps), len(said.warnings))
        if words != self.told:
            queue.renew(self.job, progress=said.progress, step=said.step, steps=said.steps, warnings=said.warnings)
            self.told = words
        if self.log.pieces:
            if not queue.still_mine(self.job):
                raise LostClaim(str(self.job.pk))
            self.log.flush()

    def _exit(self) -> cage.Exit | None:
        text = plain_file(self.control / alone.EXIT)
        try:
            record = json.loads(text) if text else None
            if not record:
                return None
            self.host = queue.Host(record["environment"], tuple((str(n), str(v)) for n, v in record["software"]))
            return cage.Exit(**record["exit"])
        except (ValueError, KeyError, TypeError):
            # A copy that has not come whole; the next look sees the rest.
            return None

    def begin(self, known: Known | None) -> None:
        """EXECUTING from now on."""
        if known is not None:
            self.who = f"slurm {known.id} on {known.node}"[:120]
        if self.job.phase == Phase.QUEUED:
            queue.begin(self.job, self.who)

    def say_why_it_waits(self, known: Known) -> None:
        """Slurm's word (squeue(1), "JOB REASON CODES"): Resources, Priority, ReqNodeNotAvail."""
        reason = "" if known.reason == "None" else known.reason[:300]
        if self.job.phase == Phase.QUEUED and self.job.step != reason:
            queue.renew(self.job, step=reason)

    @property
    def is_over_time(self) -> bool:
        job = self.job
        if not job.execution_duration or job.started is None or job.phase != Phase.EXECUTING:
            return False
        return time.time() > job.started.timestamp() + job.execution_duration

    # --- home ---

    def bring_home(self, outcome: Outcome) -> None:
        """The files that the run spoke of become results, and the job ends."""
        job_type = registry.get(self.job.type, self.job.version)
        self._fetch(job_type)
        if job_type is not None and job_type.command is not None and outcome.end is End.DONE:
            outcome = self.declared(job_type, self.params(job_type), outcome)
        self.finish(outcome)

    def bring_home_aborted(self) -> None:
        self._fetch(registry.get(self.job.type, self.job.version))
        self.salvage()

    def _fetch(self, job_type: JobType | None) -> None:
        if not self.folder.is_dir():
            return
        names: Any = self.events.said.files
        if job_type is not None and job_type.command is not None:
            patterns = output_files(job_type.description, self.params(job_type))
            there = self.place.names(self.token)
            names = [name for name in there if any(fnmatchcase(name, pattern) for pattern in patterns)]
        self.place.fetch(self.token, names)


def batch_script(seen: Path, config: Config) -> str:
    """No value of a user stands in it."""
    environment = clean_environment(seen)
    environment["PATH"] = f"{Path(config.python).parent}:/usr/local/bin:/usr/bin:/bin"
    variables = " ".join(shlex.quote(f"{name}={value}") for name, value in environment.items())
    return (
        "#!/bin/sh\n"
        f"cd {shlex.quote(config.code)} || exit 1\n"
        f"exec env -i {variables} {shlex.quote(config.python)} -m jobs.runner.alone {shlex.quote(str(seen))}"
        ' "$SLURM_JOB_ID" "$SLURMD_NODENAME"\n'
    )
