"""Home, help, health, metrics."""

import mimetypes
import re
import time
from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from gateway.access.request import viewer as viewer_of_request
from gateway.pages import health, help, hips, overview


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    viewer = viewer_of_request(request)
    context: dict[str, Any] = {
        "hide_quick_search": True,
        "collections": overview.collections(viewer),
        "fields": overview.sky(viewer),
        "graticule": overview.graticule(),
        "jobs": latest_jobs(request),
        "tap_url": f"{settings.PUBLIC_URL}/tap",
    }
    return render(request, "pages/home.html", context)


def latest_jobs(request: HttpRequest) -> list[Any]:
    """The newest three of the signed-in user's own jobs."""
    if not request.user.is_authenticated:
        return []
    job_model: Any = apps.all_models["jobs"].get("job")
    if job_model is None:
        return []
    return list(job_model.objects.filter(owner=request.user).order_by("-created")[:3])


@require_safe
def help_index(request: HttpRequest) -> HttpResponse:
    return render(request, "pages/help_index.html", {"pages": help.pages()})


@require_safe
def help_page(request: HttpRequest, name: str) -> HttpResponse:
    page = help.page(name)
    if page is None:
        raise Http404
    return render(request, "pages/help.html", {"page": page, "pages": help.pages()})


@require_safe
def help_image(request: HttpRequest, name: str) -> HttpResponseBase:
    path = help.DOCS / "images" / name
    if not path.is_file():
        raise Http404
    return FileResponse(path.open("rb"), content_type=mimetypes.guess_type(name)[0] or "application/octet-stream")


HIPS_TYPES = {".png": "image/png", ".fits": "application/fits"}


@require_safe
def hips_file(request: HttpRequest, name: str) -> HttpResponseBase:
    """A tile or the properties of the drawn sky background."""
    if not re.fullmatch(r"properties|Moc\.fits|Norder3/Allsky\.png|Norder\d/Dir0/Npix\d{1,4}\.png", name):
        raise Http404
    path = hips.folder() / name
    if not path.is_file():
        raise Http404
    answer = FileResponse(path.open("rb"), content_type=HIPS_TYPES.get(path.suffix, "text/plain"))
    answer["Cache-Control"] = "public, max-age=86400"
    return answer


@require_safe
def health_view(request: HttpRequest) -> HttpResponse:
    """JSON for machines; 503 where a part that every request needs is down."""
    states = health.states()
    ok = all(state.ok for state in states.values())
    answer = {
        "status": "ok" if ok else "degraded",
        "components": {name: {"ok": state.ok, "state": state.words} for name, state in states.items()},
    }
    return JsonResponse(answer, status=200 if states["database"].ok else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text format; nothing in it names a person or a product."""
    registry = CollectorRegistry()
    component = Gauge("distiller_component_up", "1: the component works", ["component"], registry=registry)
    for name, state in health.states().items():
        component.labels(name).set(1 if state.ok else 0)
    Gauge("distiller_uptime_seconds", "age of the web process", registry=registry).set(time.time() - health.STARTED)
    for name, text, value in health.gauges():
        Gauge(name, text, registry=registry).set(value)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
