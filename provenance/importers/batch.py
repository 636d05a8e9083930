"""What an importer has read, and the one way to write it: all or nothing, by the rights of whoever sends it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from gateway.access.models import Policy
from gateway.access.rights import Viewer
from gateway.vo.identifiers import InvalidKey, foreign_key, key_of
from provenance import capture, describe
from provenance.errors import Conflict, Refused, Unknown
from provenance.graph import Kind
from provenance.lookup import find
from provenance.models import Activity, Entity, WasGeneratedBy
from provenance.records import ActivityRecord, EntityRecord, GeneratedRecord, UsedRecord

MAX_BYTES = 20 * 2**20
MAX_RECORDS = 50_000


@dataclass
class Batch:
    """Records of one document, their identifiers as written there."""

    activities: list[ActivityRecord] = field(default_factory=list)
    entities: list[EntityRecord] = field(default_factory=list)


@dataclass
class Report:
    """What an import did."""

    format: str = ""
    activities: int = 0
    entities: int = 0
    names: dict[str, str] = field(default_factory=dict)
    """identifier in the document → identifier here"""


@dataclass(frozen=True)
class Sender:
    """Who sends. ``trusted``: the operator at the command line, who may name things of this archive."""

    viewer: Viewer
    policy: Policy
    trusted: bool = False


@transaction.atomic
def write(batch: Batch, sender: Sender) -> Report:
    """Raises Refused (Conflict, Unknown), with nothing kept."""
    number = len(batch.activities) + len(batch.entities)
    if number > MAX_RECORDS:
        raise Refused(_("%(n)s records; at most %(most)s at once") % {"n": number, "most": MAX_RECORDS})
    with describe.remembered():
        return _Writer(sender).write(batch)


class _Writer:
    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.report = Report()
        self.before: dict[tuple[str, Kind], str | None] = {}

    def write(self, batch: Batch) -> Report:
        """First things and runs, then what links things to one another: a document may say these in any order."""
        links = [*batch.entities, *(made.entity for run in batch.activities for made in run.generated)]
        for entity in batch.entities:
            self._guard_entity(entity)
            capture.record_entity(self._entity(_bare(entity)), strict=True)
            self.report.entities += 1
        for activity in _informants_first(batch.activities):
            self._guard_activity(activity)
            capture.record(self._activity(activity), strict=True)
            self.report.activities += 1
        for entity in links:
            if entity.members or entity.derived_from:
                capture.record_entity(self._links(entity), strict=True)
        return self.report

    def _links(self, record: EntityRecord) -> EntityRecord:
        return EntityRecord(
            id=self._id(record.id, "entity"),
            kind="",
            members=tuple(self._id(name, "entity") for name in record.members),
            derived_from=tuple(self._id(name, "entity") for name in record.derived_from),
        )

    def _id(self, name: str, kind: Kind) -> str:
        """The identifier here: of what is known already, else one that follows from the name."""
        if name not in self.report.names:
            self.report.names[name] = self._found(name, kind) or self._new(name)
        return self.report.names[name]

    def _found(self, name: str, kind: Kind) -> str | None:
        """What was known by that name before this document."""
        if (name, kind) not in self.before:
            known = find(name, self.sender.viewer, kind)
            self.before[(name, kind)] = known[1] if known else None
        return self.before[(name, kind)]

    def _new(self, name: str) -> str:
        try:
            own = key_of(name, settings.AUTHORITY)
        except InvalidKey:
            return foreign_key(name)
        if not self.sender.trusted and not own.startswith("x-"):
            raise Unknown(_("%(name)s is a name of this archive, and not known here") % {"name": name})
        return own

    def _entity(self, record: EntityRecord) -> EntityRecord:
        identifier = self._same_bytes(record) or self._id(record.id, "entity")
        self.report.names[record.id] = identifier
        others = (record.id,) if record.id != identifier and not _is_own(record.id) else ()
        return replace(
            self._as_known(record, identifier),
            id=identifier,
            alternates=(*others, *record.alternates),
            policy_id=self.sender.policy.pk,
        )

    def _as_known(self, record: EntityRecord, identifier: str) -> EntityRecord:
        """The same bytes may lie elsewhere under another name: that is no contradiction."""
        row = Entity.objects.filter(pk=identifier).first() if record.sha256 else None
        if row is None or row.sha256 != record.sha256.lower():
            return record
        return replace(
            record,
            name="" if row.name else record.name,
            location="" if row.location else record.location,
            comment="" if row.comment else record.comment,
            content_type="" if row.content_type else record.content_type,
            generated_at=row.generated_at_time or record.generated_at,
        )

    def _same_bytes(self, record: EntityRecord) -> str:
        """An entity that is known by its checksum and by no name yet: bytes are what they are, whatever their name."""
        if not record.sha256 or self._found(record.id, "entity"):
            return ""
        same = Entity.objects.filter(sha256=record.sha256.lower()).order_by("pk")[:20]
        for row in same:
            if find(row.pk, self.sender.viewer, "entity"):
                return row.pk
        return ""

    def _activity(self, record: ActivityRecord) -> ActivityRecord:
        identifier = self._id(record.id, "activity")
        others = (record.id,) if record.id != identifier and not _is_own(record.id) else ()
        return replace(
            record,
            id=identifier,
            alternates=(*others, *record.alternates),
            used=tuple(self._used(used) for used in record.used),
            generated=tuple(self._generated(made, identifier) for made in record.generated),
            informed_by=tuple(self._id(name, "activity") for name in record.informed_by),
            policy_id=self.sender.policy.pk,
        )

    def _used(self, used: UsedRecord) -> UsedRecord:
        if isinstance(used.entity, str):
            return replace(used, entity=self._id(used.entity, "entity"))
        if self._known(used.entity.id, "entity") and not self._may_change(used.entity.id, "entity"):
            return replace(used, entity=self._id(used.entity.id, "entity"))
        return replace(used, entity=self._entity(used.entity))

    def _generated(self, made: GeneratedRecord, activity: str) -> GeneratedRecord:
        entity = self._entity(_bare(made.entity))
        known = Entity.objects.select_related("policy").filter(pk=entity.id).first()
        if (
            known
            and not self._governs(known.policy)
            and not WasGeneratedBy.objects.filter(entity=entity.id, activity=activity).exists()
        ):
            raise Conflict(_("%(id)s is not yours: its origin cannot be told by others") % {"id": entity.id})
        return replace(made, entity=entity)

    def _guard_entity(self, record: EntityRecord) -> None:
        adds = record.members or record.derived_from or record.attributed_to
        if adds and self._known(record.id, "entity") and not self._may_change(record.id, "entity"):
            raise Conflict(_("%(id)s is not yours: nothing can be added to it") % {"id": record.id})

    def _guard_activity(self, record: ActivityRecord) -> None:
        if self._known(record.id, "activity") and not self._may_change(record.id, "activity"):
            raise Conflict(_("%(id)s is not yours: nothing can be added to it") % {"id": record.id})

    def _known(self, name: str, kind: Kind) -> bool:
        return self._found(name, kind) is not None

    def _may_change(self, name: str, kind: Kind) -> bool:
        model = Entity if kind == "entity" else Activity
        row = model._default_manager.select_related("policy").get(pk=self._id(name, kind))
        return self._governs(row.policy)

    def _governs(self, policy: Policy) -> bool:
        viewer = self.sender.viewer
        mine = policy.pk == self.sender.policy.pk or (viewer.user_id and policy.owner_id == viewer.user_id)
        return self.sender.trusted or viewer.is_staff or bool(mine)


def _is_own(name: str) -> bool:
    try:
        key_of(name, settings.AUTHORITY)
    except InvalidKey:
        return False
    return True


def _bare(record: EntityRecord) -> EntityRecord:
    return replace(record, members=(), derived_from=())


def _informants_first(records: Iterable[ActivityRecord]) -> list[ActivityRecord]:
    """Makers before users, informants before the informed."""
    by_id = {record.id: record for record in records}
    maker = {made.entity.id: record.id for record in by_id.values() for made in record.generated}
    needs = {
        record.id: (
            *record.informed_by,
            *(maker.get(u.entity if isinstance(u.entity, str) else u.entity.id, "") for u in record.used),
        )
        for record in by_id.values()
    }
    return [by_id[key] for key in _order(needs)]


def _order(needs: dict[str, tuple[str, ...]]) -> list[str]:
    """Depth first, without recursion."""
    done: dict[str, None] = {}
    for start in needs:
        stack: list[tuple[str, bool]] = [(start, False)]
        open_: set[str] = set()
        while stack:
            name, leaving = stack.pop()
            if leaving:
                done.setdefault(name)
            elif name not in done and name not in open_:
                open_.add(name)
                stack.append((name, True))
                stack += [(other, False) for other in needs[name] if other in needs and other not in done]
    return list(done)
