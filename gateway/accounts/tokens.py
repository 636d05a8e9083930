"""Personal access tokens for scripts, TOPCAT and pyvo: ``gwp_<id>_<secret>``.

The secret has 256 bits, so a plain SHA-256 is as good at rest as a slow hash, and a look-up costs nothing.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import uuid
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone

from gateway.accounts import scopes as known
from gateway.accounts.models import AccessToken, User
from gateway.accounts.openid import bearer

_FORM = re.compile(r"gwp_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


class Refused(Exception):
    """The request names credentials that do not hold; the text says what to do."""


def create(user: User, name: str, scopes: list[str], expires: datetime | None = None) -> tuple[AccessToken, str]:
    """A new token and its text, which is shown once and kept nowhere."""
    secret = secrets.token_urlsafe(32)
    token = AccessToken.objects.create(
        user=user, name=name, scopes=known.check(scopes), expires=expires, digest=_digest(secret)
    )
    return token, f"gwp_{token.pk.hex}_{secret}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def find(text: str) -> AccessToken | None:
    """The token that a text stands for, if it still holds."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    token = AccessToken.objects.select_related("user").filter(pk=uuid.UUID(form[1])).first()
    if token is None or not hmac.compare_digest(token.digest, _digest(form[2])):
        return None
    return token if token.is_valid() else None


def presented(request: HttpRequest) -> str | None:
    """The token text in ``Authorization``: Bearer, or Basic with the token as password; None without the header."""
    header = request.headers.get("Authorization", "")
    scheme, _, value = header.partition(" ")
    if not header:
        return None
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        raise Refused(f"The authorization scheme {scheme[:20]!r} is not known here: use Bearer or Basic with a token.")
    try:
        return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refused("The Authorization header cannot be read.") from error


def authenticate(request: HttpRequest) -> AccessToken | bearer.IssuedToken | None:
    """The token of the request, or None where it names none; Refused where it names one that does not hold."""
    text = presented(request)
    if text is None:
        return None
    if bearer.looks_like_one(text) and bearer.issuers():
        try:
            return bearer.find(text)
        except bearer.Refused as error:
            raise Refused(str(error)) from error
    token = find(text)
    if token is None:
        raise Refused(
            "This access token is unknown, expired or revoked. Make one under /accounts/tokens/ and give it as Bearer"
            " or as the password of Basic; the password of the account is not accepted here."
        )
    note_use(token)
    return token


def note_use(token: AccessToken) -> None:
    """Last use, to the minute: one write a minute for a client that asks a hundred times a second."""
    now = timezone.now()
    if token.last_used is None or now - token.last_used > _USE_IS_NOTED_EVERY:
        AccessToken.objects.filter(pk=token.pk).update(last_used=now)
        token.last_used = now
