"""A download package holds the very bytes of the products, and everything to check them with."""

import hashlib
import json
import subprocess
import zipfile

import pytest

from jobs.activity import InputError, StagedInput
from tests.analysis.running import run


def product(path, key: str, content: bytes, **obscore) -> StagedInput:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return StagedInput(
        identifier=f"ivo://gateway.example/arc?{key}", key=key, path=path, sha256=hashlib.sha256(content).hexdigest(),
        size=len(content), content_type="application/fits", obscore=obscore,
    )  # fmt: skip


@pytest.fixture
def ran(tmp_path):
    inputs = [
        product(tmp_path / "1" / "events.fits", "a.one", b"first" * 1000, obs_id="1", terms="Cite us."),
        product(tmp_path / "2" / "events.fits", "a.two", b"second", obs_id="2", terms="Cite us."),
        product(tmp_path / "2" / "events.fits", "a.two", b"second", obs_id="2"),
    ]
    return run(tmp_path / "job", "package", inputs)


def test_files_of_the_same_name_do_not_hide_each_other(ran):
    with zipfile.ZipFile(ran.folder / "package.zip") as archive:
        assert archive.read("data/events.fits") == b"first" * 1000
        assert archive.read("data/a.two-events.fits") == b"second"
    assert ran.summary["n_products"] == 2


def test_sha256sum_accepts_the_unpacked_package(ran, tmp_path):
    with zipfile.ZipFile(ran.folder / "package.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    check = subprocess.run(["sha256sum", "-c", "checksums.sha256"], cwd=tmp_path / "unpacked", check=False)
    assert check.returncode == 0


def test_manifest_and_terms_travel_with_the_data(ran):
    with zipfile.ZipFile(ran.folder / "package.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert archive.read("TERMS.txt") == b"Cite us."
    assert [entry["identifier"] for entry in manifest["products"]] == [
        "ivo://gateway.example/arc?a.one",
        "ivo://gateway.example/arc?a.two",
    ]


def test_an_empty_package_is_refused(tmp_path):
    with pytest.raises(InputError, match="No product was given"):
        run(tmp_path, "package", [])
