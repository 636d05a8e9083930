"""From the file alone, offline, a reader learns of every step upstream: software, calibration, progenitors."""

import json
import shutil
from datetime import UTC, datetime

import pytest
from astropy.io import fits
from astropy.table import Table
from PIL import Image

from gateway.access.rights import ANONYMOUS
from jobs.activity import HISTORY
from jobs.staging import lay_history
from provenance import capture
from provenance.records import ActivityRecord, AgentRecord, EntityRecord, GeneratedRecord, UsedRecord
from tests.analysis.running import run, staged

KEY = "demo.run-900001"


@pytest.fixture
def recorded(db):
    """A calibration by a person, whose result is the observation."""
    capture.record(
        ActivityRecord(
            id="calibration-900001",
            name="calibration",
            start=datetime(2024, 1, 1, tzinfo=UTC),
            end=datetime(2024, 1, 2, tzinfo=UTC),
            used=(UsedRecord(entity=EntityRecord(id="calibration-file-2023b", name="calibration file"), role="calib"),),
            generated=(GeneratedRecord(entity=EntityRecord(id=KEY, name="run 900001")),),
            agents=((AgentRecord(id="agent-x", name="Petra Lang"), "Operator"),),
            software=(("demopipe", "1.4.2"),),
        )
    )


def test_the_worker_lays_the_history_beside_the_inputs_without_people(recorded, tmp_path):
    lay_history((KEY,), ANONYMOUS, tmp_path)
    text = (tmp_path / HISTORY).read_text()
    document = json.loads(text)
    assert "arc:calibration-900001" in document["activity"]
    assert "demopipe 1.4.2" in text
    assert "arc:calibration-file-2023b" in document["datasetEntity"]
    assert "Petra Lang" not in text


@pytest.fixture
def product(recorded, simulated, tmp_path):
    """A counts map of an input that lies as the worker lays it."""
    source = simulated.inputs("Crab Nebula")[0]
    folder = tmp_path / "in" / "observations-0"
    folder.mkdir(parents=True)
    shutil.copy(source.path, folder)
    lay_history((KEY,), ANONYMOUS, tmp_path / "in")
    item = staged(folder / source.path.name, key=KEY)
    return run(tmp_path / "out", "spectrum", [item], ra=83.6287, dec=22.0147)


def check(document):
    job = "arc:job-0e2f0a52-6f7c-4f0e-9a57-0123456789ab"
    assert "arc:calibration-900001" in document["activity"]
    assert any(text.startswith("gammapy") for text in document["activity"][job]["gw:software"])
    assert {"prov:activity": job, "prov:entity": f"arc:{KEY}", "prov:role": "observations"} in document["used"].values()
    generated = {link["prov:entity"] for link in document["wasGeneratedBy"].values()}
    assert f"arc:{KEY}" in generated
    assert document["activity"][job]["gw:parameters"]["on_radius"] == "0.11"


@pytest.mark.slow
def test_fits_ecsv_and_png_carry_the_document(product):
    with fits.open(product.folder / "flux_points.fits", checksum=True) as hdus:
        check(json.loads(hdus["PROVENANCE"].data["PROV_JSON"][0]))
        assert hdus["PROVENANCE"].header["FORMAT"] == "PROV-JSON"
    check(Table.read(product.folder / "fit.ecsv", format="ascii.ecsv").meta["provenance"]["PROV_JSON"])
    with Image.open(product.folder / "preview.png") as picture:
        check(json.loads(picture.text["Provenance"])["PROV_JSON"])
        assert picture.text["Source"] == "ivo://gateway.example/arc?spectrum-0e2f0a526f7c.preview.png"
