"""Choose your institution: the search, and the last choices of this browser."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse

from gateway.accounts.federation.metadata import fold
from gateway.accounts.models import Institution

COOKIE = "institutions"
REMEMBERED = 3
SHOWN = 8
_SALT = "gateway.accounts.institutions"
_COLUMNS = ("entity_id", "name", "country", "domain", "words")


def search(text: str) -> tuple[list[Institution], int]:
    """The best matches and the number of all: every word must occur; names that begin with the text come first."""
    words = fold(text[:100].replace("\x00", " ")).split()
    if not words:
        return [], 0
    matches = Institution.objects.filter(hidden=False)
    for word in words:
        matches = matches.filter(words__contains=word)
    found = list(matches.only(*_COLUMNS)[:500])
    phrase = " ".join(words)
    found.sort(key=lambda one: (_rank(one, phrase, words), one.name))
    return found[:SHOWN], len(found) if len(found) < 500 else matches.count()


def _rank(one: Institution, phrase: str, words: Sequence[str]) -> int:
    name = fold(one.name)
    if name.startswith(phrase):
        return 0
    if one.domain == phrase or all(f" {word}" in f" {name}" for word in words):
        return 1
    return 2


def remembered(request: HttpRequest) -> list[Institution]:
    """The last choices, newest first."""
    text = request.get_signed_cookie(COOKIE, default="", salt=_SALT) or ""
    keys = [key for key in text.split(".") if key.isdigit()][:REMEMBERED]
    found = {str(one.pk): one for one in Institution.objects.filter(pk__in=keys).only(*_COLUMNS)}
    return [found[key] for key in keys if key in found]


def remember(request: HttpRequest, response: HttpResponse, chosen: Institution) -> None:
    others = [one for one in remembered(request) if one.pk != chosen.pk]
    keep(response, [chosen, *others], secure=request.is_secure())


def keep(response: HttpResponse, institutions: Sequence[Institution], *, secure: bool) -> None:
    text = ".".join(str(one.pk) for one in institutions[:REMEMBERED])
    response.set_signed_cookie(
        COOKIE, text, salt=_SALT, max_age=365 * 86400, secure=secure, httponly=True, samesite="Lax"
    )
