from django.urls import URLPattern, URLResolver, path

from search.archive import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("data", views.data_by_identifier, name="data-by-identifier"),
    path("data/<str:key>", views.data, name="data"),
    path("packages/<str:key>", views.packed, name="packed"),
    path("previews/<str:key>", views.preview, name="preview"),
    path("signed/<str:token>", views.signed_link, name="signed"),
    path("products/<str:key>/signed", views.make_signed_link, name="make-signed-link"),
    path("products/<str:key>/ask", views.ask_for_access, name="ask-for-access"),
    path("products/<str:key>/keep", views.keep, name="keep"),
    path("products/<str:key>/share", views.share, name="share"),
    path("products/<str:key>/publish", views.publish, name="publish"),
]
