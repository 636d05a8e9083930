"""Backup and restore lose nothing, and say so when a backup is damaged."""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def manage(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "DISTILLER_DATA": str(data)}
    env.pop("DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a user, a file in the archive, and things not worth keeping."""
    data = tmp_path_factory.mktemp("filled")
    assert manage(data, "migrate", "-v0").returncode == 0
    make_user = (
        "from gateway.accounts.models import User;"
        "User.objects.create_user('alice', email='alice@demo.example', password='alice-demo')"
    )
    assert manage(data, "shell", "-c", make_user).returncode == 0
    (data / "archive" / "a").mkdir(parents=True)
    (data / "archive" / "a" / "run.fits").write_bytes(b"SIMPLE  =" + bytes(100_000))
    (data / "broker").mkdir(exist_ok=True)
    (data / "broker" / "message").write_text("stale")
    return data


def test_a_restored_gateway_has_its_users_files_and_key(filled: Path, tmp_path: Path) -> None:
    tar = tmp_path / "backup.tar.gz"
    done = manage(filled, "backup", str(tar))
    assert done.returncode == 0, done.stderr
    assert tar.stat().st_mode & 0o077 == 0, "the backup holds the secret key"

    fresh = tmp_path / "fresh"
    done = manage(fresh, "restore", str(tar), "--force")
    assert done.returncode == 0, done.stderr
    assert (fresh / "archive" / "a" / "run.fits").read_bytes() == (filled / "archive" / "a" / "run.fits").read_bytes()
    assert (fresh / "secret-key").read_text() == (filled / "secret-key").read_text()
    assert not (fresh / "broker" / "message").exists()
    listing = manage(fresh, "shell", "-c", "from gateway.accounts.models import User; print(User.objects.get().email)")
    assert "alice@demo.example" in listing.stdout


def test_a_damaged_backup_changes_nothing(filled: Path, tmp_path: Path) -> None:
    tar = tmp_path / "backup.tar.gz"
    assert manage(filled, "backup", str(tar)).returncode == 0
    unpacked = tmp_path / "unpacked"
    with tarfile.open(tar) as archive:
        archive.extractall(unpacked)
    (unpacked / "data" / "archive" / "a" / "run.fits").write_bytes(b"tampered")
    broken = tmp_path / "broken.tar.gz"
    with tarfile.open(broken, "w:gz") as archive:
        for path in unpacked.iterdir():
            archive.add(path, path.name)

    fresh = tmp_path / "fresh"
    done = manage(fresh, "restore", str(broken), "--force")
    assert done.returncode != 0
    assert "run.fits" in done.stderr
    assert "damaged" in done.stderr
    assert not (fresh / "archive").exists()


@pytest.mark.parametrize("content", [b"", b"not a tar", b"\x1f\x8b\x08" + bytes(40)])
def test_what_is_no_backup_is_refused_in_words(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.tar.gz"
    file.write_bytes(content)
    done = manage(tmp_path / "data", "restore", str(file), "--force")
    assert done.returncode == 1
    assert "not a complete backup" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped-by-backup", "data/../../escaped"])
def test_a_backup_that_reaches_outside_its_folder_is_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = 4
        archive.addfile(member, io.BytesIO(b"evil"))
    done = manage(tmp_path / "data", "restore", str(file), "--force")
    assert done.returncode == 1
    assert "no place in a backup" in done.stderr
    assert not list(tmp_path.rglob("escaped"))


def test_a_backup_never_overwrites_another(filled: Path, tmp_path: Path) -> None:
    tar = tmp_path / "backup.tar.gz"
    tar.write_text("precious")
    done = manage(filled, "backup", str(tar))
    assert done.returncode == 1
    assert tar.read_text() == "precious"


def test_restoring_over_data_needs_force(filled: Path, tmp_path: Path) -> None:
    tar = tmp_path / "backup.tar.gz"
    assert manage(filled, "backup", str(tar)).returncode == 0
    done = manage(filled, "restore", str(tar))
    assert done.returncode == 1
    assert "--force" in done.stderr
