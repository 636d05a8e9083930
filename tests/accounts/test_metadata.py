"""Institutions come only from metadata that the federation signed."""

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from gateway.accounts.federation import discovery, metadata
from gateway.accounts.models import Institution
from tests.accounts import idp

HIDDEN = (
    "<md:Extensions><mdattr:EntityAttributes><saml:Attribute"
    ' Name="http://macedir.org/entity-category"><saml:AttributeValue>http://refeds.org/category/hide-from-discovery'
    "</saml:AttributeValue></saml:Attribute></mdattr:EntityAttributes></md:Extensions>"
)


def entities() -> list[str]:
    certificate = idp.keys("https://paris.example")[1]
    return [
        idp.entity("https://paris.example", "Observatoire de Paris", "obspm.fr", certificate),
        idp.entity("https://nice.example", "Observatoire de la Côte d’Azur", "oca.eu", certificate),
        idp.entity("https://hidden.example", "Hidden Observatory", "hidden.example", certificate, extra=HIDDEN),
    ]


def load(document: bytes, key: str = "federation") -> int:
    return metadata.load(document, idp.keys(key)[1], "edu")


def test_signed_metadata_become_institutions(db) -> None:
    assert load(idp.sign(idp.aggregate(entities()), "federation")) == 3
    paris = Institution.objects.get(entity_id="https://paris.example")
    assert (paris.name, paris.country, paris.domain) == ("Observatoire de Paris", "FR", "obspm.fr")
    assert paris.scopes == [["obspm.fr", False]]
    assert paris.is_current()


def test_a_newer_import_takes_away_who_left(db) -> None:
    load(idp.sign(idp.aggregate(entities()), "federation"))
    paris = Institution.objects.get(entity_id="https://paris.example").pk
    assert load(idp.sign(idp.aggregate(entities()[:1]), "federation")) == 1
    assert list(Institution.objects.values_list("pk", flat=True)) == [paris]


def changed(old: str, new: str) -> bytes:
    return idp.sign(idp.aggregate(entities()), "federation").replace(old.encode(), new.encode())


REFUSED = {
    "unsigned": lambda: idp.aggregate(entities()).encode(),
    "signed by another": lambda: idp.sign(idp.aggregate(entities()), "somebody"),
    "changed after signing": lambda: changed("obspm.fr", "evil.example"),
    "blanks changed after signing": lambda: changed("</md:EntityDescriptor>", "</md:EntityDescriptor> "),
    "out of date": lambda: idp.sign(idp.aggregate(entities(), valid=idp.stamp(-10)), "federation"),
    "no date": lambda: idp.sign(idp.aggregate(entities(), valid=""), "federation"),
    "a weak digest": lambda: idp.sign(idp.aggregate(entities()), "federation", method="sha1"),
    "a part signed only": lambda: idp.sign(
        idp.aggregate(entities()).replace('<md:EntityDescriptor entityID="https://paris', '<md:EntityDescriptor ID="_one" entityID="https://paris'),
        "federation", "_one",
    ),
    "wrapped": lambda: b"<md:EntitiesDescriptor " + idp.NAMESPACES.encode() + b' ID="_outer">' + idp.entity("https://evil.example", "Evil", "evil.example", idp.keys("evil")[1]).encode() + idp.sign(idp.aggregate(entities()), "federation") + b"</md:EntitiesDescriptor>",
    "the same ID twice": lambda: changed("<md:IDPSSODescriptor", '<md:IDPSSODescriptor ID="_all"'),
    "a DOCTYPE": lambda: b'<!DOCTYPE x [<!ENTITY y "z">]>' + idp.sign(idp.aggregate(entities()), "federation"),
    "no identity provider": lambda: idp.sign(idp.aggregate([]), "federation"),
    "not XML": lambda: b"hello",
    "another document": lambda: b"<html/>",
    "empty": lambda: b"",
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_anything_else_is_refused_and_changes_nothing(db, kind: str) -> None:
    load(idp.sign(idp.aggregate(entities()[:2]), "federation"))
    with pytest.raises(metadata.MetadataRefused):
        load(REFUSED[kind]())
    assert Institution.objects.count() == 2


def test_the_command(db, tmp_path: Path, capsys) -> None:
    source, certificate = tmp_path / "metadata.xml", tmp_path / "federation.pem"
    source.write_bytes(idp.sign(idp.aggregate(entities()), "federation"))
    certificate.write_bytes(idp.keys("federation")[1])
    call_command("import_federation", str(source), "--certificate", str(certificate), "--name", "edu")
    assert capsys.readouterr().out == "3 institutions of edu\n"
    source.write_bytes(REFUSED["unsigned"]())
    with pytest.raises(CommandError, match="not signed"):
        call_command("import_federation", str(source), "--certificate", str(certificate))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_federation", str(tmp_path / "no"), "--certificate", str(certificate))


def test_an_entity_id_may_be_longer_than_allauths_name_of_a_provider(db) -> None:
    name = "https://idp.example/" + "x" * 900
    load(idp.sign(idp.aggregate([idp.entity(name, "Long", "long.example", idp.keys("x")[1])]), "federation"))
    assert len(Institution.objects.get(entity_id=name).provider_id) == 71


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("observatoire", ["Observatoire de Paris", "Observatoire de la Côte d’Azur"]),
        ("COTE azur", ["Observatoire de la Côte d’Azur"]),
        ("oca.eu", ["Observatoire de la Côte d’Azur"]),
        ("hidden", []),
        ("paris nice", []),
        ("", []),
        ("%", []),
        ("'; drop table", []),
        ("\x00", []),
    ],
)
def test_the_search_knows_names_and_domains_without_accents(client, db, text: str, names: list[str]) -> None:
    load(idp.sign(idp.aggregate(entities()), "federation"))
    found, count = discovery.search(text)
    assert ([one.name for one in found], count) == (names, len(names))
    for address in ("/accounts/institutions/", "/accounts/login/"):
        page = client.get(address, {"q": text})
        assert page.status_code == 200
        for name in names:
            assert name in page.content.decode()
    partial = client.get("/accounts/institutions/", {"q": text}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in partial
    assert len(re.findall(r"<strong>", partial)) == len(names)


def test_ten_thousand_institutions(db, client, django_assert_max_num_queries) -> None:
    certificate = idp.keys("https://paris.example")[1]
    many = [
        idp.entity(f"https://idp{n}.example", f"Institute {n} of Town {n % 97}", f"inst{n}.example", certificate)
        for n in range(10_000)
    ]
    assert load(idp.sign(idp.aggregate(many), "federation")) == 10_000
    with django_assert_max_num_queries(2):
        found, count = discovery.search("town 13")
    assert (len(found), count >= 103) == (8, True)
    with django_assert_max_num_queries(10):
        page = client.get("/accounts/institutions/", {"q": "town"})
    assert "10000" in page.content.decode().replace(",", "").replace(" ", "")
    assert len(page.content) < 60_000
