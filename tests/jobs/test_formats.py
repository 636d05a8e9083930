"""Descriptions as documents: what they say, and that nothing is lost on the way."""

import io
import json

import pytest
from astropy.io.votable import parse
from lxml import etree

from jobs import parameters, registry
from jobs.errors import Refused
from jobs.formats import document as formats
from jobs.formats import votable, wadl

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


@pytest.mark.parametrize("name", [name for name, _ in registry.types.items()])
def test_nothing_is_lost_on_the_way_through_votable_and_wadl(name):
    there = {key: value for key, value in formats.to_json(registry.get(name)).items() if key != "uws"}
    assert votable.read(votable.write(there)) == there
    assert wadl.read(wadl.write(there, "https://example.org/")) == there


def test_an_external_command_travels_in_all_three_forms():
    whole = {key: value for key, value in formats.canonical(CTBIN).items() if key != "uws"}
    assert votable.read(votable.write(whole)) == whole
    assert wadl.read(wadl.write(whole, "https://example.org/")) == whole
    assert formats.canonical(votable.read(votable.write(whole))) == formats.canonical(CTBIN)


OPUS = b"""<VOTABLE xmlns="http://www.ivoa.net/xml/VOTable/v1.3" version="1.3">
<RESOURCE ID="join_text" name="join_text" type="meta" utype="voprov:ActivityDescription">
<DESCRIPTION>Joins a file and a text</DESCRIPTION>
<PARAM name="version" value="2" arraysize="*" datatype="char"/>
<PARAM name="executionDuration" value="20" datatype="int"/>
<PARAM name="script" value="cat $input &gt; out.txt" arraysize="*" datatype="char"/>
<GROUP name="InputParams">
<PARAM ID="text" name="text" datatype="char" value="!" arraysize="*" type="no_query"><DESCRIPTION>Text</DESCRIPTION></PARAM>
<PARAM ID="number" name="number" datatype="float" value="1.5" unit="s"><VALUES><MIN value="0"/></VALUES></PARAM>
</GROUP>
<GROUP name="Used"><GROUP name="input" utype="voprov:UsedDescription"><DESCRIPTION>A file</DESCRIPTION>
<PARAM name="multiplicity" value="" arraysize="*" datatype="char"/>
<PARAM name="url" value="file://$ID" arraysize="*" datatype="char"/></GROUP></GROUP>
<GROUP name="Generated"><GROUP name="output" utype="voprov:WasGeneratedBy"><DESCRIPTION>The file</DESCRIPTION>
<PARAM name="default" value="out.txt" arraysize="*" datatype="char"/>
<PARAM name="content_type" value="text/plain" arraysize="*" datatype="char"/></GROUP></GROUP>
</RESOURCE></VOTABLE>"""


def test_a_description_made_by_opus_is_understood():
    made = formats.from_json(votable.read(OPUS))
    described = {p.name: p for p in parameters.parameters_of(made.description)}
    assert (made.name, made.description.version, made.description.duration) == ("join_text", "2", 20)
    assert (described["text"].default, described["number"].required, described["input"].is_input) == ("!", True, True)
    assert described["number"].meta.min == 0
    assert made.description.outputs[0].file == "out.txt"
    assert made.command is not None
    assert made.command.argv == ("/bin/bash", "{script}")


@pytest.mark.parametrize("read", [votable.read, wadl.read])
@pytest.mark.parametrize(
    "content",
    [
        b"", b"<", b"plain words", b"<a/>", b"\x00" * 20, b"\xff\xfe<", b"\x1f\x8b0000",
        b'<!DOCTYPE a [<!ENTITY b "c">]><VOTABLE>&b;</VOTABLE>',
        b"<VOTABLE>" + b" " * 10 * 2**20 + b"</VOTABLE>",
        b"<a>" * 5000,
        b'<VOTABLE><RESOURCE utype="voprov:ActivityDescription"><GROUP name="Details">'
        b'<PARAM name="x" value="{"/></GROUP></RESOURCE></VOTABLE>',
        b'<VOTABLE><RESOURCE utype="voprov:ActivityDescription"><PARAM name="argv" value="\'"/></RESOURCE></VOTABLE>',
    ],
)  # fmt: skip
def test_hostile_documents_are_refused(read, content):
    with pytest.raises(Refused) as caught:
        read(content)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": [{"name": "class", "text": "x"}]}, {"parameters": [{"name": "phase", "text": "x"}]},
        {"parameters": [{"name": "a", "text": "x"}, {"name": "A", "text": "x"}]},
        {"parameters": [{"name": "a", "text": "x", "datatype": "int", "default": 5, "max": 2}]},
        {"parameters": [{"name": "a", "text": "x", "options": "abc"}]},
        {"parameters": [{"name": "a", "text": 7}]}, {"parameters": [{"name": "a", "text": "x", "min": "low"}]},
        {"parameters": [{"name": "a", "text": "x", "kind": "input", "url": "file:///etc/$ID"}]},
        {"outputs": [{"name": "../x", "text": "x", "content_type": "text/plain"}]},
        {"command": {"argv": "ls"}}, {"command": {"argv": ["ls", "{unknown}"]}}, {"command": {"argv": ["{", "x"]}},
        {"test_values": {"nowhere": 1}}, {"test_values": {"nxpix": 99999}}, {"memory": True}, {"title": "\x00"},
        {"docurl": "javascript:alert(1)"}, {"version": "../1"}, {"text": "x" * 20_000}, {"type": ["a"]},
    ],
)  # fmt: skip
def test_what_a_description_may_not_say(change):
    with pytest.raises(Refused) as caught:
        formats.from_json({**CTBIN, **change})
    assert caught.value.status == 400
