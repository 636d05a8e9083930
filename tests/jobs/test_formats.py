"""Descriptions as documents: what they say, and that nothing is lost on the way."""

import io
import json

import pytest
from astropy.io.votable import parse
from lxml import etree

from jobs import formats, parameters, registry
from jobs.errors import Refused

CTBIN = {
    "name": "ctbin",
    "title": "Bin events into a counts cube",
    "version": "1.0",
    "text": "Fills the events of an observation into a cube.",
    "queue": "short",
    "parameters": [
        {"name": "inobs", "kind": "input", "datatype": "char", "required": True, "text": "Event list",
         "product_types": ["event"], "multiplicity": "1"},
        {"name": "nxpix", "datatype": "int", "default": 200, "min": 1, "max": 2000, "text": "Pixels along x"},
        {"name": "coordsys", "datatype": "char", "default": "CEL", "options": ["CEL", "GAL"], "text": "Frame"},
    ],
    "outputs": [{"name": "outcube.fits", "text": "Counts cube", "content_type": "application/fits", "product": True}],
    "command": {"argv": ["ctbin", "inobs={inobs}", "outcube=outcube.fits", "nxpix={nxpix}", "coordsys={coordsys}"]},
}  # fmt: skip


@pytest.mark.parametrize("name", ["sleep", "counts_map", "spectrum"])
def test_votable_is_read_by_astropy_with_units_ucds_and_limits(client, name):
    response = client.get(f"/jobs/types/{name}.xml")
    assert response["Content-Type"] == "application/x-votable+xml"
    resource = parse(io.BytesIO(response.content)).resources[0]
    described = {p.name: p for p in parameters.parameters_of(registry.get(name).description)}
    groups = {group.name: {entry.name: entry for entry in group.entries} for group in resource.groups}
    assert set(groups["InputParams"]) | set(groups.get("Used", {})) == set(described)
    for parameter in described.values():
        if not parameter.is_input and parameter.meta.unit:
            assert str(groups["InputParams"][parameter.name].unit) == parameter.meta.unit


def test_wadl_is_well_formed_and_names_every_parameter(client):
    root = etree.fromstring(client.get("/jobs/types/counts_map.wadl").content)
    names = {node.get("name") for node in root.iter("{http://wadl.dev.java.net/2009/02}param")}
    assert {"observations", "ra", "dec", "width", "PHASE", "RUNID"} <= names


def test_json_says_everything(client):
    document = json.loads(client.get("/jobs/types/counts_map.json").content)
    ra = next(p for p in document["parameters"] if p["name"] == "ra")
    assert (ra["datatype"], ra["unit"], ra["min"], ra["max"], ra["required"]) == ("double", "deg", 0, 360, True)
    assert client.get("/jobs/types/counts_map.txt").status_code == 404


def test_an_external_command_comes_back_from_its_json():
    made = formats.from_json(CTBIN)
    again = formats.from_json(json.loads(json.dumps(formats.to_json(made))))
    assert formats.to_json(again) == formats.to_json(made)
    assert parameters.check(made.description, {"nxpix": ["10"], "coordsys": ["GAL"]})
    with pytest.raises(Refused, match="at most 2000"):
        parameters.check(made.description, {"nxpix": ["9999"]})
    with pytest.raises(Refused, match="inobs=: is required"):
        parameters.complete(made.description, {})


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"name": "Rm -rf"}, "name"), ({"title": ""}, "title"), ({"queue": "fast"}, "queue"),
        ({"duration": -1}, "duration"), ({"parameters": "none"}, "parameters"), ({"command": None}, "command"),
        ({"parameters": [{"name": "a b"}]}, "parameters"),
        ({"parameters": [{"name": "a", "datatype": "file", "text": ""}]}, "a"),
        ({"parameters": [{"name": "a"}]}, "a"),
    ],
)  # fmt: skip
def test_a_wrong_description_is_refused_by_member(change, member):
    with pytest.raises(Refused) as caught:
        formats.from_json({**CTBIN, **change})
    assert (caught.value.status, caught.value.parameter) == (400, member)
