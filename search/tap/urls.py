"""``/tap`` and ``/tap-auth``: the same service; the second always asks who you are."""

from django.urls import URLPattern, URLResolver, path

from search.tap import views

urlpatterns: list[URLPattern | URLResolver] = []
for base in ("tap", "tap-auth"):
    urlpatterns += [
        path(base, views.index, {"base": base}, name=base),
        path(f"{base}/sync", views.sync, {"base": base}, name=f"{base}-sync"),
        path(f"{base}/tables", views.tables, {"base": base}, name=f"{base}-tables"),
        path(f"{base}/tables/<str:name>", views.table, {"base": base}, name=f"{base}-table"),
        path(f"{base}/capabilities", views.capabilities, {"base": base}, name=f"{base}-capabilities"),
        path(f"{base}/availability", views.availability, {"base": base}, name=f"{base}-availability"),
        path(f"{base}/examples", views.examples, {"base": base}, name=f"{base}-examples"),
    ]
