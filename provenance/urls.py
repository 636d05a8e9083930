from django.urls import URLPattern, URLResolver, path

from provenance import provsap, records_view, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("provsap", provsap.provsap, name="provsap"),
    path("provenance/records", records_view.records, name="provenance-records"),
    *(
        path(f"provenance/{kind}/<str:identifier>/{suffix}", view, {"kind": kind}, name=f"provenance-{kind}{name}")
        for kind in ("entity", "activity", "agent")
        for suffix, view, name in (("", views.node_page, ""), ("card", views.card, "-card"))
    ),
    path("provenance/entity/<str:identifier>/verify", views.verify, name="provenance-verify"),
]
