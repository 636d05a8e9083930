"""An institution made by the tests: it signs metadata and answers as SAML 2.0 asks for, or wrongly on purpose."""

import base64
import secrets
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import parse_qs, urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

EPPN = "urn:oid:1.3.6.1.4.1.5923.1.1.1.6"
SUBJECT = "urn:oasis:names:tc:SAML:attribute:subject-id"
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"
ENTITLEMENT = "urn:oid:1.3.6.1.4.1.5923.1.1.1.7"
NAMESPACES = (
    'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
    ' xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui" xmlns:shibmd="urn:mace:shibboleth:metadata:1.0"'
    ' xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
)


@cache
def keys(name: str) -> tuple[bytes, bytes]:
    """Private key and certificate of a party, as PEM."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=10))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)


def base64_of(certificate: bytes) -> str:
    return "".join(certificate.decode().splitlines()[1:-1])


def stamp(seconds: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def entity(identifier: str, name: str, scope: str, certificate: bytes, sso: str = "", extra: str = "") -> str:
    return (
        f'<md:EntityDescriptor entityID="{identifier}">{extra}<md:IDPSSODescriptor'
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:Extensions>'
        f'<shibmd:Scope regexp="false">{scope}</shibmd:Scope><mdui:UIInfo><mdui:DisplayName xml:lang="en">{name}'
        "</mdui:DisplayName></mdui:UIInfo></md:Extensions>"
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{base64_of(certificate)}'
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
        f' Location="{sso or identifier + "/sso"}"/></md:IDPSSODescriptor></md:EntityDescriptor>'
    )


def aggregate(entities: Iterable[str], valid: str | None = None, attributes: str = "") -> str:
    until = f'validUntil="{stamp(86400) if valid is None else valid}"' if valid != "" else ""
    return f'<md:EntitiesDescriptor {NAMESPACES} ID="_all" {until} {attributes}>{"".join(entities)}</md:EntitiesDescriptor>'


def sign(xml: str, name: str, identifier: str | None = None, *, method: str = "sha256") -> bytes:
    """An enveloped signature over the element with the ID (the root by default), placed as schemas want it."""
    root = etree.fromstring(xml.encode())
    target = root if identifier is None else root.xpath("//*[@ID=$id]", id=identifier)[0]
    algorithm, digest = {
        "sha256": (xmlsec.constants.TransformRsaSha256, xmlsec.constants.TransformSha256),
        "sha1": (xmlsec.constants.TransformRsaSha1, xmlsec.constants.TransformSha1),
    }[method]
    signature = xmlsec.template.create(target, xmlsec.constants.TransformExclC14N, algorithm, ns="ds")
    reference = xmlsec.template.add_reference(signature, digest, uri=f"#{target.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    info = xmlsec.template.ensure_key_info(signature)
    xmlsec.template.add_x509_data(info)
    issuer = target.find("{urn:oasis:names:tc:SAML:2.0:assertion}Issuer")
    target.insert(0 if issuer is None else list(target).index(issuer) + 1, signature)
    context = xmlsec.SignatureContext()
    private, certificate = keys(name)
    context.key = xmlsec.Key.from_memory(private, xmlsec.constants.KeyDataFormatPem)
    context.key.load_cert_from_memory(certificate, xmlsec.constants.KeyDataFormatPem)
    context.register_id(target, "ID")
    context.sign(signature)
    return etree.tostring(root)


def request_id(address: str) -> str:
    """The id of the AuthnRequest in a redirect to the institution."""
    packed = parse_qs(urlsplit(address).query)["SAMLRequest"][0]
    return etree.fromstring(zlib.decompress(base64.b64decode(packed), -15)).get("ID")


def answer(
    issuer: str,
    in_response_to: str,
    attributes: dict[str, Sequence[str]],
    *,
    acs: str,
    audience: str,
    key: str | None = None,
    signs: str = "response",
    name_id: str = "_transient",
    late: float = 0,
    encrypt_for: bytes = b"",
) -> str:
    """A Response in base64. ``signs``: response, assertion, both, neither. ``encrypt_for``: certificate of the reader."""
    response_id, assertion_id = f"_r{secrets.token_hex(8)}", f"_a{secrets.token_hex(8)}"
    statements = "".join(
        f'<saml:Attribute Name="{name}">{"".join(f"<saml:AttributeValue>{v}</saml:AttributeValue>" for v in values)}</saml:Attribute>'
        for name, values in attributes.items()
    )
    reply = f'InResponseTo="{in_response_to}"' if in_response_to else ""
    xml = (
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
        f' ID="{response_id}" Version="2.0" IssueInstant="{stamp(late)}" Destination="{acs}" {reply}>'
        f"<saml:Issuer>{issuer}</saml:Issuer>"
        '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
        f'<saml:Assertion ID="{assertion_id}" Version="2.0" IssueInstant="{stamp(late)}"><saml:Issuer>{issuer}</saml:Issuer>'
        f'<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">{name_id}</saml:NameID>'
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData {reply} NotOnOrAfter="{stamp(300 + late)}" Recipient="{acs}"/>'
        "</saml:SubjectConfirmation></saml:Subject>"
        f'<saml:Conditions NotBefore="{stamp(late - 60)}" NotOnOrAfter="{stamp(300 + late)}"><saml:AudienceRestriction>'
        f"<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
        f'<saml:AuthnStatement AuthnInstant="{stamp(late)}" SessionIndex="_s"><saml:AuthnContext><saml:AuthnContextClassRef>'
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
        f"<saml:AttributeStatement>{statements}</saml:AttributeStatement></saml:Assertion></samlp:Response>"
    )
    document = xml.encode()
    if signs in ("assertion", "both"):
        document = sign(document.decode(), key or issuer, assertion_id)
    if encrypt_for:
        document = encrypted(document, encrypt_for)
    if signs in ("response", "both"):
        document = sign(document.decode(), key or issuer)
    return base64.b64encode(document).decode()


def encrypted(document: bytes, certificate: bytes) -> bytes:
    """The assertion as EncryptedAssertion (SAML core, section 2.3.4): AES-256-GCM, its key by RSA-OAEP."""
    root = etree.fromstring(document)
    assertion = root.find("{urn:oasis:names:tc:SAML:2.0:assertion}Assertion")
    holder = etree.Element("{urn:oasis:names:tc:SAML:2.0:assertion}EncryptedAssertion")
    root.replace(assertion, holder)
    template = xmlsec.template.encrypted_data_create(
        holder, xmlsec.constants.TransformAes256Gcm, type=xmlsec.constants.TypeEncElement, ns="xenc"
    )
    xmlsec.template.encrypted_data_ensure_cipher_value(template)
    info = xmlsec.template.encrypted_data_ensure_key_info(template, ns="dsig")
    wrapped = xmlsec.template.add_encrypted_key(info, xmlsec.constants.TransformRsaOaep)
    xmlsec.template.encrypted_data_ensure_cipher_value(wrapped)
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem))
    context = xmlsec.EncryptionContext(manager)
    context.key = xmlsec.Key.generate(xmlsec.constants.KeyDataAes, 256, xmlsec.constants.KeyDataTypeSession)
    root.append(assertion)
    made = context.encrypt_xml(template, assertion)
    if assertion in root:
        root.remove(assertion)
    if made.getparent() is not holder:
        holder.append(made)
    return etree.tostring(root)
