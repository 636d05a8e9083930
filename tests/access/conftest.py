"""The archive and its copy into which the hidden data never came, on both engines."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from tests.access import worlds
from tests.support.gateway import free_port
from tests.support.postgresql import Cluster


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def pair(request, tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[SimpleNamespace]:
    """The archive and its copy."""
    folder = tmp_path_factory.mktemp("worlds")
    with django_db_blocker.unblock():
        made = on_sqlite(folder) if request.param == "sqlite" else on_postgresql(folder)
        yield next(made)
        next(made, None)


def on_sqlite(folder: Path) -> Iterator[SimpleNamespace]:
    template = Path(str(connection.settings_dict["NAME"]))
    for name in ("archive", "copy"):
        with sqlite3.connect(template) as source:
            source.execute("VACUUM INTO ?", [str(folder / name)])
    yield filled(folder, **{name: worlds.opened(folder / name) for name in ("archive", "copy")})


def on_postgresql(folder: Path) -> Iterator[SimpleNamespace]:
    with Cluster(port=free_port()) as cluster:
        made = {"archive": worlds.opened_postgresql(cluster.create("archive"))}
        with worlds.using(made["archive"]):
            call_command("migrate", verbosity=0)
            call_command("createcachetable", verbosity=0)
        made["archive"].close()
        made["copy"] = worlds.opened_postgresql(cluster.create("copy", like="archive"))
        yield filled(folder, **made)
        for wrapper in made.values():
            wrapper.close()


def filled(folder: Path, archive: Any, copy: Any) -> SimpleNamespace:
    files = worlds.stores(folder)
    for wrapper, hidden in ((archive, True), (copy, False)):
        with worlds.using(wrapper), stored_in(folder / "store" / str(hidden)):
            worlds.fill(files, hidden=hidden)
            assert bool(worlds.tables_of_secrets()) == hidden
    return SimpleNamespace(
        archive=archive, copy=copy, stores={hidden: folder / "store" / str(hidden) for hidden in (True, False)}
    )


@contextmanager
def stored_in(folder: Path) -> Iterator[None]:
    """Files are kept in and read from this folder."""
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(folder)}}
    with override_settings(STORAGES={**settings.STORAGES, "default": storage}):
        yield
