"""Runs the checks and the tests: all of them, ``--fast`` without real servers and browsers, ``--lint`` checks only."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"

LINT = [
    ("ruff", [str(BIN / "ruff"), "check", "."]),
    ("ruff format", [str(BIN / "ruff"), "format", "--check", "."]),
    ("import-linter", [str(BIN / "lint-imports"), "--no-logo"]),
    ("migrations", [str(BIN / "python"), "manage.py", "makemigrations", "--check", "--dry-run"]),
    ("mypy", [str(BIN / "mypy"), "."]),
]


def main(arguments: list[str]) -> int:
    os.environ["PATH"] = f"{BIN}:{os.environ['PATH']}"
    os.environ.setdefault("DISTILLER_DATA", str(ROOT / "var" / "test"))
    steps = list(LINT)
    if "--lint" not in arguments:
        # One process more than there are cores: while one waits for a server, another works.
        workers = str((os.cpu_count() or 1) + 1)
        pytest = [str(BIN / "python"), "-m", "pytest", "-q", "-n", workers, "--dist", "loadgroup"]
        pytest += ["--no-loadscope-reorder"]
        if "--fast" in arguments:
            pytest += ["-m", "not slow"]
        steps.append(("pytest", pytest + [a for a in arguments if a not in ("--fast", "--lint")]))
    for name, command in steps:
        started = time.monotonic()
        print(f"== {name}", flush=True)
        code = subprocess.run(command, cwd=ROOT).returncode
        print(
            f"== {name}: {'ok' if code == 0 else f'failed ({code})'} in {time.monotonic() - started:.0f} s", flush=True
        )
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
