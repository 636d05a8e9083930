"""A real Slurm of one node on loopback: munged, slurmctld and slurmd with a configuration and a folder of their own."""

import ctypes
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support.jobs import free_port, until

PROGRAMS = {"munged": "munge", "slurmctld": "slurm-wlm", "slurmd": "slurm-wlm", "sbatch": "slurm-wlm"}
PATH = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
CONFIGURATION = """
ClusterName=trial
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort={controller}
SlurmdPort={node}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=0
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
MpiDefault=none
SwitchType=switch/none
MailProg=/bin/true
ReturnToService=2
MinJobAge=300
KillWait=2
MessageTimeout=5
SlurmctldTimeout=30
SlurmdTimeout=30
NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=16000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Slurm:
    """Runs from its making to ``end``."""

    def __init__(self) -> None:
        missing = sorted({package for name, package in PROGRAMS.items() if shutil.which(name, path=PATH) is None})
        if missing:
            pytest.fail(f"Slurm is not here: apt-get install --no-install-recommends {' '.join(missing)}")
        # The path of a socket must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        host = socket.gethostname().split(".")[0]
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(
                host=host, user=getpass.getuser(), folder=self.folder, controller=free_port(), node=free_port()
            )
        )
        # Slurm looks for the kind of control groups of the machine otherwise; this one uses none.
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        self.env = {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": PATH}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.start_munge()
        self.start_controller()
        self.start_node()
        until(lambda: "idle" in self("sinfo", "--noheader", "--format=%T"), 60, f"Slurm is up: {self.logs()}")

    def __call__(self, *words: str) -> str:
        """What a command of Slurm's writes; empty where it fails."""
        done = subprocess.run(words, env={**os.environ, **self.env}, capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else ""

    def start_munge(self) -> None:
        files = {"key-file": "munge.key", "socket": "munge.sock", "pid-file": "munged.pid", "seed-file": "seed",
                 "log-file": "munged.log"}  # fmt: skip
        words = [f"--{name}={self.folder / path}" for name, path in files.items()]
        self._start("munged", "--foreground", "--force", "--num-threads=1", *words)
        until((self.folder / "munge.sock").exists, 20, "munged listens")

    def start_controller(self) -> None:
        self._start("slurmctld", "-D", "-f", str(self.folder / "slurm.conf"))

    def start_node(self) -> None:
        self._start("slurmd", "-D", "-N", "node1", "-f", str(self.folder / "slurm.conf"))

    def _start(self, *argv: str) -> None:
        with (self.folder / f"{argv[0]}.out").open("ab") as log:
            self.processes[argv[0]] = subprocess.Popen(
                argv, env={**os.environ, **self.env}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 (the test has one thread)
            )  # fmt: skip

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def jobs(self) -> list[tuple[str, str, str]]:
        """Number, name and state of each job that Slurm knows."""
        lines = self("squeue", "--noheader", "--states=all", "--format=%i|%j|%T").splitlines()
        return [(number, name, state) for number, name, state in (line.split("|") for line in lines)]

    def logs(self) -> str:
        return "\n".join(path.read_text()[-1500:] for path in sorted(self.folder.glob("*.out")))

    def end(self) -> None:
        """Its jobs too; nothing is left."""
        if "slurmctld" in self.processes:
            self("scancel", "--quiet", f"--user={getpass.getuser()}")
            until(lambda: not self("squeue", "--noheader"), 20, "no job is left in Slurm")
        for name in ("slurmd", "slurmctld", "munged"):
            if name in self.processes:
                self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)
