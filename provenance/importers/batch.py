"""What an importer has read, and the one way to write it: all or nothing, by the rights of whoever sends it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.utils.translation import gettext as _

from gateway.access.models import Policy
from gateway.access.rights import Viewer, may_see
from gateway.vo.identifiers import InvalidKey, foreign_key, key_of
from provenance import capture, scrub, session
from provenance.errors import Conflict, Refused, Unknown
from provenance.graph import Kind
from provenance.lookup import find, find_all, visible_by_checksum
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


def write(batch: Batch, sender: Sender) -> Report:
    """Raises Refused (Conflict, Unknown), with nothing kept."""
    number = len(batch.activities) + len(batch.entities)
    if number > MAX_RECORDS:
        raise Refused(_("%(n)s records; at most %(most)s at once") % {"n": number, "most": MAX_RECORDS})
    with session.opened() as to:
        return _Writer(sender, to).write(batch)


class _Writer:
    def __init__(self, sender: Sender, to: session.Session) -> None:
        self.sender, self.to = sender, to
        self.report = Report()
        self.before: dict[tuple[str, Kind], str | None] = {}
        self.by_checksum: dict[str, str] = {}

    def write(self, batch: Batch) -> Report:
        """First things and runs, then what links things to one another: a document may say these in any order."""
        self._expect(batch)
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

    def _expect(self, batch: Batch) -> None:
        """Looks up at once what the document speaks of."""
        runs = batch.activities
        uses = [used.entity for run in runs for used in run.used]
        things = [
            *batch.entities,
            *(entity for entity in uses if not isinstance(entity, str)),
            *(made.entity for run in runs for made in run.generated),
        ]
        names = {
            *(thing.id for thing in things),
            *(name for thing in things for name in (*thing.members, *thing.derived_from)),
            *(entity for entity in uses if isinstance(entity, str)),
        }
        runs_named = {*(run.id for run in runs), *(name for run in runs for name in run.informed_by)}
        viewer = self.sender.viewer
        self.before |= find_all([*((name, "entity") for name in names), *((n, "activity") for n in runs_named)], viewer)
        self.by_checksum = visible_by_checksum({thing.sha256.lower() for thing in things if thing.sha256}, viewer)
        here = {pair: found or foreign_key(pair[0]) for pair, found in self.before.items()}
        self.to.expect(
            entities=[name for (_, kind), name in here.items() if kind == "entity"],
            activities=[name for (_, kind), name in here.items() if kind == "activity"],
            alternates=[
                *((kind, scrub.text(name)[:1000]) for name, kind in self.before),
                *(("entity", scrub.text(name)[:1000]) for thing in things for name in thing.alternates),
            ],
        )
        self.to.makers(self.before[(made.entity.id, "entity")] or "" for run in runs for made in run.generated)

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
            self.report.names[name] = self._found(name, kind) or self._apart(self._new(name), name, kind)
        return self.report.names[name]

    def _found(self, name: str, kind: Kind) -> str | None:
        """What was known by that name before this document."""
        if (name, kind) not in self.before:
            known = find(name, self.sender.viewer, kind)
            self.before[(name, kind)] = known[1] if known else None
        return self.before[(name, kind)]

    def _apart(self, identifier: str, name: str, kind: Kind) -> str:
        """Where somebody else's hidden record has that name already, this one is another: else it would tell of it."""
        row = self.to.entity(identifier) if kind == "entity" else self.to.activity(identifier)
        if row is None or self._sees(row.policy):
            return identifier
        return foreign_key(f"{self.sender.policy.uid}#{name}")

    def _free(self, names: Iterable[str], identifier: str, kind: Kind) -> tuple[str, ...]:
        """Further names that do not belong to what the sender may not see."""
        kept = []
        for name in names:
            other = self.to.alternate(kind, scrub.text(name)[:1000])
            row = None
            if other not in (None, identifier):
                row = self.to.entity(other or "") if kind == "entity" else self.to.activity(other or "")
            if row is None or self._sees(row.policy):
                kept.append(name)
        return tuple(kept)

    def _sees(self, policy: Policy) -> bool:
        return self._governs(policy) or may_see(self.sender.viewer, policy.pk)

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
            alternates=self._free((*others, *record.alternates), identifier, "entity"),
            policy_id=self.sender.policy.pk,
        )

    def _as_known(self, record: EntityRecord, identifier: str) -> EntityRecord:
        """The same bytes may lie elsewhere under another name: that is no contradiction."""
        row = self.to.entity(identifier) if record.sha256 else None
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
        return self.by_checksum.get(record.sha256.lower(), "")

    def _activity(self, record: ActivityRecord) -> ActivityRecord:
        identifier = self._id(record.id, "activity")
        others = (record.id,) if record.id != identifier and not _is_own(record.id) else ()
        return replace(
            record,
            id=identifier,
            alternates=self._free((*others, *record.alternates), identifier, "activity"),
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
        known = self.to.entity(entity.id)
        maker = self.to.maker(entity.id) if known else None
        if known and not self._governs(known.policy) and (maker is None or maker.activity_id != activity):
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
        identifier = self._id(name, kind)
        row = self.to.entity(identifier) if kind == "entity" else self.to.activity(identifier)
        return row is not None and self._governs(row.policy)

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
