"""``/products/KEY/`` and ``/products/?id=``."""

import json
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from gateway.access.noted import note_view
from gateway.access.request import viewer as viewer_of_request
from gateway.access.rights import ANONYMOUS, Viewer, may_fetch
from jobs.registry import accepting
from provenance.hooks import actions_for
from search.archive import denial, previews
from search.archive.hooks import content_type
from search.archive.lookup import find, found_or_404
from search.archive.models import Collection, Product
from search.portal import curves, ecsv, fitsview, looks, maps, measure, ogip, pictures, product, show, uses
from search.portal.opening import may_open

TABS = ("overview", "metadata", "files", "fits", "provenance", "related", "cite")
MAPS = ("image", "cube")
CURVED = ("sed", "spectrum", "timeseries", "light-curve", "measurements")


@require_safe
def by_identifier(request: HttpRequest) -> HttpResponse:
    """``/products/?id=ivo://…`` redirects to the page; without id to the search."""
    identifier = next((str(value) for name, value in request.GET.items() if name.upper() == "ID"), "")
    if not identifier:
        return HttpResponseRedirect("/search/")
    found = find(identifier, viewer_of_request(request))
    if found is None:
        raise Http404(_("There is no product of this name here."))
    return HttpResponseRedirect(f"/products/{found.product.key}/")


@gzip_page
@require_safe
def page(request: HttpRequest, key: str) -> HttpResponse:
    """The page of a product; a member of a dataset leads to its dataset's files."""
    viewer = viewer_of_request(request)
    found = found_or_404(key, viewer)
    row = found.product
    if found.part is not None:
        return HttpResponseRedirect(f"/products/{row.key}/?tab=files#{found.part['name']}")
    if key != row.key:
        return HttpResponseRedirect(f"/products/{row.key}/")
    wanted = request.GET.get("tab", "overview")
    tab = wanted if wanted in TABS else "overview"
    collection = product.collection_of(row)
    context = _common(row, viewer, tab, collection) | _OF_TAB[tab](request, row, viewer)
    response = render(request, "portal/product.html", context)
    response["Link"] = _signposts(row, viewer, product.licence(row, collection))
    return response


def _common(row: Product, viewer: Viewer, tab: str, collection: Collection | None) -> dict[str, Any]:
    may = may_fetch(viewer, row.policy_id)
    history = product.history(row, viewer)
    return {
        "product": row,
        "link": f"{settings.PUBLIC_URL}/products/{row.key}/",
        "name": show.name(row),
        "tab": tab,
        "may": may,
        "denial": None if may else denial.explain(row, viewer),
        "history": history,
        "actions": actions_for("entity", row.key, viewer) if history else [],
        "job_types": accepting(row.dataproduct_type) if may and row.has_data else [],
        "has_fits": may and fitsview.is_viewable(row),
        "json_ld": _embedded(product.json_ld(row, may_fetch(ANONYMOUS, row.policy_id), collection)),
        "parts": product.parts(row),
    }


def _embedded(content: dict[str, Any]) -> SafeString:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(content).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return mark_safe(text)  # noqa: S308 - the three characters that HTML cares for are escaped above


def _overview(request: HttpRequest, row: Product, viewer: Viewer) -> dict[str, Any]:
    may = may_open(viewer, row)
    look = looks.of(row) if may else None
    shown = None
    if may and row.dataproduct_type in MAPS and row.storage_key:
        shown = maps.of(row, request.GET.get("plane", ""))
    if look is not None or (may and row.dataproduct_type in CURVED):
        note_view(request, row.policy, f"plot of {row.key}")
    return {
        "facts": product.key_facts(row),
        "uses": uses.of(row, viewer),
        "look": look,
        "curve": (ogip.of(row) or curves.of(row)) if may and row.dataproduct_type in CURVED else None,
        "listing": ecsv.of(row) if may else None,
        "pictures": _pictures(row) if may and look is None else [],
        "has_preview": may and look is None and previews.has_preview(row),
        "map": shown,
        "measure": _measured(request, row, shown) if shown else None,
        "cite": _citation(row),
    }


def _pictures(row: Product) -> list[pictures.Picture]:
    """Of a product that is or brings instrument responses."""
    if row.dataproduct_type in MAPS:
        return []
    return ogip.responses_of(row) or pictures.of(row)


def _measured(request: HttpRequest, row: Product, shown: maps.Map) -> dict[str, Any]:
    """The circle of the address with its statistics; without one, a circle about the middle is offered."""
    found: dict[str, Any] = {}
    try:
        wanted = measure.circle(request.GET.dict())
        if wanted is not None:
            found["rows"] = measure.rows(measure.of(row, wanted, shown.plane))
    except measure.Unmeasurable as error:
        found["problem"] = str(error)
    offered = {"ra": show.raw(row.s_ra), "dec": show.raw(row.s_dec), "radius": "0.1"}
    labels = {"ra": _("Right ascension"), "dec": _("Declination"), "radius": _("Radius")}
    found["fields"] = [(name, label, request.GET.get(name, offered[name])[:40]) for name, label in labels.items()]
    return found


def _metadata(request: HttpRequest, row: Product, viewer: Viewer) -> dict[str, Any]:
    return {"metadata": product.metadata(row), "observer": row.header}


def _fits(request: HttpRequest, row: Product, viewer: Viewer) -> dict[str, Any]:
    if not may_open(viewer, row) or not fitsview.is_viewable(row):
        return {}
    note_view(request, row.policy, f"rows of {row.key}")
    view = fitsview.look(row, *(request.GET.get(name, "") for name in ("hdu", "row", "plane")))
    return {"fits": view, "pictures": [view.picture] if view is not None and view.picture else []}


def _files(request: HttpRequest, row: Product, viewer: Viewer) -> dict[str, Any]:
    """A dataset's files, with pictures of its responses."""
    return {"pictures": pictures.of(row) if row.parts and may_open(viewer, row) else []}


def _related(request: HttpRequest, row: Product, viewer: Viewer) -> dict[str, Any]:
    return {"related": product.related(row, viewer)}


def _cite(request: HttpRequest, row: Product, viewer: Viewer) -> dict[str, Any]:
    return {"cite": _citation(row)}


def _citation(row: Product) -> dict[str, str]:
    return product.citation(row, product.collection_of(row), product.creators([row]).get(row.job_id, ""))


def _nothing(request: HttpRequest, row: Product, viewer: Viewer) -> dict[str, Any]:
    return {}


_OF_TAB = {
    "overview": _overview,
    "metadata": _metadata,
    "files": _files,
    "fits": _fits,
    "provenance": _nothing,
    "related": _related,
    "cite": _cite,
}


def _signposts(row: Product, viewer: Viewer, licence: str) -> str:
    """FAIR signposting (level 1): the item, its description, type, licence and authors."""
    base = settings.PUBLIC_URL
    links = [
        f'<{base}/products/{row.key}/>; rel="cite-as"',
        '<https://schema.org/AboutPage>; rel="type"',
        '<https://schema.org/Dataset>; rel="type"',
        f'<{base}/datalink/links?ID={row.key}>; rel="describedby"; type="application/x-votable+xml"',
        f'<{base}/provsap?ID={row.key}&RESPONSEFORMAT=PROV-JSON>; rel="describedby"; type="application/json"',
    ]
    if licence:
        links.append(f'<{licence}>; rel="license"')
    links += [f'<{author}>; rel="author"' for author in product.authors(row, viewer)]
    if row.storage_key and row.removed_at is None:
        links.append(f'<{base}/data/{row.key}>; rel="item"; type="{content_type(row)}"')
    return ", ".join(link for link in links if link.isprintable())
