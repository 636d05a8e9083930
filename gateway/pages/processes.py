"""The processes of a gateway on one machine, as ``serve`` and ``demo`` start them."""

import os
import sys
from pathlib import Path

from django.conf import settings

from gateway.pages.supervisor import Process
from jobs.slurm.config import config

ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (what stands for every address is none to link to)
BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
WEB_PROCESSES = 2
WEB_THREADS = 128
IO_SLOTS = 6
"""jobs that wait for the network: some archives that hang must leave places for the others"""


def web(host: str, port: int) -> Process:
    """gunicorn with threads: a waiting client costs a thread and nothing else (docs/operate.md)."""
    return Process(
        "web",
        [
            str(BIN / "gunicorn"),
            "gateway.wsgi",
            f"--bind={host}:{port}",
            "--worker-class=gthread",
            f"--workers={WEB_PROCESSES}",
            f"--threads={WEB_THREADS}",
            "--worker-tmp-dir=/dev/shm" if Path("/dev/shm").is_dir() else "--timeout=60",  # noqa: S108 (heartbeat file)
            "--timeout=60",
            "--graceful-timeout=5",
            "--keep-alive=30",
            # A query of eight thousand characters still comes by GET.
            "--limit-request-line=8190",
            # Loaded and warmed up once, then forked: half the work of a start, and the memory is shared.
            "--preload",
            "--log-level=warning",
        ],
    )


def all_of(host: str, port: int) -> list[Process]:
    """Web first; the others need no port."""
    return [web(host, port), *workers()]


def workers() -> list[Process]:
    """Short jobs and jobs that wait for the network, long ones, and the chores, so that none holds up another."""
    manage = [sys.executable, str(ROOT / "manage.py")]
    cluster = [Process("slurm", [*manage, "slurm"])] if config().is_on else []
    return [
        *cluster,
        Process("worker-short", [*manage, "worker", "short", "--slots=2"]),
        Process("worker-io", [*manage, "worker", "io", f"--slots={IO_SLOTS}"]),
        Process("worker-long", [*manage, "worker", "long", "--slots=1"]),
        Process("keeper", [*manage, "keeper"]),
    ]


def address(host: str, port: int) -> str:
    host = ANY_HOST.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def settle_address(host: str, port: int) -> None:
    """Every later command on this data folder (an ingest, a mail) writes links to where the gateway really is.

    Where the settings were read with another address, the command begins anew. PUBLIC_URL, where it is given, stands.
    """
    url = address(host, port)
    if settings.PRODUCTION or "PUBLIC_URL" in os.environ or url == settings.PUBLIC_URL:
        return
    (settings.DATA_DIR / "public-url").write_text(url)
    os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 (this very command)
