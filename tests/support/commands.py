"""Several management commands one after the other in one process: a process takes seconds to load the gateway.

``python -m tests.support.commands '[["migrate", "-v0"], ["tap_role"]]'`` prints what each wrote as a JSON list.
"""

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]


def manage(env: Mapping[str, str], *commands: Sequence[str]) -> list[str]:
    """What each command wrote to its standard output; the first that fails ends it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.commands", json.dumps(commands)],
        cwd=ROOT, env={**env, "DJANGO_SETTINGS_MODULE": "gateway.settings"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said: list[str] = json.loads(done.stdout)
    return said


def main(commands: Sequence[Sequence[str]]) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    said = []
    for name, *arguments in commands:
        with contextlib.redirect_stdout(io.StringIO()) as stdout:
            call_command(name, *arguments)
        said.append(stdout.getvalue())
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
