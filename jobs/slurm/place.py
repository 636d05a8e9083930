"""Where runs of the cluster lie: one folder a run, shared with the nodes or copied to them and back.

``TOKEN/run`` is the run's own folder; beside it lie the gateway's: ``batch.sh``, ``staged.json``, ``stdout``,
``stderr``, and ``exit.json`` when it is over.
"""

import base64
import os
import secrets
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from jobs.limits import limits
from jobs.runner import alone
from jobs.slurm.cluster import Cluster, ClusterAway
from jobs.slurm.config import Config
from jobs.supervise import Events

EVENTS = f"{alone.RUN}/events.jsonl"
GROWING = (alone.EXIT, EVENTS, "stdout", "stderr")
"""The end is looked for before what was said until then is read: what follows it is whole."""
BLOCK = 2**20


def instance(scratch: Path) -> str:
    """What tells this gateway's jobs from those of another that uses the same account on the cluster."""
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = scratch / "instance"
    if not path.exists():
        path.write_text(secrets.token_hex(4))
    return path.read_text().strip()


class Shared:
    """The nodes see the scratch of the gateway."""

    def __init__(self, config: Config) -> None:
        self.root, self.node_root = config.scratch, config.node_scratch

    def folder(self, token: str) -> Path:
        return self.root / token

    def seen(self, token: str) -> Path:
        """The folder on the nodes."""
        return self.node_root / token

    def send(self, token: str) -> None:
        """Called once, when all is laid ready."""

    def refresh(self, token: str) -> None:
        """Brings what has grown."""

    def names(self, token: str) -> list[str]:
        """Plain names in the run's folder."""
        return sorted(os.listdir(self.folder(token) / alone.RUN))

    def fetch(self, token: str, names: Iterable[str]) -> None:
        """Brings these files of the run; what is no plain file stays away or is refused when it is looked at."""

    def remove(self, token: str) -> None:
        shutil.rmtree(self.folder(token), ignore_errors=True)

    def tokens(self) -> list[str]:
        return [entry.name for entry in self.root.iterdir() if len(entry.name) == 32] if self.root.is_dir() else []


class Copied(Shared):
    """The way to the nodes is a shell on the cluster (``ssh``): folders go there and back as tar streams."""

    def __init__(self, config: Config, cluster: Cluster) -> None:
        super().__init__(config)
        self.cluster = cluster

    def send(self, token: str) -> None:
        script = 'umask 077 && mkdir -p "$0" && cd "$0" && tar -x --no-same-owner -f -'
        with tempfile.TemporaryFile(dir=self.root) as stream:
            with tarfile.open(fileobj=stream, mode="w") as archive:
                archive.add(self.folder(token), token)
            stream.seek(0)
            self.cluster.copy(["sh", "-c", script, str(self.node_root)], stream, None)

    def refresh(self, token: str) -> None:
        while self._refresh_some(token):
            continue

    def _refresh_some(self, token: str) -> bool:
        """The next block of each; whether there may be more."""
        sizes = {name: _size(self.folder(token) / name) for name in GROWING}
        # Of a log only its beginning is kept.
        wanted = {name: size for name, size in sizes.items() if size <= _most(name)}
        words = [str(word) for name, size in wanted.items() for word in (name, size + 1)]
        script = (
            'cd "$0" || exit 0; while [ $# -gt 1 ]; do'
            f' tail -c "+$2" "$1" 2>/dev/null | head -c {BLOCK} | base64 | tr -d "\\n"; echo; shift 2; done'
        )
        pieces = self.cluster.call(["sh", "-c", script, str(self.seen(token)), *words]).split(b"\n")
        blocks = {name: base64.b64decode(piece) for name, piece in zip(wanted, pieces, strict=False)}
        for name, block in blocks.items():
            with (self.folder(token) / name).open("ab") as stream:
                stream.write(block)
        return any(len(block) == BLOCK for block in blocks.values())

    def names(self, token: str) -> list[str]:
        """Of plain files only: links and pipes are not followed there."""
        folder = str(self.seen(token) / alone.RUN)
        listing = self.cluster.call(["find", folder, "-maxdepth", "1", "-type", "f", "-links", "1", "-printf", "%f\\0"])
        return sorted(name for name in listing.decode("utf-8", "replace").split("\0") if name)

    def fetch(self, token: str, names: Iterable[str]) -> None:
        here = self.folder(token) / alone.RUN
        for name in set(names) & set(self.names(token)):
            words = ["head", "-c", str(limits().file_size), "--", str(self.seen(token) / alone.RUN / name)]
            with (here / name).open("wb") as stream:
                self.cluster.copy(words, None, stream)

    def remove(self, token: str) -> None:
        try:
            self.cluster.call(["rm", "-rf", str(self.seen(token))])
        except ClusterAway:
            # The folder here stays until the one there could be removed.
            return
        super().remove(token)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _most(name: str) -> int:
    return Events.LIMIT if name in (EVENTS, alone.EXIT) else limits().log_size


def plain_file(path: Path) -> bytes | None:
    """The content of a small plain file of the gateway's, or None."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as stream:
        return stream.read(BLOCK) if stat.S_ISREG(os.fstat(handle).st_mode) else None
