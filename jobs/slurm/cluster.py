"""Slurm's own commands: sbatch, squeue, scancel. Values of users never come near them."""

import logging
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from jobs.slurm.config import Config
from jobs.slurm.states import Known

log = logging.getLogger(__name__)
PATIENCE = 60
"""s for one command"""
COPY_PATIENCE = 3600
FORMAT = "%i|%j|%T|%r|%N"


class ClusterAway(Exception):
    """Slurm, or the way to it, does not answer; nothing is known about any job."""


class ClusterRefuses(Exception):
    """Slurm answered and does not want the job; the text is its reason."""


class Cluster:
    """The cluster as one user of it sees it."""

    def __init__(self, config: Config, instance: str) -> None:
        self.config = config
        self.prefix = f"distiller-{instance}-"
        """of the names of this gateway's jobs; the token of the run follows"""

    def call(self, words: Sequence[str]) -> bytes:
        """What the command writes; ``ClusterAway`` where it cannot be run or fails."""
        return self._run(words, PATIENCE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout

    def copy(self, words: Sequence[str], source: IO[bytes] | None, target: IO[bytes] | None) -> None:
        """The command reads the one file, or writes the other."""
        self._run(words, COPY_PATIENCE, stdin=source or subprocess.DEVNULL, stdout=target or subprocess.DEVNULL)

    def _run(self, words: Sequence[str], patience: float, **streams: Any) -> "subprocess.CompletedProcess[bytes]":
        shell = self.config.shell
        argv = [*shell, shlex.join(words)] if shell else list(words)
        try:
            done = subprocess.run(argv, stderr=subprocess.PIPE, timeout=patience, check=False, **streams)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ClusterAway(f"{words[0]}: {error}") from error
        if done.returncode:
            raise ClusterAway(f"{words[0]}: {done.stderr.decode('utf-8', 'replace').strip()[-500:]}")
        return done

    def jobs(self) -> dict[str, Known]:
        """This gateway's jobs that Slurm knows, those that ended a short while ago too, by the token of their run."""
        found: dict[str, Known] = {}
        text = self.call(["squeue", "--me", "--noheader", "--states=all", f"--format={FORMAT}"])
        for line in text.decode("utf-8", "replace").splitlines():
            number, name, state, reason, node = (*line.split("|", 4), *[""] * 5)[:5]
            if name.startswith(self.prefix):
                token, known = name.removeprefix(self.prefix), Known(number, state, reason, node)
                if known.is_alive or token not in found:
                    found[token] = known
        return found

    def submit(self, token: str, folder: Path, minutes: int, megabytes: int) -> str:
        """Slurm's number of the new job; ``ClusterRefuses`` with Slurm's words, ``ClusterAway``."""
        # In the names of these two files a per cent sign has a meaning of its own (sbatch, "filename pattern").
        plain = str(folder).replace("%", "%%")
        words = [
            *("sbatch", "--parsable", "--no-requeue", "--export=NIL", f"--job-name={self.prefix}{token}"),
            *(f"--chdir={folder}", f"--output={plain}/stdout", f"--error={plain}/stderr"),
            *((f"--time={minutes}",) if minutes else ()),
            *((f"--mem={megabytes}M",) if megabytes else ()),
            *self.config.options,
            str(folder / "batch.sh"),
        ]
        try:
            return self.call(words).decode().strip().split(";")[0]
        except ClusterAway as error:
            self.call(["squeue", "--me", "--noheader", "--format=%i"])
            raise ClusterRefuses(str(error)) from error

    def cancel(self, known: Known) -> None:
        """Asks for the end; ``jobs`` says when it has come."""
        try:
            self.call(["scancel", known.id])
        except ClusterAway as error:
            log.warning("job %s could not be cancelled, it will be tried again: %s", known.id, error)
