"""Queries written by hand: in the address if short, else stored under their hash (``?q=``)."""

import hashlib

from django.http import Http404, HttpRequest, QueryDict
from django.utils.translation import gettext as _

from search.portal.models import StoredQuery

MAX_IN_ADDRESS = 2_000
MAX_LENGTH = 100_000


def query_of(request: HttpRequest) -> str | None:
    """The ADQL that the address names, or None where it describes a search of the form."""
    return query_in(request.GET)


def query_in(parameters: QueryDict) -> str | None:
    name = parameters.get("q", "")
    if name:
        row = StoredQuery.objects.filter(hash=name[:64]).first()
        if row is None:
            raise Http404(_("This stored query is not known any more."))
        return row.adql
    return str(parameters.get("adql", "")).strip()[:MAX_LENGTH] or None


def store(adql: str) -> str:
    """Keeps the text and returns its hash."""
    name = hashlib.sha256(adql.encode()).hexdigest()[:32]
    StoredQuery.objects.get_or_create(hash=name, defaults={"adql": adql})
    return name


def marked(adql: str, line: int, column: int) -> list[tuple[str, str]]:
    """The lines of a query with a pointer under the place of the error: (line, pointer)."""
    return [
        (text, " " * max(0, column - 1) + "^" if number == line else "")
        for number, text in enumerate(adql.splitlines(), 1)
    ]
