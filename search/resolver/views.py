"""``/search/resolve?name=``: JSON for the form, and for anyone."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from gateway.access.request import viewer
from search.resolver import service, sources


def as_json(found: service.Resolved) -> dict[str, Any]:
    return {
        "name": found.name,
        "ra": round(found.ra, 7),
        "dec": round(found.dec, 7),
        "frame": "ICRS",
        "source": found.source,
        "type": found.kind,
        "aliases": list(found.aliases),
        "precision_deg": found.precision or None,
        "known_since": found.known_since.isoformat() if found.known_since else None,
    }


@require_GET
def resolve(request: HttpRequest) -> JsonResponse:
    """200 with the position; 300 with choices; 404 with a reason if unknown; 400 if it cannot be looked up.

    ``quiet=1`` answers 200 always: to a page that looks up what is being typed, an unknown name is no failure.
    """
    name = request.GET.get("name", "")
    try:
        found = service.resolve(name, viewer(request))
    except service.ResolveError as error:
        status = {service.Refused: 400, service.Ambiguous: 300}.get(type(error), 404)
        if request.GET.get("quiet") == "1":
            status = 200
        return JsonResponse(
            {
                "name": name[: service.MAX_NAME],
                "error": error.reason,
                "choices": [as_json(choice) for choice in error.choices],
                "suggestions": list(error.suggestions),
            },
            status=status,
        )
    return JsonResponse(as_json(found))


@require_GET
def suggest(request: HttpRequest) -> JsonResponse:
    """Names of the own table that begin with or contain ``q``; never the network."""
    found = sources.suggestions(request.GET.get("q", "")[: service.MAX_NAME])
    return JsonResponse({"suggestions": [{"name": row.name, "type": row.kind} for row in found]})
