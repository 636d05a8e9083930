"""The provenance log of ctapipe (JSON list of activities, as ``Provenance().as_json()`` and its tools write it).

What the log says is not always so (seen with ctapipe 0.28): the metadata of an input without CTA keywords are made up,
with a new product identifier each time; ``status`` may hold the activity's name, so success is the exit code; nested
activities lie side by side, inner ones first; times are UTC without a letter; the environment of the process is in it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from gateway.access.rights import ANONYMOUS, Viewer, visible
from gateway.vo.identifiers import foreign_key
from provenance import places, scrub
from provenance.errors import Refused
from provenance.importers.batch import Batch
from provenance.models import Entity, WasGeneratedBy
from provenance.records import (
    ActivityDescriptionRecord,
    ActivityRecord,
    AgentRecord,
    EntityRecord,
    GeneratedRecord,
    ParameterRecord,
    UsedRecord,
)
from provenance.rows import Head

KNOWN_TYPES = {
    "calib": "Calibration",
    "pixel-stats": "Calibration",
    "process": "Reconstruction",
    "apply-models": "Reconstruction",
    "train": "Reconstruction",
    "select": "Selection",
    "optimize": "Selection",
    "merge": "Reduction",
    "dl3": "Reduction",
    "irf": "Reduction",
    "simul": "Simulation",
}
PEOPLE = {"contact_name", "contact_email", "contact_organization"}
MAX_DEPTH = 12


@dataclass
class Before:
    """What is known of files by their names: from this log, and from what the sender may see of the store."""

    viewer: Viewer
    made: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    awaited: dict[str, Entity] = field(default_factory=dict)
    """files that were used and that nobody made so far"""

    def look_up(self, urls: Iterable[str]) -> None:
        keys = sorted({foreign_key(f"file:{url}") for url in urls})
        for at in range(0, len(keys), 500):
            self.awaited |= Entity.objects.filter(visible(self.viewer)).in_bulk(keys[at : at + 500])

    def known_file(self, url: str, start: datetime | None) -> str:
        name = places.stored(scrub.text(url))
        rows = Entity.objects.filter(visible(self.viewer)).annotate(head=Head("location")).filter(head=name[:200])
        rows = rows.filter(generated_at_time__lte=start) if start else rows
        # Whole names and times are compared here: SQLite leaves the index on the first letters for either.
        found = rows.order_by().values_list("generated_at_time", "pk", "location")
        same = [(time is not None, time, key) for time, key, location in found if location == name]
        return max(same, default=(False, None, ""))[2]

    def used_as(self, url: str, start: datetime | None) -> str:
        earlier = [name for stop, name in self.made.get(url, []) if start is None or stop <= start]
        return earlier[-1] if earlier else self.known_file(url, start)

    def awaits(self, url: str, uuid: str, stop: datetime | None) -> str:
        """The file of that name that a log read earlier has used, after this activity ended, and nobody made so far."""
        row = self.awaited.get(foreign_key(f"file:{url}"))
        if row is None:
            return ""
        maker = WasGeneratedBy.objects.filter(entity=row).first()
        if maker is not None:
            return row.pk if maker.activity_id == foreign_key(f"urn:uuid:{uuid}") else ""
        used = row.used_by.filter(activity__start_time__lt=stop).exists() if stop else True
        return "" if used else row.pk


def recognises(content: bytes, name: str) -> bool:
    start = content[:200].lstrip()
    return (start.startswith(b"[") and b'"activity_uuid"' in content) or (
        start.startswith(b"{") and b'"activity_uuid"' in content and b'"activity_name"' in content
    )  # fmt: skip


def read(content: bytes, name: str = "", viewer: Viewer = ANONYMOUS) -> Batch:
    """Files are joined by name to those that the viewer may see. Raises Refused."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Refused(f"not JSON: {error}") from None
    found = found if isinstance(found, list) else [found]
    batch = Batch()
    before = Before(viewer)
    ordered = sorted((item for item in found if isinstance(item, dict)), key=lambda item: str(_stamp(item, "stop")))
    if len(ordered) != len(found) or not ordered:
        raise Refused("a ctapipe log is a list of activities")
    before.look_up(str(entry["url"]) for item in ordered for entry in _entries(item, "output"))
    for item in ordered:
        batch.activities.append(_activity(item, before))
    return batch


def _activity(item: Mapping[str, Any], before: Before) -> ActivityRecord:
    uuid, name = item.get("activity_uuid"), item.get("activity_name")
    if not (isinstance(uuid, str) and isinstance(name, str) and uuid and name):
        raise Refused("an activity of the log has no activity_uuid or activity_name")
    start, stop = _stamp(item, "start"), _stamp(item, "stop")
    system = _member(item, "system")
    exit_code = item.get("exit_code") if isinstance(item.get("exit_code"), int) else None
    version = str(system.get("ctapipe_version") or "")
    used = tuple(_used(entry, start, before) for entry in _entries(item, "input"))
    generated = tuple(_generated(entry, uuid, start, stop, before) for entry in _entries(item, "output"))
    for entry, product in zip(_entries(item, "output"), generated, strict=True):
        before.made.setdefault(str(entry["url"]), []).append(
            (stop or datetime.max.replace(tzinfo=UTC), product.entity.id)
        )
    return ActivityRecord(
        id=f"urn:uuid:{uuid}",
        name=name,
        description=ActivityDescriptionRecord(name=name, version=version, type=_type(name)),
        start=start,
        end=stop,
        parameters=tuple(_parameters(item.get("config"))),
        used=_once(used),
        generated=generated,
        agents=tuple(_contacts(item)),
        software=tuple(_software(system)),
        environment=_environment(system),
        exit_code=exit_code,
        succeeded=None if exit_code is None else exit_code == 0,
    )


def _entries(item: Mapping[str, Any], side: str) -> list[dict[str, Any]]:
    entries = item.get(side) or []
    if not isinstance(entries, list) or not all(isinstance(e, dict) and isinstance(e.get("url"), str) for e in entries):
        raise Refused(f"{side} of an activity of the log is not a list of files")
    return entries


def _used(entry: dict[str, Any], start: datetime | None, before: Before) -> UsedRecord:
    """The file that was read: what an activity wrote under that name last before, in this log or one read earlier."""
    url, meta = entry["url"], _meta(entry)
    role = str(entry.get("role") or "")
    if _is_true(meta) and meta.get("CTA PRODUCT ID"):
        identifier = f"urn:uuid:{meta['CTA PRODUCT ID']}"
    else:
        identifier = before.used_as(url, start) or f"file:{url}"
        meta = {}
    return UsedRecord(entity=_file(entry, identifier, meta), role=role, time=None)


def _generated(
    entry: dict[str, Any], uuid: str, start: datetime | None, stop: datetime | None, before: Before
) -> GeneratedRecord:
    meta = _meta(entry)
    product = meta.get("CTA PRODUCT ID")
    # Without an identifier of its own a file is what this activity wrote under that name.
    identifier = (
        f"urn:uuid:{product}" if product else before.awaits(entry["url"], uuid, stop) or f"file:{entry['url']}#{uuid}"
    )
    made = _moment(meta.get("CTA PRODUCT CREATION TIME"))
    made = made if made and (stop is None or made <= stop) and (start is None or made >= start) else stop
    record = _file(entry, identifier, meta, made)
    return GeneratedRecord(entity=record, role=str(entry.get("role") or ""))


def _file(
    entry: dict[str, Any], identifier: str, meta: Mapping[str, Any], made: datetime | None = None
) -> EntityRecord:
    role = str(entry.get("role") or "")
    level = str(meta.get("CTA PRODUCT DATA LEVELS") or role.split(".", maxsplit=1)[0]).upper()
    sha256, size = entry.get("sha256"), entry.get("size")
    known = "" if identifier == f"file:{entry['url']}" or made else identifier
    return EntityRecord(
        id=identifier,
        name="" if known and not meta else PurePosixPath(entry["url"]).name[:200],
        type="" if known and not meta else role.rsplit(".", 1)[-1],
        location="" if known and not meta else entry["url"],
        generated_at=made,
        level=level if level[:2] == "DL" and level[2:3].isdigit() and not (known and not meta) else "",
        sha256=sha256 if isinstance(sha256, str) and len(sha256) == 64 else "",
        size=size if isinstance(size, int) else None,
        alternates=tuple(_address(entry["url"])),
        attributed_to=tuple(_contact(meta, "Contact")) if made else (),
    )


def _address(url: str) -> Iterator[str]:
    if url.startswith(("ivo://", "http://", "https://")):
        yield url


def _once(used: tuple[UsedRecord, ...]) -> tuple[UsedRecord, ...]:
    seen: dict[tuple[str, str], UsedRecord] = {}
    for record in used:
        identifier = record.entity if isinstance(record.entity, str) else record.entity.id
        seen.setdefault((identifier, record.role), record)
    return tuple(seen.values())


def _meta(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = entry.get("reference_meta")
    return meta if isinstance(meta, dict) else {}


def _is_true(meta: Mapping[str, Any]) -> bool:
    """Were these keywords in the file, or made up for a file without any?"""
    return bool(meta.get("CTA ACTIVITY ID")) and meta.get("CTA ACTIVITY SOFTWARE NAME") not in ("", None, "unknown")


def _contacts(item: Mapping[str, Any]) -> Iterator[tuple[AgentRecord, str]]:
    seen = set()
    for entry in _entries(item, "output"):
        for agent, role in _contact(_meta(entry), "Contact"):
            if agent.id not in seen:
                seen.add(agent.id)
                yield agent, role


def _contact(meta: Mapping[str, Any], role: str) -> Iterator[tuple[AgentRecord, str]]:
    name = str(meta.get("CTA CONTACT NAME") or "")
    if name and name not in ("unknown", "root"):
        affiliation = str(meta.get("CTA CONTACT ORGANIZATION") or "")
        email = str(meta.get("CTA CONTACT EMAIL") or "")
        yield AgentRecord(id=foreign_key(f"person:{name}"), name=name, email=email, affiliation=affiliation), role


def _parameters(config: Any, prefix: str = "", depth: int = MAX_DEPTH) -> Iterator[ParameterRecord]:
    """The configuration tree as parameters with dotted names."""
    if not isinstance(config, dict) or depth == 0:
        return
    for key, value in config.items():
        if key in PEOPLE or scrub.is_secret(str(key)):
            continue
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _parameters(value, f"{name}.", depth - 1)
        else:
            plain = value if isinstance(value, str) else json.dumps(scrub.tree(value), ensure_ascii=False)
            yield ParameterRecord(name=name[:255], value=plain, datatype=_datatype(value))


def _datatype(value: Any) -> str:
    kinds = {bool: "boolean", int: "long", float: "double"}
    return kinds.get(type(value), "char")


def _software(system: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if system.get("ctapipe_version"):
        yield "ctapipe", str(system["ctapipe_version"])
    python = system.get("python")
    packages = python.get("packages") if isinstance(python, dict) else None
    for package in (packages if isinstance(packages, list) else [])[:500]:
        if isinstance(package, dict) and package.get("name") != "ctapipe":
            yield str(package.get("name")), str(package.get("version"))


def _environment(system: Mapping[str, Any]) -> dict[str, Any]:
    platform, python = _member(system, "platform"), _member(system, "python")
    wanted = {name: platform.get(name) for name in ("system", "release", "machine", "n_cpus")}
    version = python.get("version")
    wanted["python"] = ".".join(map(str, version)) if isinstance(version, list) else None
    return {name: value for name, value in wanted.items() if isinstance(value, str | int) and value != ""}


def _member(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = item.get(name)
    return found if isinstance(found, dict) else {}


def _type(name: str) -> str:
    return next((kind for part, kind in KNOWN_TYPES.items() if part in name.lower()), "")


def _stamp(item: Mapping[str, Any], which: str) -> datetime | None:
    part = item.get(which)
    return _moment(part.get("time_utc")) if isinstance(part, dict) else None


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(f"{text[:40]!r} is no time") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
