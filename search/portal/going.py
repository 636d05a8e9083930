"""``/search/go``: names become positions here and nowhere else, so that results never wait for the network."""

import time
from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gateway.access.rights import Viewer, visible
from search.archive.models import Product
from search.portal import addresses, targets
from search.portal.criteria import Criteria, Problem
from search.resolver import service

REMOTE_SECONDS = 4.0


def resolve_target(criteria: Criteria, viewer: Viewer) -> service.ResolveError | None:
    """Sets ``ra`` and ``dec`` from ``target``; None, or why not (which then stands in ``problems`` too)."""
    try:
        found = service.resolve(criteria.target, viewer)
    except service.ResolveError as error:
        criteria.problems["target"] = Problem(error.reason)
        return error
    criteria.ra, criteria.dec = found.ra, found.dec
    if found.source != _("coordinates as typed"):
        criteria.target = found.name
    return None


def resolve_list(criteria: Criteria, text: str, viewer: Viewer, *, seconds: float = REMOTE_SECONDS) -> None:
    """A pasted list of names and positions, one a line, becomes ``positions``; those unknown stand in ``problems``.

    ``seconds``: how long names may be asked elsewhere, all together; 0 asks nearby alone.
    """
    lines = targets.of_text(text)
    if len(lines) > targets.MAX_ROWS:
        criteria.problems["targets"] = Problem(targets.too_many(len(lines)))
        return
    unknown = []
    end = time.monotonic() + seconds
    for line in lines:
        try:
            found = service.resolve(line, viewer, remote=time.monotonic() < end)
        except service.ResolveError:
            unknown.append(line[:40])
        else:
            criteria.positions.append((found.ra, found.dec))
    if unknown:
        names = ", ".join(unknown[:5])
        criteria.problems["targets"] = Problem(
            ngettext("%(count)d name is not known: %(names)s", "%(count)d names are not known: %(names)s", len(unknown))
            % {"count": len(unknown), "names": names}
        )


def direct(text: str, viewer: Viewer) -> str | None:
    """The address of what the text names outright: a product by identifier or KEY, or an observation by its id."""
    if not text or len(text) > 400:
        return None
    rows = Product.objects.filter(visible(viewer))
    product = _first(rows.filter(obs_publisher_did=text), rows.filter(key=text))
    if product is not None:
        return f"/products/{product.key}/"
    if rows.filter(obs_id=text, removed_at=None).exists():
        return f"{addresses.RESULTS}?{addresses.encode([('obs_id', text)])}"
    return None


def _first(*choices: Iterable[Product]) -> Product | None:
    return next((product for rows in choices for product in rows), None)
