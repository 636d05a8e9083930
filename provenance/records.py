"""What other rooms hand to the provenance room: plain records in the words of the IVOA Provenance DM 1.0.

``provenance.capture.record(activity)`` and ``record_entity(entity)`` write them, append-only and idempotent.
Identifiers are local parts of QNames (a KEY, ``job-UUID`` or ``x-<hash>``), see ``gateway.vo.identifiers``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

AgentType = Literal["Person", "Organization", "SoftwareAgent"]
EntityKind = Literal["", "dataset", "value", "collection"]


@dataclass(frozen=True, kw_only=True)
class AgentRecord:
    """A person (pseudonymous id), an organisation or software."""

    id: str
    name: str
    type: AgentType = "Person"
    email: str = ""
    affiliation: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class EntityRecord:
    """An Entity; ``policy_id`` None means public."""

    id: str
    name: str = ""
    kind: EntityKind = "dataset"
    type: str = ""
    """free word of the EntityDescription: ``event list``, ``map``, ``plot``, ``log`` …"""
    content_type: str = ""
    location: str = ""
    value: str = ""
    generated_at: datetime | None = None
    comment: str = ""
    sha256: str = ""
    size: int | None = None
    level: str = ""
    """DL0 … DL6"""
    alternates: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    """ids of the entities that belong to this collection"""
    derived_from: tuple[str, ...] = ()
    attributed_to: tuple[tuple[AgentRecord, str], ...] = ()
    """(agent, role)"""
    policy_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ParameterRecord:
    """A Parameter with what its ParameterDescription says."""

    name: str
    value: str
    datatype: str = "char"
    unit: str = ""
    ucd: str = ""
    utype: str = ""
    description: str = ""
    default: str | None = None
    minimum: str = ""
    maximum: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ActivityDescriptionRecord:
    """Name and version identify it."""

    name: str
    version: str = ""
    description: str = ""
    type: str = ""
    subtype: str = ""
    docurl: str = ""


@dataclass(frozen=True, kw_only=True)
class UsedRecord:
    """``entity`` is an id that is known already, or the record of one that may not be."""

    entity: "str | EntityRecord"
    role: str = ""
    type: str = "Main"
    time: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class GeneratedRecord:
    entity: EntityRecord
    role: str = ""
    type: str = "Main"


@dataclass(frozen=True, kw_only=True)
class ActivityRecord:
    """An Activity with everything that hangs on it."""

    id: str
    name: str
    description: ActivityDescriptionRecord | None = None
    start: datetime | None = None
    end: datetime | None = None
    comment: str = ""
    parameters: tuple[ParameterRecord, ...] = ()
    config_files: tuple[tuple[str, str, str], ...] = ()
    """(name, location, content type)"""
    used: tuple[UsedRecord, ...] = ()
    generated: tuple[GeneratedRecord, ...] = ()
    agents: tuple[tuple[AgentRecord, str], ...] = ()
    """(agent, role)"""
    informed_by: tuple[str, ...] = ()
    software: tuple[tuple[str, str], ...] = ()
    """(package, version), outside the standard's classes"""
    environment: Mapping[str, Any] = field(default_factory=dict)
    """machine, platform; nothing secret"""
    succeeded: bool | None = None
    exit_code: int | None = None
    error: str = ""
    warnings: tuple[str, ...] = ()
    alternates: tuple[str, ...] = ()
    policy_id: int | None = None
