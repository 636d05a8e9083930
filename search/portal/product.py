"""What a product page says: key facts in groups, all metadata, the parts of a dataset, its history in a sentence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db.models import Case, Q, When
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gateway.access.rights import Viewer, visible
from gateway.accounts.models import display_name
from gateway.vo import readable as r
from jobs.models import Job
from provenance.graph import Walk, walk
from provenance.models import WasAttributedTo
from provenance.sentence import sentence
from search.archive.fields import catalogue
from search.archive.lookup import seen_by
from search.archive.models import Collection, Product
from search.portal import show

MAX_RELATED = 50
MAX_AUTHORS = 20
HISTORY = Walk(depth=2, fan=20, limit=200)
# Classes of GADF HDUs in plain words.
PARTS: dict[str, tuple[Promise, Promise]] = {
    "events": (gettext_lazy("Event list"), gettext_lazy("Arrival direction, energy and time of each event")),
    "gti": (gettext_lazy("Good time intervals"), gettext_lazy("When the data may be used")),
    "aeff": (gettext_lazy("Effective area"), gettext_lazy("Collecting area by energy and offset")),
    "edisp": (gettext_lazy("Energy dispersion"), gettext_lazy("How true energy becomes measured energy")),
    "psf": (gettext_lazy("Point spread function"), gettext_lazy("Blur by energy and offset")),
    "bkg": (gettext_lazy("Background"), gettext_lazy("Expected rate without the source")),
    "rad": (gettext_lazy("Cut radius"), gettext_lazy("Radius of the direction cut by energy")),
    "pointing": (gettext_lazy("Pointing table"), gettext_lazy("Where the telescopes pointed, by time")),
}
ORDER = tuple(PARTS)
# For machines that read one language.
PRODUCT_WORDS = {
    "event": "event list", "image": "map", "cube": "cube", "spectrum": "spectrum", "timeseries": "light curve",
    "sed": "spectral energy distribution", "measurements": "catalogue",
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """``term``: the word of the glossary that explains the label."""

    label: str
    value: str
    term: str = ""


@dataclass(frozen=True)
class Part:
    key: str
    title: str
    text: str
    hdu: str
    rows: int | None
    size: int | None


def _facts(*given: tuple[str, str] | tuple[str, str, str]) -> list[Fact]:
    return [Fact(*one) for one in given if one[1] not in (r.MISSING, "")]


def key_facts(product: Product) -> list[tuple[str, list[Fact]]]:
    """The groups of the side column; what is not known is left out."""
    groups = [
        (_("Position"), _position(product)),
        (_("Time"), _time(product)),
        (_("Energy"), _energy(product)),
        (_("Configuration"), _configuration(product)),
        (_("How it was made"), _making(product)),
    ]
    return [(title, facts) for title, facts in groups if facts]


def _suffixed(value: str, suffix: str) -> str:
    return value if value == r.MISSING else f"{value}{suffix}"


def _position(product: Product) -> list[Fact]:
    resolution = None if product.s_resolution is None else product.s_resolution / 3600
    label = _("Pointing, ICRS") if product.dataproduct_type == "event" else _("Centre, ICRS")
    return _facts(
        (label, r.position(product.s_ra, product.s_dec)),
        (_("Sexagesimal"), r.sexagesimal(product.s_ra, product.s_dec)),
        (_("Target offset"), _suffixed(r.fixed(product.target_offset, 3), "°")),
        (_("Field of view"), _suffixed(r.fixed(product.s_fov, 1), "°")),
        (_("Resolution (68 %)"), _suffixed(r.fixed(resolution, 3), "°"), "point spread function"),
    )


def _time(product: Product) -> list[Fact]:
    live = r.fixed(product.t_exptime, 1)
    if product.t_ontime is not None and product.t_exptime is not None:
        live = _("%(live)s s of %(all)s s") % {"live": live, "all": r.fixed(product.t_ontime, 1)}
    else:
        live = _suffixed(live, " s")
    return _facts(
        (_("Start"), _suffixed(r.moment(product.t_min, "second"), " UTC")),
        (_("Stop"), _suffixed(r.moment(product.t_max, "second"), " UTC")),
        (_("Start, MJD"), r.MISSING if product.t_min is None else f"{product.t_min:.5f} UTC"),
        (_("Livetime"), live, "livetime"),
    )


def _energy(product: Product) -> list[Fact]:
    return _facts(
        (
            _("Safe range"),
            _suffixed(r.energy_range(product.energy_min, product.energy_max), " TeV"),
            "safe energy range",
        )
    )


def _configuration(product: Product) -> list[Fact]:
    derived = product.header.get("derived", []) if isinstance(product.header, dict) else []
    sub_array = product.sub_array_name or ""
    if sub_array and "sub_array_name" in derived:
        sub_array = _("%(name)s (derived)") % {"name": sub_array}
    return _facts(
        (_("Facility"), product.facility_name or ""),
        (_("Sub-array"), sub_array, "sub-array"),
        (_("Telescopes"), r.whole(product.n_tels)),
        (_("Observing mode"), product.obs_mode or "", "wobble"),
        (_("Pointing mode"), product.pointing_mode or "", "pointing mode"),
        (_("Zenith"), _suffixed(r.fixed(product.zenith, 1), "°")),
        (_("Quality"), {None: "", 0: _("0, good")}.get(product.quality, str(product.quality))),
        (_("Weather"), product.weather_flag or ""),
    )


def _making(product: Product) -> list[Fact]:
    return _facts(
        (_("Pipeline"), show.pipeline(product), "pipeline"),
        (_("Reconstruction"), product.reconstruction_method or "", "reconstruction"),
        (_("Cuts"), product.cut_set or "", "cuts"),
        (_("Calibration"), product.calib_version or ""),
        (_("Proposal"), product.proposal_id or "", "proposal"),
        (_("PI"), product.pi_name or ""),
    )


def metadata(product: Product) -> list[tuple[str, list[dict[str, Any]]]]:
    """Every column with a value: name, value, unit and meaning, by table."""
    seen: set[str] = set()
    tables = (
        ("ObsCore", catalogue.OBSCORE),
        (_("High energy"), catalogue.OBSCORE_HEA),
        (_("Configuration"), catalogue.OBSCONFIG),
    )
    made = []
    for title, columns in tables:
        rows = []
        for one in columns:
            value = getattr(product, one.source or one.name, None)
            if one.name not in seen and value not in (None, ""):
                rows.append({"name": one.name, "value": show.raw(value), "unit": one.unit, "text": one.description})
            seen.add(one.name)
        made.append((title, rows))
    return made


def parts(product: Product) -> list[Part]:
    made = []
    for one in sorted(product.parts, key=lambda part: ORDER.index(part["name"]) if part["name"] in ORDER else 99):
        title, text = PARTS.get(one["name"], (one["name"], ""))
        made.append(
            Part(
                f"{product.key}.{one['name']}",
                str(title),
                str(text),
                one.get("hdu", ""),
                one.get("rows"),
                one.get("size"),
            )
        )
    return made


def history(product: Product, viewer: Viewer) -> SafeString | None:
    """The provenance sentence, or None where nothing is recorded."""
    ref: Any = ("entity", product.key)
    graph = walk([ref], viewer, HISTORY)
    return sentence(graph, ref) if ref in graph.nodes and graph.nodes[ref].row is not None else None


def related(product: Product, viewer: Viewer) -> Sequence[Product]:
    """Other products of the same observation, job or target, in that order."""
    near = same = Q(obs_id=product.obs_id, obs_collection=product.obs_collection)
    if product.job_id:
        near = same = near | Q(job_id=product.job_id)
    if product.target_name:
        same |= Q(target_name=product.target_name)
    rows = seen_by(viewer).offered().filter(same).exclude(pk=product.pk)
    first = Case(When(near, then=0), default=1)
    return list(rows.defer("header", "parts", "terms", "t_intervals").order_by(first, "t_min", "pk")[:MAX_RELATED])


def collection_of(product: Product) -> Collection | None:
    return Collection.objects.filter(name=product.obs_collection).first()


def creators(products: Sequence[Product]) -> dict[Any, str]:
    """Job → the name its owner goes by, for products that users made: nobody is cited by a user name.

    Read when it is shown, not kept with the product: a name can be erased.
    """
    ids = {product.job_id for product in products if product.job_id}
    if not ids:
        return {}
    jobs = Job.objects.filter(pk__in=ids).exclude(owner=None).select_related("owner").only("owner")
    return {job.pk: display_name(job.owner) for job in jobs if job.owner}


def citation(product: Product, collection: Collection | None, creator: str = "") -> dict[str, str]:
    """How to cite it, and the acknowledgement that its terms ask for; ``creator``: from ``creators``."""
    who = creator or product.obs_creator_name or product.facility_name or settings.SITE_NAME
    year = (product.obs_creation_date or r.moment(product.t_min, "day"))[:4]
    address = f"{settings.PUBLIC_URL}/products/{product.key}/"
    text = f"{who} ({year}). {product.obs_title or product.key}. {settings.SITE_NAME}. {product.obs_publisher_did}"
    bibtex = (
        f"@misc{{{product.key},\n  author = {{{{{who}}}}},\n  title = {{{product.obs_title or product.key}}},\n"
        f"  year = {{{year}}},\n  howpublished = {{\\url{{{address}}}}},\n  note = {{{product.obs_publisher_did}}}\n}}"
    )
    return {
        "text": text,
        "bibtex": collection.bibtex if collection and collection.bibtex else bibtex,
        "collection": collection.citation if collection else "",
        "terms": product.terms or (collection.terms if collection else ""),
        "reference": product.bib_reference or "",
    }


LICENCES = re.compile(
    r"https?://(?:creativecommons\.org/(?:licenses|publicdomain)/|spdx\.org/licenses/|opendatacommons\.org/licenses/)"
    r"[\w./+-]*[\w/]"
)
# What terms call the licence by, where they give no address of it.
NAMED_LICENCES = re.compile(r"\bCC[ -](BY(?:-(?:NC|SA|ND|NC-SA|NC-ND))?)[ -](4\.0|3\.0)\b|\bCC0\b", re.I)


def licence(product: Product, collection: Collection | None) -> str:
    """The address of the licence that its terms name, else that of the terms themselves; empty where there are none."""
    terms = product.terms or (collection.terms if collection else "")
    found = LICENCES.search(terms)
    if found:
        return found[0]
    named = NAMED_LICENCES.search(terms)
    if named:
        if named[1] is None:
            return "https://creativecommons.org/publicdomain/zero/1.0/"
        return f"https://creativecommons.org/licenses/{named[1].lower()}/{named[2]}/"
    return f"{settings.PUBLIC_URL}/products/{product.key}/?tab=cite" if terms else ""


def authors(product: Product, viewer: Viewer) -> list[str]:
    """Addresses of the agents to whom the product is attributed, as far as this viewer may see them."""
    rows = WasAttributedTo.objects.filter(visible(viewer), entity_id=product.key).order_by("agent_id")
    named = dict.fromkeys(rows.values_list("agent_id", flat=True)[:MAX_AUTHORS])
    return [f"{settings.PUBLIC_URL}/provenance/agent/{quote(one, safe='')}/" for one in named]


def json_ld(product: Product, openly: bool, collection: Collection | None = None) -> dict[str, Any]:
    """schema.org Dataset (as Google's and the FAIR assessors' readers take it)."""
    address = f"{settings.PUBLIC_URL}/products/{product.key}/"
    found: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": address,
        "identifier": product.obs_publisher_did,
        "name": product.obs_title or product.key,
        "description": _described(product, collection),
        "url": address,
        "isAccessibleForFree": openly,
        "keywords": [one for one in (product.dataproduct_type, product.target_name, "gamma-ray astronomy") if one],
        "includedInDataCatalog": {
            "@type": "DataCatalog",
            "name": settings.SITE_NAME,
            "url": f"{settings.PUBLIC_URL}/",
        },
        "publisher": {"@type": "Organization", "name": settings.SITE_NAME, "url": f"{settings.PUBLIC_URL}/"},
    }
    cited = collection.citation if collection else ""
    optional = {
        "license": licence(product, collection),
        "version": product.pipeline_version,
        "dateCreated": product.obs_creation_date,
        "citation": [one for one in (product.bib_reference, cited) if one],
    }
    found |= {name: value for name, value in optional.items() if value}
    if collection:
        found["isPartOf"] = {"@type": "Dataset", "name": collection.title or collection.name}
    if product.s_ra is not None and product.s_dec is not None:
        place = f"{product.s_ra:.5f} {product.s_dec:+.5f} ICRS"
        found["spatialCoverage"] = {"@type": "Place", "name": place}
    if product.t_min is not None and product.t_max is not None:
        found["temporalCoverage"] = f"{_iso(product.t_min)}/{_iso(product.t_max)}"
    if product.obs_creator_name:
        person = creators([product]).get(product.job_id)
        kind = "Person" if product.job_id else "Organization"
        found["creator"] = {"@type": kind, "name": person or product.obs_creator_name}
    if product.storage_key:
        found["distribution"] = {
            "@type": "DataDownload",
            "contentUrl": f"{settings.PUBLIC_URL}/data/{product.key}",
            "encodingFormat": product.access_format or "application/octet-stream",
            "sha256": product.sha256,
        }
    return found


def _described(product: Product, collection: Collection | None) -> str:
    """A sentence of at least the fifty letters that harvesters ask for."""
    kind = PRODUCT_WORDS.get(product.dataproduct_type or "", product.dataproduct_type or "Data")
    about = f" of {product.target_name}" if product.target_name else ""
    where = (collection.title if collection else "") or product.obs_collection
    text = f"{kind.capitalize()}{about} from gamma-ray observations, observation {product.obs_id} of {where}."
    return f"{text} Simulated, not observed." if product.simulated else text


def _iso(mjd: float) -> str:
    return r.moment(mjd, "second").replace(" ", "T") + "Z"
