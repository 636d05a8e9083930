"""How the inputs of a run were chosen: a query, told before the run begins, becomes an entity that the run used."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import ngettext

from provenance.models import Selection
from provenance.present import known
from provenance.records import EntityRecord, UsedRecord

LONGEST = 20_000
FIELDS = ("chosen_adql", "chosen_rows", "chosen_at")
ROLE = "selection"


@dataclass(frozen=True)
class Choice:
    """``rows`` None: too many to be counted."""

    adql: str
    asked: datetime
    rows: int | None = None


def given_by(form: Mapping[str, str]) -> Choice | None:
    """What a results page sends along; None where the inputs were not chosen by a query."""
    adql, rows, at = (form.get(name, "").strip() for name in FIELDS)
    if not adql or len(adql) > LONGEST:
        return None
    try:
        asked = parse_datetime(at)
    except ValueError:
        asked = None
    now = timezone.now()
    if asked is None or timezone.is_naive(asked) or asked > now:
        asked = now
    return Choice(adql, asked, int(rows) if rows.isascii() and rows.isdecimal() and len(rows) < 10 else None)


def keep(activity_id: str, choice: Choice | None) -> None:
    """To be told when the run is recorded."""
    if choice is not None:
        Selection.objects.get_or_create(
            activity_id=activity_id,
            defaults={
                "adql": choice.adql,
                "service": f"{settings.PUBLIC_URL}/tap",
                "asked": choice.asked,
                "rows": choice.rows,
            },
        )


def used_by(activity_id: str, policy_id: int | None, owner: UUID | None) -> Iterator[UsedRecord]:
    """The query as an entity: the ADQL is its value, the service its location."""
    row = Selection.objects.filter(pk=activity_id).first() if known(Selection, [activity_id]) else None
    if row is None:
        return
    facts = (row.adql, row.service, row.asked, row.rows, policy_id, owner)
    digest = hashlib.sha256("\x1f".join(map(str, facts)).encode()).hexdigest()[:16]
    count = "" if row.rows is None else ngettext("%(n)s row", "%(n)s rows", row.rows) % {"n": row.rows}
    entity = EntityRecord(
        id=f"query-{digest}",
        name=f"query, {count}" if count else "query",
        kind="value",
        type="query",
        value=row.adql,
        location=row.service,
        generated_at=row.asked,
        comment=count,
        policy_id=policy_id,
    )
    yield UsedRecord(entity=entity, role=ROLE, type="Context")
