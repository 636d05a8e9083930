"""A PostgreSQL cluster of the tests' own: made in a temporary folder, listening on a Unix socket alone.

``with Cluster() as cluster`` gives a running server; ``cluster.url("name")`` an address of a database in it. As root
the server runs as the system's user ``postgres``, because PostgreSQL refuses to run as root.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg


def binaries() -> Path | None:
    """The folder of the newest installed server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


class Cluster:
    """``psycopg`` speaks to it as the superuser ``postgres`` without a password: the folder is its lock.

    A cluster in a ``folder`` that is given is kept, and used again if it is there; ``settings`` are the server's.
    """

    def __init__(self, port: int = 5432, folder: Path | None = None, settings: str = "") -> None:
        self.port = port
        self.bin = binaries()
        self.keep = folder is not None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self.settings = settings

    def __enter__(self) -> Self:
        if self.bin is None:
            raise RuntimeError("PostgreSQL's server is not installed (Debian: postgresql-15)")
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        if not self.data.exists():
            self._run(
                "initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"
            )
        self.start()
        return self

    def start(self) -> None:
        options = (
            f"-c listen_addresses='' -c port={self.port} -c unix_socket_directories={self.folder} -c fsync=off "
            "-c full_page_writes=off -c synchronous_commit=off -c max_connections=60 -c jit=off " + self.settings
        )
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """``immediate`` is a crash: no connection is told."""
        self._run("pg_ctl", "-D", str(self.data), "-m", mode, "stop")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop("fast" if self.keep else "immediate")
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """An address that psycopg and DATABASE_URL understand; the host is the socket's folder."""
        return f"postgresql://{user}@{quote(str(self.folder), safe='')}:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True)

    def create(self, database: str, like: str = "template1") -> str:
        """A new empty database, or a copy of one to which nobody is connected; returns its address."""
        with self.connect() as connection:
            connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{like}"')
        return self.url(database)

    def _run(self, program: str, *arguments: str) -> None:
        assert self.bin is not None
        command = [str(self.bin / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder, check=False, stdin=subprocess.DEVNULL, timeout=120
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout[-500:]} {done.stderr[-1000:]}")
