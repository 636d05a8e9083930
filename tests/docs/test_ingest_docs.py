"""The commands of "Ingest your archive" work as they are printed, one after the other, on an operator's own files."""

import re
import shlex
from pathlib import Path

import pytest
from astropy.table import Table
from django.core.management import call_command

from search.archive.models import Product
from search.tap import published
from tests.archive.test_lone_records import RAW
from tests.archive.test_obscore_files import rows, written
from tests.portal.test_measure import a_map
from tests.support.gadf import Run, make_store

PAGE = (Path(__file__).parents[2] / "docs" / "ingest.md").read_text()
COMMANDS = [
    shlex.split(line.removeprefix(".venv/bin/python manage.py "))
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.django_db
def test_the_commands_of_the_page_take_everything_in(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "results"
    results.mkdir()
    a_map().writeto(results / "map.fits")
    own = {
        "ingest_dl3": str(make_store(tmp_path / "store", [Run(1)])),
        "ingest_products": str(results),
        "ingest_obscore": str(written(tmp_path / "far.csv", rows())),
    }
    Table(RAW).write("raw.csv")
    Table({"name": ["Crab Nebula"], "ra": [83.63], "dec": [22.01]}).write("sources.ecsv")
    for name, *given in COMMANDS:
        call_command(name, *(own[name] if word in ("FOLDER", "FILE") else word for word in given))
        assert "refused" not in capsys.readouterr().out.replace("0 refused", "")
    found = sorted(Product.objects.values_list("obs_collection", flat=True))
    assert found == ["FAR"] * 3 + ["MY-DL3"] + ["MY-RAW"] * 2 + ["MY-RESULTS"]
    assert published.find("catalogs.sources").description == "Sources of our survey"


def test_every_command_of_the_page_is_one_of_the_gateway() -> None:
    assert [name for name, *_given in COMMANDS] == [
        "ingest_dl3", "ingest_products", "ingest_products", "ingest_obscore", "publish_table", "verify_archive",
    ]  # fmt: skip
