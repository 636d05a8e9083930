"""An archive of three runs for the matrices of rights: ``archive.public``, ``.proprietary``, ``.hidden``.

Import the fixture where it is needed: ``from tests.support.archive import archive``.
"""

import io
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from search.archive.models import Product
from tests.support.gadf import Run, make_store


@pytest.fixture
def archive(tmp_path, cast):
    """One public run, one proprietary of alice's proposal P-1 with bob, one of it whose existence is hidden."""

    def ingest(name, run, **options):
        store = make_store(tmp_path / name, [run])
        call_command("ingest_dl3", str(store), stdout=io.StringIO(), stderr=io.StringIO(), **options)
        return Product.objects.get(key=f"{name}.run-{run.obs_id}")

    people = {"pi": "alice", "member": ["bob"], "proposal": "P-1"}
    closed = {"rights": "proprietary", "release_date": "2099-06-30", **people}
    return SimpleNamespace(
        public=ingest("open", Run(1)),
        proprietary=ingest("embargoed", Run(2, n_events=210), **closed),
        hidden=ingest("secret", Run(3, n_events=220, target="Mrk 421"), metadata="hidden", **closed),
    )
