"""``/tap`` and ``/tap-auth``: the same service; the second always asks who you are."""

from collections.abc import Callable

from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path

from jobs.uws.urls import patterns
from search.tap import sync, views
from search.tap.registry import views as registry

_PLACES: dict[str, Callable[..., HttpResponseBase]] = {
    "": views.index,
    "/sync": sync.sync,
    "/tables": views.tables,
    "/tables/<str:name>": views.table,
    "/capabilities": views.capabilities,
    "/availability": views.availability,
    "/examples": views.examples,
}
urlpatterns: list[URLPattern | URLResolver] = [
    path(base + place, view, {"base": base}, name=(base + place.partition("/<")[0].replace("/", "-")))
    for base in ("tap", "tap-auth")
    for place, view in _PLACES.items()
]
for base in ("tap", "tap-auth"):
    urlpatterns += [
        path(f"{base}/async/<uuid:job_id>/error", views.job_error, {"base": base}),
        *patterns(f"{base}/async", "tap", f"{base}-async"),
    ]
urlpatterns += [
    path("registry/", registry.index, name="registry"),
    path("registry/<slug:name>", registry.record, name="registry-record"),
    path("oai", registry.harvest, name="oai"),
]
