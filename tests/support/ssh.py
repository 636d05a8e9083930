"""A real OpenSSH server on loopback with keys of its own, which lets in whoever runs the test."""

import getpass
import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.jobs import JobGateway, free_port, until

PATH = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
CONFIGURATION = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowUsers {user}
SetEnv {variables}
"""


class Ssh:
    """Runs from ``start`` to ``stop``; ``words`` are those before a command line for the other side."""

    def __init__(self, folder: Path, within: Sequence[str] = (), **variables: str) -> None:
        """``within``: a command that starts it, such as ``unshare``; ``variables`` of those who come in."""
        self.program = shutil.which("sshd", path=PATH) or ""
        if not self.program or not shutil.which("ssh"):
            pytest.fail("OpenSSH is not here: apt-get install --no-install-recommends openssh-server openssh-client")
        self.folder, self.within = folder, within
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir()
        for name in ("host", "user"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(words, check=True)
        self.port, user = free_port(), getpass.getuser()
        (folder / "known").write_text(f"[127.0.0.1]:{self.port} {(folder / 'host.pub').read_text()}")
        given = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        (folder / "config").write_text(CONFIGURATION.format(port=self.port, folder=folder, user=user, variables=given))
        self.words = [
            *("ssh", "-F", "none", "-p", str(self.port), "-i", str(folder / "user"), "-o", "BatchMode=yes"),
            *("-o", "IdentitiesOnly=yes", "-o", f"UserKnownHostsFile={folder}/known", f"{user}@127.0.0.1"),
        ]

    def start(self) -> None:
        if os.geteuid() == 0:
            # Where its service starts it, systemd makes this folder.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        argv = [*self.within, self.program, "-D", "-e", "-f", str(self.folder / "config")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        until(lambda: JobGateway._listens(self.port), 20, f"sshd listens: {(self.folder / 'log').read_text()}")

    def stop(self) -> None:
        """Nobody comes in any more; it serves no session to its end."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(10)
