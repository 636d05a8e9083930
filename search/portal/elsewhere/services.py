"""Which other archives a search names: configured ones by their name, any other by its TAP address."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from search.portal.models import Service

MOST = 6
MAX_TYPED = 420
_TABLE = re.compile(r'[A-Za-z_][\w$]*(\.[A-Za-z_"][\w$"]*){0,2}')


@dataclass(frozen=True)
class Target:
    """An archive to ask. ``given`` is how the address of the search names it; ``fault`` why it cannot be asked."""

    given: str
    title: str
    url: str = ""
    table: str = ""
    generic: bool = False
    fault: str = ""


def offered() -> list[Service]:
    """Those the operators enabled, for the form."""
    return list(Service.objects.filter(enabled=True))


def known() -> list[Service]:
    return list(Service.objects.filter(enabled=False))


def chosen(given: Sequence[str]) -> list[Target]:
    """The archives that these values of ``service`` name, in their order; those beyond ``MOST`` are not asked."""
    wanted = list(dict.fromkeys(value.strip() for value in given if value.strip()))[: 2 * MOST]
    rows = {row.name: row for row in Service.objects.filter(name__in=[one for one in wanted if len(one) <= 40])}
    targets = [_of_row(rows[one]) if one in rows else typed(one) for one in wanted]
    many = _("At most %(n)d archives are asked at once. Leave out some of the others.") % {"n": MOST}
    return targets[:MOST] + [replace(one, fault=one.fault or many) for one in targets[MOST:]]


def _of_row(row: Service) -> Target:
    fault = "" if row.enabled else _("The operators of this gateway do not offer this archive.")
    return Target(row.name, row.title, row.url, row.table, row.generic, fault)


def typed(text: str) -> Target:
    """``https://example.org/tap`` and, after a blank, the name of its ObsCore table if it is not found by itself."""
    address, _blank, table = text.strip().partition(" ")
    table = table.strip()
    title = address[:60]
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and len(text) <= MAX_TYPED
        port = f":{parts.port}" if good and parts.port else ""
        title = f"{parts.hostname}{port}{parts.path}"[:60] if good else title
    except ValueError:
        good = False
    if not good or re.search(r"[\s\x00-\x1f<>\"]", address):
        fault = _("This is no address of a TAP service: write https://… and, after a blank, its table if you know it.")
        return Target(text[:MAX_TYPED], title, fault=fault)
    if table and not _TABLE.fullmatch(table):
        return Target(text[:MAX_TYPED], title, fault=_("“%(table)s” is no name of a table.") % {"table": table[:60]})
    url = address.rstrip("/")
    return Target(text, title, re.sub(r"/(sync|async|tables|capabilities)$", "", url), table)
