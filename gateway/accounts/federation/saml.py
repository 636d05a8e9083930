"""One SAML service provider for all institutions: its requests, and what it believes of an answer.

One entity, one ACS. The answer's issuer picks the institution whose certificates it is checked with; the state that
was kept under the id of our request must be that institution's, so that an answer can neither be mixed up, nor played
again, nor carried to another browser.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Constants
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from gateway.accounts.models import Institution
from gateway.vo import xmlguard

MAX_RESPONSE = 300_000
SUBJECT_ID = "urn:oasis:names:tc:SAML:attribute:subject-id"
PAIRWISE_ID = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
UNIQUE_ID = "urn:oid:1.3.6.1.4.1.5923.1.1.1.13"
EPPN = "urn:oid:1.3.6.1.4.1.5923.1.1.1.6"
IDENTIFIERS = (SUBJECT_ID, PAIRWISE_ID, UNIQUE_ID, EPPN)
"""In the order of preference; each is scoped, none is ever a transient NameID."""
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"
GIVEN_NAME, SURNAME = "urn:oid:2.5.4.42", "urn:oid:2.5.4.4"
DISPLAY_NAME = "urn:oid:2.16.840.1.113730.3.1.241"
REQUESTED = (*IDENTIFIERS, MAIL, GIVEN_NAME, SURNAME, "urn:oid:1.3.6.1.4.1.5923.1.1.1.7")


class AnswerRefused(Exception):
    """The answer of an institution is not accepted; status and text are for the person who came with it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Envelope:
    """What an unverified answer says of itself, good only for finding whom to check it with."""

    issuer: str
    in_response_to: str


def configuration(institution: Institution | None) -> dict[str, Any]:
    """python3-saml's settings; without institution those of our own metadata."""
    key, certificate = settings.SAML_KEY, settings.SAML_CERTIFICATE
    provider: dict[str, Any] = {
        "entityId": entity_id(),
        "assertionConsumerService": {"url": acs_url(), "binding": Constants.BINDING_HTTP_POST},
        "NameIDFormat": Constants.NAMEID_UNSPECIFIED,
        "x509cert": certificate,
        "privateKey": key,
    }
    made: dict[str, Any] = {"strict": True, "sp": provider, "security": _security(bool(key))}
    if institution is not None:
        made["idp"] = {
            "entityId": institution.entity_id,
            "singleSignOnService": {"url": institution.sso_url, "binding": Constants.BINDING_HTTP_REDIRECT},
            "x509certMulti": {"signing": institution.certificates, "encryption": institution.certificates[:1]},
        }
    return made


def _security(has_key: bool) -> dict[str, Any]:
    return {
        "authnRequestsSigned": has_key,
        "signMetadata": has_key,
        "wantAssertionsEncrypted": has_key and settings.SAML_WANT_ENCRYPTED,
        "wantAssertionsSigned": False,  # many sign the response only; one of the two is demanded in any case
        "wantMessagesSigned": False,
        "wantNameId": False,
        "allowSingleLabelDomains": True,  # addresses come from our settings and from signed metadata
        "wantAttributeStatement": True,
        "allowRepeatAttributeName": True,
        "requestedAuthnContext": False,
        "rejectDeprecatedAlgorithm": True,
        "signatureAlgorithm": Constants.RSA_SHA256,
        "digestAlgorithm": Constants.SHA256,
    }


def acs_url() -> str:
    return settings.PUBLIC_URL + reverse("saml_acs")


def entity_id() -> str:
    return settings.PUBLIC_URL + reverse("saml_metadata")


def auth(institution: Institution, response: str = "") -> OneLogin_Saml2_Auth:
    """python3-saml sees the site's public address, whatever a Host header or a proxy says."""
    parts = urlsplit(acs_url())
    request = {
        "https": "on" if parts.scheme == "https" else "off",
        "http_host": parts.netloc,
        "script_name": parts.path,
        "get_data": {},
        "post_data": {"SAMLResponse": response} if response else {},
    }
    return OneLogin_Saml2_Auth(request, configuration(institution))


def own_metadata() -> bytes:
    made = OneLogin_Saml2_Settings(configuration(None), sp_validation_only=True)
    text = made.get_sp_metadata()
    return text if isinstance(text, bytes) else str(text).encode()


def envelope(response: str) -> Envelope:
    """Opens the answer just far enough to know who claims to have sent it."""
    if not response or len(response) > MAX_RESPONSE:
        raise AnswerRefused(400, "The answer of your institution is missing or far too long.")
    try:
        content = base64.b64decode(response, validate=False)
        root = etree.fromstring(xmlguard.check(content), etree.XMLParser(resolve_entities=False, no_network=True))
    except (binascii.Error, ValueError, etree.XMLSyntaxError) as error:
        raise AnswerRefused(400, "The answer of your institution cannot be read.") from error
    namespace = {"saml": Constants.NS_SAML}
    issuer = root.findtext("saml:Issuer", "", namespace) or root.findtext(
        ".//saml:Assertion/saml:Issuer", "", namespace
    )
    return Envelope((issuer or "").strip(), root.get("InResponseTo") or "")


def check(institution: Institution, response: str, request_id: str) -> dict[str, list[str]]:
    """The attributes of a genuine answer to our request; AnswerRefused for any other."""
    if not institution.is_current():
        raise AnswerRefused(403, "What is known of this institution is out of date; ask the operator to fetch it anew.")
    checked = auth(institution, response)
    try:
        checked.process_response(request_id=request_id)
    except Exception as error:  # the library raises what its XML parsers raise: for a visitor all of it is one answer
        raise AnswerRefused(400, "The answer of your institution cannot be read.") from error
    if checked.get_errors() or not checked.is_authenticated():
        reason = checked.get_last_error_reason() or ""
        if "status" in reason.lower() and "success" in reason.lower():
            raise AnswerRefused(403, "Your institution did not confirm who you are.")
        raise AnswerRefused(401, "The answer of your institution is not genuine, or came too late.")
    attributes: dict[str, list[str]] = checked.get_attributes()
    return attributes


def uid(attributes: dict[str, list[str]]) -> str:
    """The first lasting identifier; a NameID that changes at each login would make a new account each time."""
    for name in IDENTIFIERS:
        values = [value.strip() for value in attributes.get(name, []) if value and value.strip()]
        if len(set(values)) == 1:
            # Subject identifiers compare without case (SAML subject-id profile, section 3.3.2).
            return values[0].lower() if name in (SUBJECT_ID, PAIRWISE_ID) else values[0]
    raise AnswerRefused(
        403,
        "Your institution did not say who you are: it must release subject-id, pairwise-id, eduPersonUniqueId or"
        " eduPersonPrincipalName. Ask its help desk, or use another way to sign in.",
    )


def in_scope(value: str, institution: Institution) -> bool:
    """May this institution speak for ``name@scope``? (shibmd:Scope of its metadata)"""
    scope = value.rpartition("@")[2].lower()
    if "@" not in value or not scope:
        return False
    for wanted, is_pattern in institution.scopes:
        if is_pattern:
            if re.fullmatch(wanted, scope, re.IGNORECASE):
                return True
        elif wanted.lower() == scope:
            return True
    return False


def check_scope(attributes: dict[str, list[str]], institution: Institution) -> None:
    """Every identifier it asserts must be of a scope that is its own."""
    for name in IDENTIFIERS:
        for value in attributes.get(name, []):
            if not in_scope(value, institution):
                raise AnswerRefused(403, "Your institution named you with an address that belongs to another one.")
