"""The commands of the documentation work as they are printed: each block is run against a gateway that is up."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway")]

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Commands that other tests run, or that are this very run.
ELSEWHERE = re.compile(r"^make (demo|test|check|lint)\b|manage\.py (serve|worker|keeper|slurm|restore|migrate|createcachetable|collectstatic)\b"
                       r"|manage\.py check --deploy|pip install|distiller-")  # fmt: skip


def blocks() -> list[tuple[str, str, str]]:
    """(where it stands, language, text) of every block that can be run here."""
    found = []
    for page in sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md"]):
        for number, (language, text) in enumerate(BLOCK.findall(page.read_text()), 1):
            lines = [line for line in text.splitlines() if not ELSEWHERE.search(line)]
            if any(line.strip() and not line.startswith(("#", "export ")) for line in lines):
                found.append((f"{page.stem}-{number}", language, "\n".join(lines)))
    return found


PAGES = ("first-search", "first-analysis", "tools", "operate")


@pytest.fixture(scope="module")
def token(gateway) -> str:
    return gateway.manage("create_token", "alice", "--scopes", "read:tap,read:data,write:jobs").stdout.strip()


@pytest.mark.parametrize(
    ("language", "text"),
    [pytest.param(*block[1:], id=block[0]) for block in blocks() if block[0].rsplit("-", 1)[0] in PAGES],
)
def test_a_printed_command_works(gateway, token: str, tmp_path: Path, language: str, text: str) -> None:
    text = text.replace("http://127.0.0.1:8000", gateway.url).replace(
        ".venv/bin/python manage.py", f"{sys.executable} {ROOT}/manage.py"
    )
    env = {**gateway.env, "TOKEN": token, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = [sys.executable, "-c", text] if language == "python" else ["bash", "-eo", "pipefail", "-c", text]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)
    # A pipe that is closed by head is no failure of the command before it.
    assert done.returncode in (0, 141) or (done.returncode == 23 and "| head" in text), done.stdout + done.stderr
    assert "ERROR" not in done.stdout, done.stdout
    assert done.stdout.strip() or "manage.py" in text, "the command says something"
