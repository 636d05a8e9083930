"""What belongs to a product, as rows of a {links} document (DataLink 1.1, section 3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gateway.access.rights import Viewer, may_fetch
from gateway.accounts.scopes import READ_DATA
from jobs import registry
from jobs.registry import JobType
from provenance.models import Used, WasDerivedFrom, WasGeneratedBy
from search.archive import package, previews
from search.archive.hooks import content_type
from search.archive.lookup import Found, seen_by
from search.archive.models import Product

DATALINK_TYPE = "application/x-votable+xml;content=datalink"
RESPONSE_TYPES = "http://www.ivoa.net/rdf/response-type#"
"""draft vocabulary of 2026-02-05"""
QUALIFIERS = {
    "event": "#event-list",
    "image": "#image",
    "cube": "#cube",
    "spectrum": "#spectrum",
    "sed": "#sed",
    "timeseries": "#light-curve",
    "measurements": "#measurements",
}
RESPONSES = {"aeff": "aeff", "edisp": "edisp", "psf": "psf", "bkg": "bkgrate"}
MEMBER_TEXTS = {
    "events": gettext_lazy("Event list alone"),
    "gti": gettext_lazy("Good time intervals"),
    "aeff": gettext_lazy("Effective area"),
    "edisp": gettext_lazy("Energy dispersion"),
    "psf": gettext_lazy("Point spread function"),
    "bkg": gettext_lazy("Background model"),
    "rad_max": gettext_lazy("Direction cut"),
    "pointing": gettext_lazy("Pointing"),
}
PROVENANCE_FORMATS = (
    ("PROV-N", "text/provenance-notation"),
    ("PROV-JSON", "application/json"),
    ("PROV-XML", "application/xml"),
    ("PROV-SVG", "image/svg+xml"),
)
MAX_RELATED = 100
"""progenitors or derivations listed for one product"""


@dataclass(frozen=True, kw_only=True)
class Link:
    """One row; exactly one of ``access_url``, ``service_def`` and ``error_message`` is set."""

    id: str
    semantics: str
    description: str = ""
    access_url: str = ""
    service_def: str = ""
    error_message: str = ""
    content_type: str = ""
    content_length: int | None = None
    content_qualifier: str = ""
    local_semantics: str = ""
    link_auth: str = ""
    link_authorized: bool | None = None


@dataclass(frozen=True)
class Asked:
    """An identifier of the request, what it names, and what the viewer may do with it."""

    identifier: str
    found: Found
    viewer: Viewer
    service: str
    """XML ID under which a descriptor of this product stands in the document"""
    job_types: tuple[JobType, ...]
    """all that are offered here"""

    @property
    def product(self) -> Product:
        return self.found.product

    @property
    def may_fetch(self) -> bool:
        return may_fetch(self.viewer, self.product.policy_id) and self.viewer.has_scope(READ_DATA)

    def link(self, semantics: str, path: str, description: str, **more: object) -> Link:
        """A link that needs the right to the data."""
        open_to_all = self.product.policy_is_open
        return Link(
            id=self.identifier,
            semantics=semantics,
            access_url=f"{settings.PUBLIC_URL}{path}",
            description=description,
            link_auth="optional" if open_to_all else "true",
            link_authorized=self.may_fetch,
            **more,  # type: ignore[arg-type]  # fields of Link
        )


def not_found(identifier: str) -> Link:
    text = "NotFoundFault: " + _("there is no product of this identifier here")
    return Link(id=identifier, semantics="#this", error_message=text)


def unusable(identifier: str) -> Link:
    return Link(id=identifier, semantics="#this", error_message="UsageFault: " + _("an empty identifier"))


def links(asked: Asked) -> Iterator[Link]:
    """Every row of one identifier."""
    if asked.found.part is not None:
        yield from _member(asked)
        return
    yield _this(asked)
    if asked.product.removed_at is None:
        yield from _previews(asked)
        yield from _members(asked)
        yield from _package(asked)
        yield from _services(asked)
        yield from _forms(asked)
    yield from _related(asked)
    yield from _documents(asked)


def _this(asked: Asked) -> Link:
    product = asked.product
    if product.removed_at is not None:
        day = product.removed_at.date().isoformat()
        text = "NotFoundFault: " + _("the file was removed on %(date)s; its record stays") % {"date": day}
        return Link(id=asked.identifier, semantics="#this", error_message=text)
    if not product.storage_key and not product.access_url:
        text = "NotFoundFault: " + _("the archive holds a record of it, but no file")
        return Link(id=asked.identifier, semantics="#this", error_message=text)
    marks = {"description": product.obs_title or product.key}
    if product.simulated:
        marks["description"] += " (simulated)"
    return asked.link(
        "#this",
        f"/data/{product.key}",
        marks["description"],
        content_type=content_type(product) if product.storage_key else "",
        content_length=product.size,
        content_qualifier=QUALIFIERS.get(product.dataproduct_type or "", ""),
        local_semantics="file",
    )


def _previews(asked: Asked) -> Iterator[Link]:
    if previews.has_preview(asked.product):
        yield asked.link(
            "#preview-image",
            f"/previews/{asked.product.key}",
            _("Quick look"),
            content_type="image/png",
            local_semantics="preview",
        )


def _members(asked: Asked) -> Iterator[Link]:
    """The responses have not been applied to the events: calibration. The others go with them."""
    for part in asked.product.parts:
        name = str(part["name"])
        response = RESPONSES.get(name)
        qualifier = f"{RESPONSE_TYPES}{response}" if response else "#event-list" if name == "events" else ""
        yield asked.link(
            "#calibration" if response else "#auxiliary",
            f"/data/{asked.product.key}.{name}",
            str(MEMBER_TEXTS.get(name, name)),
            content_type="application/fits",
            content_qualifier=qualifier,
            local_semantics=name,
        )


def _member(asked: Asked) -> Iterator[Link]:
    part = asked.found.part or {}
    name, key = str(part["name"]), asked.product.key
    response = RESPONSES.get(name)
    yield asked.link(
        "#this",
        f"/data/{key}.{name}",
        str(MEMBER_TEXTS.get(name, name)),
        content_type="application/fits",
        content_qualifier=f"{RESPONSE_TYPES}{response}" if response else "",
        local_semantics=name,
    )
    yield asked.link(
        "#progenitor",
        f"/data/{key}",
        _("The dataset that it belongs to"),
        content_type=content_type(asked.product),
        content_length=asked.product.size,
        local_semantics="file",
    )
    yield from _package(asked)


def _package(asked: Asked) -> Iterator[Link]:
    """The whole dataset with its history and checksums."""
    if package.has_package(asked.product):
        yield asked.link(
            "#package",
            f"/packages/{asked.product.key}",
            _("The whole dataset with its provenance and checksums (ZIP)"),
            content_type=package.MEDIA_TYPE,
            local_semantics="package",
        )


def _services(asked: Asked) -> Iterator[Link]:
    """Cut-outs of event lists; the descriptors stand behind the table."""
    if not asked.service:
        return
    # Clients that sort by these words must still come to the service that answers at once first.
    texts = {"sync": _("Cut-out: region, energies, times"), "async": _("Cut-out: region, energies, times, as a job")}
    for kind, text in texts.items():
        yield Link(
            id=asked.identifier,
            semantics="#cutout",
            service_def=f"soda_{kind}_{asked.service}",
            description=text,
            content_type="application/fits",
            content_qualifier="#event-list",
            local_semantics=f"cutout-{kind}",
            link_auth="optional" if asked.product.policy_is_open else "true",
            link_authorized=asked.may_fetch,
        )


def _forms(asked: Asked) -> Iterator[Link]:
    """Pages on which a person starts a job with this product."""
    identifier = quote(asked.product.obs_publisher_did, safe="")
    signed_in = asked.viewer.is_authenticated
    for description in registry.accepting(asked.product.dataproduct_type, asked.job_types):
        if description.name == "package":
            continue  # a ZIP of one file helps nobody
        yield Link(
            id=asked.identifier,
            semantics="#proc",
            access_url=f"{settings.PUBLIC_URL}/jobs/new/{description.name}?ID={identifier}",
            description=_("%(title)s: form of the job") % {"title": description.title},
            content_type="text/html",
            local_semantics=f"job-{description.name}",
            link_auth="optional" if settings.ANONYMOUS_JOBS else "true",
            link_authorized=asked.may_fetch and (signed_in or settings.ANONYMOUS_JOBS),
        )


def _related(asked: Asked) -> Iterator[Link]:
    """Products from which this one was made, and those made from it, as far as the viewer may know of them."""
    key = asked.product.key
    sources = set(WasDerivedFrom.objects.filter(entity_id=key).values_list("used_entity_id", flat=True)[:MAX_RELATED])
    makers = WasGeneratedBy.objects.filter(entity_id=key).values("activity_id")
    sources |= set(Used.objects.filter(activity_id__in=makers).values_list("entity_id", flat=True)[:MAX_RELATED])
    users = Used.objects.filter(entity_id=key).values("activity_id")
    made = set(WasGeneratedBy.objects.filter(activity_id__in=users).values_list("entity_id", flat=True)[:MAX_RELATED])
    made |= set(WasDerivedFrom.objects.filter(used_entity_id=key).values_list("entity_id", flat=True)[:MAX_RELATED])
    for semantics, keys in (("#progenitor", sources), ("#derivation", made)):
        for other in seen_by(asked.viewer).filter(key__in=keys - {key}).order_by("key")[:MAX_RELATED]:
            identifier = quote(other.obs_publisher_did, safe="")
            yield Link(
                id=asked.identifier,
                semantics=semantics,
                access_url=f"{settings.PUBLIC_URL}/datalink/links?ID={identifier}",
                description=other.obs_title or other.key,
                content_type=DATALINK_TYPE,
                content_qualifier=QUALIFIERS.get(other.dataproduct_type or "", ""),
                link_auth="optional",
                link_authorized=True,
            )


def _documents(asked: Asked) -> Iterator[Link]:
    """Provenance in each of its formats, the page of the product, its terms of use."""
    product = asked.product
    identifier = quote(product.obs_publisher_did, safe="")

    def document(path: str, text: str, kind: str, word: str) -> Link:
        return Link(
            id=asked.identifier,
            semantics="#documentation",
            access_url=f"{settings.PUBLIC_URL}{path}",
            description=text,
            content_type=kind,
            local_semantics=word,
            link_auth="optional",
            link_authorized=True,
        )

    for name, kind in PROVENANCE_FORMATS:
        path = f"/provsap?ID={identifier}&RESPONSEFORMAT={name}"
        yield document(path, _("Provenance as %(format)s") % {"format": name}, kind, name.lower())
    yield document(f"/products/{product.key}/", _("Page of the product"), "text/html", "page")
    if product.terms:
        yield document(f"/products/{product.key}/#terms", _("Terms of use"), "text/html", "terms")
