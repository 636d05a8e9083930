"""The pages of the provenance room. Thin: ``provenance.pages`` gathers, ``gateway.access`` decides."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from gateway.access.request import viewer as viewer_of
from gateway.access.rights import may_fetch
from provenance import verification
from provenance.graph import Kind, Walk, walk
from provenance.lookup import find
from provenance.models import Entity
from provenance.pages import VIEWS, Choices, Page, with_query
from provenance.provsap import BadRequest

KIND_NAMES = {"entity": gettext_lazy("Data"), "activity": gettext_lazy("Step"), "agent": gettext_lazy("Agent")}


@require_safe
def node_page(request: HttpRequest, kind: Kind, identifier: str) -> HttpResponse:
    """``/provenance/entity/KEY/`` and its siblings for activities and agents."""
    try:
        choices = Choices.of(request.GET)
    except BadRequest as error:
        return _refused(request, 400, str(error))
    page = _page(request, kind, identifier, choices)
    if isinstance(page, HttpResponse):
        return page
    return render(request, "provenance/node.html", _context(request, page))


@require_safe
def card(request: HttpRequest, kind: Kind, identifier: str) -> HttpResponse:
    """The side panel about a node that was chosen in the graph."""
    page = _page(request, kind, identifier, Choices())
    if isinstance(page, HttpResponse):
        return page
    return render(request, "provenance/_card.html", {"page": page})


@require_POST
def verify(request: HttpRequest, identifier: str) -> HttpResponse:
    """Reads the stored bytes again and compares their SHA-256."""
    viewer = viewer_of(request)
    found = find(identifier, viewer, "entity")
    if found is None:
        raise Http404
    row = Entity.objects.get(pk=found[1])
    if not may_fetch(viewer, row.policy_id):
        status = 403 if viewer.is_authenticated else 401
        return _refused(request, status, _("Only who may have the file can have it verified."))
    verification.verify(row)
    return HttpResponseRedirect(f"/provenance/entity/{row.pk}/?tab=files#tabs")


def _page(request: HttpRequest, kind: Kind, identifier: str, choices: Choices) -> Page | HttpResponse:
    viewer = viewer_of(request)
    found = find(identifier, viewer, kind)
    if found is None:
        raise Http404(_("Nothing of that name is known here."))
    if found[1] != identifier:
        return HttpResponseRedirect(f"/provenance/{kind}/{found[1]}/{with_query(request.GET)}")
    row = walk([found], viewer, Walk(depth=0)).nodes[found].row
    assert row is not None
    return Page(found, row, viewer, choices)


def _context(request: HttpRequest, page: Page) -> dict[str, Any]:
    choices = page.choices

    def to(**changes: object) -> str:
        return with_query(request.GET, **changes)

    return {
        "page": page,
        "kind_name": KIND_NAMES[page.ref[0]],
        "views": [(label, to(view=name), name == choices.view) for name, label in VIEWS],
        "directions": [
            (name, label, icon, to(direction=name), name == choices.direction)
            for name, label, icon in (
                ("back", _("Origin"), "arrow-left"),
                ("forth", _("Use"), "arrow-right"),
                ("both", _("Both"), "arrow-left-right"),
            )
        ],
        "shallower": to(depth=page.depth - 1) if page.depth > 0 else "",
        "deeper": to(depth=page.depth + 1),
        "as_graph": to(show="graph"),
        "as_list": to(show="list"),
        "tabs": [(name, label, number, to(tab=name)) for name, label, number in page.tab_counts()],
        "may_verify": isinstance(page.row, Entity) and may_fetch(page.viewer, page.row.policy_id),
    }


def _refused(request: HttpRequest, status: int, reason: str) -> HttpResponse:
    context = {"heading": _("This does not work"), "status": status, "reason": reason}
    return render(request, "error.html", context, status=status)
