"""A searchable registry can harvest the gateway."""

import pytest
from django.test import Client
from lxml import etree

from search.tap.registry.records import records
from tests.vo.schemas import check

pytestmark = pytest.mark.django_db
OAI = "{http://www.openarchives.org/OAI/2.0/}"


def oai(client: Client, **arguments: str) -> etree._Element:
    response = client.get("/oai", arguments)
    assert response.status_code == 200
    return check(response.content)


@pytest.mark.parametrize("name", ["authority", "registry", "tap", "scs", "datalink"])
def test_the_records_of_the_services_are_valid_voresource(client: Client, name):
    response = client.get(f"/registry/{name}")
    assert response.status_code == 200
    check(response.content)


def test_every_record_is_listed_and_can_be_got_alone(client: Client):
    listed = oai(client, verb="ListIdentifiers", metadataPrefix="ivo_vor")
    found = [node.text for node in listed.iter(f"{OAI}identifier")]
    assert found == [record.ivoid for record in records()]
    for ivoid in found:
        one = oai(client, verb="GetRecord", metadataPrefix="ivo_vor", identifier=ivoid)
        assert one.findtext(f".//{OAI}record/{OAI}header/{OAI}identifier") == ivoid
        assert one.find(f".//{OAI}metadata/{{http://www.ivoa.net/xml/RegistryInterface/v1.0}}Resource") is not None


def test_the_registry_describes_itself(client: Client):
    answer = oai(client, verb="Identify")
    assert answer.findtext(f".//{OAI}protocolVersion") == "2.0"
    described = answer.find(f".//{OAI}description/{{http://www.ivoa.net/xml/RegistryInterface/v1.0}}Resource")
    assert described.findtext("managedAuthority") == "distiller.example"


def test_dublin_core_formats_and_sets(client: Client):
    listed = oai(client, verb="ListRecords", metadataPrefix="oai_dc")
    assert len(list(listed.iter("{http://www.openarchives.org/OAI/2.0/oai_dc/}dc"))) == len(records())
    formats = oai(client, verb="ListMetadataFormats").iter(f"{OAI}metadataPrefix")
    assert {node.text for node in formats} == {"ivo_vor", "oai_dc"}
    assert oai(client, verb="ListSets").findtext(f".//{OAI}setSpec") == "ivo_managed"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "badVerb"),
        ({"verb": "Nonsense"}, "badVerb"),
        ({"verb": "Identify", "x": "1"}, "badArgument"),
        ({"verb": "ListRecords"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "marc"}, "cannotDisseminateFormat"),
        ({"verb": "ListRecords", "metadataPrefix": "ivo_vor", "from": "yesterday"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "ivo_vor", "from": "2026-99-99"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "ivo_vor", "from": "2999-01-01"}, "noRecordsMatch"),
        ({"verb": "ListRecords", "metadataPrefix": "ivo_vor", "set": "other"}, "noRecordsMatch"),
        ({"verb": "ListRecords", "metadataPrefix": "ivo_vor", "resumptionToken": "x"}, "badResumptionToken"),
        ({"verb": "GetRecord", "metadataPrefix": "ivo_vor", "identifier": "ivo://x/y<>"}, "idDoesNotExist"),
    ],
)
def test_wrong_requests_get_the_errors_of_the_protocol(client: Client, arguments, code):
    assert oai(client, **arguments).find(f"{OAI}error").get("code") == code


def test_a_record_keeps_its_date_until_it_changes(client: Client, settings):
    tap = next(record for record in records() if record.name == "tap")
    before = tap.updated()
    assert tap.updated() == before
    settings.SITE_NAME = "Another name"
    assert next(record for record in records() if record.name == "tap").updated() >= before


def test_an_unknown_record_is_404(client: Client):
    assert client.get("/registry/none").status_code == 404
