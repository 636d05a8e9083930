"""The provenance that the headers of a DL3 file give: an observation took raw data, a production made the dataset."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from astropy.time import Time
from django.conf import settings

from gateway.vo.identifiers import foreign_key, slug
from provenance import capture
from provenance.records import (
    ActivityDescriptionRecord,
    ActivityRecord,
    AgentRecord,
    EntityRecord,
    GeneratedRecord,
    ParameterRecord,
    UsedRecord,
)
from search.archive import cta
from search.archive.models import Product

UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MEMBER_WORDS = {
    "events": "event list",
    "gti": "good time intervals",
    "aeff": "effective area",
    "edisp": "energy dispersion",
    "psf": "point spread function",
    "bkg": "background model",
    "rad_max": "direction cut",
    "pointing": "pointing",
}
OBSERVATION = ActivityDescriptionRecord(
    name="observation", description="Telescopes took data on the sky.", type="Observation"
)
PRODUCTION = ActivityDescriptionRecord(
    name="dl3-production",
    description="Calibration, reconstruction and selection of the events, and responses to match.",
    type="Reduction",
)
CONFIGURATION = {
    "EV_CLASS": "set of event cuts",
    "CONFIG": "analysis configuration of the responses",
    "EVTVER": "version of the event list",
    "HDUVERS": "version of the data format",
}
SET_UP = {
    "OBS_MODE": ("observing mode", ""),
    "TELLIST": ("telescopes", ""),
    "RA_PNT": ("pointing, right ascension", "deg"),
    "DEC_PNT": ("pointing, declination", "deg"),
    "RADECSYS": ("frame of the pointing", ""),
    "CONV_DEP": ("convergence depth of the telescopes, 0: parallel", "m"),
}


def write(product: Product, header: Mapping[str, Any], aeff: Mapping[str, Any]) -> None:
    """Records the history of an ingested dataset. Idempotent."""
    entity = dataset(product)
    for member in members(product):
        capture.record_entity(member)
    raw = EntityRecord(
        id=f"{product.key}.raw",
        name=f"raw data of run {product.obs_id}",
        type="raw data",
        level="DL0",
        comment="not in this archive",
        policy_id=product.policy_id,
    )
    creator = str(header.get("CREATOR") or "").strip()
    observed = raw if creator else entity
    capture.record(_observation(product, header, observed))
    if creator:
        capture.record(_production(product, header, aeff, (raw, entity)))


def made_by(
    product: Product, header: Mapping[str, Any], progenitors: Iterable[Mapping[str, str]] = ()
) -> ActivityRecord:
    """The step that made a single file, as far as its header names it."""
    collaboration, name = product.obs_creator_name or "", cta.said(header, "ACTIVITY NAME")
    alternates = _alternate(cta.said(header, "ACTIVITY ID"))
    agents = [(organisation(collaboration), "creator")] if collaboration else []
    if contact := cta.said(header, "CONTACT NAME"):
        agents.append((person(contact), "contact"))
    entity = dataset(product, *_alternate(cta.said(header, "PRODUCT ID")))
    return ActivityRecord(
        id=foreign_key(alternates[0]) if alternates else f"{product.key}.production",
        name=name or f"production of {product.obs_title or product.key}",
        description=ActivityDescriptionRecord(name=name or "production", type="Analysis"),
        start=cta.moment(header, "ACTIVITY START TIME"),
        end=cta.moment(header, "ACTIVITY STOP TIME") or moment(product.obs_creation_date),
        used=tuple(_progenitor(row) for row in progenitors if row.get("PUB_DID")),
        generated=(GeneratedRecord(entity=entity, role="product"),),
        agents=tuple(agents),
        software=((product.pipeline_name or "", product.pipeline_version or ""),),
        succeeded=True,
        alternates=alternates,
        policy_id=product.policy_id,
    )


def _alternate(name: str) -> tuple[str, ...]:
    """The name under which a ctapipe log has it; none where the header gives none."""
    return (f"urn:uuid:{name}" if UUID.fullmatch(name) else name,) if name else ()


def _progenitor(row: Mapping[str, str]) -> UsedRecord:
    """An input that the file names; one that is a product here is that product."""
    identifier = row["PUB_DID"]
    known = Product.objects.named([identifier]).first()
    entity = (
        EntityRecord(id=known.key, policy_id=known.policy_id)
        if known
        else EntityRecord(
            id=foreign_key(identifier),
            name=row.get("FILENAME", ""),
            sha256=row.get("SHA256", ""),
            comment="not in this archive",
            alternates=(identifier,),
        )
    )
    return UsedRecord(entity=entity, role=row.get("ROLE", ""))


def replace(product: Product, old: Product) -> None:
    """A new version comes from the one that it replaces."""
    capture.record_entity(EntityRecord(id=product.key, derived_from=(old.key,), policy_id=product.policy_id))


def dataset(product: Product, *alternates: str) -> EntityRecord:
    """The dataset as an entity that its members belong to; ``alternates`` are names that others gave it."""
    agents = []
    if settings.ORGANISATION:
        agents.append((organisation(settings.ORGANISATION), "publisher"))
    return EntityRecord(
        id=product.key,
        name=product.obs_title or product.key,
        kind="collection" if product.parts else "dataset",
        type="event list" if product.dataproduct_type == "event" else str(product.dataproduct_type or ""),
        content_type="application/fits",
        location=f"{settings.PUBLIC_URL}/data/{product.key}" if product.storage_key else product.access_url or "",
        generated_at=moment(product.obs_creation_date),
        sha256=product.sha256,
        size=product.size,
        level=product.dataproduct_level or "",
        alternates=(product.obs_publisher_did, *alternates),
        members=tuple(f"{product.key}.{part['name']}" for part in product.parts),
        attributed_to=tuple(agents),
        policy_id=product.policy_id,
    )


def members(product: Product) -> Iterator[EntityRecord]:
    for part in product.parts:
        yield EntityRecord(
            id=f"{product.key}.{part['name']}",
            name=f"{MEMBER_WORDS.get(part['name'], part['name'])} of run {product.obs_id}",
            type=MEMBER_WORDS.get(part["name"], part["name"]),
            content_type="application/fits",
            location=f"{settings.PUBLIC_URL}/data/{product.key}#{part['hdu']}",
            level=product.dataproduct_level or "",
            policy_id=product.policy_id,
        )


def organisation(name: str) -> AgentRecord:
    return AgentRecord(id=f"org-{slug(name)}"[:200], name=name, type="Organization")


def person(name: str) -> AgentRecord:
    """A person of a header is known by a pseudonymous id; the name lies in one row that can be erased."""
    return AgentRecord(id=foreign_key(f"person:{name}"), name=name, type="Person")


def people(product: Product, header: Mapping[str, Any]) -> tuple[tuple[AgentRecord, str], ...]:
    """PI, observer, collaboration and operator with their roles."""
    agents = []
    if product.pi_name:
        agents.append((person(product.pi_name), "PI"))
    if observer := str(header.get("OBSERVER") or "").strip():
        agents.append((person(observer), "observer"))
    if collaboration := str(header.get("ORIGIN") or "").strip():
        agents.append((organisation(collaboration), "collaboration"))
    if settings.ORGANISATION:
        agents.append((organisation(settings.ORGANISATION), "operator"))
    return tuple(agents)


def _observation(product: Product, header: Mapping[str, Any], observed: EntityRecord) -> ActivityRecord:
    return ActivityRecord(
        id=f"{product.key}.observation",
        name=f"observation of run {product.obs_id}",
        description=OBSERVATION,
        start=_mjd(product.t_min),
        end=_mjd(product.t_max),
        parameters=tuple(
            ParameterRecord(name=key, value=str(header[key]), unit=unit, description=text)
            for key, (text, unit) in SET_UP.items()
            if header.get(key) not in (None, "")
        ),
        generated=(GeneratedRecord(entity=observed, role="data"),),
        agents=people(product, header),
        succeeded=True,
        policy_id=product.policy_id,
    )


def _production(
    product: Product,
    header: Mapping[str, Any],
    aeff: Mapping[str, Any],
    from_to: tuple[EntityRecord, EntityRecord],
) -> ActivityRecord:
    raw, entity = from_to
    collaboration = str(header.get("ORIGIN") or "").strip()
    values = {**{key: aeff.get(key) for key in CONFIGURATION}, **{k: header[k] for k in CONFIGURATION if header.get(k)}}
    return ActivityRecord(
        id=f"{product.key}.production",
        name=f"DL3 production of run {product.obs_id}",
        description=PRODUCTION,
        end=moment(product.obs_creation_date),
        parameters=tuple(
            ParameterRecord(name=key, value=str(value), description=CONFIGURATION[key])
            for key, value in values.items()
            if value not in (None, "")
        ),
        used=(UsedRecord(entity=raw, role="raw data"),),
        generated=(GeneratedRecord(entity=entity, role="dataset"),),
        agents=((organisation(collaboration), "collaboration"),) if collaboration else (),
        software=((str(header["CREATOR"]).strip(), str(header.get("CREAVERS") or "")),),
        succeeded=True,
        policy_id=product.policy_id,
    )


def _mjd(value: float | None) -> datetime | None:
    return None if value is None else Time(value, format="mjd", scale="utc").to_datetime(timezone=UTC)


def moment(timestamp: str | None) -> datetime | None:
    """A DALI timestamp as a moment in UTC."""
    return datetime.fromisoformat(timestamp).replace(tzinfo=UTC) if timestamp else None
