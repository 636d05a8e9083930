"""Description classes: the same words give the same row, so that registering twice changes nothing."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from gateway.vo.identifiers import slug
from provenance import scrub
from provenance.models import (
    ActivityDescription,
    ConfigFileDescription,
    EntityDescription,
    GenerationDescription,
    ParameterDescription,
    UsageDescription,
)
from provenance.records import ActivityDescriptionRecord, EntityRecord, ParameterRecord

_memory: ContextVar[dict[Hashable, Any] | None] = ContextVar("provenance descriptions", default=None)
T = TypeVar("T")


@contextmanager
def remembered() -> Iterator[None]:
    """Within one transaction of many records, what was described already is not looked up again."""
    token = _memory.set({})
    try:
        yield
    finally:
        _memory.reset(token)


def once(key: Hashable, make: Callable[[], T]) -> T:
    memory = _memory.get()
    if memory is None:
        return make()
    if key not in memory:
        memory[key] = make()
    found: T = memory[key]
    return found


def named(prefix: str, name: str, *facts: object) -> str:
    """An identifier that follows from the content: ``pd-on-radius-1f0c…``."""
    digest = hashlib.sha256("\x1f".join([name, *map(str, facts)]).encode()).hexdigest()[:16]
    return f"{prefix}-{slug(name)[:60].strip('-.')}-{digest}"


def activity(record: ActivityDescriptionRecord) -> ActivityDescription:
    return once(("ad", record), lambda: _activity(record))


def _activity(record: ActivityDescriptionRecord) -> ActivityDescription:
    row, _ = ActivityDescription.objects.get_or_create(
        name=scrub.text(record.name)[:255],
        version=scrub.text(record.version)[:128],
        defaults={
            "identifier": named("ad", record.name, record.version),
            "description": scrub.text(record.description),
            "docurl": scrub.text(record.docurl),
            "type": scrub.text(record.type)[:64],
            "subtype": scrub.text(record.subtype)[:128],
        },
    )
    return row


def parameters(of: ActivityDescription, records: Iterable[ParameterRecord]) -> dict[str, ParameterDescription]:
    """By parameter name. A parameter that changed between two runs of one version has two rows."""
    rows = {}
    for record in records:
        facts = {
            "value_type": record.datatype or "char",
            "description": scrub.text(record.description),
            "unit": record.unit[:64],
            "ucd": record.ucd[:128],
            "utype": record.utype[:128],
            "minimum": record.minimum[:64],
            "maximum": record.maximum[:64],
            "options": list(record.options),
            "default": record.default,
        }
        rows[record.name] = ParameterDescription(
            identifier=named("pd", record.name, of.pk, *facts.values()),
            activity_description=of,
            name=record.name[:255],
            **facts,
        )
    ParameterDescription.objects.bulk_create(rows.values(), ignore_conflicts=True)
    return rows


def usage(of: ActivityDescription, role: str, kind: str, entity: EntityDescription | None) -> UsageDescription:
    return once(("usage", of.pk, role, kind, entity and entity.pk), lambda: _usage(of, role, kind, entity))


def _usage(of: ActivityDescription, role: str, kind: str, entity: EntityDescription | None) -> UsageDescription:
    row, _ = UsageDescription.objects.get_or_create(
        identifier=named("ud", role, of.pk, kind),
        defaults={"activity_description": of, "role": role, "type": kind},
    )
    if entity is not None:
        row.entity_descriptions.add(entity)
    return row


def generation(
    of: ActivityDescription, role: str, kind: str, entity: EntityDescription | None
) -> GenerationDescription:
    return once(("generation", of.pk, role, kind, entity and entity.pk), lambda: _generation(of, role, kind, entity))


def _generation(
    of: ActivityDescription, role: str, kind: str, entity: EntityDescription | None
) -> GenerationDescription:
    row, _ = GenerationDescription.objects.get_or_create(
        identifier=named("gd", role, of.pk, kind),
        defaults={"activity_description": of, "role": role, "type": kind},
    )
    if entity is not None:
        row.entity_descriptions.add(entity)
    return row


def config_file(of: ActivityDescription, name: str, content_type: str) -> ConfigFileDescription:
    row, _ = ConfigFileDescription.objects.get_or_create(
        identifier=named("cd", name, of.pk, content_type),
        defaults={"activity_description": of, "name": name, "content_type": content_type},
    )
    return row


def entity(record: EntityRecord) -> EntityDescription | None:
    """The description that an entity's type and content type imply; None where the record says neither."""
    content_type = record.content_type if record.kind == "dataset" else ""
    value_type = "char" if record.kind == "value" else ""
    if not (record.type or content_type or value_type):
        return None
    kind = record.kind if content_type or value_type else ""
    name = scrub.text(record.type or content_type or "value")[:128]
    return once(("ed", name, kind, content_type, value_type), lambda: _entity(name, kind, content_type, value_type))


def _entity(name: str, kind: str, content_type: str, value_type: str) -> EntityDescription:
    row, _ = EntityDescription.objects.get_or_create(
        identifier=named("ed", name, kind, content_type, value_type),
        defaults={"kind": kind, "name": name, "type": name, "content_type": content_type, "value_type": value_type},
    )
    return row
