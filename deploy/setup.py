"""Installs what is missing: ``python3 deploy/setup.py demo|check|test``. Standard library only; nothing twice.

System packages come from Debian with apt (as root or by sudo; otherwise the command is named and nothing is done),
Python packages and Node from the lock with hashes into ``.venv``, front-end packages from the npm lock.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"

# What is looked for, and the Debian package that brings it.
DEMO_PACKAGES = {
    "dot": "graphviz",
    "ensurepip": "python3-venv",
}
TEST_PACKAGES = DEMO_PACKAGES | {
    "redis-server": "redis-server",
    "/usr/lib/postgresql/*/bin/initdb": "postgresql",
    "chromium": "chromium",
    "stilts": "stilts",
    "topcat": "topcat",
    "aladin": "aladin",
    "jsamp": "jsamp",
    "/usr/share/java/bsh.jar": "libbsh-java",
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "msgfmt": "gettext",
    "runuser": "util-linux",
    "/usr/share/simplesamlphp/www/index.php": "simplesamlphp",
    "php": "php-cli",
    "/etc/php/*/mods-available/dom.ini": "php-xml",
    "/etc/php/*/mods-available/mbstring.ini": "php-mbstring",
    "/etc/php/*/mods-available/pdo_sqlite.ini": "php-sqlite3",
    "/usr/sbin/slurmctld": "slurm-wlm",
    "/usr/sbin/munged": "munge",
    "/usr/sbin/sshd": "openssh-server",
    "ssh": "openssh-client",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf": "fonts-dejavu-core",
}


class CannotInstall(Exception):
    """Something is missing that only the user can bring; the text says what to type."""


def main(purpose: str) -> None:
    if sys.version_info < (3, 11):
        raise CannotInstall(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}")
    started = time.monotonic()
    development = purpose in ("check", "test")
    steps: list[tuple[str, Callable[[], str]]] = [
        ("System packages", lambda: system_packages(TEST_PACKAGES if purpose == "test" else DEMO_PACKAGES)),
        ("Python packages", lambda: python_packages("requirements-dev.txt" if development else "requirements.txt")),
        ("Front-end packages", npm_packages),
    ]
    for number, (name, step) in enumerate(steps, 1):
        print(f"[{number}/{len(steps)}] {name} … ", end="", flush=True)
        print(step(), flush=True)
    elapsed = time.monotonic() - started
    if elapsed > 1:
        print(f"Set up in {elapsed:.0f} s")


def present(what: str) -> bool:
    if what == "ensurepip":
        return (
            VENV.exists()
            or subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True).returncode == 0
        )
    if what.startswith("/"):
        return any(Path("/").glob(what.lstrip("/")))
    return shutil.which(what) is not None


def system_packages(wanted: dict[str, str]) -> str:
    missing = [package for what, package in wanted.items() if not present(what)]
    if not missing:
        return "all here"
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        if shutil.which("sudo") is None or subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode:
            raise CannotInstall(f"please run this first:\n\n    sudo {' '.join(command)}\n")
        command.insert(0, "sudo")
    if shutil.which("apt-get") is None:
        raise CannotInstall(f"please install {', '.join(missing)} with your system's package manager")
    prefix = command[: command.index("apt-get")]
    run([*prefix, "apt-get", "update"])
    run(command, {"DEBIAN_FRONTEND": "noninteractive"})
    return "installed " + ", ".join(missing)


def python_packages(lock: str) -> str:
    stamp = VENV / f".installed-{lock}"
    fingerprint = digest(ROOT / lock, ROOT / "deploy" / "uv.txt")
    if stamp.exists() and stamp.read_text() == fingerprint:
        return "all here"
    python = VENV / "bin" / "python"
    if not python.exists():
        run([sys.executable, "-m", "venv", str(VENV)])
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    run([*pip, "-r", str(ROOT / "deploy" / "uv.txt")])
    run(
        [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--require-hashes", "-r", str(ROOT / lock)],
        {"VIRTUAL_ENV": str(VENV)},
    )
    stamp.write_text(fingerprint)
    return f"installed from {lock}"


def npm_packages() -> str:
    modules = ROOT / "node_modules"
    stamp = modules / ".installed"
    fingerprint = digest(ROOT / "package-lock.json")
    if stamp.exists() and stamp.read_text() == fingerprint:
        return "all here"
    # Node itself comes from the Python lock: Debian's is too old.
    run(
        [str(VENV / "bin" / "npm"), "ci", "--ignore-scripts", "--no-progress", "--loglevel=error"],
        {"PATH": f"{VENV / 'bin'}:{os.environ['PATH']}"},
    )
    stamp.write_text(fingerprint)
    return "installed from package-lock.json"


def digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def run(command: list[str], extra: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | (extra or {}), stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        output = (done.stdout + done.stderr).strip()[-3000:]
        raise CannotInstall(f"this failed:\n\n    {' '.join(command)}\n\n{output}")


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "demo")
    except CannotInstall as problem:
        print(f"\nCannot go on: {problem}", file=sys.stderr)
        sys.exit(1)
