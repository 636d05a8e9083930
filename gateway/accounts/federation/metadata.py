"""Signed metadata of a federation (eduGAIN and its members) into the table of institutions.

Nothing is believed that the pinned certificate did not sign: one signature, over the root element, with the two
transforms of SAML 2.0 (core, section 5.4.4) and no weak digest; no DTD; not past its ``validUntil``.
"""

import hashlib
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import xmlsec
from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from lxml import etree

from gateway.accounts.models import Institution

NS = {
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "mdui": "urn:oasis:names:tc:SAML:metadata:ui",
    "mdattr": "urn:oasis:names:tc:SAML:metadata:attribute",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "shibmd": "urn:mace:shibboleth:metadata:1.0",
    "mdrpi": "urn:oasis:names:tc:SAML:metadata:rpi",
}
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
HIDE = "http://refeds.org/category/hide-from-discovery"
SIRTFI = "https://refeds.org/sirtfi"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ENTITY = f"{{{NS['md']}}}EntityDescriptor"
_TRANSFORMS = {
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
}
_STRONG = ("sha256", "sha384", "sha512")
_FIELDS = [
    "provider_id", "federation", "name", "names", "country", "domain", "words", "scopes", "sso_url", "certificates",
    "hidden", "sirtfi", "valid_until", "imported",
]  # fmt: skip


class MetadataRefused(Exception):
    """The document is not to be believed; the text says why."""


def parse(content: bytes) -> Any:
    """The root element, without DTD, entities or network. Blanks are kept: they are part of what was signed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise MetadataRefused(f"not well-formed XML: {error}") from error
    if root.getroottree().docinfo.doctype:
        raise MetadataRefused("the document has a DOCTYPE")
    if root.tag not in (_ENTITY, f"{{{NS['md']}}}EntitiesDescriptor"):
        raise MetadataRefused("the document is not SAML 2.0 metadata")
    return root


def verify(root: Any, certificate: bytes) -> None:
    """Raises unless the pinned certificate (PEM) signed the whole document."""
    found = root.findall("ds:Signature", NS)
    if len(found) != 1:
        raise MetadataRefused("the document is not signed")
    signature = found[0]
    _check_form(root, signature)
    try:
        key = xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem)
        context = xmlsec.SignatureContext()
        context.key = key
        context.register_id(root, "ID")
        context.verify(signature)
    except xmlsec.Error as error:
        raise MetadataRefused(
            "the signature was not made with the pinned certificate, or the document was changed"
        ) from error


def _check_form(root: Any, signature: Any) -> None:
    """The signature must cover the root and nothing else, in the only way that SAML allows."""
    references = signature.findall("ds:SignedInfo/ds:Reference", NS)
    identifier = root.get("ID")
    if len(references) != 1 or not identifier or references[0].get("URI") != f"#{identifier}":
        raise MetadataRefused("the signature does not cover the whole document")
    if len(root.xpath("//*[@ID=$id]", id=identifier)) != 1:
        raise MetadataRefused("two elements have the ID that the signature names")
    transforms = {t.get("Algorithm") for t in references[0].findall("ds:Transforms/ds:Transform", NS)}
    digest = references[0].find("ds:DigestMethod", NS)
    method = signature.find("ds:SignedInfo/ds:SignatureMethod", NS)
    algorithms = [e.get("Algorithm", "") for e in (digest, method) if e is not None]
    if not transforms <= _TRANSFORMS or len(algorithms) != 2 or not all(a.endswith(_STRONG) for a in algorithms):
        raise MetadataRefused("the signature uses a method that is not accepted (SHA-256 or better is)")


def valid_until(root: Any) -> datetime:
    text = root.get("validUntil") or ""
    moment = parse_datetime(text)
    if moment is None:
        raise MetadataRefused("the document does not say until when it is valid")
    moment = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    if moment <= timezone.now():
        raise MetadataRefused(f"the document was valid until {text}; fetch a newer one")
    return moment


def institutions(root: Any, federation: str, until: datetime | None) -> Iterator[Institution]:
    """The identity providers that can be used: with a redirect binding and a signing certificate."""
    for entity in root.iter(_ENTITY):
        provider = entity.find("md:IDPSSODescriptor", NS)
        made = None if provider is None else _institution(entity, provider, federation, until)
        if made is not None:
            yield made


def _institution(entity: Any, provider: Any, federation: str, until: datetime | None) -> Institution | None:
    identifier = entity.get("entityID") or ""
    services = provider.findall("md:SingleSignOnService", NS)
    sso = next((s.get("Location") for s in services if s.get("Binding") == REDIRECT), "")
    certificates = _certificates(provider)
    if not (identifier and sso and certificates) or len(identifier) > 1024 or not sso.startswith(_schemes()):
        return None
    names = _names(entity, provider)
    name = names.get("en") or next(iter(names.values()), identifier)
    scopes = [[s.text.strip(), s.get("regexp") == "true"] for s in provider.iter(f"{{{NS['shibmd']}}}Scope") if s.text]
    plain = [scope for scope, is_pattern in scopes if not is_pattern]
    categories = {
        value.text for value in entity.iterfind("md:Extensions/mdattr:EntityAttributes//saml:AttributeValue", NS)
    }
    return Institution(
        entity_id=identifier, provider_id=provider_id(identifier), federation=federation, name=name[:300], names=names,
        country=_country(entity, plain), domain=(plain or [""])[0][:255], scopes=scopes, sso_url=sso[:2000],
        words=fold(" ".join([*names.values(), *plain])), certificates=certificates, hidden=HIDE in categories,
        sirtfi=SIRTFI in categories, valid_until=until, imported=timezone.now(),
    )  # fmt: skip


def _schemes() -> tuple[str, ...]:
    return ("https://", "http://") if settings.ALLOW_LOOPBACK else ("https://",)


def provider_id(entity_id: str) -> str:
    """allauth's namespace of accounts has 200 characters, an entityID may have 1,024."""
    return entity_id if len(entity_id) <= 200 else "sha256:" + hashlib.sha256(entity_id.encode()).hexdigest()


def _certificates(provider: Any) -> list[str]:
    """Base64 of the keys for signing, and of those for any use."""
    found = []
    for key in provider.findall("md:KeyDescriptor", NS):
        if key.get("use") in (None, "signing"):
            found += ["".join((c.text or "").split()) for c in key.iter(f"{{{NS['ds']}}}X509Certificate")]
    return [text for text in found if text]


def _names(entity: Any, provider: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    shown = provider.findall("md:Extensions/mdui:UIInfo/mdui:DisplayName", NS)
    for element in [*shown, *entity.findall("md:Organization/md:OrganizationDisplayName", NS)]:
        if element.text and element.text.strip():
            found.setdefault(element.get(_XML_LANG) or "en", " ".join(element.text.split()))
    return found


def _country(entity: Any, domains: list[str]) -> str:
    """The country of the federation that registered it, else that of the domain."""
    info = entity.find("md:Extensions/mdrpi:RegistrationInfo", NS)
    hints = [domain.rpartition(".")[2] for domain in domains]
    if info is not None:
        hints.append((info.get("registrationAuthority") or "").rstrip("/").rpartition(".")[2])
    return next((hint.upper() for hint in hints if len(hint) == 2 and hint.isalpha()), "")


def fold(text: str) -> str:
    """Without case and accents, for the search."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in parts if not unicodedata.combining(c))


def load(content: bytes, certificate: bytes, federation: str) -> int:
    """Checks a document and makes the table say what it says; the number of its institutions."""
    root = parse(content)
    verify(root, certificate)
    return store(institutions(root, federation, valid_until(root)), federation)


def store(found: Iterator[Institution], federation: str) -> int:
    rows = list({row.entity_id: row for row in found}.values())
    if not rows:
        raise MetadataRefused("the document has no identity provider that could be used")
    with transaction.atomic():
        Institution.objects.bulk_create(
            rows, batch_size=500, update_conflicts=True, unique_fields=["entity_id"], update_fields=_FIELDS
        )
        stale = Institution.objects.filter(federation=federation)
        stale.filter(imported__lt=min(row.imported for row in rows)).delete()
    return len(rows)


def app_of(institution: Institution) -> SocialApp:
    """The institution as allauth wants it: an app that stands in no table."""
    return SocialApp(
        provider="saml", provider_id=institution.provider_id, name=institution.name[:40],
        client_id=institution.provider_id, settings={"hidden": True},
    )  # fmt: skip
