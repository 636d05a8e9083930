"""Backup and restore: one tar file with the database, the stored files and a manifest of checksums.

The database is copied first, in one consistent snapshot; files are immutable and only ever added, so whatever the
snapshot names is in the tar as well.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

MANIFEST = "manifest.json"
SQLITE_COPY = "database.sqlite3"
POSTGRESQL_DUMP = "database.dump"
# Rebuilt or meaningless after a restore.
LEFT_OUT = {"broker", "scratch", "static", "test", "run"}
BLOCK = 2**20


class BackupError(Exception):
    """The backup or restore cannot be done; the text says why and what to do."""


def _is_sqlite() -> bool:
    return bool(connection.vendor == "sqlite")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _postgresql_arguments() -> tuple[list[str], dict[str, str]]:
    """Connection arguments for pg_dump and pg_restore; the password goes by environment, not by command line."""
    values: dict[str, Any] = connection.settings_dict
    arguments = [f"--dbname={values['NAME']}"]
    for option, key in (("host", "HOST"), ("port", "PORT"), ("username", "USER")):
        if values.get(key):
            arguments.append(f"--{option}={values[key]}")
    return arguments, {**os.environ, "PGPASSWORD": str(values.get("PASSWORD") or "")}


def _run(command: list[str], env: dict[str, str]) -> None:
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603 (own argv)
    except FileNotFoundError as error:
        raise BackupError(f"{command[0]} is missing: install postgresql-client") from error
    if done.returncode:
        raise BackupError(f"{command[0]} failed: {done.stderr.strip()}")


def _copy_database(folder: Path) -> Path:
    if _is_sqlite():
        target = folder / SQLITE_COPY
        with sqlite3.connect(connection.settings_dict["NAME"]) as source, sqlite3.connect(target) as copy:
            source.backup(copy)
        return target
    target = folder / POSTGRESQL_DUMP
    arguments, env = _postgresql_arguments()
    _run(["pg_dump", "--format=custom", "--no-owner", f"--file={target}", *arguments], env)
    return target


def _stored_files() -> Iterator[Path]:
    database = Path(str(connection.settings_dict["NAME"]))
    for path in sorted(settings.DATA_DIR.rglob("*")):
        relative = path.relative_to(settings.DATA_DIR)
        if relative.parts[0] in LEFT_OUT or not path.is_file() or path.is_symlink():
            continue
        if _is_sqlite() and path.name.startswith(database.name) and path.parent == database.parent:
            continue
        yield path


def backup(target: Path, say: Callable[[str], object]) -> int:
    """Writes the tar (mode 0600: it holds the secret key); returns the number of files in it."""
    if target.exists():
        raise BackupError(f"{target} exists already; name another file")
    checksums: dict[str, str] = {}
    partial = target.with_name(target.name + ".partial")
    try:
        with tempfile.TemporaryDirectory(dir=target.resolve().parent) as folder:
            os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with tarfile.open(partial, "w:gz", compresslevel=1) as tar:
                copy = _copy_database(Path(folder))
                say("database copied")
                for path, name in [(copy, copy.name), *((p, _inside(p)) for p in _stored_files())]:
                    checksums[name] = _digest(path)
                    tar.add(path, name)
                manifest = Path(folder) / MANIFEST
                made = datetime.now(UTC).isoformat(timespec="seconds")
                manifest.write_text(json.dumps({"made": made, "engine": connection.vendor, "sha256": checksums}))
                tar.add(manifest, MANIFEST)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return len(checksums)


def _inside(path: Path) -> str:
    return f"data/{path.relative_to(settings.DATA_DIR)}"


def restore(source: Path, *, force: bool, say: Callable[[str], object]) -> int:
    """Puts back what ``backup`` wrote: everything is unpacked and checked before anything is replaced."""
    if not force and any(_stored_files()) and connection.introspection.table_names():
        raise BackupError(f"{settings.DATA_DIR} is not empty; --force replaces what it holds")
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as name:
        folder = Path(name)
        checksums = _unpack(source, folder)
        say(f"{len(checksums)} files checked")
        connection.close()
        _replace_database(folder)
        for member in checksums:
            if member.startswith("data/"):
                target = settings.DATA_DIR / member.removeprefix("data/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(folder / member, target)
    return len(checksums)


def _unpack(source: Path, folder: Path) -> dict[str, str]:
    try:
        with tarfile.open(source) as tar:
            for entry in tar:
                _extract(tar, entry, folder)
        manifest = json.loads((folder / MANIFEST).read_text())
    except (OSError, tarfile.TarError, ValueError, EOFError) as error:
        raise BackupError(f"{source} is not a complete backup: {error}") from error
    if manifest.get("engine") != connection.vendor:
        raise BackupError(
            f"the backup is of a {manifest.get('engine')} database, this gateway uses {connection.vendor};"
            " restore it there and use copy_to"
        )
    checksums: dict[str, str] = manifest["sha256"]
    for member, expected in checksums.items():
        path = folder / member
        if not path.is_file() or _digest(path) != expected:
            raise BackupError(f"{member} in {source} is damaged; nothing was changed")
    return checksums


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """One plain file, and only inside the folder. (The library's own filters came after Python 3.11.2.)"""
    if member.isdir():
        return
    target = (folder / member.name).resolve()
    source = tar.extractfile(member) if member.isreg() else None
    if source is None or not target.is_relative_to(folder.resolve()):
        raise BackupError(f"{member.name} has no place in a backup")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as stream:
        shutil.copyfileobj(source, stream, BLOCK)


def _replace_database(folder: Path) -> None:
    if _is_sqlite():
        target = Path(str(connection.settings_dict["NAME"]))
        target.parent.mkdir(parents=True, exist_ok=True)
        for leftover in (f"{target}-wal", f"{target}-shm"):
            Path(leftover).unlink(missing_ok=True)
        shutil.move(folder / SQLITE_COPY, target)
        return
    arguments, env = _postgresql_arguments()
    dump = str(folder / POSTGRESQL_DUMP)
    _run(["pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", *arguments, dump], env)
