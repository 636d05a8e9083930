from django.urls import URLPattern, URLResolver, path

from provenance import provsap, records_view, service, views, work_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("provsap", provsap.provsap, name="provsap"),
    path("provenance/", work_views.landing, name="provenance"),
    path("provenance/compare", work_views.compare, name="provenance-compare"),
    path("provenance/compare/verdict", work_views.verdict, name="provenance-verdict"),
    path("provenance/common", work_views.common, name="provenance-common"),
    path("provenance/service", service.description, name="provenance-service"),
    path("provenance/select", work_views.select, name="provenance-select"),
    path("provenance/suspects", work_views.suspects, name="provenance-suspects"),
    path("provenance/entity/<str:identifier>/crate.zip", work_views.crate_zip, name="provenance-crate"),
    *(
        path(f"provenance/{kind}/<str:identifier>/dependents/", work_views.dependents, {"kind": kind})
        for kind in ("entity", "activity")
    ),
    path("provenance/records", records_view.records, name="provenance-records"),
    *(
        path(f"provenance/{kind}/<str:identifier>/{suffix}", view, {"kind": kind}, name=f"provenance-{kind}{name}")
        for kind in ("entity", "activity", "agent")
        for suffix, view, name in (("", views.node_page, ""), ("card", views.card, "-card"))
    ),
    path("provenance/entity/<str:identifier>/verify", views.verify, name="provenance-verify"),
]
