"""VOResource 1.1 records of the gateway: the authority, the publishing registry, the archive, its services."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from gateway.vo import vosi
from gateway.vo.xml import Xml, declare, maybe, tag
from search.tap import capabilities, published
from search.tap.models import RegistryStamp
from search.tap.tap_schema import as_typed

SUBJECTS = ("gamma-ray-astronomy", "high-energy-astrophysics")
CREATED = "2026-11-21T00:00:00Z"


@dataclass(frozen=True)
class Record:
    """``name`` is the record's place under ``/registry/`` and the end of its identifier; empty for the authority."""

    name: str
    title: str
    text: str
    kind: str
    content: Callable[[], list[Xml]]
    page: str = ""

    @property
    def ivoid(self) -> str:
        return f"ivo://{settings.AUTHORITY}" + (f"/{self.name}" if self.name else "")

    @property
    def slug(self) -> str:
        return self.name or "authority"

    def xml(self) -> Xml:
        """The ``<ri:Resource>`` element with its dates."""
        body = self._body()
        return tag(
            "ri:Resource",
            *body,
            *self.content(),
            xsi__type=self.kind,
            created=CREATED,
            updated=_iso(self.updated()),
            status="active",
            **declare("ri", "vr", "vs", "vg", "tr", "cs", "xsi"),
        )

    def updated(self) -> datetime:
        """When the record last changed: noticed when somebody asks for it."""
        digest = hashlib.sha256("".join([*self._body(), *self.content()]).encode()).hexdigest()
        stamp = RegistryStamp.objects.filter(pk=self.ivoid).first()
        if stamp is None or stamp.digest != digest:
            now = timezone.now().replace(microsecond=0)
            stamp = RegistryStamp(ivoid=self.ivoid, digest=digest, updated=now)
            stamp.save()
        return stamp.updated

    def _body(self) -> list[Xml]:
        organisation = settings.ORGANISATION or settings.SITE_NAME
        return [
            tag("title", self.title),
            tag("identifier", self.ivoid),
            tag(
                "curation",
                tag("publisher", organisation),
                tag("contact", tag("name", settings.CONTACT_NAME), maybe("email", settings.CONTACT_EMAIL)),
            ),
            tag(
                "content",
                *(tag("subject", word) for word in SUBJECTS),
                tag("description", self.text),
                tag("referenceURL", settings.PUBLIC_URL + (self.page or "/")),
                tag("type", _content_type(self.kind)),
                tag("contentLevel", "Research"),
            ),
        ]


def _content_type(kind: str) -> str:
    return {"vs:CatalogResource": "Archive", "vs:DataCollection": "Archive"}.get(kind, "Other")


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _authority() -> list[Xml]:
    return [tag("managingOrg", settings.ORGANISATION or settings.SITE_NAME)]


def _registry() -> list[Xml]:
    harvest = vosi.interface(f"{settings.PUBLIC_URL}/oai", role="std", use="base", version="1.0", kind="vg:OAIHTTP")
    return [
        tag(
            "capability",
            harvest,
            tag("maxRecords", "0"),
            standardID="ivo://ivoa.net/std/Registry",
            xsi__type="vg:Harvest",
        ),
        tag("full", "false"),
        tag("managedAuthority", settings.AUTHORITY),
    ]


def _coverage() -> Xml:
    return tag("coverage", tag("waveband", "Gamma-ray"))


def _tableset() -> Xml:
    shown = [as_typed(table) for table in published.tables()]
    return tag("tableset", *vosi.tableset_content(published.schemas(), shown))


def _tap() -> list[Xml]:
    base = f"{settings.PUBLIC_URL}/tap"
    services = [capabilities.table_access("tap"), *vosi.support(base, tables=True, examples=True)]
    return [*services, _coverage(), _tableset()]


def _cone() -> list[Xml]:
    limits = (("maxSR", "180"), ("maxRecords", str(settings.TAP_MAXREC)), ("verbosity", "true"))
    query = tag("testQuery", tag("ra", "83.633"), tag("dec", "22.014"), tag("sr", "1"))
    service = vosi.capability(
        "ivo://ivoa.net/std/ConeSearch",
        vosi.interface(f"{settings.PUBLIC_URL}/scs", role="std", use="base"),
        *(tag(name, value) for name, value in limits),
        query,
        kind="cs:ConeSearch",
    )
    return [service, *vosi.support(f"{settings.PUBLIC_URL}/scs"), _coverage()]


def _datalink() -> list[Xml]:
    base = f"{settings.PUBLIC_URL}/datalink/links"
    return [vosi.capability("ivo://ivoa.net/std/DataLink#links-1.1", vosi.interface(base, role="std", use="base"))]


def records() -> list[Record]:
    """All records, made from the settings and from what is published now."""
    site = settings.SITE_NAME
    return [
        Record("", f"{site}: naming authority", f"The naming authority of {site}.", "vg:Authority", _authority),
        Record(
            "registry", f"{site}: publishing registry", "Records of this gateway.", "vg:Registry", _registry, "/oai"
        ),
        Record(
            "tap",
            f"{site}: table access",
            "Gamma-ray observations and products, their configuration and provenance, in ADQL (ObsTAP).",
            "vs:CatalogService",
            _tap,
            "/tap",
        ),
        Record(
            "scs",
            f"{site}: cone search",
            "Gamma-ray observations and products around a position.",
            "vs:CatalogService",
            _cone,
            "/search/",
        ),
        Record(
            "datalink",
            f"{site}: links of products",
            "Files, previews, calibration, provenance and cut-outs of each product (DataLink).",
            "vr:Service",
            _datalink,
        ),
    ]
