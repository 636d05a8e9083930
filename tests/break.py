"""Breaks the gateway, one vital part at a time, and shows that the tests notice: ``python tests/break.py``.

Each case is made in a copy of the tree; the test files it names (all part of ``make test``) are run there and must fail.
A case whose tests pass is a hole in the tests: it is named, and the exit status says so.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Case:
    """One sabotage: in ``file`` the text ``old`` becomes ``new``."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    only: str = ""
    """pytest -k"""


CASES = (
    Case(
        "Redis",
        "jobs/broker.py",
        "app.config_from_object(settings.CELERY)\n",
        'app.config_from_object({**settings.CELERY, "broker_url": "redis://127.0.0.1:1/0",'
        ' "broker_connection_retry_on_startup": False} if settings.REDIS_URL else settings.CELERY)\n',
        ("tests/jobs/test_faults.py",),
        "redis and kill_9_of_the_whole_worker",
    ),
    Case(
        "the worker",
        "jobs/worker.py",
        "    job = queue.persistently(lambda: queue.claim(queues, worker_name()))\n",
        "    job = None\n",
        ("tests/jobs/test_worker.py",),
    ),
    Case(
        "the rights filter",
        "gateway/access/rights.py",
        "    if viewer.is_staff:\n        return None\n    connection",
        "    if True:\n        return None\n    connection",
        ("tests/access/test_rights.py", "tests/archive/test_download.py"),
    ),
    Case(
        "the index on s_region",
        "search/archive/published.py",
        "    regions=(FOOTPRINT,),\n",
        "",
        ("tests/tap/test_index_use.py",),
    ),
    Case(
        "the capture of provenance",
        "jobs/attempt.py",
        "            record_run(self.job, closing, rows, self.inputs, ended)\n",
        "            del rows, ended\n",
        ("tests/jobs/test_worker.py", "tests/provenance/test_work.py"),
    ),
    Case(
        "the checksum",
        "search/archive/verify.py",
        "files.stored_digest(product.storage_key) == product.sha256",
        "bool(files.stored_digest(product.storage_key))",
        ("tests/archive/test_verify.py",),
    ),
)


def copy_tree(target: Path) -> None:
    """The files git knows, as they are in the working tree."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listing.decode().split("\0"):
        source = ROOT / name
        if name and source.is_file():
            destination = target / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.write_bytes(source.read_bytes())
            destination.chmod(source.stat().st_mode)


def noticed(case: Case, folder: Path) -> tuple[bool, str]:
    """Whether the named tests fail with the sabotage, and pytest's last line."""
    copy_tree(folder)
    broken = folder / case.file
    text = broken.read_text()
    if text.count(case.old) != 1:
        return False, f"{case.file} has changed: the text to break is not in it exactly once"
    broken.write_text(text.replace(case.old, case.new))
    env = {**os.environ, "NODE_MODULES": os.environ.get("NODE_MODULES", str(ROOT / "node_modules"))}
    env.pop("DISTILLER_DATA", None)
    command = [sys.executable, "-m", "pytest", "-q", "-x", *case.tests, *(["-k", case.only] if case.only else [])]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    return done.returncode == 1, lines[-1] if lines else done.stderr[-300:]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="words of the cases to try; all by default")
    wanted = parser.parse_args().only
    holes = 0
    for case in CASES:
        if wanted and not any(word in case.name for word in wanted):
            continue
        with tempfile.TemporaryDirectory() as folder:
            seen, last = noticed(case, Path(folder))
        holes += not seen
        print(f"{'noticed  ' if seen else 'UNNOTICED'}  {case.name}: {', '.join(case.tests)}: {last}", flush=True)
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
