"""Access tokens of configured OpenID issuers as Bearer, beside the gateway's own (RFC 9068, JWT profile).

An issuer is one of the login providers whose settings have ``"bearer": {"audience": …, "groups": […], "scopes": […]}``.
A token stands for the account that signed in through that provider before; it never makes one.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.core.cache import cache

from gateway.accounts import entitlements, scopes
from gateway.accounts.models import User
from gateway.vo import http

logger = logging.getLogger(__name__)
MAX_LENGTH = 8192
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY = 30
"""seconds that two clocks may differ"""
KEYS_KEPT = 600
ASKED_AGAIN_AFTER = 60
"""seconds; a key that is not known yet makes the gateway ask the issuer, and not more often"""
DEFAULT_SCOPES = (scopes.READ_TAP, scopes.READ_DATA)


class Refused(Exception):
    """The token is not accepted; the text says why, for whoever holds it."""


@dataclass(frozen=True)
class IssuedToken:
    """Stands for its owner as an ``AccessToken`` does."""

    user: User
    scopes: tuple[str, ...]

    def allows(self, scope: str) -> bool:
        return not scope or scope in self.scopes


@dataclass(frozen=True)
class Issuer:
    """A login provider whose access tokens are accepted."""

    provider_id: str
    server_url: str
    uid_field: str
    audience: str
    groups: tuple[str, ...] = ()
    """at least one of these must be among the token's groups or entitlements; none: anyone"""
    scopes: tuple[str, ...] = DEFAULT_SCOPES

    @property
    def address(self) -> str:
        return self.server_url.partition("/.well-known/")[0].rstrip("/")


def looks_like_one(text: str) -> bool:
    return text.count(".") == 2 and len(text) <= MAX_LENGTH


def find(text: str) -> IssuedToken:
    """The account that the token stands for; Refused with the reason otherwise."""
    claims, issuer = _claims(text)
    if "nonce" in claims or "at_hash" in claims:
        raise Refused("This is an ID token, made for signing in; send the access token.")
    _check_groups(claims, issuer)
    account = SocialAccount.objects.select_related("user").filter(
        provider=issuer.provider_id, uid=str(claims.get(issuer.uid_field, ""))
    )
    found = account.first()
    if found is None or not found.user.is_active:
        raise Refused("Nobody has signed in here with this identity: do so once in a browser, then use the token.")
    return IssuedToken(found.user, _scopes(claims, issuer))


def _claims(text: str) -> tuple[dict[str, Any], Issuer]:
    """Signature, issuer, audience and times are checked; no key is asked for but of an issuer that is configured."""
    try:
        header = jwt.get_unverified_header(text)
        named = jwt.decode(text, options={"verify_signature": False}).get("iss")
    except jwt.PyJWTError as error:
        raise Refused("This access token cannot be read.") from error
    issuer = next((one for one in issuers() if one.address == str(named or "").rstrip("/")), None)
    if issuer is None:
        raise Refused("The issuer of this access token is not one that this gateway accepts.")
    try:
        key = _key(issuer, str(header.get("kid", "")))
        claims: dict[str, Any] = jwt.decode(
            text, key=key.key, algorithms=list(ALGORITHMS), audience=issuer.audience, issuer=str(named), leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )  # fmt: skip
    except jwt.InvalidAudienceError as error:
        raise Refused(f"This access token was not made for this gateway (audience {issuer.audience}).") from error
    except jwt.ExpiredSignatureError as error:
        raise Refused("This access token has expired; get a new one from its issuer.") from error
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise Refused("This access token is not genuine.") from error
    return claims, issuer


def issuers() -> list[Issuer]:
    """From the environment and the administration alike."""
    apps: list[SocialApp] = get_adapter().list_apps(None, provider="openid_connect")
    return [made for made in map(_issuer, apps) if made is not None]


def _issuer(app: SocialApp) -> Issuer | None:
    bearer = app.settings.get("bearer")
    if not isinstance(bearer, Mapping) or not bearer.get("audience"):
        return None
    given = [scope for scope in bearer.get("scopes", DEFAULT_SCOPES) if scope in scopes.WORDS]
    return Issuer(
        app.provider_id, str(app.settings.get("server_url", "")), str(app.settings.get("uid_field", "sub")),
        str(bearer["audience"]), tuple(bearer.get("groups", ())), tuple(given),
    )  # fmt: skip


def _check_groups(claims: Mapping[str, Any], issuer: Issuer) -> None:
    if issuer.groups and not set(issuer.groups) & set(entitlements.values_of(claims)):
        raise Refused("This access token does not show membership of a group that may use this gateway.")


def _scopes(claims: Mapping[str, Any], issuer: Issuer) -> tuple[str, ...]:
    """What the operator grants to the issuer; a token that names scopes of ours is bound to those."""
    named = {scope for scope in str(claims.get("scope", "")).split() if scope in scopes.WORDS}
    return tuple(scope for scope in issuer.scopes if scope in named or not named)


def _key(issuer: Issuer, kid: str) -> jwt.PyJWK:
    """The issuer's key of this id; asked for anew when it is unknown, since issuers change their keys."""
    name = f"openid-keys:{issuer.address}"
    keys = _keys_of(cache.get(name))
    if kid not in keys and cache.add(f"{name}:asked", 1, ASKED_AGAIN_AFTER):
        text = _fetch(issuer)
        cache.set(name, text, KEYS_KEPT)
        keys = _keys_of(text)
    found = keys.get(kid)
    if found is None:
        raise Refused("This access token is not signed with a key of its issuer.")
    return found


def _keys_of(text: str | None) -> dict[str, jwt.PyJWK]:
    """Public keys for signatures by their id; symmetric ones are not for strangers."""
    if not text:
        return {}
    listed = [key for key in json.loads(text).get("keys", []) if key.get("kty") in ("RSA", "EC", "OKP")]
    found = {}
    for key in listed:
        if key.get("use", "sig") == "sig" and key.get("kid"):
            try:
                found[str(key["kid"])] = jwt.PyJWK.from_dict(key)
            except jwt.PyJWTError:
                logger.warning("a key of an OpenID issuer cannot be used: %s", key.get("kid"))
    return found


def _fetch(issuer: Issuer) -> str:
    """The issuer's key set by discovery, by the one way out."""
    config = f"{issuer.address}/.well-known/openid-configuration"
    try:
        with http.Session(max_bytes=2**20, total_seconds=10) as session:
            found = session.get(config).json()
            if str(found.get("issuer", "")).rstrip("/") != issuer.address:
                raise Refused("The issuer of this access token does not say so itself.")
            keys: str = session.get(str(found["jwks_uri"])).text
            json.loads(keys)["keys"]
    except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError) as error:
        logger.warning("keys of %s cannot be had: %s", issuer.address, error)
        raise Refused("The issuer of this access token does not answer at present; try again later.") from error
    return keys
