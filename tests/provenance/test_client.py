"""The client that runs elsewhere: records safely, sends, and says what was refused."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "client"))

from distiller_client import Gateway, Run, commands, history

from provenance.models import Activity, Entity

pytestmark = pytest.mark.django_db(transaction=True)
DESCRIPTION = {
    "name": "select-events",
    "version": "3",
    "type": "Selection",
    "parameters": [{"name": "cut_set", "default": "standard"}],
    "contacts": [{"name": "Carol", "role": "Coordinator"}],
}


@pytest.fixture
def gateway(live_server, cast, monkeypatch):
    from gateway.accounts import tokens

    _token, text = tokens.create(cast.alice, "client", ["write:provenance"])
    monkeypatch.setenv("DISTILLER_URL", live_server.url)
    monkeypatch.setenv("DISTILLER_TOKEN", text)
    return Gateway()


def recorded(folder: Path) -> Run:
    (folder / "in.h5").write_bytes(b"events")
    with Run(
        "select-events", version="3", parameters={"cut_set": "loose"}, agent="Dave", software=("requests",)
    ) as run:
        run.used(folder / "in.h5", role="events")
        with run.step("cut", kept=10), run.step("inner"):
            (folder / "out.fits").write_bytes(b"kept")
        run.generated(folder / "out.fits", role="events", level="DL3")
        run.value("efficiency", 0.72)
    return run


def test_a_run_recorded_elsewhere_arrives_whole_and_once(gateway, tmp_path, capsys):
    descriptions = tmp_path / "d.json"
    descriptions.write_text(json.dumps([DESCRIPTION]))
    assert commands.add_run([str(recorded(tmp_path).save(tmp_path / "early.json"))]) == 1
    assert "not registered" in capsys.readouterr().err
    assert commands.add_descriptions([str(descriptions)]) == 0
    file = recorded(tmp_path).save(tmp_path / "run.json")
    assert commands.add_run([str(file)]) == 0
    assert commands.add_run([str(file)]) == 0
    run = Activity.objects.get()
    assert run.parameters.get().value == "loose"
    assert {a.role for a in run.was_associated_with.all()} == {"Operator", "Coordinator"}
    assert "requests" in dict(run.outcome.software)
    made = Entity.objects.get(level="DL3")
    assert (made.size, made.history.cut_set) == (4, "loose")
    assert Entity.objects.get(pk=run.generated.get(role="efficiency").entity_id).value == "0.72"
    assert run.used.get().entity.size == 6


def test_an_exception_flies_on_and_the_run_is_recorded_as_failed(tmp_path):
    run = Run("select-events")
    with pytest.raises(ValueError, match="no events"), run, run.step("cut"):
        raise ValueError("no events")
    assert (run.record["succeeded"], run.record["error"]) == (False, "ValueError: no events")
    assert run.record["values"]["step 1 cut"].startswith("failed: ValueError")


def test_other_documents_are_sent_as_they_are(gateway, tmp_path):
    for name, text in (
        ("doc.provn", "document\n prefix x <http://x.example/>\n activity(x:a)\nendDocument"),
        ("doc.json", '{"prefix": {"x": "http://x.example/"}, "activity": {"x:b": {}}}'),
    ):
        (tmp_path / name).write_text(text)
        assert commands.add_run([str(tmp_path / name)]) == 0
    assert Activity.objects.count() == 2


def test_what_cannot_be_sent_is_said(gateway, tmp_path, monkeypatch, capsys):
    (tmp_path / "bad.json").write_text("{")
    assert commands.add_run([str(tmp_path / "bad.json"), str(tmp_path / "none.json")]) == 1
    assert "bad.json" in capsys.readouterr().err
    monkeypatch.setenv("DISTILLER_TOKEN", "wrong")
    assert commands.add_run([str(recorded(tmp_path).save(tmp_path / "run.json"))]) == 1
    monkeypatch.delenv("DISTILLER_URL")
    with pytest.raises(SystemExit):
        commands.add_run(["x"])


def test_nothing_secret_is_recorded(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_WORD", "hunter2")
    run = Run("x")
    run.used("/home/alice/data/in.fits")
    assert run.record["used"][0]["location"] == "~/data/in.fits"
    assert "hunter2" not in json.dumps(run.record)


# --- from the file alone ---------------------------------------------------------------------------------------------

DOCUMENT = {
    "activity": {
        "arc:map": {"prov:name": "counts_map", "prov:endTime": "2026-11-20T18:00:00", "gw:software": "gammapy 2.1"},
        "arc:cal": {"prov:name": "calibrate", "prov:endTime": "2026-01-02", "gw:software": ["pipe 1.4", "numpy 2"]},
    },
    "entity": {"arc:table": {"prov:name": "calibration file 2023b"}},
    "agent": {"arc:who": {"prov:name": "A collaboration"}},
    "used": {"_:1": {"prov:activity": "arc:cal", "prov:entity": "arc:table", "prov:role": "calibration"}},
    "wasGeneratedBy": {"_:2": {"prov:activity": "arc:map", "prov:entity": "arc:sky"}},
    "wasAssociatedWith": {"_:3": {"prov:activity": "arc:cal", "prov:agent": "arc:who", "prov:role": "Operator"}},
}
FACTS = {
    "CREATOR": "Distiller counts_map 1.2", "ORIGIN": "An observatory", "DATE": "2026-11-20T18:00:00",
    "PROGENITORS": [{"OBS_ID": "23523", "PIPEVERS": "1.4"}],
}  # fmt: skip


def product(folder: Path, form: str) -> Path:
    import numpy as np
    from astropy.io import fits
    from astropy.table import Table
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    path = folder / f"product.{form}"
    everything = {**FACTS, "PROV_JSON": DOCUMENT}
    if form == "ecsv":
        Table({"x": [1.0]}, meta={"provenance": everything}).write(path, format="ascii.ecsv")
    elif form in ("png", "zpng", "ipng"):
        info = PngInfo()
        words = json.dumps(everything)
        if form == "ipng":
            info.add_itxt("Provenance", words, zip=True)
        else:
            info.add_text("Provenance", words, zip=form == "zpng")
        Image.new("L", (2, 2)).save(path, format="PNG", pnginfo=info)
    else:
        text = json.dumps(DOCUMENT).encode()
        column = fits.Column(name="PROV_JSON", format=f"{len(text)}A", array=np.array([text], dtype="S"))
        primary = fits.PrimaryHDU()
        primary.header.update({key: FACTS[key] for key in ("CREATOR", "ORIGIN", "DATE")})
        rows = Table(FACTS["PROGENITORS"])
        tables = [
            fits.BinTableHDU(rows, name="PROGENITORS"),
            fits.BinTableHDU.from_columns([column], name="PROVENANCE"),
        ]
        fits.HDUList([primary, *tables]).writeto(path)
    return path


@pytest.mark.parametrize("form", ["fits", "fits.gz", "ecsv", "png", "zpng", "ipng"])
def test_a_product_tells_its_history_from_the_file_alone(tmp_path, monkeypatch, capsys, form):
    def refused(*_arguments):
        raise AssertionError("no network")

    path = product(tmp_path, form)
    monkeypatch.setattr("socket.socket.connect", refused)
    assert history.main([str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines == [
        "made by Distiller counts_map 1.2 at An observatory, 2026-11-20T18:00:00",
        "calibrate  2026-01-02  [pipe 1.4, numpy 2]",
        "  used calibration file 2023b (calibration)",
        "  by A collaboration (Operator)",
        "counts_map  2026-11-20T18:00:00  [gammapy 2.1]",
        "  made arc:sky",
        "progenitor OBS_ID 23523, PIPEVERS 1.4",
    ]
    assert history.main([str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == DOCUMENT


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"SIMPLE  =", b"\x89PNG\r\n\x1a\n" + b"\xff" * 40, b"# %ECSV 1.0\n# ---\n# meta: [\n", b"\x1f\x8bnoise",
     b"\x89PNG\r\n\x1a\n\0\0\0\x0ftEXtProvenance\0[1]\0\0\0\0"],
)  # fmt: skip
def test_a_file_without_a_history_is_said_to_have_none(tmp_path, capsys, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert history.main([str(path)]) == 1
    assert str(path) in capsys.readouterr().err
