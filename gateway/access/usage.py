"""What became of somebody's data: who fetched them, which jobs used them, what was made from them."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from gateway.access.models import Policy
from gateway.access.rights import Viewer
from gateway.accounts.models import AuditEvent, AuditKind, User, display_name
from gateway.vo.hooks import Registry

SHOWN = 200
DAYS = 365


@dataclass(frozen=True)
class Use:
    """One use; ``who`` is an agent key until ``named`` puts a name there. ``address`` only where the viewer may go."""

    kind: str
    time: datetime | None
    who: str
    what: str
    address: str = ""


sources: Registry[Callable[[Sequence[Policy], Viewer], Iterable[Use]]] = Registry("uses of data")
"""What higher rooms know of the use of data; newest first, at most SHOWN."""


def fetches(policies: Sequence[Policy], limit: int) -> Iterator[Use]:
    """From the audit trail, newest first."""
    events = AuditEvent.objects.filter(kind=AuditKind.FETCH, policy__in=[policy.uid for policy in policies])
    for event in events.order_by("-time")[:limit]:
        if not str(event.details.get("via", "")).startswith("job "):
            yield Use("download", event.time, event.actor_key, event.subject)


def counted(policies: Sequence[Policy]) -> int:
    """Downloads of public files within a year; nobody's name is kept with them."""
    since = timezone.now().date() - timedelta(days=DAYS)
    days = [policy.downloads.filter(day__gte=since).aggregate(all=Sum("count"))["all"] or 0 for policy in policies]
    return sum(days)


def uses(policies: Sequence[Policy], viewer: Viewer, limit: int = SHOWN) -> list[Use]:
    """All that is known, newest first, with the names that the policy lets its PI see."""
    found = list(fetches(policies, limit))
    for _name, source in sources.items():
        found += source(policies, viewer)
    beginning = datetime.min.replace(tzinfo=timezone.get_default_timezone())
    found.sort(key=lambda use: use.time or beginning, reverse=True)
    return named(found[:limit], all(policy.users_named for policy in policies))


def named(found: Sequence[Use], allowed: bool) -> list[Use]:
    keys = {use.who for use in found if use.who}
    people = {user.agent_key: display_name(user) for user in User.objects.filter(agent_key__in=keys)} if allowed else {}
    nobody = _("a visitor")
    somebody = _("somebody")
    return [
        Use(use.kind, use.time, people.get(use.who, somebody if use.who else nobody), use.what, use.address)
        for use in found
    ]


class _Echo:
    def write(self, text: str) -> str:
        return text


def as_csv(found: Iterable[Use]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(["time", "kind", "who", "what", "address"])
    for use in found:
        row = [use.time.isoformat() if use.time else "", use.kind, use.who, use.what, use.address]
        yield writer.writerow([plain(cell) for cell in row])


def plain(text: str) -> str:
    """A cell that begins like a formula would be one in a spreadsheet."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
