"""The executor of a cluster: hands waiting jobs to Slurm, follows them, brings them home.

Each step compares three things that each outlive a process of the gateway: the rows that hold a claim, the jobs that
Slurm knows by name, and the folders of the runs. Nothing is remembered that could not be found again.
"""

import logging
import time

from jobs import queue, registry
from jobs.attempt import FULL
from jobs.errors import LostClaim, Refused
from jobs.models import Job
from jobs.phases import End, Outcome, Phase
from jobs.slurm import states
from jobs.slurm.cluster import Cluster, ClusterAway, ClusterRefuses
from jobs.slurm.config import Config
from jobs.slurm.place import Copied, Shared, instance
from jobs.slurm.run import SlurmRun
from jobs.slurm.states import Course, Known

log = logging.getLogger(__name__)
NAME = "slurm"
Jobs = dict[str, Known]


class Executor:
    """``step`` is called again and again, by one process of the gateway."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.cluster = Cluster(config, instance(config.scratch))
        self.place = Copied(config, self.cluster) if config.is_copied else Shared(config)
        self.runs: dict[str, SlurmRun] = {}
        self.words = ""
        """how Slurm stands, for /health"""
        self.over: set[str] = set()
        """runs that came home before Slurm saw their end"""

    def step(self) -> None:
        """One look at everything."""
        held = {job.claim: job for job in _held()}
        try:
            known: Jobs | None = self.cluster.jobs()
        except ClusterAway as error:
            self.words = f"does not answer: {error}"
            log.warning("Slurm %s", self.words)
            known = None
        else:
            self.words = "answers"
            self.over &= set(known or ())
        for job in held.values():
            self._guarded(job, known)
        if known is not None:
            self._end_strays(held, known)
            self._hand_over(self.config.jobs - len(held))
        self._sweep(held)

    def _guarded(self, job: Job, known: Jobs | None) -> None:
        """A fault of one run leaves the others alone; it is looked at again in the next step."""
        try:
            self._follow(job.claim, job, known)
        except ClusterAway as error:
            log.warning("job %s: %s", job.pk, error)
        except LostClaim:
            self.runs.pop(job.claim, None)
        except Exception:
            log.exception("job %s could not be followed; it will be tried again", job.pk)

    # --- follow ---

    def _follow(self, token: str, job: Job, known: Jobs | None) -> None:
        if token not in self.runs:
            self.runs[token] = SlurmRun.found(job, self.place)
        run = self.runs[token]
        run.job = run.log.job = job
        there = known.get(token) if known is not None else None
        if there is not None and there.state in states.WAITS and job.phase != Phase.ABORTED:
            run.say_why_it_waits(there)
            return
        run.listen()
        if job.phase == Phase.ABORTED:
            self._end_aborted(run, known, there)
            return
        self._judge(run, known, there)

    def _judge(self, run: SlurmRun, known: Jobs | None, there: Known | None) -> None:
        course = states.judge(there, run.ended, run.events.said)
        if isinstance(course, Outcome):
            self._bring_home(run, run.verdict or course, there)
        elif course is Course.RUNS:
            run.silent_since = None
            run.begin(there)
            if run.is_over_time and there is not None:
                seconds = run.job.execution_duration
                run.verdict = Outcome(End.OVERRUN, f"The job reached its time limit of {seconds} s.")
                self.cluster.cancel(there)
        elif course is Course.UNSURE and known is not None:
            run.silent_since = run.silent_since or time.monotonic()
            if run.ended is not None or time.monotonic() - run.silent_since > states.GRACE:
                self._bring_home(run, run.verdict or states.lost(there, run.ended), there)

    def _bring_home(self, run: SlurmRun, outcome: Outcome, there: Known | None) -> None:
        run.begin(there)
        run.bring_home(outcome)
        self._forget(run)

    def _end_aborted(self, run: SlurmRun, known: Jobs | None, there: Known | None) -> None:
        """The row says ABORTED already; what was declared by then comes home when nothing of the run is alive."""
        if there is not None and there.is_alive:
            self.cluster.cancel(there)
        elif known is not None:
            run.bring_home_aborted()
            self._forget(run)

    def _forget(self, run: SlurmRun) -> None:
        self.runs.pop(run.token, None)
        self.over.add(run.token)
        self.place.remove(run.token)

    def _end_strays(self, held: dict[str, Job], known: Jobs) -> None:
        """Jobs of deleted rows, and of runs that the gateway gave up."""
        for token, there in known.items():
            if there.is_alive and token not in held and token not in self.over and not _is_held(token):
                log.info("Slurm's job %s belongs to no run any more", there.id)
                self.cluster.cancel(there)

    def _sweep(self, held: dict[str, Job]) -> None:
        """Folders of runs that no row speaks of."""
        for token in self.place.tokens():
            if token not in held and not _is_held(token):
                self.runs.pop(token, None)
                self.place.remove(token)

    # --- hand over ---

    def _hand_over(self, room: int) -> None:
        for _number in range(max(room, 0)):
            job = queue.persistently(lambda: queue.hand_over(NAME))
            if job is None:
                return
            run = SlurmRun(job, self.place)
            try:
                self._submit(run)
            except LostClaim:
                self._forget(run)

    def _submit(self, run: SlurmRun) -> None:
        job_type = registry.get(run.job.type, run.job.version)
        if job_type is None:
            self._give_up(run, Outcome(End.FAULTY, "This job type is no longer offered."))
            return
        try:
            run.prepare(job_type, self.config)
            number = run.submit(job_type, self.cluster)
        except Refused as refusal:
            self._give_up(run, Outcome(End.FAULTY, str(refusal)))
        except ClusterRefuses as refusal:
            log.error("Slurm refused the job %s: %s", run.job.pk, refusal)
            self._give_up(run, Outcome(End.DIED, f"The cluster refused the job: {refusal}"))
        except ClusterAway as error:
            # It may have arrived all the same; then nobody will want it.
            log.warning("job %s waits until Slurm answers: %s", run.job.pk, error)
            self._give_up(run, Outcome(End.STOPPED, "The cluster does not answer; the job waits."))
        except OSError as error:
            log.exception("the run could not be laid ready")
            words = "The scratch disk is full." if error.errno in FULL else "The run could not be laid ready."
            self._give_up(run, Outcome(End.DIED, words))
        else:
            self.runs[run.token] = run
            run.who = f"slurm {number}"
            queue.renew(run.job, worker=run.who)

    def _give_up(self, run: SlurmRun, outcome: Outcome) -> None:
        run.finish(outcome)
        self._forget(run)
        # Should it have arrived all the same, it goes.
        self.over.discard(run.token)


HELD = (Phase.QUEUED, Phase.EXECUTING, Phase.ABORTED)


def _is_held(token: str) -> bool:
    return Job.objects.filter(claim=token, phase__in=HELD).exists()


def _held() -> list[Job]:
    """Rows whose run lies, or lay until its abort, with the cluster."""
    rows = Job.objects.filter(queue=queue.SLURM, phase__in=HELD).exclude(claim="")
    return list(rows.select_related("owner", "policy"))
