"""The archive's door to the provenance room."""

from importlib import import_module
from typing import Any

from provenance.records import ActivityRecord, EntityRecord


def _room() -> Any:
    return import_module("provenance.capture")


def record(activity: ActivityRecord) -> None:
    _room().record(activity)


def record_entity(entity: EntityRecord) -> None:
    _room().record_entity(entity)


def tombstone(entity_id: str) -> None:
    _room().tombstone(entity_id)


def set_policy(entity_id: str, policy_id: int) -> None:
    _room().set_policy(entity_id, policy_id)
